"""Cascades: the chain goes on once, in whatever order, however often and in whatever batches its events are read."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import DeliveryState, codec, ids
from schemas.events import ChannelReported, MessageEvent, MessageRequested, Planned
from schemas.providers import Provider
from schemas.reasons import Reason
from schemas.reports import ReportStatus
from schemas.values import Channel, Content, Link, Schedule
from services.status.api.explain import explain
from services.status.api.view import view_of
from services.status.fold import (
    FollowUp,
    LinksSaved,
    NextLink,
    ReportDue,
    Withdrawal,
    body_of,
    fold,
    trace_of,
    wanted_report,
)
from services.status.message import Message
from services.status.message.document import from_document, to_document
from services.status.reports.packet_callback import status_of
from tests.support.deliveries import DELIVERIES
from tests.support.status_events import NOW, TTL_MS, Story, followed, of_kind, replay, report_statuses

PUSH = Link(channel=Channel.PUSH, ttl_ms=TTL_MS, sender="Bank", application_id="app", content=Content(text="hello"))
SMS = Link(channel=Channel.SMS, ttl_ms=120_000, sender="Bank", application_id="app", data='{"text":"hello"}')
CALL = Link(channel=Channel.FLASHINGCALL, ttl_ms=60_000, application_id="app", data='{"text":"1234"}')


def awaiting(state: str | None, link: Link = PUSH) -> Link:
    return link.replace(awaited=state)


def asked(story: Story, *chain: Link, **changes: Any) -> MessageRequested:
    return story.requested(chain=chain or (awaiting("DELIVERED"), SMS), **changes)


def next_links(follows: Sequence[FollowUp]) -> list[NextLink]:
    return of_kind(follows, NextLink)


def details(message: Message) -> list[str]:
    return [entry.detail for entry in trace_of(message) if entry.what == "onward"]


def test_a_push_that_nobody_can_get_lets_the_sms_out_at_once() -> None:
    story = Story()
    schedule = Schedule(begin_minute=540)
    request = asked(story, awaiting("DELIVERED"), awaiting("DELIVERED", SMS), CALL, schedule=schedule, lane="bulk")
    refused = story.planned(skipped={"i-1": Reason.PUSH_DISABLED}, reason=Reason.PUSH_DISABLED)
    message, follows = followed(request, refused)
    (step,) = next_links(follows)
    sent_for = step.request
    assert (sent_for.link, sent_for.lane, sent_for.at) == (1, "bulk", NOW)
    assert sent_for.chain == (awaiting("DELIVERED", SMS), CALL)
    unchanged = {"mt_num", "partner_ref", "recipient", "schedule", "reports", "utc_offset_min", "message_id"}
    assert all(getattr(sent_for, name) == getattr(request, name) for name in unchanged)
    assert sent_for.event_id == ids.event_id_of(story.message_id, "link/1")
    assert message.state is DeliveryState.PLANNED
    assert details(message) == ["SMS goes out: push-disabled"]


def test_what_came_in_time_saves_the_links_behind() -> None:
    story = Story()
    chain = (awaiting("DELIVERED"), awaiting("DELIVERED", SMS), CALL)
    message, follows = followed(
        asked(story, *chain), story.planned("i-1"), story.dispatched(), story.receipt(), story.deadline()
    )
    assert of_kind(follows, LinksSaved) == [LinksSaved(0, ("SMS", "FLASHINGCALL"))]
    assert not next_links(follows)
    assert to_document(message)["saved"] == ["SMS", "FLASHINGCALL"]
    assert details(message) == ["DELIVERED has come: not needed: SMS, FLASHINGCALL"]


def test_a_link_that_timed_out_is_reported_7_and_followed() -> None:
    story = Story()
    message, follows = followed(asked(story), story.planned("i-1"), story.dispatched(), story.deadline())
    assert len(next_links(follows)) == 1
    assert [(follow_up.report.status, follow_up.report.error_code) for follow_up in of_kind(follows, ReportDue)][
        -1
    ] == (5, 7)
    assert message.state is DeliveryState.PLANNED


def test_what_the_provider_may_have_taken_is_waited_for_until_the_link_ends() -> None:
    story = Story()
    begun = story.dispatched(outcome="uncertain", detail="this attempt was begun before")
    message, follows = followed(asked(story), story.planned("i-1"), begun)
    assert (message.state, next_links(follows)) == (DeliveryState.SENT, [])
    assert "PUSH may have been handed to the provider for 1 device" in explain(message)
    assert "Of 1 device we cannot know whether the provider took it" in explain(message)
    message, follows = followed(asked(story), story.planned("i-1"), begun, story.deadline())
    assert len(next_links(follows)) == 1
    assert "we cannot know" in explain(message)
    assert "had taken it" not in explain(message)
    message, follows = followed(asked(story), story.planned("i-1"), begun, story.receipt())
    assert of_kind(follows, LinksSaved) == [LinksSaved(0, ("SMS",))]
    assert "we cannot know" not in explain(message)


def test_delivered_waits_for_read_until_the_deadline_and_its_report_stays() -> None:
    story = Story()
    events = [asked(story, awaiting("READ"), SMS), story.planned("i-1"), story.dispatched(), story.receipt()]
    waiting, follows = followed(*events)
    assert not next_links(follows)
    assert waiting.deadline_at == NOW + TTL_MS
    message, follows = followed(*events, story.deadline())
    assert len(next_links(follows)) == 1
    assert report_statuses(follows) == [0, 2]
    assert message.deadline_at is None
    assert details(message) == ["SMS goes out: not-read"]
    later, follows = followed(*events, story.deadline(), story.receipt(kind="read"))
    assert report_statuses(follows)[-1] == 9
    assert later.links[0].late_confirmation
    assert len(next_links(follows)) == 1


def test_a_live_activity_without_confirmation_is_followed_at_the_deadline_and_its_report_stays() -> None:
    story = Story()
    sent = story.dispatched().replace(slot="activity/a")
    message, follows = followed(asked(story), story.planned("i-1", slots=("activity/a",)), sent, story.deadline())
    assert [follow_up.link for follow_up in next_links(follows)] == [0]
    assert not of_kind(follows, Withdrawal)
    assert report_statuses(follows) == [0]
    assert details(message) == ["SMS goes out: not-confirmed"]


def test_a_receipt_after_the_next_link_was_sent_for_is_a_double_reach() -> None:
    story = Story()
    events = [asked(story), story.planned("i-1"), story.dispatched(), story.deadline(), story.receipt()]
    message, follows = followed(*events, story.receipt(kind="read"))
    link = message.links[0]
    assert link.late_confirmation
    assert [entry.late_confirmation for entry in trace_of(message) if entry.what == "receipt"] == [True, False]
    assert link.state is DeliveryState.EXPIRED
    assert report_statuses(follows) == [0, 5]
    assert (link.deliveries["i-1"].state, bool(link.deliveries["i-1"].read_at)) == (DeliveryState.READ, True)
    assert "may have been reached twice" in explain(message)


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_once_the_chain_has_moved_on_its_link_has_failed_for_good_in_any_order(data: st.DataObject) -> None:
    story = Story()
    awaited = data.draw(st.sampled_from(["DELIVERED", "READ"]))
    receipts = [
        story.receipt(installation_id, kind) for installation_id in ("i-1", "i-2") for kind in ("delivered", "read")
    ]
    refused = story.dispatched("i-2", "refused", 1, Reason.PROVIDER_REFUSED)
    events = [asked(story, awaiting(awaited), SMS), story.planned("i-1", "i-2"), story.dispatched("i-1"), refused]
    order = data.draw(st.permutations([*events, *receipts, story.deadline(), story.repeated()]))
    message, statuses = Message(story.message_id), list[tuple[bool, int]]()
    for event in order:
        follows = fold(message, event)
        link = message.links[0]
        statuses += [
            (link.is_left, follow_up.report.status)
            for follow_up in follows
            if isinstance(follow_up, ReportDue) and not follow_up.link
        ]
        if link.is_left:
            assert link.state.is_failure
            assert link.wanted is not None
            assert (link.wanted.status, link.wanted.error_code) == (5, Reason.EXPIRED.error_code)
            shown = view_of(message).links[0]
            assert shown.reason is not None
            assert (shown.state, shown.reason.error_code) == (link.state.value, 7)
            assert status_of(wanted_report(link)) == "EXPIRED"
    assert {status for is_left, status in statuses if is_left} <= {5}
    decision = message.links[0].cascade_decision
    assert decision is not None  # the deadline has been read
    late_one = any(entry.late_confirmation for entry in trace_of(message))
    assert late_one == message.links[0].late_confirmation
    if decision.goes_on and decision.why == "expired":
        assert message.links[0].is_left
        assert message.links[0].late_confirmation == any(target.delivered_at for target in message.links[0].targets)


@pytest.mark.parametrize("kind", ["delivered", "read"])
def test_read_is_more_than_delivered(kind: str) -> None:
    story = Story()
    receipt = story.receipt(kind=kind)  # type: ignore[arg-type]
    _, follows = followed(asked(story), story.planned("i-1"), receipt)
    assert [follow_up.channels for follow_up in of_kind(follows, LinksSaved)] == [("SMS",)]


def test_a_link_without_a_following_one_decides_nothing() -> None:
    story = Story()
    message, follows = followed(asked(story, PUSH), story.planned(reason=Reason.UNKNOWN_PHONE))
    assert message.state is DeliveryState.REFUSED
    assert message.links[0].cascade_decision is None
    assert not next_links(follows)


def test_a_cancelled_message_goes_on_to_no_link() -> None:
    story = Story()
    _, follows = followed(asked(story), story.planned(reason=Reason.CANCELLED))
    assert not next_links(follows)


def test_the_plan_may_come_before_the_request() -> None:
    story = Story()
    _, follows = followed(story.planned(reason=Reason.UNKNOWN_PHONE), asked(story))
    assert len(next_links(follows)) == 1


def test_a_dead_lettered_link_is_followed() -> None:
    story = Story()
    _, follows = followed(asked(story), story.failed())
    assert len(next_links(follows)) == 1


def test_only_the_event_that_brought_the_decision_lets_it_follow_again() -> None:
    story = Story()
    request, refused = asked(story), story.planned(reason=Reason.UNKNOWN_PHONE)
    message, _ = followed(request, refused)
    assert not next_links(fold(message, request))
    (again,) = next_links(fold(message, refused))
    assert again.again
    assert again.request == next_links(followed(request, refused)[1])[0].request


def test_a_push_that_was_sent_is_withdrawn_when_the_chain_moves_on() -> None:
    story = Story()
    message, follows = followed(
        asked(story),
        story.planned("i-1", "i-2", "i-3"),
        story.dispatched("i-1"),
        story.dispatched("i-2", "refused", reason=Reason.PROVIDER_REFUSED),
        story.deadline(),
    )
    (withdrawn,) = [follow_up.target for follow_up in of_kind(follows, Withdrawal)]
    assert (withdrawn.installation_id, withdrawn.withdraw) == ("i-1", True)
    assert withdrawn.delivery_id == DELIVERIES.of(story.message_id, 0, "i-1")
    assert withdrawn.expires_at > NOW + TTL_MS
    late = fold(message, story.dispatched("i-3", at=NOW + 1))
    assert [follow_up.target.installation_id for follow_up in of_kind(late, Withdrawal)] == ["i-3"]


def test_the_outcome_of_a_withdrawal_does_not_change_the_delivery() -> None:
    story = Story()
    withdrawal = story.dispatched("i-1", "refused", 1, Reason.PROVIDER_REFUSED).replace(withdraw=True)
    message = replay(asked(story), story.planned("i-1"), story.dispatched(), withdrawal)
    assert message.state is DeliveryState.SENT
    assert [entry.detail for entry in trace_of(message)][-1] == "withdrawal: refused"


@pytest.mark.parametrize(
    ("planned", "reported_parts", "count"),
    [
        (None, None, "003"),  # of a plan of an earlier release
        (2, None, "002"),  # its links were shortened
        (2, 4, "004"),
    ],
)
def test_the_parts_of_an_sms_are_those_of_the_platform_or_the_plan(
    planned: int | None, reported_parts: int | None, count: str
) -> None:
    story = Story()
    request = story.requested(chain=(SMS.replace(data=f'{{"text":"{"a" * 400}"}}'),))
    (target,) = story.planned("SMS").targets
    plan = story.planned(targets=(target.replace(provider=Provider.CHANNEL_PLATFORM, parts=planned),))
    events = [request, plan, reported(story, 0), reported(story, 2).replace(parts=reported_parts)]
    for order in (events, events[::-1]):
        message, follows = followed(*order)
        report = of_kind(follows, ReportDue)[-1]
        assert body_of(report.request, report.report, partner_ref=None, submitted_at=NOW)["partCount"] == count
        assert from_document(to_document(message)).links == message.links


def reported(story: Story, status: int, code: int = 0, at: int = NOW) -> ChannelReported:
    delivery_id = DELIVERIES.of(story.message_id, 0, "SMS")
    return ChannelReported(
        event_id=ids.event_id_of(delivery_id, f"reported/{status}/{code}"),
        at=at,
        message_id=story.message_id,
        partner_id="bank",
        delivery_id=delivery_id,
        installation_id="SMS",
        channel=Channel.SMS,
        status=ReportStatus(status),
        error_code=code,
        happened_at=at,
    )


@pytest.mark.parametrize(
    ("code", "reason"),
    [(2, Reason.ABSENT_SUBSCRIBER), (7, Reason.EXPIRED), (8, Reason.UNKNOWN_SUBSCRIBER), (16, Reason.BUSY)],
)
def test_the_platforms_code_goes_into_the_report(code: int, reason: Reason) -> None:
    story = Story()
    message, follows = followed(story.requested(chain=(SMS,)), story.planned("SMS"), reported(story, 5, code))
    assert message.links[0].failed_reason is reason
    assert [(follow_up.report.status, follow_up.report.error_code) for follow_up in of_kind(follows, ReportDue)] == [
        (5, code)
    ]


def test_an_unknown_code_is_1() -> None:
    story = Story()
    message = replay(story.requested(chain=(SMS,)), story.planned("SMS"), reported(story, 5, 77))
    assert message.links[0].wanted is not None
    assert message.links[0].wanted.error_code == 1


def test_reports_of_the_platform_in_any_order_never_go_back() -> None:
    story = Story()
    base = [story.requested(chain=(SMS,)), story.planned("SMS")]
    for order in ((0, 2, 9), (9, 2, 0), (2, 0, 9)):
        message = replay(*base, *(reported(story, status) for status in order))
        assert message.state is DeliveryState.READ


STORY = Story("0190a1b2-0000-7000-8000-00000000000a")
EVENTS: list[MessageEvent] = [
    asked(STORY, awaiting("READ"), awaiting("DELIVERED", SMS), CALL),
    STORY.planned("i-1", "i-2"),
    STORY.dispatched("i-1"),
    STORY.dispatched("i-2", "refused", 1, Reason.PROVIDER_REFUSED),
    STORY.receipt("i-1"),
    STORY.receipt("i-1", "read"),
    STORY.deadline(),
    STORY.failed(),
    STORY.repeated(),
]


class Log:
    """The log, the stored message and a consumer that may die between its steps."""

    def __init__(self) -> None:
        self.stored = to_document(Message(STORY.message_id))
        self.appended: list[MessageRequested] = []
        self.decisions: list[bool] = []

    def batch(self, events: Sequence[MessageEvent], saves: bool, appends: bool) -> None:
        """`saves`, `appends`: how far it comes before it dies."""
        message = from_document(self.stored)
        follows = [follow_up for event in events for follow_up in fold(message, event)]
        if not saves:
            return
        self.stored = to_document(message)
        decided = [follow_up for follow_up in follows if isinstance(follow_up, NextLink | LinksSaved)]
        self.decisions += [not follow_up.again for follow_up in decided]
        if appends:
            self.appended += [follow_up.request for follow_up in next_links(follows)]


@given(st.data(), st.booleans())
@settings(max_examples=400, deadline=None)
def test_exactly_one_outcome_whatever_order_repetition_and_crash(data: st.DataObject, is_cancelled: bool) -> None:
    order = data.draw(st.permutations([*EVENTS, STORY.cancel_refused()] if is_cancelled else EVENTS))
    log, place = Log(), 0
    while place < len(order):
        size = data.draw(st.integers(1, 4))
        batch = order[place : place + size]
        for saves, appends in data.draw(st.lists(st.sampled_from([(False, False), (True, False)]), max_size=2)):
            log.batch(batch, saves, appends)
        log.batch(batch, True, True)
        if data.draw(st.booleans()):  # a rebalance: somebody does it again
            log.batch(batch, True, True)
        place += size
    message = from_document(log.stored)
    decision = message.links[0].cascade_decision
    assert decision is not None  # the deadline has been read: either way it is decided
    assert sum(log.decisions) == int(not decision.is_cancelled)
    assert is_cancelled or not decision.is_cancelled
    assert bool(log.appended) == decision.goes_on
    assert len({codec.encode(request) for request in log.appended}) == int(decision.goes_on)
    assert len(details(message)) == 1


@pytest.mark.parametrize("awaited", ["DELIVERED", "READ"])
def test_a_receipt_without_proof_ends_no_chain_and_the_sms_goes_at_the_deadline(awaited: str) -> None:
    story = Story()
    events = [asked(story, awaiting(awaited), SMS), story.planned("x", unproved=("x",)), story.dispatched("x")]
    message, follows = followed(*events, story.receipt("x", "read"))
    assert not of_kind(follows, NextLink, LinksSaved)
    assert message.state is DeliveryState.READ  # there is no other receipt, and the report is 9
    assert message.deadline_at == NOW + TTL_MS
    message, follows = followed(*events, story.receipt("x", "read"), story.deadline())
    assert [step.link for step in next_links(follows)] == [0]
    assert details(message) == ["SMS goes out: not-proved"]
    assert from_document(to_document(message)).deadline_at is None


@given(st.permutations(["planned", "read", "sent"]))
def test_beside_a_proved_installation_the_others_change_nothing(order: list[str]) -> None:
    story = Story()
    events = {
        "planned": story.planned("mine", "x", unproved=("x",)),
        "read": story.receipt("x", "read"),
        "sent": story.dispatched("mine"),
    }
    message, follows = followed(asked(story), *(events[place] for place in order))
    assert message.state is DeliveryState.SENT
    assert set(report_statuses(follows)) == {0}
    message, follows = followed(asked(story), *(events[place] for place in order), story.deadline())
    assert message.links[0].failed_reason is Reason.EXPIRED
    assert len(next_links(follows)) == 1


def test_a_proved_installation_that_cannot_get_it_lets_the_sms_out_although_others_can() -> None:
    story = Story()
    planned = story.planned("mine", "x", unproved=("x",))
    message, follows = followed(asked(story), planned, story.dispatched("x"), story.dispatched("mine", "refused"))
    assert len(next_links(follows)) == 1
    assert message.links[0].failed_reason is Reason.PROVIDER_REFUSED


def test_a_proved_receipt_ends_the_chain_whatever_the_others_say() -> None:
    story = Story()
    planned = story.planned("mine", "x", unproved=("x",))
    message, follows = followed(asked(story), planned, story.receipt("x", "read"), story.receipt("mine"))
    assert of_kind(follows, LinksSaved)
    assert message.state is DeliveryState.DELIVERED
    assert "Of 1 device the login was not proved" in explain(message)


def test_a_plan_of_before_counts_as_it_did() -> None:
    story = Story()
    old = story.planned("i-1").document()
    assert not any("proved" in target for target in old["targets"])
    message, follows = followed(asked(story), Planned.stored(old), story.receipt("i-1"))
    assert of_kind(follows, LinksSaved)
    assert message.links[0].is_proved
