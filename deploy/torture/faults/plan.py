"""Which faults strike when, on whom and for how long, of a seed: the same seed gives the same plan. Pure.

Most strikes come while another one lasts; no two touch the same thing at once, or nobody could say which it was.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_GAP_S = (0.5, 4.0)
"""Between the beginnings of two strikes."""
_ALONE = 0.3
"""Of the strikes: they wait until all before them are over."""


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A kind of fault: whom it may strike, what it touches besides, how long it lasts, and how often it is drawn."""

    victims: tuple[str, ...]
    lasts_s: tuple[float, float]
    touches: tuple[str, ...] = ()
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Strike:
    """One fault. `seed` is for what it draws itself."""

    number: int
    name: str
    victim: str
    at_s: float
    lasts_s: float
    seed: int

    @property
    def until_s(self) -> float:
        return self.at_s + self.lasts_s

    def __str__(self) -> str:
        return f"{self.number}. {self.name} of {self.victim}, {self.at_s:.1f} s to {self.until_s:.1f} s"


def planned_strikes(
    seed: int, count: int, kinds: Mapping[str, FaultKind], *, longest_s: float = float("inf")
) -> list[Strike]:
    """So many strikes, in the order of their beginnings; none lasts longer than `longest_s`, or than it must."""
    draw = random.Random(f"faults/{seed}")
    names = list(kinds)
    strikes: list[Strike] = []
    busy_until: dict[str, float] = {}
    at_s = 2.0
    for number in range(1, count + 1):
        name = draw.choices(names, [kinds[name].weight for name in names])[0]
        kind = kinds[name]
        victim = draw.choice(kind.victims)
        lasts_s = min(draw.uniform(*kind.lasts_s), max(longest_s, kind.lasts_s[0]))
        at_s += draw.uniform(*_GAP_S)
        touched: Sequence[str] = (victim, *kind.touches)
        if draw.random() < _ALONE:
            at_s = max(at_s, *busy_until.values(), 0.0)
        at_s = max(at_s, *(busy_until.get(thing, 0.0) for thing in touched))
        strike = Strike(number, name, victim, round(at_s, 1), round(lasts_s, 1), seed=draw.randrange(1 << 30))
        strikes.append(strike)
        busy_until |= dict.fromkeys(touched, strike.until_s + _GAP_S[0])
    return strikes
