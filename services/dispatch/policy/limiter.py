"""How fast an application may push over one provider: a rate and a width that adapt to its answers. Pure.

    admitted(now) ─▶ 0     go: call `begin` now and `end` with the answer
                  ─▶ s     park the push for so many seconds; each is given a later time than the one before

The rate is this instance's part of the application's (`part_of`), for others push over the same provider. It falls to
half when the provider says that the application sends too much (AIMD), at most once a second, and climbs back to the
part within a minute. Retry-After closes the gate for its whole time. The width (pushes under way) falls when answers
stay out, so that an application whose pushes hang does not fill the slots of its neighbours. Bulk leaves a fifth of
the rate to single messages. Times are seconds of a monotonic clock.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from services.runtime.pacing.token_bucket import TokenBucket

_LEAST_RATE = 1.0
_RECOVERY_S = 60.0
_BURST_S = 1.0
_BULK_LEAVES = 0.2
_LEAST_WIDTH = 8.0
_PARKED_LEAST_S = 1.0  # timers are looked at about once a second
_CUT_EVERY_S = 1.0


@dataclass(slots=True)
class Limiter:
    """The limiter of one (provider, application)."""

    max_rate: float  # pushes a second, of all instances
    max_width: float = 4096.0  # pushes under way
    part_of: Callable[[float], float] = lambda limit: 1.0
    width: float = 0.0
    under_way: int = 0
    _bucket: TokenBucket = field(default_factory=lambda: TokenBucket(0.0, float("-inf")))
    _closed_until: float = 0.0
    _cut_at: float = field(default=float("-inf"))
    _narrowed_at: float = field(default=float("-inf"))
    _part: float = 1.0
    _eased: float = 1.0  # how much of it the provider takes
    _parked_until: float = 0.0  # the time that was given to the last parked push

    def __post_init__(self) -> None:
        self.width = self.max_width
        self._bucket.tokens = self._burst

    @property
    def rate(self) -> float:
        """Pushes a second that may go out here."""
        return self.max_rate * self._part * self._eased

    @property
    def _burst(self) -> float:
        return max(1.0, self.rate * _BURST_S)

    def admitted(self, now: float, bulk: bool = False) -> float:
        """0 to go at once, else the seconds to park the push for."""
        self._refill_at(self.part_of(self.max_rate), now)
        if now < self._closed_until:
            return self._park(now, self._closed_until)
        if self.under_way >= self.width:
            return self._park(now, now + _PARKED_LEAST_S)
        if self._bucket.tokens < (1.0 + self._burst * _BULK_LEAVES if bulk and self._burst > 2 else 1.0):
            return self._park(now, now)
        return 0.0

    def begin(self) -> None:
        """A push goes out."""
        self._bucket.tokens -= 1.0
        self.under_way += 1

    def end(self) -> None:
        """An answer came, whatever it says of the message: the provider keeps up."""
        self.under_way -= 1
        if self.width < self.max_width:
            self.width = min(self.max_width, self.width + 1.0)

    def timed_out(self, now: float) -> None:
        """No answer came in time."""
        if now - self._narrowed_at >= _CUT_EVERY_S:
            self._narrowed_at = now
            self.width = max(_LEAST_WIDTH, min(self.width, float(self.under_way)) / 2)
        self.under_way -= 1

    def throttled(self, now: float, after_s: float | None) -> None:
        """The provider says that this application sends too much. (Call it in addition to `end`.)"""
        if now - self._cut_at >= _CUT_EVERY_S:
            self._refill(now)
            self._cut_at = now
            self._eased *= max(min(_LEAST_RATE / self.rate, 1.0), 0.5)
            self._bucket.tokens = min(self._bucket.tokens, 0.0)
        if after_s is not None:
            self._closed_until = max(self._closed_until, now + after_s)

    def _refill_at(self, part: float, now: float) -> None:
        """Whoever begins has a small part for a second: what it parked then is sooner done than was thought."""
        if part > self._part:
            sooner = now + (self._parked_until - now) * self._part / part
            self._parked_until = min(self._parked_until, sooner)
        self._part = part
        self._refill(now)

    def _refill(self, now: float) -> None:
        passed = now - self._bucket.at_s
        if passed > 0:
            self._eased = min(1.0, self._eased + passed / _RECOVERY_S)
            self._bucket.refill(now, self.rate, self._burst)

    def _park(self, now: float, earliest: float) -> float:
        """The seconds to wait, each time a little more, so that they do not come back all at once."""
        self._parked_until = max(self._parked_until, earliest, now + _PARKED_LEAST_S) + 1.0 / self.rate
        return self._parked_until - now
