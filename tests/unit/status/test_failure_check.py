"""A record that is put aside: its dead letter, and when its message ends."""

from collections.abc import Sequence
from typing import Any

import pytest

from schemas import codec, ids, topics
from schemas.events import (
    Event,
    MessageEvent,
    MessageFailed,
    Planned,
    RequestRepeated,
    ScheduleDue,
    TargetResolved,
)
from services.runtime import mongo
from services.runtime.clock import now_ms
from services.runtime.log.dead_letters import DeadLetters, failure_id
from services.runtime.log.kafka import Append
from services.runtime.scheduling.timers import Timer
from services.status.consumer.failure_check import FailureCheck
from services.status.fold import fold
from services.status.message import Message
from tests.support.status_events import Story

HOLD_MS = 300_000
STATUS = topics.STATUS_EVENTS["single"]
REQUESTS = topics.MESSAGE_REQUESTED["single"]


class Kept:
    """A log and timers that keep what they are given."""

    def __init__(self) -> None:
        self.letters: list[dict[str, str]] = []
        self.appended: list[Append] = []
        self.timers: dict[str, Timer] = {}
        self.away = 0

    async def dead_letter(self, topic: object, key: object, value: object, headers: dict[str, str]) -> None:
        self.letters.append(headers)

    async def append(self, records: Sequence[Append]) -> None:
        self.appended += records

    async def set(self, timers: Sequence[Timer]) -> None:
        if self.away:
            self.away -= 1
            raise mongo.Unavailable("away")
        self.timers |= {timer.event.event_id: timer for timer in timers}


@pytest.fixture
def kept() -> Kept:
    return Kept()


def letters(kept: Kept) -> DeadLetters:
    return DeadLetters(kept, kept, HOLD_MS)  # type: ignore[arg-type]


def event_of(message_id: str) -> RequestRepeated:
    return RequestRepeated(event_id=ids.uuid7(), at=1, message_id=message_id, partner_id="bank", request_id="r")


async def put(kept: Kept, event: Event, place: str = "0/1", topic: topics.Topic = STATUS) -> None:
    await letters(kept).put(topic, b"k", codec.encode(event), place, reason="cannot be done", event=event)


async def test_the_failure_is_a_timer_and_the_dead_letter_has_its_id(kept: Kept) -> None:
    event = event_of(ids.uuid7())
    await put(kept, event)
    (timer,) = kept.timers.values()
    assert isinstance(timer.event, MessageFailed)
    assert timer.due_at == timer.event.at + HOLD_MS
    assert kept.letters[0]["failure"] == timer.event.event_id == failure_id(event.message_id, STATUS.name, "0/1")
    assert kept.appended == []


async def test_putting_aside_twice_sets_one_timer(kept: Kept) -> None:
    event = event_of(ids.uuid7())
    kept.away = 1
    with pytest.raises(mongo.Unavailable):  # the consumer waits, and does it again
        await put(kept, event)
    for _ in range(3):
        await put(kept, event)
    assert len(kept.timers) == 1


async def test_while_the_database_is_away_one_letter_is_written_however_often_it_is_tried(kept: Kept) -> None:
    event, dead_letters = event_of(ids.uuid7()), letters(kept)
    kept.away = 5
    for _ in range(5):
        with pytest.raises(mongo.Unavailable):
            await dead_letters.put(STATUS, b"k", b"{}", "0/1", reason="cannot be done", event=event)
    await dead_letters.put(STATUS, b"k", b"{}", "0/1", reason="cannot be done", event=event)
    assert (len(kept.letters), len(kept.timers)) == (1, 1)


async def test_the_hold_ends_with_the_lifetime_of_the_link(kept: Kept) -> None:
    story = Story()
    requested, planned = story.requested(), story.planned("i-1")
    await put(kept, requested, topic=REQUESTS)
    await put(kept, planned)
    first, second = (timer for timer in kept.timers.values())
    now = first.event.at
    for timer, ends_at in ((first, requested.at + requested.chain[0].ttl_ms), (second, planned.expires_at)):
        assert timer.due_at == min(timer.event.at + HOLD_MS, max(timer.event.at, ends_at)) >= now


async def test_an_hour_is_held_back_no_longer_than_the_lifetime_that_begins_with_it(kept: Kept) -> None:
    requested = Story().requested()
    ttl_ms, now = requested.chain[0].ttl_ms, now_ms()
    about: dict[str, Any] = {"message_id": requested.message_id, "partner_id": "bank", "request": requested}
    await put(kept, ScheduleDue(event_id=ids.uuid7(), at=now - ttl_ms + 1_000, **about), topic=REQUESTS)
    await put(kept, ScheduleDue(event_id=ids.uuid7(), at=now + HOLD_MS, **about), "0/2", topic=REQUESTS)
    first, second = kept.timers.values()
    assert first.due_at == max(first.event.at, now + 1_000)
    assert second.due_at == second.event.at + HOLD_MS


async def test_a_lifetime_that_is_over_ends_the_message_at_once(kept: Kept) -> None:
    planned = Story().planned("i-1")
    over: dict[str, Any] = planned.document() | {"expires_at": 1}
    await put(kept, Planned.stored(over))
    (timer,) = kept.timers.values()
    assert timer.due_at == timer.event.at


async def test_the_failure_of_a_failure_is_none(kept: Kept) -> None:
    await put(kept, Story().failed())
    assert (len(kept.letters), kept.timers, kept.appended) == (1, {}, [])


async def test_a_process_without_a_database_fails_the_message_at_once(kept: Kept) -> None:
    event = event_of(ids.uuid7())
    await DeadLetters(kept).put(STATUS, b"k", b"{}", "0/1", reason="why", event=event)  # type: ignore[arg-type]
    assert [type(event.event) for event in kept.appended] == [MessageFailed]


class Stored:
    def __init__(self, *messages: Message) -> None:
        self._messages = {message.message_id: message for message in messages}

    async def load(self, message_ids: Sequence[str]) -> dict[str, Message]:
        return {message_id: self._messages[message_id] for message_id in message_ids if message_id in self._messages}


async def is_meant(story: Story, *events: MessageEvent, topic: str, record: str = "") -> bool:
    message = Message(story.message_id)
    for event in events:
        fold(message, event)
    failed = MessageFailed.stored(story.failed().document() | {"topic": topic, "record": record})
    stored = Stored(message) if events else Stored()
    return await FailureCheck(stored).still_meant([failed]) == {failed.event_id}  # type: ignore[arg-type]


TARGETS = next(iter(topics.TARGET_RESOLVED.values()))["single"].name
assert TargetResolved in next(iter(topics.TARGET_RESOLVED.values()))["single"].events


async def test_a_late_failure_is_dropped_where_the_link_went_on_meanwhile() -> None:
    story = Story()
    sent = story.requested(), story.planned("i-1"), story.dispatched()
    for topic in (REQUESTS.name, TARGETS, STATUS.name):
        assert not await is_meant(story, *sent, topic=topic)
    assert not await is_meant(story, story.requested(), story.planned("i-1"), topic=REQUESTS.name)
    assert not await is_meant(story, story.requested(), story.planned("i-1"), story.receipt(), topic=TARGETS)


async def test_a_failure_is_meant_where_nothing_went_on() -> None:
    story = Story()
    assert await is_meant(story, topic=REQUESTS.name)
    assert await is_meant(story, story.requested(), topic=REQUESTS.name)
    assert await is_meant(story, story.requested(), story.planned("i-1"), topic=TARGETS)


async def test_an_hour_that_was_put_aside_ends_its_link_though_the_router_has_had_the_request() -> None:
    story = Story()
    requested, failed_at = story.requested(), story.failed().at
    waits, later = story.scheduled(failed_at), story.scheduled(failed_at + 60_000)
    assert await is_meant(story, requested, waits, topic=REQUESTS.name, record="schedule-due")
    assert not await is_meant(story, requested, later, topic=REQUESTS.name, record="schedule-due")
    planned = story.planned("i-1")
    assert not await is_meant(story, requested, waits, planned, topic=REQUESTS.name, record="schedule-due")
    assert not await is_meant(story, requested, waits, topic=REQUESTS.name, record="message-requested")


async def test_a_record_that_a_link_does_not_need_does_not_end_it() -> None:
    story = Story()
    waits = story.requested(), story.scheduled(story.failed().at + 60_000)
    for record in ("request-repeated", "cancel-requested", "link-clicked"):
        assert not await is_meant(story, *waits, topic=STATUS.name, record=record)
        assert not await is_meant(story, topic=STATUS.name, record=record)
    assert await is_meant(story, *waits, topic=STATUS.name, record="planned")


async def test_the_failure_names_the_type_of_the_record(kept: Kept) -> None:
    await put(kept, Story().planned("i-1"))
    (timer,) = kept.timers.values()
    assert isinstance(timer.event, MessageFailed)
    assert timer.event.record == "planned"
