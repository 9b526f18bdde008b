"""What differs between the topics that are there and those that are wanted, and what may be done about it. Pure.

    missing                     is created
    weaker or other settings    are set; a retention that is longer than wanted stays, because a shorter one deletes
    fewer replicas              by hand: the broker moves them (`kafka-reassign-partitions`)
    fewer partitions            the guarded change, below
    more partitions             stay: no topic can shrink

A key lies in the partition that its hash names among as many as there are. With one partition more, most keys move:
what is said of one message from then on lies elsewhere than what was said before, and is no longer read behind it. So
partitions are added

    at any time     to a topic that holds no record and never did, and to dead letters, which nobody reads in order
    when idle       to what is only passed on: everything in it has been read, and no service is running
    never           to what is compacted (the old partition would keep an old value for ever beside the new one), and to
                    the statistics worker's, whose table lies beside its partitions
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from services.runtime.log.upkeep.wanted import Wanted

Kind = Literal["missing", "settings", "partitions", "replicas"]


@dataclass(frozen=True)
class Found:
    """One topic as it is. `waiting`: records that a group has not read yet; `readers`: members of any
    group of this deployment, since a service that reads elsewhere may write here."""

    name: str
    partitions: int
    replicas: int
    config: Mapping[str, str]
    has_records: bool = True  # or had some
    waiting: int = 0
    readers: int = 0


@dataclass(frozen=True)
class Change:
    """One difference. `refusal` says why it is not made; empty: `apply` makes it."""

    topic: Wanted
    kind: Kind
    what: str
    refusal: str = ""
    config: Mapping[str, str] = field(default_factory=dict)  # of `settings`: what is to be set
    is_harm: bool = True  # False: it may stay as it is

    @property
    def is_safe(self) -> bool:
        return not self.refusal


def changes(wanted: Sequence[Wanted], found: Mapping[str, Found], *, grow: bool = False) -> list[Change]:
    """The differences, in the order of the topics. `grow`: somebody has asked for partitions of topics in use."""
    made: list[Change] = []
    for topic in wanted:
        there = found.get(topic.name)
        if there is None:
            made.append(Change(topic, "missing", f"{topic.partitions} partitions, {topic.replicas} replicas"))
            continue
        made += _of_replicas(topic, there) + _of_partitions(topic, there, grow) + _of_settings(topic, there)
    return made


def _of_replicas(topic: Wanted, there: Found) -> list[Change]:
    if there.replicas >= topic.replicas:
        return []
    what = f"{there.replicas} replicas instead of {topic.replicas}"
    return [Change(topic, "replicas", what, "only the broker's own kafka-reassign-partitions can add replicas")]


def _of_partitions(topic: Wanted, there: Found, grow: bool) -> list[Change]:
    if there.partitions == topic.partitions:
        return []
    what = f"{there.partitions} partitions instead of {topic.partitions}"
    if there.partitions > topic.partitions:
        return [Change(topic, "partitions", what, "no topic can shrink: it stays, and works", is_harm=False)]
    return [Change(topic, "partitions", what, _why_not_grow(topic, there, grow))]


def _why_not_grow(topic: Wanted, there: Found, grow: bool) -> str:
    """Why no partition is added; empty when it may be."""
    if topic.growth == "any" or not there.has_records:
        return ""
    if topic.growth == "never":
        return "keys would move away from their old records for good: make a new cluster's worth, or leave it"
    if there.readers:
        return f"keys would move under {there.readers} running readers: end all services first"
    if there.waiting:
        return f"keys would move away from {there.waiting} records that wait: let the services read them first"
    return "" if grow else "keys move to other partitions: nothing waits and nobody reads, so it may be done by --grow"


def _of_settings(topic: Wanted, there: Found) -> list[Change]:
    differing = {
        name: value for name, value in topic.config.items() if there.config.get(name, _DEFAULTS.get(name)) != value
    }
    longer = {name for name in differing if _is_longer(name, there.config.get(name), differing[name])}
    made = []
    for name in sorted(longer):
        what = f"{name} is {there.config[name]}, wanted {differing.pop(name)}"
        made.append(Change(topic, "settings", what, "it keeps more than is wanted: lowering it deletes", is_harm=False))
    if differing:
        what = ", ".join(f"{name} {there.config.get(name, 'unset')} → {value}" for name, value in differing.items())
        made.append(Change(topic, "settings", what, config=differing))
    return made


def _is_longer(name: str, there: str | None, wanted: str) -> bool:
    """Whether the broker keeps more, or asks for more, than is wanted."""
    if there is None or name not in ("retention.ms", "min.insync.replicas"):
        return False
    return int(there) > int(wanted) or (name == "retention.ms" and int(there) < 0)


_DEFAULTS = {"unclean.leader.election.enable": "false", "min.insync.replicas": "1", "cleanup.policy": "delete"}
