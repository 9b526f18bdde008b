"""How far the clock of this process is from that of the database's primary, which all processes can see.

    asked ── hello ──▶ localTime of the primary ──▶ answered      apart = |localTime - middle| - half of the way

What ends by a clock (lifetimes, schedules) ends wrongly by as much as it is off: nothing else would show that.
"""

from datetime import UTC, datetime

from services.runtime import telemetry
from services.runtime.clock import now_ms
from services.runtime.mongo import Database
from services.runtime.mongo.errors import translated

ALLOWED_S = 2.0
"""A host that keeps time by NTP is within a tenth of it."""
log = telemetry.logger("clock")


def seconds_apart(asked_ms: int, there_ms: int, answered_ms: int) -> float:
    """At least so far is the other clock from ours, wherever on the way the answer was made; never below 0."""
    middle, half = (asked_ms + answered_ms) / 2, abs(answered_ms - asked_ms) / 2
    return max(0.0, abs(there_ms - middle) - half) / 1000


class ClockCheck:
    """Compares both clocks: `rpns_clock_off_seconds`, and a line in the log where it begins and where it ends."""

    def __init__(self) -> None:
        self._is_off = False

    async def look(self, database: Database) -> None:
        """Raises mongo.TRANSIENT_ERRORS."""
        asked = now_ms()
        with translated():
            there = (await database.command("hello"))["localTime"]
        apart = seconds_apart(asked, _ms(there), now_ms())
        is_off = apart > ALLOWED_S
        telemetry.CLOCK_OFF.set(round(apart, 1) if is_off else 0.0)
        if is_off != self._is_off:
            self._is_off = is_off
            if is_off:
                log.error("this clock and the database's are apart: lifetimes end wrongly", seconds=round(apart, 1))
            else:
                log.info("this clock and the database's agree again")


def _ms(moment: datetime) -> int:
    """UTC ms of what the driver gives, which has no zone unless it was asked for one."""
    return int((moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp() * 1000)
