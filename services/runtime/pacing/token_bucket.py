"""Token buckets: a rate with a burst, for one caller or for each of many. Pure; times are monotonic seconds.

tokens are earned at `per_s` up to `burst`  ─▶  a request takes one; where none is left it waits or is refused
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

_MOST_KEPT = 100_000
_ROUNDING = 1e-6


@dataclass(slots=True)
class TokenBucket:
    """The tokens of one caller. Rate and burst may change with every call."""

    tokens: float
    at_s: float  # when `tokens` was right

    def refill(self, now_s: float, per_s: float, burst: float) -> float:
        """The tokens there are now."""
        self.tokens = min(burst, self.tokens + (now_s - self.at_s) * per_s)
        self.at_s = now_s
        return self.tokens


class TokenBuckets:
    """A bucket for each key. One that is full again is forgotten, so memory follows those who ask now.

    `on_spent` hears of each token that is taken here, below zero when it is given back (`spends.py`).
    """

    def __init__(self, per_s: float, burst: int, most_kept: int = _MOST_KEPT) -> None:
        self._per_s, self._burst, self._most_kept = per_s, float(burst), most_kept
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()
        self.on_spent: Callable[[str, float], None] = lambda key, count: None

    def __len__(self) -> int:
        return len(self._buckets)

    def left(self, key: str, now_s: float) -> float:
        """The tokens there are; below zero while some were taken on credit."""
        bucket = self._buckets.get(key)
        return self._burst if bucket is None else bucket.refill(now_s, self._per_s, self._burst)

    def wait_s(self, key: str, now_s: float, least: float = 1) -> float:
        """The seconds until `least` tokens are there, if no other request comes; 0 when they are."""
        lacking = least - self.left(key, now_s)
        return lacking / self._per_s if lacking >= _ROUNDING else 0.0

    def take(self, key: str, now_s: float, cost: float = 1) -> float:
        """0 when the tokens are taken; otherwise none is, and the result is the seconds after which the call succeeds.

        What costs more than the burst costs the burst.
        """
        cost = min(cost, self._burst)
        wait_s = self.wait_s(key, now_s, cost)
        if not wait_s:
            self._spend(key, now_s, cost)
        return wait_s

    def take_on_credit(self, key: str, now_s: float) -> float:
        """Take one token, there or not; the seconds until it is earned."""
        return max(0.0, -self._spend(key, now_s, 1)) / self._per_s

    def spent_elsewhere(self, key: str, now_s: float, count: float) -> None:
        """Another instance took so many of these tokens; below zero, gave them back."""
        self._count(key, now_s, count)

    def give_back(self, key: str, now_s: float) -> None:
        """One token that was taken in vain."""
        self._spend(key, now_s, -1)

    def forget(self, key: str) -> None:
        """The bucket is full again."""
        bucket = self._buckets.pop(key, None)
        if bucket is not None:
            self.on_spent(key, bucket.tokens - self._burst)

    def _spend(self, key: str, now_s: float, cost: float) -> float:
        self.on_spent(key, cost)
        return self._count(key, now_s, cost)

    def _count(self, key: str, now_s: float, cost: float) -> float:
        bucket = self._buckets.setdefault(key, TokenBucket(self._burst, now_s))
        self._buckets.move_to_end(key)
        bucket.tokens = min(self._burst, bucket.refill(now_s, self._per_s, self._burst) - cost)
        self._forget(now_s)
        return bucket.tokens

    def _forget(self, now_s: float) -> None:
        """The longest unused first; at worst a caller's count is lost, which harms nobody."""
        while self._buckets:
            key, bucket = next(iter(self._buckets.items()))
            is_full = bucket.refill(now_s, self._per_s, self._burst) >= self._burst
            if not is_full and len(self._buckets) <= self._most_kept:
                return
            del self._buckets[key]
