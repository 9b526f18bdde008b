"""Decides when a report is tried again, and when a receiver that is down is probed. Pure: time is an argument."""

from dataclasses import dataclass

from services.runtime.pacing.backoff import exponential
from services.runtime.pacing.breaker import Breaker

_MAX_WAIT_MS = 3_600_000
_OPENS_AFTER = 5
"""Failures in a row after which a receiver counts as down."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The settings of retries, in ms."""

    first_wait_ms: int
    give_up_ms: int

    def next_at(self, tries: int, first_tried_at: int, now: int, spread: float) -> int | None:
        """The time of the next try after `tries` failures; None to give up. `spread` 0…1 spreads the retries.

        The wait doubles up to an hour.
        """
        wait = exponential(self.first_wait_ms, tries, max(_MAX_WAIT_MS, self.first_wait_ms))
        at = now + int(wait * (0.9 + 0.2 * spread))
        end = first_tried_at + self.give_up_ms
        if now >= end:
            return None
        return min(at, end)


def receiver_breaker() -> Breaker:
    """The breaker of one receiver: after failures in a row one report at a time probes it, at growing intervals."""
    return Breaker(_OPENS_AFTER, first_s=1.0, longest_s=60.0)


def room(breaker: Breaker, now_s: float, under_way: int, limit: int) -> int:
    """The number of reports that may be started now."""
    if not breaker.is_open:
        return max(0, limit - under_way)
    return int(not under_way and breaker.admits(now_s))
