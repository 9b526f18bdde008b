"""A log in memory, and the groups of its readers: who holds which partition, and who is thought dead."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError

from schemas import topics
from tests.simulation.instance import Instance

if TYPE_CHECKING:
    from tests.simulation.servers.clients import MemoryConsumer
    from tests.simulation.world import World

PARTITIONS = 2
_HEARTBEAT_S = 0.5
_REJOIN_S = 25.0


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as it lies in a partition."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp: int
    headers: tuple[tuple[str, bytes], ...] = ()


class Broker:
    """The cluster: partitions, committed offsets, groups."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.records: dict[TopicPartition, list[Stored]] = {
            TopicPartition(name, number): [] for name in _names() for number in range(PARTITIONS)
        }
        self.committed: dict[tuple[str, TopicPartition], tuple[int, str]] = {}
        self.groups: dict[str, Group] = {}

    def places_of(self, names: Sequence[str]) -> list[TopicPartition]:
        return [TopicPartition(name, number) for name in names for number in range(PARTITIONS)]

    def append(self, place: TopicPartition, pairs: Sequence[tuple[bytes | None, bytes | None]]) -> None:
        """Write records behind each other, and wake who reads them."""
        lie = self.records[place]
        for key, value in pairs:
            lie.append(Stored(place.topic, place.partition, len(lie), key, value, self._world.loop.now_ms))
            self._world.logged(lie[-1])
        for group in self.groups.values():
            for member in group.readers:
                if member.reads(place):
                    member.wake()

    def group(self, name: str) -> "Group":
        if name not in self.groups:
            self.groups[name] = Group(self._world, name)
        return self.groups[name]

    def commit(self, reader: "MemoryConsumer", offsets: dict[TopicPartition, tuple[int, str]]) -> None:
        """Raises CommitFailedError for one that its group does not know (any more)."""
        group = self.groups[reader.group]
        if group.members.get(reader.instance.name) is not reader or not offsets.keys() <= reader.holds:
            raise CommitFailedError
        for place, state in offsets.items():
            self.committed[reader.group, place] = state

    def is_read(self) -> bool:
        """Whether every group has committed all that its topics hold."""
        return all(
            self.committed.get((name, place), (0, ""))[0] >= len(self.records[place])
            for name, group in self.groups.items()
            for place in group.places
        )

    async def thought_dead(self, instance: Instance, after_s: float, for_s: float) -> None:
        """The groups of this instance go on without it, `after_s` from now, though it lives; it comes back `for_s`
        from now."""
        await asyncio.sleep(min(after_s, for_s))
        gone = []
        for group in self.groups.values():
            reader = group.members.get(instance.name)
            if after_s < for_s and reader is not None and reader.instance is instance:
                gone.append((group, reader))
                group.drop(reader)
        await asyncio.sleep(for_s - min(after_s, for_s))
        for group, reader in gone:
            if instance.is_alive and not instance.stop.is_set():
                await group.return_of(reader)


@dataclass
class Group:
    """A consumer group. When it meets, all members give up what they hold, and all is handed out anew."""

    world: "World"
    name: str
    members: "dict[str, MemoryConsumer]" = field(default_factory=dict)  # by instance
    readers: "list[MemoryConsumer]" = field(default_factory=list)  # also those that it thinks dead
    places: list[TopicPartition] = field(default_factory=list)
    _meeting: asyncio.Task[None] | None = None
    _is_again: bool = False

    def join(self, reader: "MemoryConsumer") -> None:
        self.places = self.world.broker.places_of(reader.names)
        former = self.members.get(reader.instance.name)
        self.members[reader.instance.name] = reader
        self.readers.append(reader)
        if former is not None and former in self.readers:
            self.readers.remove(former)
        self.meet()

    def leave(self, reader: "MemoryConsumer") -> None:
        """In good order."""
        if reader in self.readers:
            self.readers.remove(reader)
        if self.members.get(reader.instance.name) is reader:
            del self.members[reader.instance.name]
            self.meet()

    def killed(self, reader: "MemoryConsumer") -> None:
        """It is noticed when its session is over, unless it is back by then."""
        if reader in self.readers:
            self.readers.remove(reader)

        def expire() -> None:
            if self.members.get(reader.instance.name) is reader:
                del self.members[reader.instance.name]
                self.meet()

        self.world.loop.call_later(reader.session_s, expire)

    def drop(self, reader: "MemoryConsumer") -> None:
        """It is thought dead, and does not know."""
        if self.members.get(reader.instance.name) is reader:
            del self.members[reader.instance.name]
            self.meet()

    async def return_of(self, reader: "MemoryConsumer") -> None:
        """It learns that it was thought dead."""
        await asyncio.wait({self._in(reader, reader.revoke)})
        if reader.instance.is_alive and reader.instance.name not in self.members:
            self.members[reader.instance.name] = reader
            self.meet()

    def meet(self) -> None:
        self._is_again = True
        if self._meeting is None or self._meeting.done():
            self._meeting = self.world.loop.create_task(self._meet())

    async def _meet(self) -> None:
        chance = self.world.chance
        while self._is_again:
            self._is_again = False
            await asyncio.sleep(chance.uniform(0, _HEARTBEAT_S))
            known = list(self.members.values())
            leaving = {self._in(reader, reader.revoke) for reader in known}
            if leaving:
                await asyncio.wait(leaving, timeout=_REJOIN_S)
            present = sorted((r for r in self.members.values() if r.instance.is_alive), key=lambda r: r.instance.name)
            for number, reader in enumerate(present):
                holds = {place for place in self.places if place.partition % len(present) == number}
                reader.holds = holds
                self._in(reader, partial(reader.assign, holds))

    def _in(self, reader: "MemoryConsumer", work: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
        """Beside the reader's own work, as its library does."""
        return self.world.loop.create_task(work(), context=reader.instance.context)


def _names() -> list[str]:
    names = [topic.name for topic in topics.all_topics()]
    return names + [name + topics.DEAD_LETTER for name in names]
