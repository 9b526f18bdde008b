"""The fold of a message: every fact counts whenever it comes, and each decision is made once."""

from dataclasses import astuple
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import DeliveryState, ids
from schemas.events import Held, LinkClicked, MessageEvent, Scheduled
from schemas.reasons import Reason
from schemas.values import Channel, Content, Link, Recipient, SecureValues
from services.status.api.explain import explain
from services.status.fold import ReportDue, StateChanged, fold, trace_of
from services.status.message import MAX_CANDIDATES, MAX_DETAIL, MAX_TRACE, MAX_TRACE_OF_PEOPLE, Message
from services.status.message.document import from_document, to_document
from tests.support.status_events import NOW, TTL_MS, Story, followed, of_kind, replay, report_statuses

EVERYTHING = Story("0190a1b2-0000-7000-8000-000000000000")
EVENTS: list[MessageEvent] = [
    EVERYTHING.requested(),
    EVERYTHING.requested("another request", at=NOW + 9),
    EVERYTHING.planned("i-1", "i-2", "i-3", skipped={"i-9": Reason.PUSH_DISABLED}),
    EVERYTHING.dispatched("i-1"),
    EVERYTHING.dispatched("i-2", "retry"),
    EVERYTHING.dispatched("i-2", "refused", 2, Reason.PROVIDER_REFUSED),
    EVERYTHING.dispatched("i-3", "suppressed", 1, Reason.OWNER_CHANGED),
    EVERYTHING.dispatched("i-3", "refused", 1, Reason.NO_APPLICATION),
    EVERYTHING.dispatched("i-2", "expired", 3, Reason.EXPIRED),
    EVERYTHING.receipt("i-1", "delivered"),
    EVERYTHING.receipt("i-1", "read", at=NOW + 5),
    EVERYTHING.receipt("stranger", "read"),
    EVERYTHING.deadline(),
    EVERYTHING.failed(),
    EVERYTHING.repeated(),
]


def facts(message: Message) -> object:
    """The part of a message that must not depend on order or repetition."""
    links = [
        (
            number,
            link.state,
            link.request,
            sorted(astuple(target) for target in link.targets),
            sorted(skip.installation_id for skip in link.skipped),
            (link.send_at, link.expires_at, link.plan_reason),
        )
        for number, link in sorted(message.links.items())
    ]
    return (
        message.state,
        message.deadline_at,
        message.created_at,
        links,
        {entry.event_id for entry in trace_of(message)},
    )


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_every_order_and_repetition_gives_the_same_state(data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(EVENTS), unique_by=lambda event: event.event_id, min_size=1))
    repeated = data.draw(st.lists(st.sampled_from(chosen)))
    other = data.draw(st.permutations([*chosen, *repeated]))
    assert facts(replay(*chosen)) == facts(replay(*other))


@given(st.permutations(EVENTS), st.integers(0, len(EVENTS)))
@settings(max_examples=200, deadline=None)
def test_a_message_is_the_same_after_it_was_stored_and_loaded(events: list[MessageEvent], place: int) -> None:
    message = Message(EVERYTHING.message_id)
    stored = Message(EVERYTHING.message_id)
    for number, event in enumerate(events):
        fold(message, event)
        fold(stored, event)
        if number == place:
            stored = from_document(to_document(stored))
    expected = to_document(message)
    expected["revision"] = stored.revision + 1
    assert to_document(stored) == expected


@given(st.permutations(EVENTS))
@settings(max_examples=200, deadline=None)
def test_a_state_is_never_left_for_a_lower_one(events: list[MessageEvent]) -> None:
    message = Message(EVERYTHING.message_id)
    best = -1
    for event in events:
        fold(message, event)
        link = message.links[0]
        if link.is_planned:
            assert link.state.rank >= best
            best = link.state.rank


def test_the_plain_way_of_a_push() -> None:
    story = Story()
    message, follows = followed(
        story.requested(), story.planned("i-1"), story.dispatched(), story.receipt(), story.receipt(kind="read")
    )
    assert message.state is DeliveryState.READ
    assert [follow_up.change.state.value for follow_up in of_kind(follows, StateChanged)] == [
        "PLANNED",
        "SENT",
        "DELIVERED",
        "READ",
    ]
    assert report_statuses(follows) == [0, 2, 9]
    assert message.deadline_at is None


def test_it_is_delivered_as_soon_as_one_device_confirms() -> None:
    story = Story()
    message = replay(
        story.requested(),
        story.planned("i-1", "i-2"),
        story.dispatched("i-1", "refused"),
        story.dispatched("i-2"),
        story.receipt("i-2"),
    )
    assert message.state is DeliveryState.DELIVERED
    assert message.links[0].failed_reason is None


def test_it_fails_only_when_all_deliveries_have() -> None:
    story = Story()
    events = [story.requested(), story.planned("i-1", "i-2"), story.dispatched("i-1", "refused")]
    assert replay(*events).state is DeliveryState.PLANNED
    assert replay(*events, story.dispatched("i-2")).state is DeliveryState.SENT
    message = replay(*events, story.dispatched("i-2", "suppressed", reason=Reason.OWNER_CHANGED))
    assert message.state is DeliveryState.REFUSED
    assert message.links[0].failed_reason is Reason.PROVIDER_REFUSED
    assert message.deadline_at is None


def test_a_plan_without_targets_fails_at_once_with_its_reason() -> None:
    story = Story()
    plan = story.planned(skipped={"i-1": Reason.PUSH_DISABLED}, reason=Reason.PUSH_DISABLED)
    message, follows = followed(story.requested(), plan)
    assert message.state is DeliveryState.REFUSED
    (due,) = of_kind(follows, ReportDue)
    assert (due.report.status, due.report.error_code) == (5, 23)


def test_a_plan_that_came_too_late_is_expired() -> None:
    story = Story()
    message = replay(story.requested(), story.planned(reason=Reason.EXPIRED))
    assert message.state is DeliveryState.EXPIRED


def test_the_reason_of_the_installation_that_came_furthest_counts_skipped_ones_too() -> None:
    story = Story()
    message = replay(
        story.requested(),
        story.planned("i-1", skipped={"i-2": Reason.PUSH_OS_DISABLED}),
        story.dispatched("i-1", "suppressed", reason=Reason.OWNER_CHANGED),
    )
    assert message.links[0].failed_reason is Reason.PUSH_OS_DISABLED


def test_the_deadline_expires_deliveries_without_confirmation() -> None:
    story = Story()
    events = [story.requested(), story.planned("i-1"), story.dispatched()]
    assert replay(*events).deadline_at == NOW + TTL_MS
    message, follows = followed(*events, story.deadline())
    assert message.state is DeliveryState.EXPIRED
    assert message.deadline_at is None
    last = follows[-1]
    assert isinstance(last, ReportDue)
    assert (last.report.status, last.report.error_code, last.report.done_at) == (5, 7, 0)


def test_a_receipt_logged_before_the_deadline_wins() -> None:
    story = Story()
    message = replay(story.requested(), story.planned("i-1"), story.receipt(), story.deadline())
    assert message.state is DeliveryState.DELIVERED
    assert message.links[0].failed_reason is None


def test_a_receipt_after_the_deadline_raises_the_state_and_is_a_double_reach() -> None:
    story = Story()
    message = replay(story.requested(), story.planned("i-1"), story.deadline(), story.receipt())
    assert message.state is DeliveryState.DELIVERED
    assert message.links[0].late_confirmation
    assert trace_of(message)[-1].late_confirmation
    assert message.links[0].failed_reason is Reason.EXPIRED


def test_a_chain_that_awaited_read_keeps_its_delivery_when_the_deadline_passes() -> None:
    story = Story()
    events = [story.requested(awaited="READ"), story.planned("i-1"), story.receipt()]
    assert replay(*events).deadline_at == NOW + TTL_MS
    message, follows = followed(*events, story.deadline(), story.receipt(kind="read"))
    assert report_statuses(follows) == [2, 9]
    assert message.state is DeliveryState.READ
    assert not message.links[0].late_confirmation


def test_a_receipt_before_the_plan_counts_once_the_plan_comes() -> None:
    story = Story()
    early = [story.receipt(), story.receipt("stranger", "read")]
    assert replay(*early).state is DeliveryState.PLANNED
    message = replay(*early, story.planned("i-1"), story.requested())
    assert message.state is DeliveryState.DELIVERED
    assert [delivery.installation_id for delivery in message.links[0].deliveries.values()] == ["i-1"]


def test_a_receipt_from_an_installation_outside_the_plan_changes_only_the_trace() -> None:
    story = Story()
    message = replay(story.requested(), story.planned("i-1"), story.receipt("stranger", "read"))
    assert message.state is DeliveryState.PLANNED
    assert trace_of(message)[-1].installation_id == "stranger"


def test_a_report_waits_until_the_request_is_known() -> None:
    story = Story()
    message, follows = followed(story.planned("i-1"), story.dispatched())
    assert not of_kind(follows, ReportDue)
    _, follows = followed(story.planned("i-1"), story.dispatched(), story.requested())
    assert report_statuses(follows) == [0]
    assert message.created_at == NOW


def test_text_and_ids_come_from_the_request_that_won() -> None:
    story = Story()
    other = story.requested("other", partner_ref="ref-2")
    early = replay(other, story.requested(), story.planned("i-1"))
    late = replay(story.planned("i-1"), other, story.requested(), other)
    assert early.request == late.request
    assert early.request is not None
    assert early.request.partner_ref == "ref-1"
    assert [entry.what for entry in trace_of(early)] == ["requested", "requested", "planned"]


def test_candidates_are_bounded() -> None:
    story = Story()
    message = replay(*(story.requested(f"r{number}") for number in range(MAX_CANDIDATES + 5)))
    assert len(message.links[0].requests) == MAX_CANDIDATES


def test_a_dead_letter_ends_the_message_with_code_1_and_a_later_receipt_still_counts() -> None:
    story = Story()
    message, follows = followed(story.requested(), story.failed())
    assert message.state is DeliveryState.REFUSED
    assert [follow_up.report.error_code for follow_up in of_kind(follows, ReportDue)] == [1]
    message = replay(story.requested(), story.planned("i-1"), story.receipt(), story.failed())
    assert message.state is DeliveryState.DELIVERED


def test_an_event_folded_before_changes_nothing_and_lets_the_same_follow() -> None:
    story = Story()
    events = [story.requested(), story.planned("i-1"), story.dispatched()]
    message, follows = followed(*events)
    before = to_document(message)
    again = fold(message, events[-1])
    assert to_document(message) == before
    assert of_kind(again, ReportDue) == [due._replace(again=True) for due in of_kind(follows[-1:], ReportDue)]
    assert {follow_up.change.state for follow_up in of_kind(again, StateChanged)} == {
        DeliveryState.PLANNED,
        DeliveryState.SENT,
    }


def test_a_report_that_was_tried_is_not_asked_for_again() -> None:
    story = Story()
    events = [story.requested(), story.planned("i-1"), story.dispatched(), story.reported(0, delivered=False)]
    _, follows = followed(*events, events[2])
    assert len(of_kind(follows, ReportDue)) == 1


def test_after_a_final_report_was_taken_no_other_follows() -> None:
    story = Story()
    events = [story.requested(), story.planned("i-1"), story.deadline()]
    _, taken = followed(*events, story.reported(5, error_code=7), story.receipt())
    assert report_statuses(taken) == [5]
    _, refused = followed(*events, story.reported(5, delivered=False), story.receipt())
    assert report_statuses(refused) == [5, 2]


def test_a_scheduled_message_waits_without_a_deadline_until_it_is_planned() -> None:
    story = Story()
    scheduled = Scheduled(
        event_id=ids.event_id_of(story.message_id, "scheduled"),
        at=NOW,
        message_id=story.message_id,
        partner_id="bank",
        request_id=story.requested().event_id,
        send_at=NOW + 1000,
        expires_at=NOW + 2000,
        zone="UTC+3",
    )
    message = replay(story.requested(), scheduled)
    assert message.deadline_at is None
    assert message.links[0].send_at == NOW + 1000
    assert replay(story.requested(), scheduled, story.planned("i-1")).deadline_at == NOW + TTL_MS


def test_clicks_without_end_leave_room_for_the_platforms_own_lines() -> None:
    story = Story()
    clicks = [
        LinkClicked(
            event_id=ids.uuid7(), at=NOW, message_id=story.message_id, partner_id="bank", ordinal=0, by="person"
        )
        for _ in range(MAX_TRACE)
    ]
    message = replay(story.requested(), *clicks, story.planned("i-1"), story.dispatched("i-1"), story.receipt("i-1"))
    assert [entry.what for entry in trace_of(message)][-3:] == ["planned", "attempt", "receipt"]
    assert message.trace_dropped == MAX_TRACE - MAX_TRACE_OF_PEOPLE + 1


def test_the_trace_is_bounded_in_entries_and_in_words() -> None:
    story = Story()
    events = [story.dispatched(attempt=number, outcome="retry", detail="x" * 5000) for number in range(MAX_TRACE + 7)]
    message = replay(*events)
    assert len(trace_of(message)) == MAX_TRACE
    assert message.trace_dropped == 7
    assert max(len(entry.detail) for entry in trace_of(message)) == MAX_DETAIL


def test_a_message_released_outside_its_window_is_not_shown_as_paused() -> None:
    story = Story()
    about: dict[str, Any] = {"at": NOW, "message_id": story.message_id, "partner_id": "bank"}
    request_id = story.requested().event_id
    paused = Held(**about, event_id="held", request_id=request_id, scope="partner", stop_id="bank", until=NOW + 1)
    waits = Scheduled(**about, event_id="waits", request_id=request_id, send_at=NOW + 5, expires_at=NOW + 9)
    assert "is paused" in explain(replay(story.requested(), paused))
    assert explain(replay(story.requested(), paused, waits)) == "PUSH is scheduled and waits for its hour."
    assert "is paused" in explain(replay(story.requested(), waits, paused))


def test_an_attempt_shows_provider_status_and_latency() -> None:
    story = Story()
    message = replay(story.dispatched("i-1", "refused", 2, Reason.PROVIDER_REFUSED, detail="Unregistered"))
    (entry,) = trace_of(message)
    assert (entry.provider, entry.status, entry.attempt, entry.latency_ms) == ("apns", 410, 2, 12)
    assert (entry.reason, entry.detail) == (Reason.PROVIDER_REFUSED, "refused: Unregistered")


def test_the_live_activities_of_a_phone_are_deliveries_of_their_own() -> None:
    story = Story()
    slots = ("activity/a", "activity/b")
    sent = story.dispatched().replace(slot=slots[0])
    message = replay(story.requested(), sent, story.planned("i-1", slots=slots))
    assert {target.slot: target.state for target in message.links[0].targets} == {
        slots[0]: DeliveryState.SENT,
        slots[1]: DeliveryState.PLANNED,
    }
    assert from_document(to_document(message)).links == message.links


def test_a_live_activity_that_the_provider_took_is_not_expired_by_silence() -> None:
    story = Story()
    planned = story.planned("i-1", slots=("activity/a", "activity/b"))
    sent = story.dispatched().replace(slot="activity/a")
    message = replay(story.requested(), planned, sent, story.deadline())
    assert message.links[0].state is DeliveryState.SENT
    assert [target.state for target in message.links[0].targets] == [DeliveryState.SENT, DeliveryState.EXPIRED]
    assert message.deadline is None
    silent = replay(story.requested(), planned, story.deadline())
    assert silent.links[0].state is DeliveryState.EXPIRED


def _lines_of_requests(*events: MessageEvent) -> list[str]:
    return [entry.detail for entry in trace_of(replay(*events)) if entry.what == "requested"]


def test_a_request_with_a_known_id_and_other_content_is_in_the_trace() -> None:
    story = Story()
    first, planned = story.requested(), story.planned("i-1")
    other_phone = story.requested("b", recipient=Recipient(phone="72101234568", external_user_id="user"))
    other_text = story.requested("c", chain=(first.chain[0].replace(content=Content(text="bye")),))
    both = other_text.replace(event_id=ids.event_id_of(story.message_id, "d"), recipient=other_phone.recipient)
    expected = [
        "PUSH",
        "PUSH: its id was used before, with another recipient: it is not sent",
        "PUSH: its id was used before, with another content: it is not sent",
        "PUSH: its id was used before, with another recipient and content: it is not sent",
    ]
    assert _lines_of_requests(first, planned, other_phone, other_text, both) == expected
    assert _lines_of_requests(first, other_phone, planned, other_text, both) == expected


def test_a_request_with_the_same_content_is_an_ordinary_repeat() -> None:
    story = Story()
    sealed = [SecureValues(names=("code",), hour=hour, sealed=text) for hour, text in ((1, "a"), (2, "b"))]
    secret = [Content(text="%code%", secure=values) for values in sealed]
    link = story.requested().chain[0]
    again = [
        story.requested(name, chain=(link.replace(content=content),))
        for name, content in zip("ab", secret, strict=True)
    ]
    assert _lines_of_requests(again[0], story.planned("i-1"), again[1]) == ["PUSH", "PUSH"]


def test_unknown_fields_are_in_the_trace() -> None:
    request = Story().requested(unknown_fields=("message.data.tl", "prio"))
    assert _lines_of_requests(request) == ["PUSH: unknown fields message.data.tl, prio"]


def test_a_report_shows_the_text_of_a_channel_beside_other_data() -> None:
    data = '{"instantContent": {"type": "TEXT", "data": {"text": "hello"}}, "own": 1e400}'
    chain = (Link(channel=Channel.VIBER, ttl_ms=60_000, data=data),)
    request = replay(Story().requested(chain=chain)).request
    assert request is not None
    assert request.text == "hello"
