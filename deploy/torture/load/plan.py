"""Which messages go to whom, of a seed: the same seed gives the same load. Pure.

single      a push                                            is read
repeated    the same, sent two or three times under its id    is read, once
reached     a push with an SMS behind it                      is read; no SMS
nobody      the same to a number without a phone              one SMS
silent      the same to a phone that confirms nothing         one SMS when its half minute is over
scheduled   a push whose window opens at the next minute      is read
packet      pushes of one packet                              are read
mailing     pushes of one mailing                             are read
"""

import random
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from deploy.torture.ledgers import Expected

Kind = Literal["single", "repeated", "reached", "nobody", "silent", "scheduled", "packet", "mailing"]
Habit = Literal["reads", "doubles", "late", "silent"]
_SHARES: dict[Kind, int] = {
    "single": 40,
    "repeated": 10,
    "reached": 12,
    "nobody": 10,
    "silent": 3,
    "scheduled": 5,
    "packet": 10,
    "mailing": 10,
}
_PLATFORMS = ("ios", "android", "huawei", "rustore", "web")
_SECOND_PLATFORMS = ("android", "huawei", "rustore")
_HABITS: tuple[Habit, ...] = ("reads", "reads", "doubles", "late", "reads", "silent")
_EVERY_SECOND = 4  # one customer of so many has the second application
_CANNOT_ABSORB = ("rustore",)
_MOST_CUSTOMERS, _MESSAGES_EACH = 1_000, 40
_READ, _UNDELIVERED = 9, 5


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody with one phone. `second`: of the partner's second application."""

    phone: str
    platform: str
    habit: Habit
    second: bool


@dataclass(frozen=True, slots=True)
class Planned:
    """A message; its text is its id, so whoever shows it says which it was."""

    ref: str
    kind: Kind
    phone: str
    second: bool
    expected: Expected
    times: int = 1  # how often it is sent under its id


def customers_of(seed: int, messages: int) -> list[Customer]:
    """Enough of them that each gets few, of every kind of phone and habit."""
    count = max(30, min(_MOST_CUSTOMERS, messages // _MESSAGES_EACH))
    made = []
    for place in range(count):
        second = place % _EVERY_SECOND == _EVERY_SECOND - 1
        platforms = _SECOND_PLATFORMS if second else _PLATFORMS
        habit = _HABITS[place // _EVERY_SECOND % len(_HABITS)]
        made.append(Customer(f"7911{seed % 100:02}{place:05}", platforms[place % len(platforms)], habit, second))
    return made


def messages_of(
    seed: int, count: int, customers: Sequence[Customer], without: Collection[Kind] = ()
) -> Iterator[Planned]:
    """The messages, in the order in which they are sent; none of the kinds in `without`."""
    draw = random.Random(f"messages/{seed}")
    kinds = [kind for kind in _SHARES if kind not in without]
    shares = [_SHARES[kind] for kind in kinds]
    silent = [customer for customer in customers if customer.habit == "silent"]
    others = [customer for customer in customers if customer.habit != "silent"]
    first = [customer for customer in others if not customer.second]  # a mailing is of one sender
    for place, kind in enumerate(draw.choices(kinds, shares, k=count)):
        ref = f"{kind}-{seed}-{place}"
        if kind == "nobody":
            yield Planned(ref, kind, f"7912{place:07}", second=False, expected=Expected(0, "once", _UNDELIVERED))
            continue
        customer = draw.choice({"silent": silent, "mailing": first}.get(kind, others))
        absorbs = customer.platform not in _CANNOT_ABSORB
        if kind == "silent":
            expected = Expected(None, "once", _UNDELIVERED, absorbs=absorbs)
        else:
            about = {"may_be_refused": customer.second, "falls_back": kind == "reached"}
            expected = Expected(1, "never", _READ, absorbs=absorbs, **about)
        times = draw.choice((2, 3)) if kind == "repeated" else 1
        yield Planned(ref, kind, customer.phone, second=customer.second, expected=expected, times=times)
