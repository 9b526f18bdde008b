"""Reports beside faults of our own, and beside receivers that move: none is lost, none waits for the sweeper."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from services.runtime.clock import now_ms
from services.status.message import Message
from services.status.reports import store as report_store
from services.status.reports.memory import ReportsInMemory
from services.status.reports.model import AttemptResult, LeasedReport
from services.status.reports.pace import Pace
from services.status.reports.recorder import Recorder
from services.status.reports.signed_post import Answer
from services.status.reports.store import ReportStore
from tests.support.status_events import NOW, Story
from tests.support.waiting import eventually
from tests.unit.status.test_report_faults import DOWN, OK, FakeStore, leased, receiver_of
from tests.unit.status.test_report_routes import Bench
from tests.unit.status.test_reports_in_memory import DELIVERED, SENT, begin, intent


class FaultyStore(FakeStore):
    """Fails for no known reason, `faults` times."""

    def __init__(self, faults: int) -> None:
        super().__init__()
        self.faults = faults
        self.appended: list[Any] = []
        self.go_on.set()

    async def keep(self, tried: Sequence[AttemptResult]) -> None:
        self._fail()
        await super().keep(tried)

    async def lease(self, *parts: Any) -> list[LeasedReport]:
        self._fail()
        return await super().lease(*parts)

    async def append(self, records: Sequence[Any]) -> None:  # type: ignore[override]
        self.appended += records

    def _fail(self) -> None:
        if self.faults:
            self.faults -= 1
            raise RuntimeError("nobody knows why")


async def test_what_was_not_taken_is_kept_before_the_log_says_that_it_was_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("services.status.reports.recorder.backoff_s", lambda _: 0.0)
    store, memory = FaultyStore(3), ReportsInMemory()
    parts: Any = (store, store, Pace(60_000, 3_600_000), memory)
    recorder = Recorder(*parts, wake=lambda *_: None)
    memory.offer(intent(SENT, Story().message_id), NOW)
    (report,) = begin(memory)
    task = asyncio.create_task(recorder.run())
    await asyncio.wait_for(recorder.recorded(report, DOWN), 5)
    task.cancel()
    assert (store.kept, len(store.appended)) == ([SENT], 1)


async def test_a_newer_state_goes_at_once_though_its_receiver_is_another_host() -> None:
    store, memory, woken = FakeStore(), ReportsInMemory(), list[tuple[str, str, bool]]()
    parts: Any = (store, store, Pace(60_000, 3_600_000), memory)
    recorder = Recorder(*parts, wake=lambda *about: woken.append(about))
    message_id = Story().message_id
    memory.offer(intent(SENT, message_id), NOW)
    (report,) = begin(memory)
    newer = intent(DELIVERED, message_id)
    moved = type(newer)(**{name: getattr(newer, name) for name in newer.__slots__} | {"host": "new.example:80"})
    memory.offer(moved, NOW)
    task = asyncio.create_task(recorder.run())
    await asyncio.wait_for(recorder.recorded(report, OK), 5)
    task.cancel()
    assert woken == [("single", "new.example:80", False)]


async def test_a_receiver_goes_on_after_a_fault_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.status.reports.receiver.backoff_s", lambda _: 0.0)
    store, memory, stop, posted = FaultyStore(2), ReportsInMemory(), asyncio.Event(), list[str]()

    async def send(report: LeasedReport) -> Answer:
        posted.append(report.report_id)
        return OK

    memory.offer(intent(SENT), now_ms())
    task = asyncio.create_task(receiver_of(store, memory, send, stop).run())
    await eventually(lambda: posted)
    stop.set()
    await task
    assert len(posted) == 1


async def test_a_fault_beside_a_post_is_an_attempt_that_was_not_taken() -> None:
    bench = Bench(Message(Story().message_id))
    recorded: list[Answer] = []

    class Wire:
        async def post(self, *_: object) -> Answer:
            raise RuntimeError("nobody knows why")

    class Kept:
        async def recorded(self, _: LeasedReport, answer: Answer) -> None:
            recorded.append(answer)

    service: Any = bench.service
    service._sender, service._recorder = Wire(), Kept()
    await service._send(leased())
    assert [(answer.taken, answer.is_down) for answer in recorded] == [(False, False)]


async def test_a_report_that_is_held_is_redacted_when_its_recipient_was_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    story, redacted = Story(), list[str]()

    class Nothing:
        async def write(self, *_: object) -> None:
            return None

    monkeypatch.setattr(report_store, "durable", lambda _: Nothing())
    database: Any = {"reports": None}
    monkeypatch.setattr(report_store, "Messages", lambda _: Erased())

    class Erased:
        async def load(self, message_ids: Any) -> dict[str, Message]:
            return {message_id: Message(message_id) for message_id in message_ids}

    store = ReportStore(database)

    async def redact(message_ids: Any) -> int:
        redacted.extend(message_ids)
        return 0

    monkeypatch.setattr(store, "redact", redact)
    memory = ReportsInMemory()
    memory.offer(intent(SENT, story.message_id), NOW)
    await store.hold(begin(memory), NOW)
    assert redacted == [story.message_id]
