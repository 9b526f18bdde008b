"""The in-app history, derived from messages: any order, any repetition."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import ids
from schemas.events import InboxChange, InboxChanged, MessageEvent
from schemas.values import Channel, Content, Link
from services.status.history.entries import InboxEntry, entries_of
from services.status.message.document import from_document, to_document
from tests.support.status_events import NOW, Story, replay

OWNER, OTHER = "a" * 32, "b" * 32


def changed(story: Story, change: InboxChange, at: int, owner: str = OWNER) -> InboxChanged:
    return InboxChanged(
        event_id=ids.event_id_of(story.message_id, f"{change}/{at}/{owner}"),
        at=at,
        message_id=story.message_id,
        partner_id="bank",
        owner=owner,
        installation_id="i-1",
        change=change,
    )


def entries(*events: MessageEvent) -> list[InboxEntry]:
    message = replay(*events)
    return entries_of(message, message.link(0))


def one_entry(*events: MessageEvent) -> InboxEntry:
    (entry,) = entries(*events)
    return entry


def test_a_planned_push_is_one_entry_of_its_owner() -> None:
    story = Story()
    entry = one_entry(story.requested(), story.planned("i-2", "i-1", owner=OWNER))
    assert (entry.owner, entry.at, entry.status, entry.deleted) == (OWNER, NOW, "New", False)
    assert (entry.installations, entry.waiting) == (("i-1", "i-2"), ("i-1", "i-2"))
    assert (entry.delivered_at, entry.read_at) == (0, 0)


def test_where_nobody_is_logged_in_each_installation_has_its_own() -> None:
    story = Story()
    found = entries(story.requested(), story.planned("i-1", "i-2", owner=""))
    assert [(event.owner, event.installations) for event in found] == [("i/i-1", ("i-1",)), ("i/i-2", ("i-2",))]


@pytest.mark.parametrize(
    "link",
    [
        Link(channel=Channel.SMS, ttl_ms=1, data="{}"),
        Link(channel=Channel.PUSH, ttl_ms=1, content=Content(text="", live_activity="{}")),
    ],
)
def test_neither_channels_nor_live_activities_enter(link: Link) -> None:
    story = Story()
    assert entries(story.requested(chain=(link,)), story.planned("i-1", owner=OWNER)) == []


def test_a_text_that_only_speaks_of_a_live_activity_enters() -> None:
    story = Story()
    content = Content(text='{"live_activity": 1}')
    request = story.requested(chain=(Link(channel=Channel.PUSH, ttl_ms=1, content=content),))
    assert len(entries(request, story.planned("i-1", owner=OWNER))) == 1


def test_nothing_enters_without_a_target_or_before_plan_and_request_are_known() -> None:
    story = Story()
    assert entries(story.requested()) == []
    assert entries(story.planned("i-1", owner=OWNER)) == []
    assert entries(story.requested(), story.planned()) == []
    assert entries(story.requested(), story.planned("i-1")) == [], "a plan of an older release tells no owner"


def test_the_marks_are_the_earliest_of_the_owners_installations() -> None:
    story = Story()
    plan = story.planned("i-1", "i-2", owner=OWNER)
    entry = one_entry(
        story.requested(), plan, story.receipt("i-2", at=NOW + 500), story.receipt("i-1", "read", NOW + 900)
    )
    assert (entry.delivered_at, entry.read_at, entry.waiting) == (NOW + 490, NOW + 890, ())
    assert entry.status == "Seen", "an opened push has been seen"


def test_the_owners_last_change_counts_and_deleted_is_for_good() -> None:
    story = Story()
    begun = [story.requested(), story.planned("i-1", owner=OWNER), story.receipt("i-1", "read")]
    seen, new = changed(story, "seen", NOW + 1), changed(story, "new", NOW + 2)
    assert one_entry(*begun, seen, new).status == one_entry(*begun, new, seen).status == "New"
    gone = one_entry(*begun, changed(story, "deleted", NOW + 1), new)
    assert (gone.deleted, gone.status) == (True, "New")


def test_one_owner_changes_nothing_of_another() -> None:
    story = Story()
    entry = one_entry(story.requested(), story.planned("i-1", owner=OWNER), changed(story, "deleted", NOW, OTHER))
    assert not entry.deleted


@given(st.randoms(use_true_random=False), st.lists(st.sampled_from(["new", "seen", "deleted"]), max_size=5))
def test_entries_are_equal_for_every_order_and_repetition(mix: random.Random, changes: list[InboxChange]) -> None:
    story = Story()
    events: list[MessageEvent] = [
        story.requested(),
        story.planned("i-1", "i-2", owner=OWNER),
        story.receipt("i-1"),
        story.receipt("i-2", "read", NOW + 7),
        *(changed(story, change, NOW + place // 2) for place, change in enumerate(changes)),
    ]
    expected = entries(*events)
    again = [*events, *mix.choices(events, k=3)]
    mix.shuffle(again)
    message = from_document(to_document(replay(*again)))
    assert entries_of(message, message.link(0)) == expected


def test_a_device_without_proof_marks_nothing_as_seen() -> None:
    story = Story()
    planned = story.planned("mine", "x", owner=OWNER, unproved=("x",))
    entry = one_entry(story.requested(), planned, story.receipt("x", "read"))
    assert (entry.status, entry.delivered_at, entry.read_at) == ("New", 0, 0)
    alone = one_entry(story.requested(), story.planned("x", owner=OWNER, unproved=("x",)), story.receipt("x", "read"))
    assert alone.status == "Seen"
