"""The clients of the log: they stand for aiokafka's, whose callers are production's own."""

import asyncio
from collections.abc import Mapping, Sequence, Set
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import GroupLoadInProgressError, KafkaConnectionError, KafkaError, RequestTimedOutError
from aiokafka.protocol.commit import OffsetFetchRequest, OffsetFetchRequest_v3, OffsetFetchResponse_v3

from services.runtime.log.upkeep.reading import Offsets
from tests.simulation.clock import Bell, first_of
from tests.simulation.instance import Harm, Instance, current
from tests.simulation.servers.broker import PARTITIONS, Stored

_BATCH_BYTES = 256 * 1024
_IDLE_MS = 250
"""Fetches that may wait so long are those of loops with nothing in hand."""


def _fails(_: Harm) -> Exception:
    error: Exception = RequestTimedOutError()
    return error


class _Batch:
    """Records that are sent together."""

    def __init__(self) -> None:
        self.pairs: list[tuple[bytes | None, bytes | None]] = []
        self._size = 0

    def append(self, *, key: bytes | None, value: bytes | None, **_: object) -> object | None:
        size = len(key or b"") + len(value or b"")
        if self.pairs and self._size + size > _BATCH_BYTES:
            return None
        self._size += size
        self.pairs.append((key, value))
        return self


class MemoryProducer:
    """Stands for `AIOKafkaProducer`."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance

    def create_batch(self) -> _Batch:
        return _Batch()

    async def partitions_for(self, topic: str) -> set[int]:
        return set(range(PARTITIONS))

    async def send_batch(self, batch: _Batch, topic: str, *, partition: int) -> "asyncio.Task[None]":
        return asyncio.get_running_loop().create_task(self._sent(TopicPartition(topic, partition), batch.pairs))

    async def send_and_wait(
        self, topic: str, value: bytes | None, *, key: bytes | None, headers: Sequence[tuple[str, bytes]]
    ) -> None:
        await self._sent(TopicPartition(topic, 0), [(key, value)])

    async def _sent(self, place: TopicPartition, pairs: Sequence[tuple[bytes | None, bytes | None]]) -> None:
        world = self._instance.world
        harm = world.faults.harm("log trouble", "before", "behind")
        await self._instance.call(f"append to {place.topic}", lambda: world.broker.append(place, pairs), _fails, harm)


class MemoryConsumer:
    """Stands for `AIOKafkaConsumer`."""

    def __init__(self, *_: str, group_id: str, session_timeout_ms: int, **__: Any) -> None:
        instance = current.get()
        assert instance is not None
        self.instance, self.group, self.session_s = instance, group_id, session_timeout_ms / 1000
        self.names: list[str] = []
        self.holds: set[TopicPartition] = set()  # as its group has it
        self._broker = instance.world.broker
        self._listener: Any = None
        self._positions: dict[TopicPartition, int] = {}
        self._paused: set[TopicPartition] = set()
        self._came = Bell()
        self._epoch = 0  # rises with every assignment
        self._is_reassigned = False  # while it is not, the library gives nothing out
        self._fetcher = self  # for `kafka.let_fetches_wait`
        self._fetch_max_wait_ms = 0

    def subscribe(self, names: Sequence[str], listener: Any) -> None:
        self.names, self._listener = list(names), listener

    async def start(self) -> None:
        await self.instance.turn()
        self._broker.group(self.group).join(self)

    async def stop(self) -> None:
        if self.instance.is_alive:
            self._broker.group(self.group).leave(self)
        else:
            self._broker.group(self.group).killed(self)

    # -- rebalances

    async def revoke(self) -> None:
        self._is_reassigned = False
        await self._listener.on_partitions_revoked(set(self._positions))

    async def assign(self, holds: set[TopicPartition]) -> None:
        self._positions = {place: self._committed(place)[0] for place in sorted(holds)}
        self._paused = set()
        await self._listener.on_partitions_assigned(holds)
        self._is_reassigned = True
        self._epoch += 1
        self.wake()

    def reads(self, place: TopicPartition) -> bool:
        return place in self._positions

    def wake(self) -> None:
        self._came.ring()

    # -- what the services call

    def assignment(self) -> Set[TopicPartition]:
        return dict.fromkeys(self._positions).keys()  # a set in an order that is the same in each process

    def paused(self) -> set[TopicPartition]:
        return set(self._paused)

    def pause(self, *places: TopicPartition) -> None:
        self._paused |= set(places)

    def resume(self, *places: TopicPartition) -> None:
        self._paused -= set(places)

    def seek(self, place: TopicPartition, offset: int) -> None:
        if place in self._positions:
            self._positions[place] = offset

    async def seek_to_beginning(self, place: TopicPartition) -> None:
        self.seek(place, 0)

    async def committed(self, place: TopicPartition) -> int | None:
        key = (self.group, place)
        return await self.instance.call("read offsets", lambda: self._offset(key), _fails)

    def _offset(self, key: tuple[str, TopicPartition]) -> int | None:
        return self._broker.committed[key][0] if key in self._broker.committed else None

    async def commit(self, offsets: Mapping[TopicPartition, Any]) -> None:
        states = {place: (state.offset, state.metadata) for place, state in offsets.items()}
        harm = self.instance.world.faults.harm("commit trouble", "before", "behind")
        await self.instance.call("commit", lambda: self._broker.commit(self, states), _fails, harm)

    async def getmany(
        self, *places: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list[Stored]]:
        instance, loop = self.instance, self.instance.world.loop
        until_s, epoch = loop.time() + timeout_ms / 1000, self._epoch
        if not timeout_ms or self._has_any(places):
            await instance.turn()
        while True:
            if not self._is_reassigned:
                await first_of(loop, (self._came,), None)
                continue
            found = self._taken(places, max_records or 500)
            if found and instance.world.faults.meets("fetch trouble"):
                instance.world.note(f"{instance.name}: a fetch fails, and has taken records", None)
                raise KafkaError("a corrupt batch")
            is_idle = timeout_ms >= _IDLE_MS and self._epoch == epoch and self._is_at_rest()
            if found or (loop.time() >= until_s and not is_idle):
                return found
            await first_of(loop, (self._came, instance.ending), None if is_idle else until_s)
            if self._has_any(places) or loop.time() < instance.frozen_until_s:
                await instance.turn()

    def _has_any(self, places: Sequence[TopicPartition]) -> bool:
        """Whether there is something to hand out."""
        records, paused = self._broker.records, self._paused
        return any(
            len(records[place]) > self._positions[place]
            for place in places or self._positions
            if place in self._positions and place not in paused
        )

    def _is_at_rest(self) -> bool:
        """Whether all that was handed out is committed, and the process goes on: a fetch that brought nothing would be
        followed by the same one. (A batch in hand, a commit to come or an end of the process is not kept waiting.)"""
        return not self.instance.stop.is_set() and all(
            self._committed(place)[0] == position for place, position in self._positions.items()
        )

    def _taken(self, places: Sequence[TopicPartition], most: int) -> dict[TopicPartition, list[Stored]]:
        found = {}
        for place in places or list(self._positions):
            if most <= 0 or place in self._paused or place not in self._positions:
                continue
            at = self._positions[place]
            records = self._broker.records[place][at : at + most]
            if records:
                found[place] = records
                self._positions[place] = at + len(records)
                most -= len(records)
        return found

    def _committed(self, place: TopicPartition) -> tuple[int, str]:
        return self._broker.committed.get((self.group, place), (0, ""))


class MemoryAdmin:
    """Stands for `AIOKafkaAdminClient`, which tells the metadata of commits."""

    def __init__(self, **_: Any) -> None:
        instance = current.get()
        assert instance is not None
        self._instance = instance

    async def start(self) -> None:
        await self._instance.turn()

    async def close(self) -> None:
        """Nothing is open."""

    async def find_coordinator(self, _: str) -> int:
        await self._instance.turn()
        return 0

    async def _send_request(self, request: OffsetFetchRequest, _: int) -> OffsetFetchResponse_v3:
        """What a group has committed, or, of a coordinator that is still loading, an error for all of it."""
        broker = self._instance.world.broker
        asked = request.build(OffsetFetchRequest_v3)
        harm = self._instance.world.faults.harm("commit trouble", "before", "behind")
        is_loading = harm == "behind"

        def state(topic: str, number: int) -> tuple[int, int, str, int]:
            place = TopicPartition(topic, number)
            return number, *broker.committed.get((asked.consumer_group, place), (-1, "")), 0

        def read() -> OffsetFetchResponse_v3:
            if is_loading:
                return OffsetFetchResponse_v3(0, [], GroupLoadInProgressError.errno)
            topics = [(topic, [state(topic, number) for number in numbers]) for topic, numbers in asked.topics]
            return OffsetFetchResponse_v3(0, topics, 0)

        return await self._instance.call(
            "read offsets", read, lambda _: KafkaConnectionError(), None if is_loading else harm
        )


async def ask_broker(instance: Instance, topic: str, group: str) -> Offsets:
    """Stands for `ask_cluster`."""
    broker = instance.world.broker
    places = broker.places_of([topic])

    def read() -> Offsets:
        return (
            {place.partition: len(broker.records[place]) for place in places},
            {place.partition: broker.committed.get((group, place), (0, ""))[0] for place in places},
        )

    harm = instance.world.faults.harm("commit trouble", "before")
    return await instance.call("read offsets", read, lambda _: KafkaConnectionError(), harm)
