"""Fetches that are refused, at any moment: nothing ends, and nothing that the client had taken is passed over."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, TopicAuthorizationFailedError

from schemas import topics
from schemas.providers import Provider
from services.runtime import mongo
from services.runtime.log import batch_consumer, kafka
from services.runtime.log.batch_consumer import BatchConsumer, Record, StepResult
from services.runtime.log.concurrent_consumer import ConcurrentConsumer
from services.runtime.log.fetches import Fetches
from services.runtime.log.offsets import Offsets
from services.runtime.log.progress import Progress
from tests.support.waiting import eventually
from tests.unit.runtime.test_batch_consumer import PLACE, SETTINGS, STATUS, Client, _Sink, record


async def test_a_fetch_that_is_refused_beside_a_batch_that_waits_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    client, stop, tries = Client(), asyncio.Event(), 0
    monkeypatch.setattr(kafka, "consumer", lambda *_, **__: client)
    monkeypatch.setattr(batch_consumer, "backoff_s", lambda _: 0.01)
    client.polls.append((False, [record(0)]))

    async def step(records: Sequence[Record]) -> StepResult:
        nonlocal tries
        tries += 1
        if tries == 1:
            client.refusals.append(TopicAuthorizationFailedError("x"))
            raise mongo.Unavailable("away")
        return StepResult()

    running = asyncio.create_task(BatchConsumer(SETTINGS, _Sink(), [STATUS], "g", step, stop=stop).run())  # type: ignore[arg-type]
    await eventually(lambda: 1 in client.commits or running.done())
    stop.set()
    await running
    assert client.commits == [1]


async def test_a_fetch_that_is_refused_beside_a_chunk_that_waits_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    monkeypatch.setattr(kafka, "consumer", lambda *_, **__: client)
    parts: Any = (SETTINGS, _Sink(), topics.TARGET_RESOLVED[Provider.APNS]["single"], "g", None)
    consumer: ConcurrentConsumer[Any, Any] = ConcurrentConsumer(*parts, stop=asyncio.Event())
    client.refusals.append(TopicAuthorizationFailedError("x"))
    await consumer._poll_paused(0.01, consumer._epoch)


class Forgetful(Client):
    """Holds records 0, 1 and 2. Its first fetch moves past them and fails for another partition, as the library's."""

    def __init__(self) -> None:
        super().__init__()
        self.position = 0
        self.refusals.append(KafkaError("a corrupt batch"))

    async def getmany(self, **_: Any) -> dict[TopicPartition, list[Any]]:
        await asyncio.sleep(0)
        start, self.position = self.position, 3
        if self.refusals:
            raise self.refusals.popleft()
        return {PLACE: [record(offset) for offset in range(start, 3)]} if start < 3 else {}

    def seek(self, _: TopicPartition, offset: int) -> None:
        self.position = offset

    async def seek_to_beginning(self, _: TopicPartition) -> None:
        self.position = 0


async def test_records_that_a_failed_fetch_had_taken_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    client, stop, done = Forgetful(), asyncio.Event(), list[int]()
    monkeypatch.setattr(kafka, "consumer", lambda *_, **__: client)
    monkeypatch.setattr(batch_consumer, "backoff_s", lambda _: 0.01)

    async def step(records: Sequence[Record]) -> StepResult:
        done.extend(record.offset for record in records)
        stop.set()
        return StepResult()

    sink: Any = _Sink()
    await asyncio.wait_for(BatchConsumer(SETTINGS, sink, [STATUS], "g", step, stop=stop).run(), 10)
    assert (done, client.commits) == ([0, 1, 2], [3])


async def test_a_failed_fetch_repeats_nothing_that_was_handed_out() -> None:
    client: Any = Forgetful()
    refusal = client.refusals.popleft()
    fetches = Fetches(client, Progress(client, "g"), 2, stop=asyncio.Event())
    assert [record.offset for record in (await fetches.next())[PLACE]] == [0, 1]  # done, and not committed yet
    client.refusals.append(refusal)
    with pytest.raises(KafkaError):
        await fetches.next()
    assert [record.offset for record in (await fetches.next())[PLACE]] == [2]


@pytest.mark.parametrize(("handed_out", "begins_at"), [(0, -1), (2, 2)])
async def test_dispatch_goes_back_to_behind_what_was_handed_out(
    handed_out: int, begins_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, sought = Client(), list[int]()
    monkeypatch.setattr(kafka, "consumer", lambda *_, **__: client)
    monkeypatch.setattr(client, "seek", lambda _, offset: sought.append(offset))

    async def to_beginning(_: TopicPartition) -> None:
        sought.append(-1)

    monkeypatch.setattr(client, "seek_to_beginning", to_beginning)
    parts: Any = (SETTINGS, _Sink(), topics.TARGET_RESOLVED[Provider.APNS]["single"], "g", None)
    consumer: ConcurrentConsumer[Any, Any] = ConcurrentConsumer(*parts, stop=asyncio.Event())
    consumer._trackers, consumer._behind = {PLACE: Offsets(0)}, {PLACE: -1}
    client.polls.append((False, [record(offset) for offset in range(handed_out)]))

    async def getmany(*_: TopicPartition, **__: Any) -> dict[TopicPartition, list[Any]]:
        records = client.polls.popleft()[1]
        return {PLACE: records} if records else {}

    monkeypatch.setattr(client, "getmany", getmany)
    await consumer._polled((PLACE,), 10)
    await consumer._go_back()
    assert sought == [begins_at]
