"""How often one caller may ask: a token bucket for each, in this process. For routes whose callers are many and small.

A bucket that is full again is forgotten, so memory follows those who ask now, not those who ever did.
"""

from collections import OrderedDict

_MOST_KEPT = 100_000


class RequestPace:
    """At most `burst` requests at once and `per_s` a second afterwards, for each key. Times are monotonic seconds."""

    def __init__(self, per_s: float, burst: int) -> None:
        self._per_s, self._burst = per_s, float(burst)
        self._used: OrderedDict[str, tuple[float, float]] = OrderedDict()  # requests not yet forgiven, and since when

    def admits(self, key: str, now_s: float) -> bool:
        """True counts the request; False is for 429."""
        used, at_s = self._used.pop(key, (0.0, now_s))
        used = max(0.0, used - (now_s - at_s) * self._per_s)
        fits = used + 1 <= self._burst
        self._used[key] = (used + 1 if fits else used, now_s)
        self._forget(now_s)
        return fits

    def _forget(self, now_s: float) -> None:
        """The longest unused first; in the worst case somebody's count is lost, which harms nobody."""
        while self._used:
            key, (used, at_s) = next(iter(self._used.items()))
            if used > (now_s - at_s) * self._per_s and len(self._used) <= _MOST_KEPT:
                return
            del self._used[key]
