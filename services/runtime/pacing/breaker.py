"""When to stop asking: after a run of failures, with one probe after a growing interval. Pure.

            failures in a row                     interval is over
    CLOSED ──────────────────▶ OPEN ───────────────────────────────▶ PROBING: one request
       ▲                        ▲              the probe fails           │
       └──── any success        └──── (the interval grows) ◀─────────────┘

One incident is one failure: requests that were under way when it was counted are lost with it, however many and however
late they report it. A host that answers nobody at all is away without a second incident, once many requests have
waited in vain for some time. Times are seconds of one clock; `jitter` is a number drawn from [0, 1).
"""

from dataclasses import dataclass

_PROBE_LOST_S = 60.0
_MANY = 16


@dataclass(slots=True)
class Breaker:
    """The breaker of one place that requests go to: a host, an application's account there, a receiver."""

    trip_after: int = 1
    first_s: float = 1.0
    longest_s: float = 60.0
    growth: float = 2.0  # of the interval, with each probe that fails
    failures: int = 0  # incidents in a row
    is_open: bool = False
    probe_at: float = 0.0
    _interval_s: float = 0.0
    _probing_since: float | None = None
    _failed_at: float = float("-inf")  # when the last incident was counted
    _run_since: float = 0.0
    _lost: int = 0  # requests since the last success

    def admits(self, now: float) -> bool:
        """True when a request may go now: always while closed, one probe when the interval is over."""
        if not self.is_open:
            return True
        if self._probing_since is not None and now - self._probing_since < _PROBE_LOST_S:
            return False
        return now >= self.probe_at

    def begin(self, now: float) -> None:
        """A request goes out; while open it is the probe."""
        if self.is_open:
            self._probing_since = now

    def succeeded(self) -> bool:
        """True when this closes the breaker."""
        return self.reset()

    def inconclusive(self) -> None:
        """The request ended without showing whether things work: another may be the probe."""
        self._probing_since = None

    def unclear(self, now: float) -> None:
        """The request failed, maybe for a reason of its own: after a moment another may be the probe."""
        if self._probing_since is not None:
            self._probing_since, self.probe_at = None, now + self.first_s

    def failed(self, now: float, jitter: float, at_least_s: float = 0.0, began: float | None = None) -> bool:
        """True when this opens the breaker. `began`: when the request went out; None makes it an incident of its own.

        What was under way when it opened changes nothing more, but that it may bring a later Retry-After.
        """
        self._lost += 1
        if self._lost == 1:
            self._run_since = now
        is_new = began is None or began >= self._failed_at
        if is_new:
            self.failures, self._failed_at = self.failures + 1, now
        if self.is_open and (self._probing_since is None or not is_new):
            self.probe_at = max(self.probe_at, now + at_least_s)
            return False
        if not self.is_open and self.failures < self.trip_after and not self._is_silent(now):
            return False
        opened = not self.is_open
        self.is_open, self._probing_since, self._failed_at = True, None, now
        self._interval_s = self.first_s if opened else min(self.longest_s, self._interval_s * self.growth)
        self.probe_at = now + max(at_least_s, self._interval_s * (1 + jitter / 4))
        return opened

    def _is_silent(self, now: float) -> bool:
        return self._lost >= _MANY and now - self._run_since >= self.first_s

    def reset(self) -> bool:
        """Close it, because what was wrong has changed. True when it was open."""
        was_open, self.is_open, self._probing_since = self.is_open, False, None
        self.failures = self._lost = 0
        return was_open

    def wait_s(self, now: float) -> float:
        """How long until a request may be the next probe."""
        if self._probing_since is not None:
            return max(self._interval_s, 1.0)
        return max(0.0, self.probe_at - now)
