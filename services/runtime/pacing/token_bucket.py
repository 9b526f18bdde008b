"""How often one caller may ask: a token bucket for each, in this process. For routes whose callers are many and small.

A bucket that is full again is forgotten, so memory follows those who ask now, not those who ever did.
"""

from collections import OrderedDict

_MOST_KEPT = 100_000
_ROUNDING = 1e-6


class RequestPace:
    """At most `burst` requests at once and `per_s` a second afterwards, for each key. Times are monotonic seconds."""

    def __init__(self, per_s: float, burst: int) -> None:
        self._per_s, self._burst = per_s, float(burst)
        self._used: OrderedDict[str, tuple[float, float]] = OrderedDict()  # requests not yet forgiven, and since when

    def admits(self, key: str, now_s: float, cost: float = 1) -> bool:
        """True counts the request; False is for 429. What costs more than all that fits counts as much as fits."""
        return self.wait_s(key, now_s, cost) == 0

    def wait_s(self, key: str, now_s: float, cost: float = 1) -> float:
        """0 counts the request; else the seconds after which the same one is admitted, if nobody else comes."""
        cost = min(cost, self._burst)
        used, at_s = self._used.pop(key, (0.0, now_s))
        used = max(0.0, used - (now_s - at_s) * self._per_s)
        over = used + cost - self._burst
        fits = over < _ROUNDING
        self._used[key] = (used + cost if fits else used, now_s)
        self._forget(now_s)
        return 0.0 if fits else over / self._per_s

    def _forget(self, now_s: float) -> None:
        """The longest unused first; in the worst case somebody's count is lost, which harms nobody."""
        while self._used:
            key, (used, at_s) = next(iter(self._used.items()))
            if used > (now_s - at_s) * self._per_s and len(self._used) <= _MOST_KEPT:
                return
            del self._used[key]
