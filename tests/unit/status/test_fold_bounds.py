"""Events from outside cannot make a message large: not before it is known, and not with deliveries never planned."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import DeliveryState, ids
from schemas.events import InboxChanged, LinkClicked, MessageEvent, ProviderDispatched, ProviderTold, ReceiptReceived
from schemas.providers import Provider
from schemas.reasons import Reason
from schemas.values import LONGEST_CHAIN
from services.status.api.explain import explain
from services.status.api.view import view_of
from services.status.fold import fold, trace_of
from services.status.fold.bounds import MAX_OUTSIDE_LINES, MAX_UNASKED, MAX_UNASKED_LINKS
from services.status.message import Message
from services.status.message.document import to_document
from tests.support.status_events import NOW, Story, replay
from tests.unit.status.test_cascade import SMS, asked, awaiting

KINDS = ("delivered", "read", "dismissed", "clicked")


def receipt(story: Story, number: int, **changes: Any) -> ReceiptReceived:
    """One receipt of many: all of them differ."""
    receipt = story.receipt("i-1", "clicked").replace(action=f"{number}", event_id=ids.uuid7())
    return receipt.replace(**changes)


def size_of(message: Message) -> int:
    document = to_document(message)
    return len(document["links"]) + len(document["trace"])


def test_receipts_for_a_message_without_a_request_stay_small() -> None:
    """Three loops over link, installation and activity, each as long as the fields allow."""
    story = Story()
    message = Message(story.message_id)
    for link in range(0, 1000, 7):
        for number in range(40):
            slot = f"activity/{number:03d}{'x' * 125}"
            fold(message, receipt(story, number, link=link, slot=slot, action="y" * 64, installation_id=ids.uuid7()))
    assert len(message.links) <= MAX_UNASKED_LINKS
    assert sum(len(link.deliveries) for link in message.links.values()) <= MAX_UNASKED
    assert message.trace_count <= MAX_UNASKED
    assert size_of(message) < 64 * 1024
    assert message.trace_dropped > 0
    assert message.ignored > 0


@pytest.mark.parametrize("link", [LONGEST_CHAIN, 10**6, -1])
def test_a_link_beyond_the_longest_chain_is_let_go_whatever_speaks_of_it(link: int) -> None:
    story = Story()
    events: list[MessageEvent] = [story.receipt(), story.dispatched(), story.planned("i-1"), story.failed()]
    message = replay(*[event.replace(link=link) for event in events])
    assert (message.links, message.trace_count, message.ignored) == ({}, 0, len(events))


def test_a_recipient_adds_no_link_to_a_partners_message() -> None:
    story = Story()
    message = replay(
        asked(story, awaiting("READ"), SMS),
        story.planned("i-1"),
        *[receipt(story, number, link=number) for number in range(LONGEST_CHAIN)],
    )
    assert set(message.links) <= {0, 1}
    assert len(view_of(message).links) == len(message.links)
    assert "Link 3" not in explain(message)


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_links_that_were_never_asked_for_are_gone_in_any_order(data: st.DataObject) -> None:
    story = Story()
    strange = [receipt(story, number, link=number) for number in (1, 2, 3)]
    order = data.draw(st.permutations([asked(story, awaiting("READ"), SMS), story.planned("i-1"), *strange]))
    message = replay(*order)
    assert set(message.links) <= {0, 1}
    assert message.state is DeliveryState.PLANNED


def test_receipts_before_the_plan_take_no_room_from_it() -> None:
    story = Story()
    message = replay(
        *[receipt(story, number, installation_id=ids.uuid7(), link=number % 9) for number in range(500)],
        story.requested(),
        story.planned("i-1", "i-2"),
        story.dispatched("i-1"),
        story.receipt("i-1", "read"),
    )
    assert [delivery.installation_id for delivery in message.links[0].deliveries.values()] == ["i-1", "i-2"]
    assert message.state is DeliveryState.READ
    assert [entry.what for entry in trace_of(message)][-4:] == ["requested", "planned", "attempt", "receipt"]


def test_attempts_that_are_read_before_their_plan_all_count() -> None:
    """In a catch-up one topic runs ahead of the other."""
    story = Story()
    phones = [f"i-{number}" for number in range(3 * MAX_UNASKED)]
    message = replay(
        *[story.dispatched(installation_id) for installation_id in phones], story.requested(), story.planned(*phones)
    )
    assert all(target.state is DeliveryState.SENT for target in message.links[0].targets)


def test_one_phone_with_ever_new_receipts_leaves_room_in_the_trace() -> None:
    story = Story()
    message = replay(
        story.requested(),
        story.planned("i-1", "i-2"),
        *[receipt(story, number) for number in range(5_000)],
        story.dispatched("i-2"),
        story.receipt("i-2", "read"),
    )
    lines = trace_of(message)
    assert len([line for line in lines if line.installation_id == "i-1"]) == MAX_OUTSIDE_LINES
    assert [line.installation_id for line in lines][-2:] == ["i-2", "i-2"]
    assert message.links[0].deliveries["i-1"].state is DeliveryState.READ
    assert message.trace_dropped == 5_000 - MAX_OUTSIDE_LINES


@pytest.mark.parametrize("field", ["event_id", "installation_id", "slot", "partner_id"])
def test_a_text_longer_than_any_of_ours_is_let_go(field: str) -> None:
    story = Story()
    message = replay(story.receipt().replace(**{field: "x" * 100_000}))
    assert (message.links, message.ignored) == ({}, 1)


@pytest.mark.parametrize("field", ["event_id", "installation_id", "slot"])
def test_nor_does_it_leave_a_line_when_the_plan_is_known(field: str) -> None:
    story = Story()
    events = [story.requested(), story.planned("i-1")]
    message = replay(*events, story.receipt().replace(**{field: "x" * 100_000}))
    assert [entry.what for entry in trace_of(message)] == ["requested", "planned"]
    assert size_of(message) < size_of(replay(*events)) + 100


def test_marks_of_the_history_are_those_of_owners_in_the_plan() -> None:
    story = Story()

    def mark(owner: str, number: int) -> InboxChanged:
        return InboxChanged(
            event_id=ids.uuid7(),
            at=NOW + number,
            message_id=story.message_id,
            partner_id="bank",
            owner=owner,
            installation_id="i-1",
            change="seen",
        )

    strange = [mark(f"i/{number}", number) for number in range(500)]
    before = replay(*strange)
    assert len(before.links[0].inbox) <= MAX_UNASKED
    after = replay(story.requested(), story.planned("i-1", owner="a" * 32), *strange, mark("a" * 32, 1))
    assert list(after.links[0].inbox) == ["a" * 32]


def test_nothing_that_devices_and_providers_say_makes_an_unknown_message_large() -> None:
    story = Story()
    common: dict[str, Any] = {"at": NOW, "message_id": story.message_id, "partner_id": ""}
    message = Message(story.message_id)
    for number in range(3_000):
        installation_id = ids.uuid7()
        provider_told = ProviderTold(
            **common,
            event_id=ids.uuid7(),
            link=number % 50,
            installation_id=installation_id,
            provider=Provider.HMS,
            status=6,
            detail="d" * 10_000,
            reason=Reason.PUSH_OS_DISABLED,
            happened_at=NOW,
        )
        click = LinkClicked(**common, event_id=ids.uuid7(), link=number % 50, ordinal=0, by="person")
        for event in (provider_told, click, receipt(story, number, link=number % 50)):
            fold(message, event)
    assert size_of(message) < 64 * 1024
    assert len(message.links) <= MAX_UNASKED_LINKS


def test_attempts_before_the_plan_are_bounded() -> None:
    story = Story()
    message = Message(story.message_id)
    for number in range(6_000):
        changes = {"event_id": ids.uuid7(), "installation_id": ids.uuid7(), "link": number % LONGEST_CHAIN}
        event = story.dispatched().replace(**changes)
        assert isinstance(event, ProviderDispatched)
        fold(message, event)
    assert size_of(message) < 2 * 1024 * 1024
