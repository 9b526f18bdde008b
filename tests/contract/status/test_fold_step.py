"""The step of the status consumers on a real MongoDB: repeatable, and safe against a faster writer."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from zlib import crc32

import pytest

from schemas import ids
from schemas.events import MessageEvent, Planned
from schemas.reasons import Reason
from services.runtime import mongo
from services.runtime.log.batch_consumer import Record
from services.runtime.settings import Settings
from services.status.consumer import FoldStep
from services.status.fold import Followed, FollowUp, ReportDue, StateChanged, fold, trace_of
from services.status.message import Message, Messages
from services.status.message.document import to_document
from tests.support.status_events import Story, of_kind, report_statuses
from tests.support.status_service import topic_of


@pytest.fixture
async def messages(settings: Settings) -> AsyncIterator[Messages]:
    async with mongo.database(settings) as database:
        made = Messages(database)
        await made.prepare()
        yield made


class Taker:
    """Notes what followed, and fails as often as asked."""

    def __init__(self) -> None:
        self.fails = 0
        self.follows: list[FollowUp] = []

    async def take(self, followed: Followed) -> None:
        if self.fails:
            self.fails -= 1
            raise ConnectionError("crashed")
        self.follows += [follow_up for _, follows in followed for follow_up in follows]


def raising(error: Exception) -> Callable[..., Awaitable[None]]:
    async def fail(*_: object) -> None:
        raise error

    return fail


def records(*events: MessageEvent) -> Sequence[Record]:
    """Each event lies at one place in the log, however often it is read."""
    return [
        Record(topic_of(event), 0, crc32(event.event_id.encode()), key=event.message_id, event=event, raw=b"")
        for event in events
    ]


async def run(folding: FoldStep, *events: MessageEvent) -> None:
    follows = await folding.step(records(*events))
    assert follows.project is not None
    await follows.project()


async def test_a_crash_between_saving_and_what_follows_loses_nothing(messages: Messages) -> None:
    taker, story = Taker(), Story()
    folding = FoldStep(messages, [taker.take])
    events = [story.requested(), story.planned("i-1"), story.dispatched(), story.receipt()]
    taker.fails = 1
    with pytest.raises(ConnectionError):
        await run(folding, *events)
    await run(folding, *events)
    assert {follow_up.change.state.value for follow_up in of_kind(taker.follows, StateChanged)} == {
        "PLANNED",
        "SENT",
        "DELIVERED",
    }
    assert set(report_statuses(taker.follows)) == {2}


async def test_somebody_faster_is_noticed_and_both_count(messages: Messages) -> None:
    story, other = Story(), Story()
    folding = FoldStep(messages, [])
    for each in (story, other):
        await run(folding, each.requested(), each.planned("i-1", "i-2"))
    slow = await folding.step(records(story.receipt("i-1"), other.receipt("i-1")))
    await run(folding, story.receipt("i-2", "read"))
    assert slow.project is not None
    await slow.project()
    loaded = await messages.load([story.message_id, other.message_id])
    assert [target.state.value for target in loaded[story.message_id].links[0].targets] == ["DELIVERED", "READ"]
    assert loaded[story.message_id].revision == 3
    assert loaded[other.message_id].state.value == "DELIVERED"


async def test_a_message_in_memory_that_another_process_has_changed_is_read_again(messages: Messages) -> None:
    story, here, there = Story(), FoldStep(messages, []), FoldStep(messages, [])
    await run(here, story.requested(), story.planned("i-1", "i-2"))
    await run(there, story.receipt("i-1"))  # the partition has gone there, and comes back
    await run(here, story.receipt("i-2", "read"))
    loaded = (await messages.load([story.message_id]))[story.message_id]
    assert [target.state.value for target in loaded.links[0].targets] == ["DELIVERED", "READ"]
    assert len(trace_of(loaded)) == 4


async def test_a_batch_that_failed_leaves_nothing_in_memory_that_is_not_stored(
    messages: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    taker, story = Taker(), Story()
    folding = FoldStep(messages, [taker.take])
    await run(folding, story.requested(), story.planned("i-1"))
    with monkeypatch.context() as broken:
        broken.setattr(Messages, "save", raising(mongo.Unavailable("away")))
        with pytest.raises(mongo.Unavailable):
            await run(folding, story.dispatched())
    taker.follows.clear()
    await run(folding, story.dispatched())
    assert [follow_up.again for follow_up in of_kind(taker.follows, StateChanged)] == [False]
    assert (await messages.load([story.message_id]))[story.message_id].state.value == "SENT"


async def test_a_request_of_a_message_that_is_stored_already_is_folded_onto_it(messages: Messages) -> None:
    story = Story()
    await run(FoldStep(messages, []), story.planned("i-1"), story.receipt())
    await run(FoldStep(messages, []), story.requested())
    loaded = (await messages.load([story.message_id]))[story.message_id]
    assert (loaded.state.value, loaded.request is not None) == ("DELIVERED", True)


async def test_two_who_make_the_same_message_at_once_are_told_apart(messages: Messages) -> None:
    story = Story()
    first, other = Message(story.message_id), Message(story.message_id)
    fold(first, story.requested())
    fold(other, story.planned("i-1"))
    assert await messages.save([first]) == set()
    assert await messages.save([other]) == {story.message_id}


async def test_a_rebuild_gives_equal_documents(settings: Settings) -> None:
    story = Story()
    events = [story.requested(), story.receipt(), story.planned("i-1", "i-2"), story.dispatched("i-2", "refused")]
    async with mongo.database(settings) as live, mongo.database(settings) as again:
        once, other = Messages(live), Messages(again.client.get_database(f"{settings.mongo_database}-again"))
        for event in events:
            await run(FoldStep(once, []), event)
        await run(FoldStep(other, []), *events, *events)
        first = (await once.load([story.message_id]))[story.message_id]
        second = (await other.load([story.message_id]))[story.message_id]
    second.revision = first.revision
    assert first == second


def planned_for_many(story: Story, link: int) -> Planned:
    """A plan larger than any of ours: nearly as large as a record may be."""
    event = story.planned(*(ids.uuid7() for _ in range(3_000)))
    return event.replace(link=link, event_id=ids.uuid7())


async def test_a_message_that_becomes_too_large_is_closed_and_costs_no_other_one(messages: Messages) -> None:
    taker, large, small = Taker(), Story(), Story()
    folding = FoldStep(messages, [taker.take])
    await run(folding, large.requested(), small.requested())
    plans = [planned_for_many(large, link) for link in range(30)]
    for place in range(0, len(plans), 5):
        await run(folding, *plans[place : place + 5])
    await run(folding, plans[0], small.planned("i-1"), small.receipt("i-1"), large.receipt("i-1"))
    loaded = await messages.load([large.message_id, small.message_id])
    assert loaded[large.message_id].closed
    assert loaded[small.message_id].state.value == "DELIVERED"
    assert len(to_document(loaded[large.message_id])["links"]) < 1024 * 1024
    assert [entry.what for entry in trace_of(loaded[large.message_id])] == ["closed"]
    codes = {
        follow_up.report.error_code
        for follow_up in taker.follows
        if isinstance(follow_up, ReportDue) and follow_up.report.status == 5
    }
    assert codes == {Reason.INTERNAL.error_code}


async def test_of_a_batch_in_which_one_message_is_too_large_the_others_are_stored_in_the_same_pass(
    messages: Messages,
) -> None:
    large, others = Story(), [Story() for _ in range(5)]
    folding = FoldStep(messages, [])
    events = [planned_for_many(large, link) for link in range(30)]
    await run(folding, *events, *[story.receipt() for story in others], *[story.requested() for story in others])
    loaded = await messages.load([large.message_id, *(story.message_id for story in others)])
    assert loaded.pop(large.message_id).closed
    assert [message.request is not None for message in loaded.values()] == [True] * 5


async def test_a_message_without_a_request_is_kept_for_a_day(messages: Messages) -> None:
    phantom, asked_for = Story(), Story()
    await run(FoldStep(messages, []), phantom.receipt(), asked_for.receipt(), asked_for.requested())
    ends = {
        document["_id"]: document["kept_until"] async for document in messages._collection.find({}, {"kept_until": 1})
    }
    now = datetime.now(UTC).replace(tzinfo=None)
    assert ends[phantom.message_id] - now < timedelta(days=1, minutes=1)
    assert ends[asked_for.message_id] - now > timedelta(days=300)


async def test_ignored_events_of_an_unknown_message_store_nothing(messages: Messages) -> None:
    story = Story()
    await run(FoldStep(messages, []), story.receipt().replace(link=500))
    assert not await messages.load([story.message_id])
