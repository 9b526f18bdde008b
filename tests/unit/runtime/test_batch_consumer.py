"""The consumer that goes batch by batch, when a rebalance comes while a batch is in hand and fails."""

import asyncio
from collections import deque
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError

from schemas import codec, ids, topics
from schemas.events import RequestRepeated
from services.runtime import mongo
from services.runtime.log import batch_consumer, kafka
from services.runtime.log.batch_consumer import BatchConsumer, Record, StepResult
from services.runtime.settings import Settings
from tests.support.waiting import eventually

STATUS = topics.STATUS_EVENTS["single"]
SETTINGS = Settings.from_environment({})
PLACE = TopicPartition(SETTINGS.kafka_topic_prefix + STATUS.name, 0)


class Client:
    """Stands for the library's consumer: each poll gives what is next in `polls`, once."""

    def __init__(self) -> None:
        self.polls: deque[tuple[bool, list[Any]]] = deque()  # whether a rebalance comes with it, and records
        self.refusals: deque[Exception] = deque()  # raised before anything is given
        self.commits: list[int] = []
        self._listener: Any = None

    def subscribe(self, _: Sequence[str], listener: Any) -> None:
        self._listener = listener

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        return

    def assignment(self) -> set[TopicPartition]:
        return {PLACE}

    def paused(self) -> set[TopicPartition]:
        return set()

    def pause(self, *_: TopicPartition) -> None:
        return

    def resume(self, *_: TopicPartition) -> None:
        return

    async def getmany(self, **_: Any) -> dict[TopicPartition, list[Any]]:
        await asyncio.sleep(0)
        if self.refusals:
            raise self.refusals.popleft()
        if not self.polls:
            return {}
        is_rebalanced, records = self.polls.popleft()
        if is_rebalanced:
            await self._listener.on_partitions_revoked([PLACE])
            await self._listener.on_partitions_assigned([PLACE])
        return {PLACE: records} if records else {}

    async def committed(self, _: TopicPartition) -> int | None:
        return self.commits[-1] if self.commits else None

    def seek(self, _: TopicPartition, offset: int) -> None:
        return

    async def seek_to_beginning(self, _: TopicPartition) -> None:
        return

    async def commit(self, offsets: Any) -> None:
        self.commits.append(offsets[PLACE].offset)


def record(offset: int) -> Any:
    event = RequestRepeated(event_id=ids.uuid7(), at=1, message_id=ids.uuid7(), partner_id="bank", request_id="r")
    about = {"topic": PLACE.topic, "partition": 0, "offset": offset, "key": b"k", "value": codec.encode(event)}
    return SimpleNamespace(**about)


@pytest.mark.parametrize("fails", [None, mongo.Unavailable("away"), RuntimeError("a bug")])
async def test_what_a_rebalance_brought_beside_a_batch_is_done_though_the_batch_failed(
    fails: Exception | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, stop, done = Client(), asyncio.Event(), list[int]()
    monkeypatch.setattr(kafka, "consumer", lambda *_, **__: client)
    monkeypatch.setattr(batch_consumer, "_POLL_S", 0.01)
    client.polls.extend([(False, [record(0)]), (True, [record(0), record(1)]), (False, [record(2)])])
    begun = asyncio.Event()

    async def step(records: Sequence[Record]) -> StepResult:
        if not begun.is_set():
            begun.set()
            await eventually(lambda: len(client.polls) == 1)
            if fails is not None:
                raise fails
        done.extend(record.offset for record in records)
        return StepResult()

    running = asyncio.create_task(BatchConsumer(SETTINGS, _Sink(), [STATUS], "g", step, stop=stop).run())  # type: ignore[arg-type]
    await eventually(lambda: 3 in client.commits)
    stop.set()
    await running
    assert {0, 1, 2} <= set(done)


class _Sink:
    async def append(self, _: Sequence[Any]) -> None:
        return


async def test_a_fetch_that_is_refused_is_tried_again_and_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    client, stop, done = Client(), asyncio.Event(), list[int]()
    monkeypatch.setattr(kafka, "consumer", lambda *_, **__: client)
    client.refusals.extend([TopicAuthorizationFailedError("not yours"), KafkaError("away")])
    client.polls.append((False, [record(0)]))

    async def step(records: Sequence[Record]) -> StepResult:
        done.extend(record.offset for record in records)
        stop.set()
        return StepResult()

    sink: Any = _Sink()
    await asyncio.wait_for(BatchConsumer(SETTINGS, sink, [STATUS], "test", step, stop=stop).run(), 10)

    assert (done, client.commits) == ([0], [1])


async def test_what_is_not_wanted_is_passed_over_undecoded_and_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    client, stop = Client(), asyncio.Event()
    monkeypatch.setattr(kafka, "consumer", lambda *_, **__: client)
    broken = SimpleNamespace(**vars(record(3)) | {"value": b"{no event"})
    client.polls.extend([(False, [record(1), record(2), broken]), (False, [record(4)])])
    seen: list[int] = []

    async def step(records: Sequence[Record]) -> StepResult:
        seen.extend(found.offset for found in records)
        return StepResult()

    first = client.polls[0][1][0].value
    sink: Any = _Sink()
    consumer = BatchConsumer(SETTINGS, sink, [STATUS], "g", step, stop=stop, wanted=lambda raw: raw == first)
    running = asyncio.create_task(consumer.run())
    await eventually(lambda: client.commits[-1:] == [5])
    stop.set()
    await running
    assert seen == [1]
