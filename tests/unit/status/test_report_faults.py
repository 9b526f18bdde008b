"""Reports repeated, late, or beside trouble of receiver and store: none is sent twice, none waits for the sweeper."""

import asyncio
from typing import Any

import pytest

from schemas.reports import ReportStatus
from schemas.values import ReportRequest
from services.runtime.clock import now_ms
from services.runtime.mongo import Unavailable
from services.status.message import Message
from services.status.reports.memory import ReportsInMemory
from services.status.reports.model import LeasedReport
from services.status.reports.pace import Pace
from services.status.reports.receiver import Receiver
from services.status.reports.recorder import Recorder
from services.status.reports.signed_post import Answer
from tests.support.status_events import NOW, Story
from tests.unit.status.test_report_routes import Bench, attempted, clock, reloaded  # noqa: F401
from tests.unit.status.test_reports_in_memory import DELIVERED, HOST, SENT, UNDELIVERED, begin, intent

DOWN = Answer(503, "", is_down=True, latency_ms=1)
OK = Answer(200, "", is_down=False, latency_ms=1)


def no_room(bench: Bench) -> None:
    bench.service._memory.has_room = lambda *_: False  # type: ignore[method-assign]


async def test_a_batch_that_is_done_again_while_there_is_no_room_stores_nothing_that_was_sent() -> None:
    story = Story()
    events = [story.requested(), story.planned("i-1"), story.dispatched()]
    bench = Bench(Message(story.message_id))
    await bench.batch(*events)
    assert bench.taken() == [0]
    no_room(bench)
    await bench.batch(*events)  # another taker had failed
    assert bench.stored() == []


async def test_behind_a_final_report_that_was_taken_nothing_is_stored_while_there_is_no_room() -> None:
    story = Story()
    bench = Bench(Message(story.message_id))
    await bench.batch(story.requested(), story.planned("i-1"), story.dispatched(outcome="refused"))
    assert bench.taken() == [5]
    no_room(bench)
    await bench.batch(story.receipt())  # before the attempt is read
    assert bench.stored() == []


async def test_who_takes_over_knows_that_the_older_report_was_in_the_store() -> None:
    story = Story()
    former = Bench(Message(story.message_id))
    no_room(former)
    await former.batch(story.requested(), story.planned("i-1"), story.dispatched())
    assert former.stored() == [0]
    new = Bench(reloaded(former.message))  # a deployment; it sends what is in `reports`
    await new.batch(story.receipt(), attempted(story, ReportStatus.SENT))
    assert (new.begun() or new.stored()) == [2]


async def test_a_failure_that_was_not_taken_is_not_tried_again_when_the_push_has_arrived() -> None:
    reports = ReportsInMemory()
    reports.offer(intent(UNDELIVERED), NOW)
    (failure,) = begin(reports)
    reports.offer(intent(DELIVERED, asked=False), NOW)  # registeredDelivery 2
    newer = reports.failed(failure)
    assert newer is not None
    assert (newer.status, newer.body) == (DELIVERED, None)


class FakeStore:
    def __init__(self) -> None:
        self.due: list[LeasedReport] = []
        self.next: int | None = None
        self.looks = 0
        self.in_next_due = asyncio.Event()
        self.go_on = asyncio.Event()
        self.in_hasten = asyncio.Event()
        self.hastened = asyncio.Event()
        self.kept: list[int] = []
        self.wanted: list[int] = []
        self.fails = 0

    async def lease(self, lane: str, host: str, count: int, now: int, besides: object) -> list[LeasedReport]:
        self.looks += 1
        leased, self.due = self.due, []
        return leased

    async def next_due(self, *_: object) -> int | None:
        found = self.next
        self.in_next_due.set()
        await self.go_on.wait()
        return found

    async def hasten(self, *_: object) -> None:
        self.in_hasten.set()
        await self.hastened.wait()

    async def put_off(self, intents: Any, now: int) -> None:
        if intents and self.fails:
            self.fails -= 1
            raise Unavailable("away")
        self.wanted += [int(intent.status) for intent in intents]

    async def keep(self, tried: Any) -> None:
        self.kept += [int(result.report.status) for result in tried]

    async def hold(self, *_: object) -> None: ...
    async def renew(self, *_: object) -> None: ...
    async def finish(self, *_: object) -> None: ...
    async def append(self, *_: object) -> None: ...


def leased() -> LeasedReport:
    return LeasedReport(
        report_id="m/0",
        lease="l",
        message_id="m",
        link=0,
        partner_id="bank",
        lane="single",
        notify_url=None,
        status=SENT,
        error_code=0,
        body=b"{}",
        attempt=1,
        tries=1,
        first_tried_at=NOW,
    )


def receiver_of(store: FakeStore, memory: ReportsInMemory, send: Any, stop: asyncio.Event) -> Receiver:
    parts: Any = (store, memory, "single", HOST)
    return Receiver(*parts, limit=4, send=send, stop=stop)


async def test_what_is_stored_during_a_look_is_looked_for() -> None:
    store, stop, sent = FakeStore(), asyncio.Event(), asyncio.Event()

    async def send(report: LeasedReport) -> Answer:
        sent.set()
        return OK

    receiver = receiver_of(store, ReportsInMemory(), send, stop)
    task = asyncio.create_task(receiver.run())
    await store.in_next_due.wait()
    store.due = [leased()]  # stored and woken before the answer of the look is here
    receiver.wake()
    store.go_on.set()
    try:
        await asyncio.wait_for(sent.wait(), 5)
    finally:
        stop.set()
        await task


async def test_what_was_hastened_is_looked_for_at_once() -> None:
    store, stop, tries = FakeStore(), asyncio.Event(), 0
    store.go_on.set()
    store.due, store.next = [leased()], now_ms() + 40_000
    again = asyncio.Event()

    async def send(report: LeasedReport) -> Answer:
        nonlocal tries
        tries += 1
        if tries == 2:
            again.set()
        return OK

    receiver = receiver_of(store, ReportsInMemory(), send, stop)
    receiver._breaker.failures = 1  # a report before has failed, and waits for 40 s
    task = asyncio.create_task(receiver.run())
    await store.in_hasten.wait()
    receiver.wake(stored=False)  # a report is offered meanwhile
    await asyncio.sleep(0.05)
    store.due = [leased()]
    store.hastened.set()
    try:
        await asyncio.wait_for(again.wait(), 5)
    finally:
        stop.set()
        await task


async def test_a_receiver_that_is_down_and_owed_nothing_costs_nothing() -> None:
    store, stop, rounds = FakeStore(), asyncio.Event(), 0
    store.go_on.set()
    receiver = receiver_of(store, ReportsInMemory(), None, stop)
    for _ in range(5):
        receiver._breaker.failed(now_ms() / 1000 - 10, jitter=0.0)
    assert receiver.is_down
    real = receiver._round

    async def counted() -> int | None:
        nonlocal rounds
        rounds += 1
        return await real()

    receiver._round = counted  # type: ignore[method-assign]
    task = asyncio.create_task(receiver.run())
    await asyncio.sleep(0.3)
    stop.set()
    await task
    assert rounds < 10


async def test_the_newer_state_is_not_lost_when_the_store_is_away_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.status.reports.recorder.backoff_s", lambda _: 0.0)
    store, memory = FakeStore(), ReportsInMemory()
    store.fails = 1
    parts: Any = (store, store, Pace(60_000, 3_600_000), memory)
    recorder = Recorder(*parts, wake=lambda *_: None)
    message_id = Story().message_id
    memory.offer(intent(SENT, message_id), NOW)
    (report,) = begin(memory)
    memory.offer(intent(DELIVERED, message_id), NOW)
    task = asyncio.create_task(recorder.run())
    await asyncio.wait_for(recorder.recorded(report, DOWN), 5)
    task.cancel()
    assert store.wanted == [2]


async def test_who_takes_over_sends_at_once_when_the_attempt_before_is_read_in_the_same_batch() -> None:
    story = Story()
    former = Bench(Message(story.message_id))
    await former.batch(story.requested(), story.planned("i-1"), story.dispatched())
    assert former.taken() == [0]  # and it stops in good order
    new = Bench(reloaded(former.message))
    await new.batch(story.receipt(), attempted(story, ReportStatus.SENT))
    assert (new.begun() or new.stored()) == [2]


async def test_an_event_that_comes_twice_holds_up_no_failure_where_nothing_else_is_asked_for() -> None:
    story = Story()
    bench = Bench(Message(story.message_id))
    asked = story.requested(reports=ReportRequest(registered_delivery=2))
    await bench.batch(asked, story.planned("i-1"), story.dispatched())
    await bench.batch(story.dispatched(), story.deadline())
    assert (bench.taken() or bench.stored()) == [5]


async def test_no_newer_state_is_stored_behind_a_final_report_under_way() -> None:
    story = Story()
    bench = Bench(Message(story.message_id))
    await bench.batch(story.requested(), story.planned("i-1"), story.dispatched(outcome="refused"))
    memory = bench.service._memory
    (final,) = memory.begin("single", HOST, 1, NOW)
    no_room(bench)
    await bench.batch(story.receipt())  # while 5 is on its way; then it is taken
    memory.ended(final, taken=True)
    assert bench.stored() == []
