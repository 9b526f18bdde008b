"""When to stop asking: after a run of failures, with one probe after a growing interval. Pure.

            failures in a row                     interval is over
    CLOSED ──────────────────▶ OPEN ───────────────────────────────▶ PROBING: one push
       ▲                        ▲              the probe fails           │
       └──── any success        └──── (the interval doubles) ◀───────────┘

Two uses. Of a provider: `trip_after` many failures stop the taking of records, so they wait in Kafka. Of an
application whose keys are refused: one failure stops its sender, and its pushes are parked; one of those that come back
is the probe. Times are seconds of a monotonic clock; `jitter` is a number drawn from [0, 1).
"""

from dataclasses import dataclass

_PROBE_LOST_S = 60.0


@dataclass(slots=True)
class Breaker:
    """Of one provider, or of one (provider, application)."""

    trip_after: int = 1
    first_s: float = 1.0
    longest_s: float = 60.0
    failures: int = 0  # in a row
    is_open: bool = False
    probe_at: float = 0.0
    _interval_s: float = 0.0
    _probing_since: float | None = None

    def admits(self, now: float) -> bool:
        """True when a push may go now: always while closed, one probe when the interval is over."""
        if not self.is_open:
            return True
        if self._probing_since is not None and now - self._probing_since < _PROBE_LOST_S:
            return False
        return now >= self.probe_at

    def begin(self, now: float) -> None:
        """A push goes out; while open it is the probe."""
        if self.is_open:
            self._probing_since = now

    def succeeded(self) -> bool:
        """True when this closes the breaker."""
        self.failures = 0
        return self.reset()

    def told_nothing(self) -> None:
        """The push ended without a word on whether things work: another may be the probe."""
        self._probing_since = None

    def failed(self, now: float, jitter: float, at_least_s: float = 0.0) -> bool:
        """True when this opens the breaker. What was under way when it opened changes nothing more."""
        self.failures += 1
        if self.is_open and self._probing_since is None:
            return False
        if not self.is_open and self.failures < self.trip_after:
            return False
        opened = not self.is_open
        self.is_open, self._probing_since = True, None
        self._interval_s = self.first_s if opened else min(self.longest_s, self._interval_s * 2)
        self.probe_at = now + max(at_least_s, self._interval_s * (1 + jitter / 4))
        return opened

    def reset(self) -> bool:
        """Close it, because what was wrong has changed. True when it was open."""
        was_open, self.is_open, self._probing_since, self.failures = self.is_open, False, None, 0
        return was_open

    def wait_s(self, now: float) -> float:
        """How long until a push may be the next probe."""
        if self._probing_since is not None:
            return max(self._interval_s, 1.0)
        return max(0.0, self.probe_at - now)
