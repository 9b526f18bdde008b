"""Consumer groups as they are: who holds which partition, how many records wait, and since when.

What waits is counted from the committed offset to the end of the partition. How long the oldest of it has waited is
read from that record itself, so it is true also after a restart of whoever asks.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment

from schemas import topics
from schemas.values import Lane
from services.runtime.clock import now_ms
from services.runtime.log.committed import committed_offsets
from services.runtime.log.upkeep.clients import opened_admin, opened_reader, partitions_of
from services.runtime.settings import Settings

_READ_S = 5.0
_TAIL = 37
"""Length of what the broker puts behind the name of a static member: a hyphen and a UUID."""
_Offsets = dict[TopicPartition, int]


@dataclass(frozen=True)
class Member:
    """One reader of a group: its instance, where it runs, and the partitions that it holds, by topic."""

    instance: str
    host: str
    holds: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class TopicLag:
    """What waits for a group in a topic. `oldest_ms`: for how long the oldest has; 0 when nothing waits."""

    topic: str
    lane: Lane
    waiting: int
    oldest_ms: int
    partitions: int
    unheld: tuple[int, ...]  # partitions that no member holds


@dataclass(frozen=True)
class Group:
    """A group by its name without the prefix."""

    name: str
    state: str
    members: tuple[Member, ...]
    topics: tuple[TopicLag, ...]

    @property
    def waiting(self) -> int:
        return sum(topic.waiting for topic in self.topics)


async def read_groups(settings: Settings, known: Sequence[str]) -> list[Group]:
    """The groups that read topics in `known` (without prefix), by name. Raises KafkaError, TimeoutError."""
    prefix = settings.kafka_topic_prefix
    async with opened_admin(settings) as admin:
        names = sorted(name for name, *_ in await admin.list_consumer_groups() if name.startswith(prefix))
        seen = {name: (state, members) for name, state, members in await _described(admin, names, prefix)}
        there = await partitions_of(admin, set(await admin.list_topics()) & {prefix + name for name in known})
        committed = {name: await _committed(admin, name, seen[name][1], there, prefix) for name in seen}
    committed = {name: offsets for name, offsets in committed.items() if offsets}
    waiting = await _waiting(settings, committed)
    ages = await _ages(settings, waiting)
    return [
        Group(
            name.removeprefix(prefix),
            seen[name][0],
            seen[name][1],
            _lags(waiting[name], ages, seen[name][1], prefix),
        )
        for name in sorted(committed)
    ]


async def _described(
    admin: AIOKafkaAdminClient, names: Sequence[str], prefix: str
) -> list[tuple[str, str, tuple[Member, ...]]]:
    found = []
    for asked in names:  # alone: the client (0.14) reads several from an answer as if each were four bytes shorter
        (answer,) = await admin.describe_consumer_groups([asked])
        for _, name, state, _, _, members, *_ in answer.groups:
            made = [_member(name, member, prefix) for member in members]
            found.append((name, state, tuple(sorted(made, key=lambda member: member.instance))))
    return found


def _member(group: str, member: Sequence[Any], prefix: str) -> Member:
    member_id, _, host, _, assignment, *_ = member
    places = ConsumerProtocolMemberAssignment.decode(assignment).partitions() if assignment else []
    holds: dict[str, tuple[int, ...]] = {}
    for place in sorted(places):
        name = place.topic.removeprefix(prefix)
        holds[name] = (*holds.get(name, ()), place.partition)
    instance = member_id[:-_TAIL] if len(member_id) > _TAIL else member_id
    return Member(instance.removeprefix(f"{group}-"), host.lstrip("/"), holds)


async def _committed(
    admin: AIOKafkaAdminClient,
    name: str,
    members: Sequence[Member],
    there: Mapping[str, list[dict[str, Any]]],
    prefix: str,
) -> _Offsets:
    """Where the group stands in every partition of the topics that it reads; 0 where it has committed nothing yet."""
    offsets = {
        place: at.offset
        for place, at in (await committed_offsets(admin, name)).items()
        if place.topic in there and at.offset >= 0
    }
    read = {place.topic for place in offsets} | {prefix + topic for member in members for topic in member.holds}
    for topic in read & there.keys():
        for partition in there[topic]:
            offsets.setdefault(TopicPartition(topic, partition["partition"]), 0)
    return offsets


async def _waiting(settings: Settings, committed: Mapping[str, _Offsets]) -> dict[str, dict[TopicPartition, range]]:
    """The offsets that each group has not read, by partition."""
    places = sorted({place for offsets in committed.values() for place in offsets})
    if not places:
        return {}
    async with opened_reader(settings, places, fetches=False) as reader:
        begins, ends = await reader.beginning_offsets(places), await reader.end_offsets(places)
    return {
        name: {place: range(max(at, begins[place]), max(ends[place], at)) for place, at in offsets.items()}
        for name, offsets in committed.items()
    }


async def _ages(
    settings: Settings, waiting: Mapping[str, Mapping[TopicPartition, range]]
) -> dict[tuple[TopicPartition, int], int]:
    """For how long (ms) the record at the first unread offset has lain there; without those not read in time."""
    asked: dict[TopicPartition, set[int]] = {}
    for offsets in waiting.values():
        for place, unread in offsets.items():
            if unread:
                asked.setdefault(place, set()).add(unread.start)
    ages: dict[tuple[TopicPartition, int], int] = {}
    deadline = time.monotonic() + _READ_S
    while asked and time.monotonic() < deadline:
        turn = {place: offsets.pop() for place, offsets in asked.items()}
        asked = {place: offsets for place, offsets in asked.items() if offsets}
        async with opened_reader(settings, turn) as reader:
            for place, offset in turn.items():
                reader.seek(place, offset)
            while turn and time.monotonic() < deadline:
                for place, records in (await reader.getmany(timeout_ms=200)).items():
                    offset_asked = turn.pop(place, None)
                    if offset_asked is not None and records:
                        ages[place, offset_asked] = max(0, now_ms() - records[0].timestamp)
    return ages


def _lags(
    waiting: Mapping[TopicPartition, range],
    ages: Mapping[tuple[TopicPartition, int], int],
    members: Sequence[Member],
    prefix: str,
) -> tuple[TopicLag, ...]:
    are_held = {
        (topic, partition) for member in members for topic, holds in member.holds.items() for partition in holds
    }
    made = []
    for name in sorted({place.topic for place in waiting}):
        own = {place: unread for place, unread in waiting.items() if place.topic == name}
        topic = name.removeprefix(prefix)
        oldest_ms = max((ages.get((place, unread.start), 0) for place, unread in own.items() if unread), default=0)
        made.append(
            TopicLag(
                topic,
                topics.lane_of(topic),
                waiting=sum(map(len, own.values())),
                oldest_ms=oldest_ms,
                partitions=len(own),
                unheld=tuple(sorted(place.partition for place in own if (topic, place.partition) not in are_held)),
            )
        )
    return tuple(made)
