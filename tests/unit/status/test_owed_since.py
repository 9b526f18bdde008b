"""A report is owed from its first save on, and sent as soon as nobody else may: by who takes over, too."""

from collections.abc import Sequence
from typing import Any

import pytest

from schemas.reports import ReportStatus
from services.runtime.log.batch_consumer import Record
from services.runtime.mongo import Unavailable, Written
from services.runtime.mongo.collection import Taken
from services.status.consumer import FoldStep
from services.status.fold import fold
from services.status.message import Message, Messages
from services.status.message import store as message_store
from services.status.message.document import Document, from_document
from services.status.message.store import document_of
from tests.support.status_events import NOW, Story, report_statuses
from tests.support.status_service import topic_of
from tests.unit.status.test_report_routes import Bench, attempted, clock, reloaded  # noqa: F401


def test_what_comes_behind_does_not_move_the_time_from_which_a_report_is_owed() -> None:
    story, message = Story(), Message(Story().message_id)
    for event in (story.requested(), story.planned("i-1"), story.dispatched()):
        fold(message, event)
    first = document_of(message, NOW)
    later = from_document(first)
    fold(later, story.repeated())
    assert document_of(later, NOW + 20_000)["owed_at"] == first["owed_at"]


def test_a_newer_report_is_owed_from_its_own_save_on() -> None:
    story, message = Story(), Message(Story().message_id)
    for event in (story.requested(), story.planned("i-1"), story.dispatched()):
        fold(message, event)
    later = from_document(document_of(message, NOW))
    fold(later, story.receipt())
    assert document_of(later, NOW + 20_000)["owed_at"] == NOW + 20_000


async def test_who_takes_over_sends_behind_an_attempt_that_is_read_in_a_later_batch() -> None:
    story = Story()
    former = Bench(Message(story.message_id))
    await former.batch(story.requested(), story.planned("i-1"), story.dispatched())
    new = Bench(reloaded(former.message))
    await new.batch(story.receipt())
    assert (new.begun(), new.stored()) == ([], [])
    await new.batch(attempted(story, ReportStatus.SENT))
    assert (new.begun() or new.stored()) == [2]


async def test_who_takes_over_sends_nothing_behind_an_attempt_that_is_not_the_last_one() -> None:
    story = Story()
    former = Bench(Message(story.message_id))
    await former.batch(story.requested(), story.planned("i-1"), story.dispatched())
    assert former.taken() == [0]
    await former.batch(story.receipt())  # and 2 is under way
    new = Bench(reloaded(former.message))
    await new.batch(story.receipt(kind="read"))
    await new.batch(attempted(story, ReportStatus.SENT))
    assert (new.begun(), new.stored()) == ([], [])
    await new.batch(attempted(story, ReportStatus.DELIVERED))
    assert (new.begun() or new.stored()) == [9]


async def test_who_gets_a_partition_back_sends_nothing_beside_what_its_successor_has_begun() -> None:
    story = Story()
    first = Bench(Message(story.message_id))
    await first.batch(story.requested(), story.planned("i-1"), story.dispatched())
    assert first.taken() == [0]
    first.message.revision += 1  # as its save leaves it
    second = Bench(reloaded(first.message))
    await second.batch(attempted(story, ReportStatus.SENT), story.receipt())
    assert second.begun() == [2]  # and it is under way
    second.message.revision += 1
    first.message = reloaded(second.message)
    await first.batch(story.receipt(kind="read"))
    assert (first.begun(), first.stored()) == ([], [])
    await first.batch(attempted(story, ReportStatus.DELIVERED))
    assert (first.begun() or first.stored()) == [9]


class Lying:
    """A collection that stores, and loses its first answer."""

    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}
        self.answers = 0

    async def write(self, operations: Sequence[Any]) -> Written:
        taken = []
        for index, operation in enumerate(operations):
            document = operation._doc
            if document["_id"] in self.documents:
                taken.append(Taken(index))
            else:
                self.documents[document["_id"]] = document
        self.answers += 1
        if self.answers == 1:
            raise Unavailable("the answer is lost")
        return Written(tuple(taken))

    def find(self, query: Any, _: object = None) -> "Lying":
        return self

    def batch_size(self, _: int) -> "Lying":
        return self

    async def to_list(self, _: None) -> list[Document]:
        return list(self.documents.values())


async def test_a_save_whose_answer_was_lost_is_found_and_what_follows_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message_store, "durable", lambda collection: collection)
    story, collection, followed = Story(), Lying(), list[list[int]]()
    messages = Messages({"messages": collection})  # type: ignore[arg-type]

    async def take(pairs: Any) -> None:
        followed.append([status for _, follows in pairs for status in report_statuses(follows)])
        assert not any(getattr(follow_up, "again", False) for _, follows in pairs for follow_up in follows)

    step = FoldStep(messages, [take])
    events = [story.requested(), story.planned("i-1"), story.dispatched()]
    records = [
        Record(topic_of(event), 0, offset, key=event.message_id, event=event, raw=b"")
        for offset, event in enumerate(events)
    ]
    first = await step.step(records)
    assert first.project is not None
    with pytest.raises(Unavailable):
        await first.project()
    second = await step.step(records)
    assert second.project is not None
    await second.project()
    assert followed == [[0]]
