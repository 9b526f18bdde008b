"""The forecast of a mailing: when it finishes and how many messages would expire. Pure; times in UTC ms.

    start ─▶ wait for the opening ─▶ rate ─▶ window closes ─▶ next opening ─▶ … ─▶ deadline: the rest EXPIRED

In the partner's zone the window holds the planner, so the rate counts within it. In the recipients' zones each message
waits by itself: it expires when the recipient's window does not open before the deadline (`expires_in`).
"""

from collections.abc import Iterable, Mapping
from datetime import tzinfo
from typing import NamedTuple

from schemas.values import Schedule
from services.runtime.scheduling import windows

_STEP_MS = 60_000
_MOST_STEPS = 50_000
"""35 days by the minute: more than the planning horizon."""


class Forecast(NamedTuple):
    """`finishes_at`: when the last is planned, None beyond the horizon. `expired`: how many miss the deadline."""

    starts_at: int
    finishes_at: int | None
    expired: int


class ZoneForecast(NamedTuple):
    """`opens_at` None: not before the deadline."""

    name: str
    recipients: int
    opens_at: int | None


def forecast(recipients: int, rate_per_s: float, schedule: Schedule | None, zone: tzinfo, start: int) -> Forecast:
    """The forecast for a window in `zone`; with no `schedule` or in the recipients' zones nothing holds the planner."""
    if schedule is None or schedule.recipient_zone:
        return Forecast(start, start + int(recipients / rate_per_s * 1000), 0)
    at, left, first = start, float(recipients), None
    for _ in range(_MOST_STEPS):
        opens = windows.send_at(schedule, zone, at)
        if opens is None:  # behind the deadline: all go on at once, to be EXPIRED
            return Forecast(first or at, at, round(left))
        first = opens if first is None else first
        if left <= 0:
            return Forecast(first, opens, 0)
        step = min(_STEP_MS - opens % _STEP_MS, (schedule.deadline + 1 - opens) if schedule.deadline else _STEP_MS)
        done = rate_per_s * step / 1000
        if done >= left:
            return Forecast(first, opens + int(left / rate_per_s * 1000), 0)
        at, left = opens + step, left - done
    return Forecast(first or start, None, 0)


def by_zone(zones: Mapping[tuple[str, tzinfo], int], schedule: Schedule, now: int) -> list[ZoneForecast]:
    """When the window opens for the recipients of each zone; the first to open first, those that never do last."""
    found = [ZoneForecast(name, count, windows.send_at(schedule, zone, now)) for (name, zone), count in zones.items()]
    return sorted(found, key=lambda zone: (zone.opens_at is None, zone.opens_at or 0, -zone.recipients, zone.name))


def expires_in(zones: Iterable[tzinfo], schedule: Schedule, now: int) -> int:
    """How many of the recipients, by their zones, would not be sent to before the deadline."""
    return sum(windows.send_at(schedule, zone, now) is None for zone in zones)
