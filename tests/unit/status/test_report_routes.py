"""Where a report goes: at once from memory, to the store, or nowhere until the sweeper finds it still owed."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from schemas.application_events import PartnerChanged
from schemas.events import MessageEvent, ReportAsked, ReportAttempted, ReportMissed
from schemas.reasons import Reason
from schemas.reports import ReportStatus
from schemas.values import ReportRequest
from services.runtime.directory import Directory
from services.status.fold import FollowUp, fold
from services.status.message import Message
from services.status.message.document import from_document, to_document
from services.status.message.store import document_of
from services.status.reports.model import ReportIntent
from services.status.reports.pace import Pace
from services.status.reports.service import ReportService
from tests.support.status_events import NOW, Story

URL = "http://bank.example:80/reports"


class Store:
    def __init__(self) -> None:
        self.wanted: list[ReportIntent] = []

    async def want(self, intents: Sequence[ReportIntent], now: int) -> None:
        self.wanted += intents

    async def want_again(self, intents: Sequence[ReportIntent], now: int) -> None:
        assert all(intent.resend for intent in intents)
        self.wanted += intents


class Bench:
    """A message that is folded, decided on, saved and handed over batch by batch; its receivers are never asked."""

    def __init__(self, message: Message, url: str | None = URL) -> None:
        self.message, self.store = message, Store()
        directory = Directory()
        if url is not None:
            directory.partners["bank"] = PartnerChanged(
                event_id="p", at=0, partner_id="bank", uuid="u", login="bank", password_hash="", report_url=url
            )
        parts: Any = (self.store, directory, None, None)
        self.service = ReportService(*parts, pace=Pace(60_000, 3_600_000), limit=8, stop=asyncio.Event())
        self.service._receiver = lambda *_: Woken()  # type: ignore[method-assign,assignment]

    async def batch(self, *events: MessageEvent) -> None:
        follows: list[FollowUp] = [follow_up for event in events for follow_up in fold(self.message, event)]
        self.service.decide([(self.message, follows)])
        self.document = document_of(self.message, NOW)
        await self.service.take([(self.message, follows)])

    def begun(self) -> list[int]:
        return [int(report.status) for report in self.service._memory.begin("single", "bank.example:80", 10, NOW)]

    def taken(self) -> list[int]:
        """Those that were begun, and their attempts recorded."""
        memory = self.service._memory
        begun = memory.begin("single", "bank.example:80", 10, NOW)
        for report in begun:
            memory.ended(report, taken=True)
        return [int(report.status) for report in begun]

    def stored(self) -> list[int]:
        return [int(intent.status) for intent in self.store.wanted]

    @property
    def is_owed(self) -> bool:
        return "owed_at" in self.document


class Woken:
    def wake(self, *, stored: bool = True) -> None:
        return None


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.status.reports.service.now_ms", lambda: NOW)


def attempted(story: Story, status: ReportStatus, *, delivered: bool = True) -> ReportAttempted:
    return ReportAttempted(
        **story._common(f"report/{status}", NOW), link=0, status=status, attempt=1, delivered=delivered
    )


def missed(story: Story) -> ReportMissed:
    return ReportMissed(**story._common("missed", NOW), link=0)


def reloaded(message: Message) -> Message:
    """As another process reads it."""
    return from_document(document_of(message, NOW))


async def test_a_report_goes_from_memory_and_the_message_owes_it_until_it_was_tried() -> None:
    story = Story()
    bench = Bench(Message(story.message_id))
    await bench.batch(story.requested(), story.planned("i-1"), story.dispatched())
    assert (bench.begun(), bench.stored(), bench.is_owed) == ([0], [], True)
    await bench.batch(attempted(story, ReportStatus.SENT))
    assert (bench.begun(), bench.stored(), bench.is_owed) == ([], [], False)


async def test_of_one_batch_only_the_newest_state_is_sent() -> None:
    story = Story()
    bench = Bench(Message(story.message_id))
    await bench.batch(story.requested(), story.planned("i-1"), story.dispatched(), story.receipt())
    assert bench.begun() == [2]


async def test_a_state_that_is_read_in_one_batch_with_the_attempt_before_it_is_sent_at_once() -> None:
    story = Story()
    bench = Bench(Message(story.message_id))
    await bench.batch(story.requested(), story.planned("i-1"), story.dispatched())
    assert bench.taken() == [0]
    await bench.batch(story.receipt(), attempted(story, ReportStatus.SENT))
    assert bench.taken() == [2]
    await bench.batch(story.receipt(kind="read"), attempted(story, ReportStatus.DELIVERED))
    assert (bench.taken(), bench.stored()) == ([9], [])
    await bench.batch(attempted(story, ReportStatus.READ))
    assert (bench.taken(), bench.stored(), bench.is_owed) == ([], [], False)


async def test_behind_an_attempt_that_failed_everything_goes_to_the_store() -> None:
    story = Story()
    bench = Bench(Message(story.message_id))
    await bench.batch(story.requested(), story.planned("i-1"), story.dispatched())
    bench.begun()
    await bench.batch(attempted(story, ReportStatus.SENT, delivered=False))
    await bench.batch(story.receipt())
    assert (bench.begun(), bench.stored(), bench.is_owed) == ([], [2], False)


async def test_who_takes_over_sends_nothing_beside_a_report_that_may_be_under_way() -> None:
    story = Story()
    former = Bench(Message(story.message_id))
    await former.batch(story.requested(), story.planned("i-1"), story.dispatched())
    new = Bench(reloaded(former.message))
    await new.batch(story.receipt())
    assert (new.begun(), new.stored(), new.is_owed) == ([], [], True)
    await new.batch(attempted(story, ReportStatus.SENT), missed(story))
    assert (new.begun(), new.stored(), new.is_owed) == ([], [2], False)


async def test_a_batch_that_is_done_again_sends_nothing_again_and_forgets_nothing() -> None:
    story = Story()
    events = [story.requested(), story.planned("i-1"), story.dispatched()]
    former = Bench(Message(story.message_id))
    await former.batch(*events)  # sent, recorded, and killed before the commit
    new = Bench(reloaded(former.message))
    await new.batch(*events)
    assert (new.begun(), new.stored(), new.is_owed) == ([], [], True)
    await new.batch(attempted(story, ReportStatus.SENT), missed(story))
    assert (new.begun(), new.stored(), new.is_owed) == ([], [], False)


async def test_a_report_that_was_settled_before_a_crash_is_stored_when_its_batch_is_done_again() -> None:
    story = Story()
    events = [story.requested(), story.planned("i-1"), story.dispatched()]
    former = Bench(Message(story.message_id))
    former.service._stop.set()  # it goes to the store, and the process is killed before
    await former.batch(*events)
    new = Bench(reloaded(former.message))
    await new.batch(*events)
    assert (former.is_owed, new.begun(), new.stored()) == (False, [], [0])


async def test_a_missed_report_is_decided_behind_every_attempt_that_was_logged() -> None:
    story = Story()
    bench = Bench(Message(story.message_id))
    await bench.batch(story.requested(), story.planned("i-1"), story.dispatched())
    other = Bench(reloaded(bench.message))
    await other.batch(missed(story))
    assert other.stored() == [0]
    await other.batch(attempted(story, ReportStatus.SENT), missed(story))
    assert other.stored() == [0]


async def test_a_final_report_that_was_taken_ends_it_although_more_was_read_before() -> None:
    story = Story()
    bench = Bench(Message(story.message_id))
    await bench.batch(story.requested(), story.planned("i-1"), story.dispatched(outcome="refused"))
    other = Bench(reloaded(bench.message))
    await other.batch(story.receipt(), attempted(story, ReportStatus.UNDELIVERED), missed(story))
    assert (other.begun(), other.stored(), other.is_owed) == ([], [], False)


@pytest.mark.parametrize("url", [None, URL])
async def test_what_nobody_wants_is_not_owed(url: str | None) -> None:
    story = Story()
    bench = Bench(Message(story.message_id), url)
    reports = ReportRequest(registered_delivery=1 if url is None else 2)
    await bench.batch(story.requested(reports=reports), story.planned("i-1"), story.dispatched())
    assert (bench.begun(), bench.stored(), bench.is_owed) == ([], [], False)


async def test_a_failure_goes_from_memory_also_where_nothing_else_is_asked_for() -> None:
    story = Story()
    bench = Bench(Message(story.message_id))
    asked = story.requested(reports=ReportRequest(registered_delivery=2))
    await bench.batch(asked, story.planned("i-1"), story.dispatched())
    await bench.batch(story.dispatched(outcome="refused", attempt=2, reason=Reason.PROVIDER_REFUSED))
    await bench.batch(story.deadline())
    assert (bench.begun(), bench.stored(), bench.is_owed) == ([5], [], True)


async def test_a_document_of_a_former_release_owes_nothing_that_reports_does_not_have() -> None:
    story = Story()
    bench = Bench(Message(story.message_id))
    await bench.batch(story.requested(), story.planned("i-1"), story.dispatched())
    new = Bench(from_document(to_document(bench.message)))  # without `owed_at`: what is owed lies in `reports`
    await new.batch(story.receipt())
    assert (new.begun(), new.stored(), new.is_owed) == ([], [2], False)


def asked_again(story: Story, resend_id: str = "r") -> ReportAsked:
    return ReportAsked(**story._common(f"resend/{resend_id}", NOW), link=0, resend_id=resend_id)


async def test_a_report_that_is_asked_for_again_goes_to_the_store_and_newer_ones_behind_it() -> None:
    story = Story()
    bench = Bench(Message(story.message_id))
    await bench.batch(story.requested(), story.planned("i-1"), story.dispatched(), story.receipt())
    assert bench.taken() == [2]
    await bench.batch(attempted(story, ReportStatus.DELIVERED))
    await bench.batch(asked_again(story))
    assert bench.stored() == [2]
    other = Bench(reloaded(bench.message))  # who takes over knows of it as well
    await other.batch(story.receipt(kind="read"))
    assert (other.begun(), other.stored(), other.is_owed) == ([], [9], False)
    await other.batch(attempted(story, ReportStatus.READ))
    assert other.message.links[0].resend == ""


async def test_asked_for_again_behind_a_crash_it_is_stored_again_and_once_it_was_tried_never() -> None:
    story = Story()
    bench = Bench(Message(story.message_id))
    await bench.batch(story.requested(), story.planned("i-1"), story.dispatched(outcome="refused"))
    bench.taken()
    await bench.batch(attempted(story, ReportStatus.UNDELIVERED))
    await bench.batch(asked_again(story))
    other = Bench(reloaded(bench.message))
    await other.batch(asked_again(story))  # its batch is done again
    assert other.stored() == [5]
    again = attempted(story, ReportStatus.UNDELIVERED).replace(event_id="another", attempt=2)
    await other.batch(again, asked_again(story))
    assert other.stored() == [5]
    await other.batch(asked_again(story, "another resend"))
    assert other.stored() == [5, 5]


async def test_a_report_that_is_on_its_way_or_that_nobody_wants_is_not_sent_again() -> None:
    story, quiet, unknown = Story(), Story(), Story()
    bench = Bench(Message(story.message_id))
    await bench.batch(story.requested(), story.planned("i-1"), story.dispatched(), asked_again(story))
    assert (bench.begun(), bench.stored()) == ([0], [])
    silent = Bench(Message(quiet.message_id))
    await silent.batch(quiet.requested(reports=ReportRequest(registered_delivery=0)), quiet.planned("i-1"))
    await silent.batch(quiet.dispatched(), asked_again(quiet))
    assert silent.stored() == []
    message = Message(unknown.message_id)
    assert fold(message, asked_again(unknown)) == []
    assert message.links == {}
