"""The consumer function on a real Kafka: nothing lost, poison put aside, trouble waited out."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from schemas import codec, ids, topics
from schemas.events import MessageFailed, RequestRepeated
from services.runtime import faults, mongo, telemetry
from services.runtime.faults import TRIES_ALONE, TRIES_BESIDE_OTHERS
from services.runtime.log import batch_consumer, kafka
from services.runtime.log.batch_consumer import BatchConsumer, Record, StepResult
from services.runtime.log.dead_letters import DeadLetters
from services.runtime.log.kafka import Append, Log
from services.runtime.settings import Settings
from tests.support.log_reader import dead_letters_of, events_of, records_of
from tests.support.waiting import eventually

STATUS = topics.STATUS_EVENTS["single"]
TOPICS = [STATUS]


def repeated(message_id: str | None = None) -> RequestRepeated:
    return RequestRepeated(
        event_id=ids.uuid7(), at=1, message_id=message_id or ids.uuid7(), partner_id="bank", request_id="r"
    )


@pytest.fixture
async def sink(settings: Settings) -> AsyncIterator[Log]:
    await kafka.create_topics(settings, TOPICS)
    async with kafka.opened_log(settings) as opened:
        yield opened


class Seen:
    """A step that notes what it was given, and may be told to fail."""

    def __init__(self) -> None:
        self.event_ids: list[str] = []
        self.away = 0  # how many times infrastructure is away
        self.poison: set[str] = set()

    async def step(self, records: Sequence[Record]) -> StepResult:
        if self.away:
            self.away -= 1
            raise kafka.LogUnavailable("away")
        if any(record.event.event_id in self.poison for record in records):
            raise ValueError("cannot be done")

        async def project() -> None:
            self.event_ids += [record.event.event_id for record in records]

        return StepResult(project=project)

    async def until(self, count: int, timeout_s: float = 20) -> None:
        await eventually(
            lambda: len(self.event_ids) >= count, lambda: f"{count} events; so far {len(self.event_ids)}", timeout_s
        )


@asynccontextmanager
async def consuming(settings: Settings, sink: Log, seen: Seen) -> AsyncIterator[asyncio.Task[None]]:
    stop = asyncio.Event()
    task = asyncio.create_task(
        BatchConsumer(settings, sink, TOPICS, "test", seen.step, stop=stop, max_records=10).run()
    )
    yield task
    stop.set()
    await asyncio.wait_for(task, 10)


async def test_every_record_is_seen_once_and_a_restart_goes_on_behind_the_commit(settings: Settings, sink: Log) -> None:
    events = [repeated() for _ in range(40)]
    seen, again = Seen(), Seen()
    await sink.append([Append(STATUS, event.message_id, event) for event in events])
    async with consuming(settings, sink, seen):
        await seen.until(40)
    late = repeated()
    await sink.append([Append(STATUS, late.message_id, late)])
    async with consuming(settings, sink, again):
        await again.until(1)
    assert sorted(seen.event_ids) == sorted(event.event_id for event in events)
    assert again.event_ids == [late.event_id]


async def test_a_consumer_that_dies_before_its_commit_repeats_the_work(settings: Settings, sink: Log) -> None:
    event = repeated()
    await sink.append([Append(STATUS, event.message_id, event)])
    reached = asyncio.Event()

    async def dies(_: Sequence[Record]) -> StepResult:
        reached.set()
        await asyncio.Event().wait()
        raise AssertionError

    task = asyncio.create_task(BatchConsumer(settings, sink, TOPICS, "test", dies, stop=asyncio.Event()).run())
    await asyncio.wait_for(reached.wait(), 20)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    seen = Seen()
    async with consuming(settings, sink, seen):
        await seen.until(1)
    assert seen.event_ids == [event.event_id]


async def test_while_infrastructure_is_away_the_batch_waits_and_is_then_done(settings: Settings, sink: Log) -> None:
    seen = Seen()
    seen.away = 3
    event = repeated()
    await sink.append([Append(STATUS, event.message_id, event)])
    async with consuming(settings, sink, seen):
        await seen.until(1)
    assert seen.away == 0
    assert seen.event_ids == [event.event_id]


async def test_what_only_a_newer_release_understands_waits_for_it_and_nothing_is_put_aside(
    settings: Settings, sink: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    event, seen, waited = repeated(), Seen(), telemetry.OUTDATED.labels("test")
    await sink.append([Append(STATUS, event.message_id, event.replace(v=2, needs=2))])
    before = waited._value.get()
    async with consuming(settings, sink, seen):
        await eventually(lambda: waited._value.get() > before + 1)
        assert seen.event_ids == []
        monkeypatch.setattr(codec, "CONTRACT", 2)  # it is updated
        await seen.until(1)
    assert seen.event_ids == [event.event_id]


async def test_one_poisoned_record_is_put_aside_and_its_neighbours_are_done(settings: Settings, sink: Log) -> None:
    events = [repeated() for _ in range(5)]
    seen = Seen()
    seen.poison = {events[2].event_id}
    await sink.append([Append(STATUS, "same", event) for event in events])
    async with consuming(settings, sink, seen):
        await seen.until(5)  # four of ours, and the failure of the fifth
    (_, headers), *_ = await dead_letters_of(settings, STATUS, 1)
    assert "cannot be done" in headers["reason"]
    assert set(seen.event_ids) > {event.event_id for place, event in enumerate(events) if place != 2}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow each other at once."""
    monkeypatch.setattr(faults, "_FIRST_WAIT_S", 0.001)


class Failing(Seen):
    """A step that fails for one record with these errors, one after the other, and then does it."""

    def __init__(self, event_id: str, errors: Sequence[Exception]) -> None:
        super().__init__()
        self._event_id, self.left, self.tries_alone = event_id, list(errors), 0

    async def step(self, records: Sequence[Record]) -> StepResult:
        if self._event_id in [record.event.event_id for record in records] and self.left:
            self.tries_alone += len(records) == 1
            raise self.left.pop(0)
        return await super().step(records)


async def test_a_fault_that_is_known_to_be_the_records_is_put_aside_at_once(settings: Settings, sink: Log) -> None:
    events = [repeated() for _ in range(3)]
    seen = Failing(events[1].event_id, [mongo.TooLarge("16 MB")] * 2)
    await sink.append([Append(STATUS, "same", event) for event in events])
    async with consuming(settings, sink, seen):
        await seen.until(2)
        assert len(await dead_letters_of(settings, STATUS, 1)) == 1
    assert seen.tries_alone == 1


@pytest.mark.usefixtures("quick")
async def test_an_unknown_fault_that_passes_costs_nothing_and_its_neighbours_do_not_wait(
    settings: Settings, sink: Log
) -> None:
    events = [repeated() for _ in range(5)]
    seen = Failing(events[0].event_id, [RuntimeError("unknown")] * (TRIES_BESIDE_OTHERS - 1))
    await sink.append([Append(STATUS, "same", event) for event in events])
    async with consuming(settings, sink, seen):
        await seen.until(5)
    assert seen.event_ids == [*(event.event_id for event in events[1:]), events[0].event_id]


@pytest.mark.usefixtures("quick")
async def test_a_record_that_fails_with_nobody_beside_it_is_put_aside_after_more_tries(
    settings: Settings, sink: Log
) -> None:
    event, after = repeated(), repeated()
    seen = Failing(event.event_id, [RuntimeError("unknown")] * 100)
    await sink.append([Append(STATUS, event.message_id, event)])
    async with consuming(settings, sink, seen):
        ((_, headers),) = await dead_letters_of(settings, STATUS, 1)
        assert seen.tries_alone == TRIES_ALONE
        await sink.append([Append(STATUS, after.message_id, after)])
        await seen.until(2)  # and its failure
    assert "unknown" in headers["reason"]
    assert headers["failure"] in seen.event_ids


@pytest.mark.usefixtures("quick")
async def test_while_a_write_of_our_own_fails_nothing_is_put_aside_however_often_it_is_tried(
    settings: Settings, sink: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_consumer, "backoff_s", lambda _: 0.001)
    event = repeated()
    seen = Failing(event.event_id, [RuntimeError("of the database, and nobody knows it")] * 30)

    async def is_healthy() -> bool:
        return not seen.left

    stop = asyncio.Event()
    letters = DeadLetters(sink, is_healthy=is_healthy)
    consumer = BatchConsumer(settings, sink, TOPICS, "test", seen.step, stop=stop, dead_letters=letters)
    await sink.append([Append(STATUS, event.message_id, event)])
    task = asyncio.create_task(consumer.run())
    await seen.until(1)
    stop.set()
    await asyncio.wait_for(task, 10)
    assert seen.event_ids == [event.event_id]
    assert await dead_letters_of(settings, STATUS, 0) == []


async def test_an_event_of_a_message_whose_id_is_none_is_put_aside_alone(settings: Settings, sink: Log) -> None:
    stranger, after = repeated("order 1"), repeated()
    seen = Seen()
    await sink.append([Append(STATUS, "same", stranger), Append(STATUS, "same", after)])
    async with consuming(settings, sink, seen):
        await seen.until(1)
    assert seen.event_ids == [after.event_id]
    assert len(await dead_letters_of(settings, STATUS, 1)) == 1


async def test_bytes_that_are_no_event_end_their_message_as_failed(settings: Settings, sink: Log) -> None:
    message_id = ids.uuid7()
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap)
    await producer.start()
    name = settings.kafka_topic_prefix + STATUS.name
    await producer.send_and_wait(name, b'{"type": "planned"', key=message_id.encode())
    await producer.send_and_wait(name, b"\xff\x00", key=b"\xfe")
    await producer.send_and_wait(name, b'{"type": "of-tomorrow"}', key=b"k")
    await producer.stop()
    seen = Seen()
    async with consuming(settings, sink, seen):
        await seen.until(1)
    assert len(await dead_letters_of(settings, STATUS, 2)) == 2
    values = [value or b"" for value, _ in await records_of(settings, STATUS.name, 4)]
    failed = next(value for value in values if b"message-failed" in value)
    assert msgspec.json.decode(failed, type=MessageFailed).message_id == message_id


@pytest.mark.parametrize(
    ("key", "value"),
    [(None, b"[]"), (None, None), (b"k", None), (b"\xff", b"x" * 1_040_000)],
    ids=["without a key", "without anything", "without a value", "larger than we may write"],
)
async def test_no_record_whatever_it_is_stops_its_consumer(
    settings: Settings, sink: Log, key: bytes | None, value: bytes | None
) -> None:
    seen, after = Seen(), repeated()
    foreign = AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap, max_request_size=1_048_576)
    await foreign.start()
    name = settings.kafka_topic_prefix + STATUS.name
    try:
        if key is None and value is None:
            batch = foreign.create_batch()  # `send` refuses it, a client in another language does not
            batch.append(key=None, value=None, timestamp=None)
            await (await foreign.send_batch(batch, name, partition=0))
        else:
            await foreign.send_and_wait(name, value, key=key, partition=0)
    finally:
        await foreign.stop()
    await sink.append([Append(STATUS, after.message_id, after)])
    async with consuming(settings, sink, seen):
        await seen.until(1)
        (dead, _), *_ = await dead_letters_of(settings, STATUS, 1)
    assert seen.event_ids == [after.event_id]
    assert (value or b"").startswith(dead or b"")


async def test_a_failure_that_cannot_be_recorded_does_not_go_round_for_ever(settings: Settings, sink: Log) -> None:
    failed = MessageFailed(event_id=ids.uuid7(), at=1, message_id=ids.uuid7(), partner_id="", topic="t", detail="d")
    after = repeated()
    seen = Seen()
    seen.poison = {failed.event_id}
    await sink.append([Append(STATUS, "same", failed), Append(STATUS, "same", after)])
    async with consuming(settings, sink, seen):
        await seen.until(1)
    assert seen.event_ids == [after.event_id]


async def test_an_append_that_gets_no_answer_is_said_to_be_unavailable(settings: Settings) -> None:
    gone = settings.model_copy(update={"append_timeout_s": 0.5})
    async with kafka.opened_log(gone) as log:
        with pytest.raises(kafka.LogUnavailable):
            await log.append([Append(STATUS, "k", repeated())])  # the topic does not exist


async def test_a_record_that_is_too_large_is_a_fault_of_its_own(settings: Settings, sink: Log) -> None:
    with pytest.raises(kafka.RecordTooLarge):
        await sink.append([Append(STATUS, "k", b"x" * 1_100_000)])


async def test_topics_can_be_created_by_several_at_once(settings: Settings) -> None:
    await asyncio.gather(*(kafka.create_topics(settings) for _ in range(3)))
    await kafka.create_topics(settings)
    assert await events_of(settings, STATUS, 0) == []


async def test_what_comes_while_a_batch_is_in_hand_does_not_hold_up_what_comes_next(
    settings: Settings, sink: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker may keep an idle consumer waiting longer than this test waits."""
    monkeypatch.setattr(kafka, "LONG_FETCH_WAIT_MS", 60_000)
    in_hand, go_on = asyncio.Event(), asyncio.Event()

    class Slow(Seen):
        async def step(self, records: Sequence[Record]) -> StepResult:
            in_hand.set()
            await go_on.wait()
            return await super().step(records)

    seen, (first, second, third) = Slow(), _of_two_partitions(settings)
    async with consuming(settings, sink, seen):
        await sink.append([Append(STATUS, first.message_id, first)])
        await in_hand.wait()
        await sink.append([Append(STATUS, second.message_id, second)])
        await asyncio.sleep(0.5)  # so long it lies there and nobody takes it
        go_on.set()
        await seen.until(2)
        await sink.append([Append(STATUS, third.message_id, third)])
        await seen.until(3)


async def test_what_a_killed_instance_had_goes_on_before_the_shortest_lifetime_is_over(
    settings: Settings, sink: Log
) -> None:
    """A static member that is gone, and does not come back, has said nothing to its group."""
    other, first, second = settings.model_copy(update={"instance": "2"}), Seen(), Seen()
    async with consuming(settings, sink, first):
        await sink.append([Append(STATUS, event.message_id, event) for event in [repeated() for _ in range(4)]])
        await first.until(4)
    late = [repeated() for _ in range(4)]
    await sink.append([Append(STATUS, event.message_id, event) for event in late])
    async with asyncio.timeout(30), consuming(other, sink, second):
        await second.until(4, timeout_s=30)
    assert sorted(second.event_ids) == sorted(event.event_id for event in late)


async def test_a_batch_that_takes_longer_than_a_member_may_be_silent_is_done_once(
    settings: Settings, sink: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kafka, "MOST_BETWEEN_POLLS_S", 1)
    monkeypatch.setattr(batch_consumer, "_POLL_S", 0.2)
    begun: list[str] = []

    class Slow(Seen):
        async def step(self, records: Sequence[Record]) -> StepResult:
            begun.extend(record.event.event_id for record in records)
            await asyncio.sleep(4)  # a heartbeat comes every 3 s, and looks when the last poll was
            return await super().step(records)

    event, seen = repeated(), Slow()
    await sink.append([Append(STATUS, event.message_id, event)])
    async with consuming(settings, sink, seen):
        await seen.until(1)
    async with consuming(settings, sink, after := Seen()):
        late = repeated()
        await sink.append([Append(STATUS, late.message_id, late)])
        await after.until(1)
    assert begun == [event.event_id]
    assert after.event_ids == [late.event_id]


def _of_two_partitions(settings: Settings) -> list[RequestRepeated]:
    """One of a partition, and two of another."""
    keys = [ids.uuid7() for _ in range(100)]
    places = [topics.partition_of(key.encode(), settings.kafka_partitions) for key in keys]
    others = [key for key, place in zip(keys, places, strict=True) if place != places[0]]
    same = [key for key, place in zip(keys, places, strict=True) if place == places[keys.index(others[0])]]
    return [repeated(keys[0]), repeated(same[0]), repeated(same[1])]
