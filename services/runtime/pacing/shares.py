"""One rate over several instances of a service: which part of it each may use. Pure; times are monotonic seconds.

    part(key, limit)     a request comes: it is counted, and told the part of the limit that is this instance's now
    learn(news)          every second: what was asked of the others, and the parts anew

A part follows from what is asked of every instance, granted or not, so all of them come to the same division: each gets
what is asked of it, as far as there is enough; where there is not, nobody gets more than whoever is cut (max-min
fairness). What nobody asks for is divided evenly, for whoever is asked next. So a caller who is known to one
instance alone has the whole limit there, and one who comes through all of them has it once.

What goes wrong, and by how much, for a limit of L a second and n instances, each with a bucket of L:

    callers move, an instance joins                  for two seconds the parts may come to more than one limit, or who
                                                     has moved is refused some of what one limit allows
    one is killed                                    its part is nobody's for five seconds
    the others are not heard (MongoDB is away)       each keeps its part, and has at least 1/n
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from services.runtime.pacing.peers import News

EVERY_S: Final = 1.0
"""How often instances tell and learn."""
BLIND_S: Final = 5.0
"""After so long without word of the others, what they were asked is no longer known."""
_FADES: Final = 0.3
"""Of what was asked in one turn counts in the next, so that an uneven second moves no part."""
_KEPT_TURNS: Final = 60
_NEWCOMERS: Final = 0.1
"""Of an even part: what an instance has at least, until the others know what it is asked."""

PartOf = Callable[[str, float], float]
"""`Shares.part`."""


def all_of_it(key: str, limit: float) -> float:
    """The part of the only instance."""
    return 1.0


@dataclass(slots=True)
class _Asked:
    """One key here. `count` grows; `seen` is what it was at the last turn."""

    limit: float
    part: float
    count: int = 0
    seen: int = 0
    demand: float = 0.0  # a second
    idle_turns: int = 0


class Shares:
    """The parts of this instance, by key: one for whatever has a limit of its own."""

    def __init__(self) -> None:
        self._asked: dict[str, _Asked] = {}
        self._others: dict[str, dict[str, float]] = {}  # by instance: what each key is asked there a second
        self._learnt_at_s = float("-inf")

    def part(self, key: str, limit: float) -> float:
        """Count one request; the part of the limit (0 to 1) that may be used here."""
        found = self._asked.get(key)
        if found is None:
            found = self._asked[key] = _Asked(limit, self._part_of(key, limit, 0.0))
        found.limit = limit
        found.count += 1
        return found.part

    def asked(self) -> dict[str, int]:
        """What has been counted, for the others."""
        return {key: found.count for key, found in self._asked.items()}

    def learn(self, news: Sequence[News], there: Sequence[str], now_s: float) -> None:
        """`there` are the other instances of this service, `news` what is new of them."""
        self._others = {name: self._others.get(name, {}) for name in there}
        for name, asked, _, seconds in news:
            known = self._others.get(name)
            if known is not None:
                self._others[name] = _faded(known, {key: max(0, count) / seconds for key, count in asked.items()})
        passed_s, self._learnt_at_s = now_s - self._learnt_at_s, now_s
        for key, found in list(self._asked.items()):
            new, found.seen = found.count - found.seen, found.count
            found.idle_turns = 0 if new else found.idle_turns + 1
            if found.idle_turns > _KEPT_TURNS:
                del self._asked[key]
                continue
            found.demand = max(new / max(passed_s, 1e-3), found.demand * _FADES)
            found.part = self._part_of(key, found.limit, found.demand)

    def missed(self, now_s: float) -> None:
        """The others could not be heard."""
        if now_s - self._learnt_at_s < BLIND_S:
            return
        even = 1 / (1 + len(self._others))
        for found in self._asked.values():
            found.part = max(found.part, even)

    def _part_of(self, key: str, limit: float, demand: float) -> float:
        others = [asked.get(key, 0.0) for asked in self._others.values()]
        return granted(limit, demand, others) / limit


def granted(limit: float, own: float, others: Sequence[float]) -> float:
    """How much of the limit goes to the one of whom `own` is asked."""
    asked = [own, *others]
    count, left = len(asked), limit - sum(asked)
    least = limit / count * _NEWCOMERS
    if left >= 0:
        return max(own + left / count, least)
    level, rest, heads = limit, limit, count
    for demand in sorted(asked):
        level = rest / heads
        if demand > level:
            break
        rest, heads = rest - demand, heads - 1
    return max(min(own, level), least)


def _faded(before: dict[str, float], now: dict[str, float]) -> dict[str, float]:
    """The demands, higher ones of before not forgotten at once; those near nothing are."""
    made = {key: rate * _FADES for key, rate in before.items() if rate > 1e-3}
    return {key: max(made.get(key, 0.0), now.get(key, 0.0)) for key in made.keys() | now.keys()}
