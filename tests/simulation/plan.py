"""What a schedule consists of, drawn from its seed: messages, and faults with their times. Pure."""

import random
from dataclasses import dataclass, replace
from typing import Literal

from schemas.providers import Provider
from schemas.values import Lane

Kind = Literal[
    "killed",  # kill -9, and started again
    "frozen",  # SIGSTOP and SIGCONT: its partitions are given away meanwhile
    "zombie",  # it is thought dead and works on: two owners of one partition
    "rebalance",  # the group's members meet again
    "stopped",  # SIGTERM, and started again
    "log trouble",  # appends fail, before or behind the log
    "fetch trouble",  # fetches fail, and what they had taken is given to nobody
    "commit trouble",
    "database away",
    "database trouble",  # operations fail before, behind or amid their effect
    "no majority",  # what is written meanwhile is kept, or rolled back
    "slow",  # everything takes seconds
    "provider trouble",
    "receiver trouble",
    "moved receiver",  # the partner's reports go to another host
]
KINDS: tuple[Kind, ...] = Kind.__args__  # type: ignore[attr-defined]
OF_INSTANCES = ("killed", "frozen", "zombie", "stopped")
SERVICES = ("router", "dispatch", "registry", "status")
PUSHING = (Provider.APNS, Provider.RUSTORE)
_LOADED_S = 40.0
SMALL = 0.8
"""The share of schedules with one or two messages. Nearly all that is wrong shows with so few, and what a schedule
costs are its messages, not its faults. The others have two to six, for what needs several at once."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault from `at_s` on, for `for_s` seconds of virtual time. `share`: of the calls that it meets."""

    number: int
    kind: Kind
    at_s: float
    for_s: float
    target: str = ""  # an instance
    share: float = 1.0

    def __str__(self) -> str:
        share = f", {self.share:.0%} of calls" if self.share < 1 else ""
        return f"fault {self.number}: {self.kind} {self.target}".rstrip() + f" for {self.for_s:.1f} s{share}"


@dataclass(frozen=True, slots=True)
class Phone:
    """An installation of the recipient, and what its owner does: seconds until each, None for never."""

    number: int
    provider: Provider
    shows_after_s: float = 0.2
    delivered_after_s: float | None = 0.3
    read_after_s: float | None = None
    repeats: int = 0  # each receipt is sent so many times again
    is_dead: bool = False  # its token


@dataclass(frozen=True, slots=True)
class Request:
    """A message that the partner asks for at `at_s`; again as many times as `repeats` says, whatever it was told."""

    number: int
    at_s: float
    phones: tuple[Phone, ...]
    ttl_s: float = 30.0
    awaited: Literal["DELIVERED", "READ"] | None = None  # then an SMS follows
    repeats: int = 0
    waits_s: float = 0.0  # for its window
    registered: Literal[0, 1, 2] = 1

    @property
    def providers(self) -> set[Provider]:
        """Those that it may go over."""
        return {phone.provider for phone in self.phones} | ({Provider.CHANNEL_PLATFORM} if self.awaited else set())

    @property
    def ref(self) -> str:
        return f"m{self.number}"


@dataclass(frozen=True, slots=True)
class Schedule:
    """All of it."""

    seed: str
    lane: Lane
    instances: tuple[str, ...]
    requests: tuple[Request, ...]
    faults: tuple[Fault, ...]

    def without(self, fault: Fault) -> "Schedule":
        return replace(self, faults=tuple(other for other in self.faults if other is not fault))

    def without_request(self, request: Request) -> "Schedule":
        return replace(self, requests=tuple(other for other in self.requests if other is not request))


def drawn(seed: str) -> Schedule:
    """The schedule of a seed."""
    chance = random.Random(f"{seed}/plan")
    instances = tuple(
        f"{service}-{number}" for service in SERVICES for number in range(2 if chance.random() < 0.7 else 1)
    )
    messages = chance.choice((1, 1, 2)) if chance.random() < SMALL else chance.randint(2, 6)
    requests = tuple(_request(chance, number) for number in range(messages))
    faults = tuple(_fault(chance, number, instances) for number in range(chance.choice((0, 1, 1, 2, 2, 3, 4, 6))))
    return Schedule(seed, chance.choice(("single", "single", "bulk")), instances, requests, faults)


def _request(chance: random.Random, number: int) -> Request:
    phones = tuple(_phone(chance, count) for count in range(chance.choice((0, 1, 1, 1, 1, 2, 3))))
    return Request(
        number,
        at_s=chance.uniform(0, _LOADED_S / 2),
        phones=phones,
        ttl_s=chance.choice((10.0, 20.0, 30.0)),
        awaited=chance.choice((None, None, "DELIVERED", "READ")),
        repeats=chance.choice((0, 0, 0, 1, 2)),
        waits_s=chance.choice((0.0, 0.0, 0.0, 20.0)),
        registered=chance.choice((1, 1, 1, 1, 2, 0)),
    )


def _phone(chance: random.Random, number: int) -> Phone:
    delivered = None if chance.random() < 0.2 else chance.choice((0.05, 0.3, 2.0, 8.0, 35.0))
    reads = delivered is not None and chance.random() < 0.6
    return Phone(
        number,
        chance.choice(PUSHING),
        shows_after_s=chance.uniform(0.01, 0.5),
        delivered_after_s=delivered,
        read_after_s=chance.choice((0.01, 1.0, 5.0, 20.0)) if reads else None,
        repeats=chance.choice((0, 0, 1, 3)),
        is_dead=chance.random() < 0.1,
    )


def _fault(chance: random.Random, number: int, instances: tuple[str, ...]) -> Fault:
    kind = chance.choice(KINDS)
    target = chance.choice(instances) if kind in OF_INSTANCES else ""
    for_s = {
        "killed": chance.choice((0.5, 3.0, 25.0)),
        "frozen": chance.choice((2.0, 25.0, 40.0)),
        "zombie": chance.choice((1.0, 5.0, 20.0)),
        "no majority": chance.choice((1.0, 5.0)),
        "log trouble": chance.choice((0.5, 3.0, 10.0, 45.0)),
        "receiver trouble": chance.choice((2.0, 20.0, 60.0)),
    }.get(kind, chance.choice((0.5, 3.0, 10.0)))
    share = chance.choice((0.1, 0.4, 1.0)) if kind.endswith("trouble") else 1.0
    at_s = chance.uniform(0, _LOADED_S)
    return Fault(number, kind, at_s=at_s, for_s=for_s, target=target, share=share)


def of_kind(seed: str, kind: Kind) -> Schedule:
    """The schedule of a seed with everything twice, and with faults of this kind alone: of a zombie, six of status."""
    chance = random.Random(f"{seed}/{kind}")
    instances = tuple(f"{service}-{number}" for service in SERVICES for number in range(2))
    hit = {"zombie": ("status",), "killed": ("router", "dispatch", "status")}.get(kind, ())
    faults = [
        Fault(
            number,
            kind,
            at_s=chance.uniform(0, 30),
            for_s=45.0 if kind == "log trouble" else chance.choice((3.0, 8.0)),
            target=f"{chance.choice(hit)}-{chance.randrange(2)}" if hit else "",
        )
        for number in range({"zombie": 6, "log trouble": 1}.get(kind, 3))
    ]
    return replace(drawn(f"{kind}/{seed}"), instances=instances, faults=tuple(faults))
