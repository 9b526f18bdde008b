"""Tokens that are taken at one instance and count at all: for what is seldom and must not be had once for each, such as
guesses of a password. Pure.

    a bucket's token ─▶ counted ─▶ told to the others, once a second ─▶ each takes it from its own bucket of that key

Over all instances together a bucket has its burst once for each of them at the worst, within the second before they
learn of each other; they owe what was too much, so over time its rate holds exactly. While the others cannot be heard,
each counts for itself.
"""

from collections import OrderedDict
from typing import Final

from services.runtime.pacing.peers import Counts
from services.runtime.pacing.token_bucket import TokenBuckets

_MOST_KEPT: Final = 1_000
"""Keys told at once, the latest: a process can look at some thirty passwords a second."""


class Spends:
    """What this instance has taken, and the buckets that hear of what the others have."""

    def __init__(self) -> None:
        self._spent: OrderedDict[str, float] = OrderedDict()
        self._buckets: dict[str, TokenBuckets] = {}

    def follow(self, kind: str, buckets: TokenBuckets) -> None:
        """Tell what is taken of these buckets, and let them hear of what is taken elsewhere of the same kind."""
        self._buckets[kind] = buckets
        buckets.on_spent = lambda key, count: self._count(f"{kind} {key}", count)

    def spent(self) -> dict[str, float]:
        """What has been counted since the start, for the others."""
        return dict(self._spent)

    def learn(self, spent: Counts, now_s: float) -> None:
        """What is new of another instance."""
        for name, count in spent.items():
            kind, _, key = name.partition(" ")
            buckets = self._buckets.get(kind)
            if buckets is not None:
                buckets.spent_elsewhere(key, now_s, count)

    def _count(self, name: str, count: float) -> None:
        self._spent[name] = self._spent.get(name, 0.0) + count
        self._spent.move_to_end(name)
        if len(self._spent) > _MOST_KEPT:
            self._spent.popitem(last=False)
