"""When a report is tried again, and when a receiver that is down is asked at all. Pure: time is an argument."""

from dataclasses import dataclass

_MAX_WAIT_MS = 3_600_000
_OPENS_AFTER = 5
"""Failures in a row after which a receiver counts as down."""
_FIRST_REST_MS = 1_000
_MAX_REST_MS = 60_000


@dataclass(frozen=True, slots=True)
class Pace:
    """Settings of retries, UTC ms and ms."""

    first_wait_ms: int
    give_up_ms: int

    def next_at(self, tries: int, first_tried_at: int, now: int, spread: float) -> int | None:
        """When to try again after `tries` failures; None to give up. `spread` 0…1 keeps receivers from being flooded.

        The wait doubles up to an hour.
        """
        wait = min(self.first_wait_ms * 2 ** min(tries - 1, 20), max(_MAX_WAIT_MS, self.first_wait_ms))
        at = now + int(wait * (0.9 + 0.2 * spread))
        end = first_tried_at + self.give_up_ms
        if now >= end:
            return None
        return min(at, end)


@dataclass(slots=True)
class Breaker:
    """Of one receiver: after failures in a row it is asked by one report at a time, at growing distances."""

    failures: int = 0
    rest_until: int = 0  # UTC ms

    @property
    def is_open(self) -> bool:
        return self.failures >= _OPENS_AFTER

    def may_send(self, now: int, in_flight: int, limit: int) -> int:
        """How many more reports may be started now."""
        if not self.is_open:
            return max(0, limit - in_flight)
        return 1 if now >= self.rest_until and in_flight == 0 else 0

    def failed(self, now: int) -> None:
        """No answer, or one that says the receiver is in trouble."""
        if self.is_open and now < self.rest_until:
            return  # it was under way when the breaker opened
        self.failures += 1
        if self.is_open:
            self.rest_until = now + min(_FIRST_REST_MS * 2 ** min(self.failures - _OPENS_AFTER, 20), _MAX_REST_MS)

    def answered(self) -> bool:
        """The receiver works; true when it had not."""
        was_down = self.failures > 0
        self.failures = 0
        return was_down
