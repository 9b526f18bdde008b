"""The streaming consumer on a real Kafka: whatever order work ends in, nothing is lost and little is repeated."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from schemas import codec, ids, topics
from schemas.events import MessageFailed, RequestRepeated
from services.runtime import mongo, telemetry
from services.runtime.faults import TRIES_BESIDE_OTHERS
from services.runtime.log import concurrent_consumer, kafka
from services.runtime.log.batch_consumer import Record
from services.runtime.log.concurrent_consumer import ConcurrentConsumer
from services.runtime.log.kafka import Append, Log
from services.runtime.settings import Settings
from tests.support.log_reader import dead_letters_of
from tests.support.waiting import eventually

TOPIC = topics.STATUS_EVENTS["bulk"]


def repeated(request_id: str) -> RequestRepeated:
    return RequestRepeated(
        event_id=ids.uuid7(), at=1, message_id=ids.uuid7(), partner_id="bank", lane="bulk", request_id=request_id
    )


class Names:
    """Work that notes the `request_id` of what it does, and may be held up or told to fail."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.written: list[str] = []
        self.held: set[str] = set()
        self.poison: set[str] = set()
        self.prepare_fails = self.write_fails = 0
        self.allowed: int | None = None
        self.most_under_way = self.under_way = self.turns = 0
        self._changed = asyncio.Condition()

    def allowance(self) -> int | None:
        self.turns += 1
        return self.allowed

    async def turns_more(self, count: int) -> None:
        """Until the consumer has asked for records so many times more."""
        wanted = self.turns + count
        await eventually(lambda: self.turns >= wanted)

    async def prepare(self, records: Sequence[Record]) -> Sequence[str]:
        if self.prepare_fails:
            self.prepare_fails -= 1
            raise kafka.LogUnavailable("away")
        return [name_of(record) for record in records]

    async def perform(self, item: str) -> str:
        self.under_way += 1
        self.most_under_way = max(self.under_way, self.most_under_way)
        try:
            await self._note(self.begun, [item])
            async with self._changed:
                await self._changed.wait_for(lambda: item not in self.held)
            if item in self.poison:
                raise ValueError("cannot be done")
        finally:
            self.under_way -= 1
        return item

    async def write(self, done: Sequence[str]) -> None:
        if self.write_fails:
            self.write_fails -= 1
            raise kafka.LogUnavailable("away")
        await self._note(self.written, done)

    async def release(self, *names: str) -> None:
        async with self._changed:
            self.held -= set(names) if names else self.held
            self._changed.notify_all()

    async def until(self, kept: list[str], count: int) -> None:
        await eventually(lambda: len(kept) >= count, lambda: f"{count}; so far {kept}")

    async def _note(self, kept: list[str], names: Sequence[str]) -> None:
        async with self._changed:
            kept += names
            self._changed.notify_all()


def name_of(record: Record) -> str:
    assert isinstance(record.event, RequestRepeated | MessageFailed)
    return record.event.request_id if isinstance(record.event, RequestRepeated) else "failed"


@pytest.fixture
async def sink(settings: Settings) -> AsyncIterator[Log]:
    await kafka.create_topics(settings, [TOPIC])
    async with kafka.opened_log(settings) as opened:
        yield opened


@dataclass
class Flowing:
    flow: ConcurrentConsumer[str, str]
    task: asyncio.Task[None]


@asynccontextmanager
async def flowing(settings: Settings, sink: Log, work: Names) -> AsyncIterator[Flowing]:
    stop = asyncio.Event()
    flow: ConcurrentConsumer[str, str] = ConcurrentConsumer(settings, sink, TOPIC, "test", work, stop=stop)
    task = asyncio.create_task(flow.run())
    yield Flowing(flow, task)
    stop.set()
    if not task.cancelled():
        await asyncio.wait_for(task, 30)


async def append(sink: Log, names: Sequence[str], key: str | None = None) -> None:
    events = [repeated(name) for name in names]
    await sink.append([Append(TOPIC, key or event.message_id, event) for event in events])


def numbers(count: int) -> list[str]:
    return [str(number) for number in range(count)]


async def test_every_record_is_done_once_and_a_restart_goes_on_behind_it(settings: Settings, sink: Log) -> None:
    first, second = Names(), Names()
    await append(sink, numbers(500))
    async with flowing(settings, sink, first):
        await first.until(first.written, 500)
    await append(sink, ["late"])
    async with flowing(settings, sink, second):
        await second.until(second.written, 1)
    assert Counter(first.written) == Counter(numbers(500))
    assert second.begun == ["late"]


async def test_a_restart_does_only_what_was_not_finished(settings: Settings, sink: Log) -> None:
    """The first of a partition is slow; those behind it are finished and are not done again."""
    hasty = settings.model_copy(update={"shutdown_s": 1.0})
    first, second = Names(), Names()
    first.held = {"0", "7"}
    await append(sink, numbers(40), key="same")
    async with flowing(hasty, sink, first):
        await first.until(first.written, 38)
    async with flowing(settings, sink, second):
        await second.until(second.written, 2)
        await append(sink, ["late"], key="same")
        await second.until(second.written, 3)
    assert sorted(second.begun) == ["0", "7", "late"]


async def test_a_process_that_dies_repeats_what_was_under_way(settings: Settings, sink: Log) -> None:
    first, second = Names(), Names()
    first.held = {"3"}
    await append(sink, numbers(5), key="same")
    async with flowing(settings, sink, first) as dying:
        await first.until(first.written, 4)
        dying.task.cancel()
        await asyncio.gather(dying.task, return_exceptions=True)
    async with flowing(settings, sink, second):
        await second.until(second.written, 1)
        await second.until(second.written, len(second.begun))
    assert {*first.written, *second.written} == set(numbers(5))


async def test_a_second_member_takes_over_without_repeating(settings: Settings, sink: Log) -> None:
    """On revoke the first waits for what it has under way and commits."""
    other = settings.model_copy(update={"instance": "2"})
    first, second = Names(), Names()
    first.held = set(numbers(20)[::3])
    await append(sink, numbers(20))
    async with flowing(settings, sink, first) as mine:
        await first.until(first.begun, 20)
        async with flowing(other, sink, second) as theirs:
            await eventually(lambda: not mine.flow.is_assigned)
            assert len(first.written) < 20
            await first.release()
            await eventually(lambda: mine.flow.is_assigned and theirs.flow.is_assigned)
            await append(sink, [f"later-{number}" for number in range(40)])
            await eventually(lambda: len(first.written) + len(second.written) >= 60)
    assert second.written
    assert max(Counter(first.written + second.written).values()) == 1


async def test_infrastructure_trouble_is_waited_out(settings: Settings, sink: Log) -> None:
    work = Names()
    work.prepare_fails, work.write_fails = 3, 3
    await append(sink, numbers(10))
    async with flowing(settings, sink, work):
        await work.until(work.written, 10)
    assert (work.prepare_fails, work.write_fails) == (0, 0)
    assert Counter(work.begun) == Counter(numbers(10))


async def test_what_only_a_newer_release_understands_waits_for_it_with_what_lies_behind(
    settings: Settings, sink: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(concurrent_consumer, "_OUTDATED_S", 0.1)
    work, waited = Names(), telemetry.OUTDATED.labels("test")
    before = waited._value.get()
    newer = repeated("newer").replace(v=2, needs=2)
    await append(sink, ["before"], key="same")
    async with flowing(settings, sink, work):
        await work.until(work.written, 1)
        await sink.append([Append(TOPIC, "same", newer)])
        await append(sink, ["behind"], key="same")
        await eventually(lambda: waited._value.get() > before + 1)
        assert work.begun == ["before"]
        monkeypatch.setattr(codec, "CONTRACT", 2)  # it is updated
        await work.until(work.written, 3)
    assert work.written == ["before", "newer", "behind"]


async def test_a_poisoned_record_is_put_aside_and_its_message_ends_failed(settings: Settings, sink: Log) -> None:
    work = Names()
    work.poison = {"4"}
    await append(sink, numbers(10))
    async with flowing(settings, sink, work):
        await work.until(work.written, 10)  # nine of ours, and the failure of the tenth
    assert set(work.written) == {*numbers(10), "failed"} - {"4"}
    ((_, headers),) = await dead_letters_of(settings, TOPIC, 1)
    assert "cannot be done" in headers["reason"]


@pytest.mark.parametrize("place", ["prepare", "perform", "write"])
async def test_an_unknown_fault_that_passes_costs_nothing_and_holds_up_nobody(
    settings: Settings, sink: Log, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    work = Names()
    method, left = getattr(work, place), [RuntimeError("unknown")] * (TRIES_BESIDE_OTHERS - 1)

    async def shaky(given: Any) -> Any:
        items = [given] if place == "perform" else given
        names = [item if isinstance(item, str) else name_of(item) for item in items]
        if "4" in names and left:
            raise left.pop()
        return await method(given)

    monkeypatch.setattr(work, place, shaky)
    await append(sink, numbers(10), key="same")
    async with flowing(settings, sink, work):
        await work.until(work.written, 10)
    assert Counter(work.written) == Counter(numbers(10))
    assert work.written[-1] == "4"
    assert await dead_letters_of(settings, TOPIC, 0) == []


async def test_a_fault_that_is_known_to_be_the_records_is_put_aside_at_once(settings: Settings, sink: Log) -> None:
    work, tried = Names(), list[str]()

    async def too_large(done: Sequence[str]) -> None:
        tried.extend(done)
        if "4" in done:
            raise mongo.TooLarge("16 MB")
        work.written.extend(done)

    work.write = too_large  # type: ignore[method-assign]
    await append(sink, numbers(10), key="same")
    async with flowing(settings, sink, work):
        ((_, headers),) = await dead_letters_of(settings, TOPIC, 1)
        await eventually(lambda: set(work.written) >= set(numbers(10)) - {"4"})
    assert "TooLarge" in headers["reason"]
    assert tried.count("4") <= 2


async def test_bytes_that_are_no_event_are_put_aside(settings: Settings, sink: Log) -> None:
    work = Names()
    await sink.append([Append(TOPIC, "k", b"\xff\x00"), Append(TOPIC, "k", b'{"type": "of-tomorrow"}')])
    await append(sink, ["after"], key="k")
    async with flowing(settings, sink, work):
        await work.until(work.written, 1)
        ((value, _),) = await dead_letters_of(settings, TOPIC, 1)
    assert (work.written, value) == (["after"], b"\xff\x00")


async def test_a_partition_has_no_more_under_way_than_allowed(settings: Settings, sink: Log) -> None:
    work = Names()
    work.held = set(numbers(100))
    await append(sink, numbers(100), key="same")
    async with flowing(settings.model_copy(update={"dispatch_in_flight": 8}), sink, work):
        await work.until(work.begun, 8)
        await work.turns_more(3)
        assert work.most_under_way == 8
        await work.release()
        await work.until(work.written, 100)
    assert work.most_under_way == 8


async def test_work_may_pause_the_flow_and_let_one_record_through(settings: Settings, sink: Log) -> None:
    work = Names()
    work.allowed = 0
    await append(sink, numbers(20))
    async with flowing(settings, sink, work) as running:
        await eventually(lambda: running.flow.is_assigned)
        await work.turns_more(5)
        assert work.begun == []
        work.held, work.allowed = set(numbers(20)), 1
        await work.until(work.begun, 1)
        work.allowed = None
        await work.release()
        await work.until(work.written, 20)


QUIET_S = 2.5  # longer than it takes to fall quiet
LONG_WAIT_MS = 37_000
"""Of a fetch: what would wait for one that was not asked for it comes too late for any test."""


@pytest.fixture
def waiting_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fetches that nothing ends but a record of a partition they ask for."""
    for name in ("FETCH_WAIT_MS", "LONG_FETCH_WAIT_MS"):
        monkeypatch.setattr(kafka, name, LONG_WAIT_MS)


@pytest.mark.usefixtures("waiting_long")
async def test_what_comes_after_a_quiet_time_is_done_at_once_wherever_it_comes(settings: Settings, sink: Log) -> None:
    """Also the next record of the same partition, whenever it comes, and one beside work that takes long."""
    work = Names()
    work.held = {"held"}
    async with flowing(settings, sink, work):
        await append(sink, ["first"])
        await work.until(work.written, 1)
        await asyncio.sleep(QUIET_S)
        await append(sink, ["held"], key="held")
        for pause_s in (0.0, 0.05, 0.15, 0.3, 0.6, 1.2, QUIET_S):
            for key in ("same", "another"):
                count = len(work.written)
                await append(sink, [f"{key} {pause_s}"], key=key)
                await work.until(work.written, count + 1)
            await asyncio.sleep(pause_s)
        await work.release()
        await work.until(work.written, 16)


@pytest.mark.usefixtures("waiting_long")
async def test_a_quiet_consumer_ends_at_once_and_gives_way_to_another(settings: Settings, sink: Log) -> None:
    other = settings.model_copy(update={"instance": "2"})
    first, second = Names(), Names()
    async with flowing(settings, sink, first) as mine:
        await append(sink, numbers(3))
        await first.until(first.written, 3)
        await asyncio.sleep(QUIET_S)
        async with flowing(other, sink, second) as theirs:
            await eventually(lambda: mine.flow.is_assigned and theirs.flow.is_assigned)
            await append(sink, [f"later-{number}" for number in range(40)])
            await eventually(lambda: len(first.written) + len(second.written) >= 43)
            await asyncio.sleep(QUIET_S)
    assert second.written
    assert max(Counter(first.written + second.written).values()) == 1
