"""Up to which moment a group has read a topic: so that who acts on what is missing is not misled by what still waits.

    at t: where each partition ends ─▶ the group has committed as far ─▶ it has read whatever was there at t

The cluster is asked only when somebody wants to know, and not more often than `REFRESH_MS`.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from aiokafka import TopicPartition

from schemas.topics import Topic, partition_of
from services.runtime.log.committed import committed_offsets
from services.runtime.log.upkeep.clients import opened_admin, opened_reader, partitions_of
from services.runtime.settings import Settings

REFRESH_MS = 5_000


class Reading(Protocol):
    """What a group has read."""

    async def refresh(self, now: int) -> None:
        """Ask again, unless that was done lately. Raises KafkaError."""

    def until(self, key: str) -> int:
        """The time (UTC ms) up to which every record of this key has been read; 0 when that is not known."""

    @property
    def latest(self) -> int:
        """The latest of these times over all keys."""


@dataclass
class Marks:
    """Where partitions ended at a time, until the group has come so far. Pure."""

    read_until: dict[int, int] = field(default_factory=dict)
    """By partition, UTC ms."""
    _ends: dict[int, tuple[int, int]] = field(default_factory=dict)
    """By partition: a time, and the end at that time, which the group has not reached."""

    def note(self, now: int, ends: Mapping[int, int], committed: Mapping[int, int]) -> None:
        """The ends of all partitions as they were at `now`, and the first offsets that the group has not read."""
        for partition, end in ends.items():
            at = committed.get(partition, 0)
            self.read_until.setdefault(partition, 0)
            mark = self._ends.get(partition)
            if mark is not None and at >= mark[1]:
                self.read_until[partition] = mark[0]
                del self._ends[partition]
            if at >= end:
                self.read_until[partition] = now
            else:
                self._ends.setdefault(partition, (now, end))


Offsets = tuple[Mapping[int, int], Mapping[int, int]]
"""By partition: its end, and the first offset that the group has not read."""


class GroupReading:
    """The reading of one group in one topic, as `ask` finds it."""

    def __init__(self, ask: Callable[[], Awaitable[Offsets]]) -> None:
        self._ask, self._marks, self._asked_at = ask, Marks(), 0

    async def refresh(self, now: int) -> None:
        """Ask again, unless that was done lately. Raises KafkaError."""
        if now - self._asked_at >= REFRESH_MS:
            self._marks.note(now, *await self._ask())
            self._asked_at = now

    def until(self, key: str) -> int:
        """The time (UTC ms) up to which every record of this key has been read; 0 when that is not known."""
        read = self._marks.read_until
        return read.get(partition_of(key.encode(), len(read)), 0) if read else 0

    @property
    def latest(self) -> int:
        """The latest of these times over all keys."""
        return max(self._marks.read_until.values(), default=0)


async def ask_cluster(settings: Settings, topic: Topic, group: str) -> Offsets:
    """Where the partitions of a topic end, and where a group stands in them. Raises KafkaError."""
    prefix = settings.kafka_topic_prefix
    async with opened_admin(settings) as admin:
        name = prefix + topic.name
        parts = (await partitions_of(admin, {name} & set(await admin.list_topics()))).get(name, ())
        places = [TopicPartition(name, part["partition"]) for part in parts]
        if not places:
            return {}, {}
        async with opened_reader(settings, places, fetches=False) as reader:
            begins, ends = await reader.beginning_offsets(places), await reader.end_offsets(places)
        found = await committed_offsets(admin, prefix + group, places)
    at = {place: found[place].offset for place in places}
    return (
        {place.partition: ends[place] for place in places},
        {place.partition: max(begins[place], at[place]) for place in places},
    )
