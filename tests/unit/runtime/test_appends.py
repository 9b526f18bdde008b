"""Appends, without a broker: what goes out together, who is told what, and what a failure or a cancel costs others."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from typing import Any
from zlib import crc32

import pytest
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from schemas import topics
from services.runtime.log import appends
from services.runtime.log.kafka import Append, Log, LogUnavailable, RecordTooLarge

STATUS, OTHER = topics.STATUS_EVENTS["single"], topics.STATUS_EVENTS["bulk"]
PARTITIONS = 2
TIMEOUT_S = 5.0
KEYS = {crc32(key.encode()) % PARTITIONS: key for key in ("a", "b", "c", "d", "e")}
"""A key of each partition."""


class Batch:
    def __init__(self, room: int) -> None:
        self.values: list[bytes | None] = []
        self.headers: list[list[tuple[str, bytes]]] = []
        self._room = room

    def append(self, *, value: bytes | None, headers: list[tuple[str, bytes]], **_: Any) -> object:
        size = sum(len(kept or b"") for kept in self.values)
        if self.values and size + len(value or b"") > self._room:
            return None
        self.values.append(value)
        self.headers.append(headers)
        return object()


class Producer:
    """Takes batches and answers them when it is told to; `sent` is what is under way, `headers` what records had."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, int, list[bytes | None], asyncio.Future[object]]] = []
        self.answers: Callable[[list[bytes | None]], object] | None = None
        self.headers: list[list[tuple[str, bytes]]] = []
        self.known_after_s = 0.0
        self.room = 1000

    async def partitions_for(self, _: str) -> set[int]:
        if self.known_after_s:
            await asyncio.sleep(self.known_after_s)
        return set(range(PARTITIONS))

    def create_batch(self) -> Batch:
        return Batch(self.room)

    async def send_batch(self, batch: Batch, topic: str, *, partition: int) -> "asyncio.Future[object]":
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self.headers += batch.headers
        self.sent.append((topic, partition, batch.values, future))
        if self.answers is not None:
            self.answer(self.answers(batch.values), -1)
        return future

    def answer(self, answer: object = "ok", place: int = 0) -> None:
        *_, future = self.sent.pop(place)
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)

    def values(self) -> list[list[bytes | None]]:
        return [values for _, _, values, _ in self.sent]


@pytest.fixture
async def producer() -> AsyncIterator[Producer]:
    """What the loop complains of in the end fails the test: an exception that nobody has looked at."""
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, about: complaints.append(about))
    yield Producer()
    await asyncio.sleep(0)
    gc.collect()
    await asyncio.sleep(0)
    assert complaints == []


@pytest.fixture
def log(producer: Producer) -> Log:
    return Log(producer, "", TIMEOUT_S)


def begun(log: Log, *values: bytes, key: str = KEYS[0], timeout_s: float | None = None) -> "asyncio.Task[None]":
    records = [Append(STATUS, key, value) for value in values]
    return asyncio.create_task(log.append(records, timeout_s))


async def turns(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_callers_of_one_turn_share_a_batch_for_each_partition_and_nobody_waits_first(
    log: Log, producer: Producer
) -> None:
    callers = [begun(log, b"%d" % number, key=KEYS[number % 2]) for number in range(6)]
    await turns()
    assert producer.values() == [[b"0", b"2", b"4"], [b"1", b"3", b"5"]]
    producer.answer()
    await turns()
    assert [caller.done() for caller in callers] == [True, False] * 3
    producer.answer()
    await asyncio.gather(*callers)


async def test_what_comes_while_a_batch_is_under_way_goes_as_one_behind_it(log: Log, producer: Producer) -> None:
    first = begun(log, b"1")
    await turns()
    later = [begun(log, b"%d" % number) for number in range(2, 5)]
    await asyncio.sleep(2 * appends.PAUSE_S)
    assert producer.values() == [[b"1"]]
    producer.answer()
    await asyncio.wait_for(first, 1)
    await turns()
    assert producer.values() == [[b"2", b"3", b"4"]]
    producer.answer()
    await asyncio.gather(*later)


async def test_appends_to_other_partitions_go_though_one_gets_no_answer(log: Log, producer: Producer) -> None:
    stuck = begun(log, b"1", timeout_s=0.05)
    await turns()
    other = begun(log, b"2", key=KEYS[1])
    await asyncio.sleep(2 * appends.PAUSE_S)
    producer.answer(place=1)
    await asyncio.wait_for(other, 1)
    with pytest.raises(LogUnavailable):
        await stuck
    producer.answer()


async def test_a_caller_waits_for_all_of_its_records_and_for_nobody_elses(log: Log, producer: Producer) -> None:
    both = asyncio.create_task(log.append([Append(STATUS, KEYS[0], b"1"), Append(STATUS, KEYS[1], b"2")]))
    alone = begun(log, b"3", key=KEYS[1])
    await turns()
    producer.answer(place=1)
    await asyncio.wait_for(alone, 1)
    assert not both.done()
    producer.answer()
    await both


async def test_the_order_of_calls_is_kept_over_full_batches(log: Log, producer: Producer) -> None:
    producer.room, seen = 3, list[bytes | None]()
    callers = [begun(log, *(b"%d" % (number + part) for part in range(2))) for number in range(0, 8, 2)]
    await turns()
    while producer.sent:
        seen += producer.values()[0]
        producer.answer()
        await turns()
    await asyncio.gather(*callers)
    assert seen == [b"%d" % number for number in range(8)]


async def test_one_that_is_too_large_fails_its_own_caller_alone(log: Log, producer: Producer) -> None:
    producer.answers = lambda _: "ok"
    large = begun(log, b"fine", b"x" * 1_000_001)
    small = begun(log, b"y")
    await asyncio.wait_for(small, 1)
    with pytest.raises(RecordTooLarge):
        await large


async def test_a_batch_that_the_broker_finds_too_large_is_sent_again_caller_by_caller(
    log: Log, producer: Producer
) -> None:
    seen: list[list[bytes | None]] = []

    def answer(values: list[bytes | None]) -> object:
        seen.append(values)
        return MessageSizeTooLargeError("x") if b"large" in values else "ok"

    producer.answers = answer
    before, large, after = begun(log, b"1"), begun(log, b"large"), begun(log, b"2", b"3")
    await asyncio.wait_for(asyncio.gather(before, after), 1)
    with pytest.raises(RecordTooLarge):
        await large
    assert seen == [[b"1", b"large", b"2", b"3"], [b"1"], [b"large"], [b"2", b"3"]]


async def test_a_failure_of_the_log_is_told_to_each_whose_record_was_in_the_batch(log: Log, producer: Producer) -> None:
    callers = [begun(log, b"1"), begun(log, b"2"), begun(log, b"3", key=KEYS[1])]
    await turns()
    producer.answer(KafkaError("gone"))
    producer.answer()
    first, second, third = await asyncio.gather(*callers, return_exceptions=True)
    assert isinstance(first, LogUnavailable)
    assert isinstance(second, LogUnavailable)
    assert first.__cause__ is not second.__cause__, "each has its own, since whoever raises it adds to it"
    assert third is None


async def test_several_failures_of_one_call_are_all_looked_at(log: Log, producer: Producer) -> None:
    records = [Append(STATUS, KEYS[0], b"1"), Append(STATUS, KEYS[1], b"2"), Append(OTHER, KEYS[0], b"3")]
    caller = asyncio.create_task(log.append(records))
    await turns()
    for _ in range(3):
        producer.answer(KafkaError("gone"))
    with pytest.raises(LogUnavailable):
        await caller


async def test_a_producer_that_refuses_a_batch_fails_its_callers(log: Log, producer: Producer) -> None:
    async def refuses(*_: Any, **__: Any) -> "asyncio.Future[object]":
        raise KafkaError("closed")

    producer.send_batch = refuses  # type: ignore[method-assign]
    with pytest.raises(LogUnavailable):
        await asyncio.wait_for(begun(log, b"1"), 1)


async def test_a_cancelled_caller_harms_nobody_and_what_was_not_sent_of_it_is_dropped(
    log: Log, producer: Producer
) -> None:
    first, second = begun(log, b"1"), begun(log, b"2")
    await turns()
    third, fourth = begun(log, b"3"), begun(log, b"4")
    await turns()
    for gone in (first, third):
        gone.cancel()
    await turns()
    producer.answer()
    await asyncio.wait_for(second, 1)
    await asyncio.sleep(2 * appends.PAUSE_S)
    assert producer.values() == [[b"4"]]
    producer.answer()
    await asyncio.wait_for(fourth, 1)
    assert first.cancelled()
    assert third.cancelled()


async def test_no_acknowledgement_in_time_is_unavailable_and_nothing_piles_up(log: Log, producer: Producer) -> None:
    callers = [begun(log, b"1", timeout_s=0.05)]
    await turns()
    callers += [begun(log, b"x", timeout_s=0.05) for _ in range(100)]
    outcomes = await asyncio.gather(*callers, return_exceptions=True)
    assert all(isinstance(outcome, LogUnavailable) for outcome in outcomes)
    assert not any(partition.waiting for partition in log._gathering._partitions.values())
    producer.answer()
    again = begun(log, b"again")
    await turns()
    assert producer.values() == [[b"again"]]
    producer.answer()
    await again


async def test_a_topic_that_stays_unknown_is_unavailable(log: Log, producer: Producer) -> None:
    producer.known_after_s = 60
    with pytest.raises(LogUnavailable):
        await log.append([Append(STATUS, "k", b"{}")], timeout_s=0.05)


async def test_the_end_of_a_key_is_a_record_without_a_value(log: Log, producer: Producer) -> None:
    producer.answers = lambda values: "ok" if values == [None] else KafkaError("x")
    await log.end(STATUS, ["k"])
