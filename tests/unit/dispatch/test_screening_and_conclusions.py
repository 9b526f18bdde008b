"""What dispatch decides about a delivery, before and after it is sent."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import ids
from schemas.events import TargetResolved
from schemas.providers import Provider
from schemas.reasons import Reason
from schemas.values import Channel, ChannelMessage, Content
from services.dispatch.policy import (
    AttemptFacts,
    Hold,
    Obstacle,
    cancelled,
    concluded,
    deadline_of,
    not_sent,
    parked,
    screened,
)
from services.dispatch.policy.backoff import LONGEST_BACKOFF_S
from services.dispatch.provider import Accepted, Rejected, Result, Retry, TokenGone, Uncertain
from services.runtime.installations.model import Installation
from services.runtime.scheduling.tags import SenderTag
from tests.support.installations import installation, push_token

NOW = 1_800_000_000_000
MARK = ids.recipient_mark_of("app", "user", None)
SENT = AttemptFacts(latency_ms=12, digest="d", absorbs_resend=True)


def target(**changes: Any) -> TargetResolved:
    fields: dict[str, Any] = {
        "event_id": ids.uuid5("0" * 32, "target"),
        "at": NOW,
        "message_id": ids.uuid5("0" * 32, "message"),
        "partner_id": "bank",
        "lane": "bulk",
        "link": 1,
        "delivery_id": ids.uuid5("0" * 32, "delivery"),
        "installation_id": "i",
        "application_id": "app",
        "provider": Provider.APNS,
        "content": Content(text="t"),
        "expires_at": NOW + 60_000,
        "recipient_mark": MARK,
        "planned_at": NOW,
    }
    return TargetResolved(**(fields | changes))


def reason_of(found: Installation | None, now: int = NOW, can_push: bool = True, **changes: Any) -> Obstacle | None:
    return screened(target(**changes), found, can_push, now)


def test_a_delivery_to_its_owner_is_sent() -> None:
    assert reason_of(installation()) is None


@pytest.mark.parametrize(
    ("found", "outcome", "reason"),
    [
        (None, "refused", Reason.NO_ACTIVE_INSTALLATION),
        (installation(external_user_id=None), "suppressed", Reason.OWNER_CHANGED),
        (installation(external_user_id="another"), "suppressed", Reason.OWNER_CHANGED),
        (installation(external_user_id=None, phone="79990000000"), "suppressed", Reason.OWNER_CHANGED),
        (installation(token=None), "refused", Reason.NO_ACTIVE_INSTALLATION),
        (installation(token=push_token(Provider.FCM)), "refused", Reason.NO_ACTIVE_INSTALLATION),
    ],
)
def test_a_delivery_is_not_sent_to_whom_it_is_not_for(found: Installation | None, outcome: str, reason: Reason) -> None:
    obstacle = reason_of(found)
    assert obstacle is not None
    assert (obstacle.outcome, obstacle.reason) == (outcome, reason)


def test_an_application_without_credentials_is_told_so() -> None:
    assert reason_of(installation(), can_push=False) == Obstacle("refused", Reason.NO_APPLICATION)


@pytest.mark.parametrize("changes", [{"expires_at": NOW}, {"send_by": NOW}, {"expires_at": NOW - 1}])
def test_nothing_is_sent_at_or_after_the_deadline(changes: dict[str, Any]) -> None:
    assert reason_of(installation(), **changes) == Obstacle("expired", Reason.EXPIRED)


def test_whoever_logged_out_after_the_deadline_is_told_expired() -> None:
    found = reason_of(installation(external_user_id=None), expires_at=NOW)
    assert found is not None
    assert found.reason is Reason.EXPIRED


def test_the_event_speaks_of_its_target() -> None:
    event = not_sent(target(), Obstacle("suppressed", Reason.OWNER_CHANGED), NOW).event
    assert (event.message_id, event.lane, event.link) == (target().message_id, "bulk", 1)
    assert (event.delivery_id, event.installation_id, event.application_id) == (target().delivery_id, "i", "app")


def test_an_accepted_push_is_sent() -> None:
    done = concluded(target(), Accepted("p", 200, shortened=True), SENT, NOW, 0.5)
    assert (done.event.outcome, done.event.provider_id, done.event.shortened) == ("accepted", "p", True)
    assert (done.event.latency_ms, done.again) == (12, None)


def test_a_refused_payload_is_the_end_with_the_providers_word() -> None:
    event = concluded(target(), Rejected("PayloadTooLarge", 413), SENT, NOW, 0.5).event
    assert (event.outcome, event.reason) == ("refused", Reason.PROVIDER_REFUSED)
    assert (event.detail, event.status) == ("PayloadTooLarge", 413)


def test_a_dead_token_is_named_unless_dead_tokens_are_not_believed() -> None:
    gone = TokenGone("Unregistered", 410, NOW - 5)
    believed = concluded(target(), gone, SENT, NOW, 0.5).event
    doubted = concluded(target(), gone, AttemptFacts(12, "d", True, retires=False), NOW, 0.5).event
    assert (believed.outcome, believed.dead_token, believed.dead_at) == ("refused", "d", NOW - 5)
    assert (doubted.outcome, doubted.dead_token, doubted.dead_at) == ("refused", None, None)


def test_a_retry_is_the_same_delivery_with_the_next_attempt() -> None:
    done = concluded(target(attempt=2), Retry("busy", 503), SENT, NOW, 0.0)
    assert done.again is not None
    assert (done.again.attempt, done.again.delivery_id) == (3, target().delivery_id)
    assert (done.event.attempt, done.event.retry_at) == (2, NOW + 1000)
    assert done.again.event_id not in (target().event_id, done.event.event_id)


def test_waits_grow_and_retry_after_is_obeyed() -> None:
    far = target(expires_at=NOW + 86_400_000)

    def wait_s(attempt: int, retry: Retry, draw: float = 0.999) -> float:
        event = concluded(far.replace(attempt=attempt), retry, SENT, NOW, draw).event
        assert event.retry_at is not None
        return (event.retry_at - NOW) / 1000

    assert 5 < wait_s(1, Retry("x")) < wait_s(2, Retry("x")) < wait_s(5, Retry("x"))
    assert wait_s(40, Retry("x")) <= LONGEST_BACKOFF_S + 1
    assert wait_s(1, Retry("x", after_s=300), 0.0) == 300
    assert wait_s(1, Retry("x", at_least_s=30), 0.0) == 30


def test_a_retry_after_beyond_the_deadline_is_the_end() -> None:
    done = concluded(target(), Retry("busy", 429, after_s=60), SENT, NOW, 0.5)
    assert (done.event.outcome, done.event.reason, done.again) == ("expired", Reason.EXPIRED, None)


def test_a_lost_answer_is_sent_again_only_where_that_is_absorbed() -> None:
    absorbed = concluded(target(), Uncertain("lost"), SENT, NOW, 0.5)
    shown_twice = concluded(target(), Uncertain("lost"), AttemptFacts(12, "d", absorbs_resend=False), NOW, 0.5)
    assert (absorbed.event.outcome, absorbed.again is not None) == ("retry", True)
    assert (shown_twice.event.outcome, shown_twice.again) == ("uncertain", None)


def test_a_lost_answer_without_time_to_ask_again_may_have_arrived() -> None:
    done = concluded(target(expires_at=NOW + 500), Uncertain("lost"), SENT, NOW, 0.5)
    assert (done.event.outcome, done.event.reason) == ("uncertain", None)


def test_a_parked_push_makes_no_attempt_and_comes_back_to_be_told_expired() -> None:
    done = parked(target(attempt=3), NOW, Hold("sender is stopped", 900.0, SenderTag(Provider.APNS, "app")))
    assert done.again is not None
    assert (done.again.attempt, done.event.attempt, done.event.outcome) == (3, 3, "retry")
    assert done.event.retry_at == target().expires_at
    assert str(done.waits_for) == "apns/app"


results = st.one_of(
    st.builds(Accepted),
    st.builds(Rejected, st.text(), st.integers(0, 599), st.booleans()),
    st.builds(TokenGone, st.text(), st.integers(0, 599), st.none() | st.integers(1, NOW)),
    st.builds(
        Retry,
        st.text(),
        st.integers(0, 599),
        st.none() | st.floats(0, 1e7),
        scope=st.sampled_from(["token", "application", "provider"]),
        at_least_s=st.floats(0, 1000),
    ),
    st.builds(Uncertain, st.text()),
)


@given(results, st.integers(1, 200), st.integers(1, 10**9), st.floats(0, 0.999), st.booleans())
def test_whatever_comes_nothing_is_ever_due_after_the_deadline(
    result: Result, attempt: int, left_ms: int, draw: float, absorbs: bool
) -> None:
    delivery = target(attempt=attempt, expires_at=NOW + left_ms)
    done = concluded(delivery, result, AttemptFacts(1, "d", absorbs), NOW, draw)
    assert (done.again is None) == (done.event.retry_at is None) == (done.event.outcome != "retry")
    if done.event.retry_at is not None:
        assert NOW < done.event.retry_at <= deadline_of(delivery)
        if isinstance(result, Retry) and result.after_s is not None:
            assert done.event.retry_at >= NOW + result.after_s * 1000 - 1


@given(results, st.floats(0, 0.999), st.floats(0, 0.999))
def test_a_replay_gives_the_same_ids(result: Result, first_draw: float, second_draw: float) -> None:
    first = concluded(target(), result, SENT, NOW, first_draw)
    second = concluded(target(), result, SENT, NOW + 10, second_draw)
    assert first.event.event_id == second.event.event_id
    if first.again is not None and second.again is not None:
        assert first.again.event_id == second.again.event_id


MESSAGE = ChannelMessage(channel=Channel.SMS, phone="79161234567", data="{}")


def test_what_goes_to_the_channel_platform_needs_an_account_and_no_installation() -> None:
    wanted = target(channel=MESSAGE, installation_id="SMS", provider=Provider.CHANNEL_PLATFORM)
    assert screened(wanted, None, can_push=True, now=NOW) is None
    assert screened(wanted, None, can_push=False, now=NOW) == Obstacle("refused", Reason.UNROUTED)
    late = screened(wanted, None, can_push=True, now=wanted.expires_at)
    assert late == Obstacle("expired", Reason.EXPIRED)


def test_the_platforms_reason_is_the_partners_and_without_one_there_is_no_way() -> None:
    wanted = target(channel=MESSAGE)
    conclusion = concluded(wanted, Rejected("no", 406, reason=Reason.UNKNOWN_SUBSCRIBER), SENT, NOW, 0.0)
    assert conclusion.event.reason is Reason.UNKNOWN_SUBSCRIBER
    assert concluded(wanted, Rejected("no", 401, alert=True), SENT, NOW, 0.0).event.reason is Reason.UNROUTED
    assert concluded(target(), Rejected("no", 400), SENT, NOW, 0.0).event.reason is Reason.PROVIDER_REFUSED


def test_a_withdrawal_goes_also_to_a_phone_that_somebody_else_has_by_now() -> None:
    stale = target(withdraw=True, recipient_mark="")
    assert screened(stale, installation(), can_push=True, now=NOW) is None
    assert concluded(stale, Accepted(), SENT, NOW, 0.0).event.withdraw


def test_what_was_cancelled_ends_without_an_attempt() -> None:
    done = cancelled(target(), "the packet was cancelled", NOW)
    assert (done.event.outcome, done.event.reason, done.again) == ("refused", Reason.CANCELLED, None)
    assert done.event.detail == "the packet was cancelled"


@pytest.mark.parametrize(("made_for", "why"), [("ours", None), ("gone", Reason.KEY_GONE), (None, None)])
def test_a_subscription_whose_key_has_gone_since_planning_is_not_sent_to(
    made_for: str | None, why: Reason | None
) -> None:
    found = installation(token=push_token(Provider.WEB, server_key=made_for))
    obstacle = screened(target(provider=Provider.WEB), found, True, NOW, "ours")
    assert (obstacle.reason if obstacle else None) is why


def test_what_the_registry_is_to_learn_of_a_token_goes_with_its_acceptance_alone() -> None:
    sent = SENT._replace(worked_under="key/way")
    assert concluded(target(), Accepted(), sent, NOW, 0.0).event.worked_under == "key/way"
    assert concluded(target(), Rejected("no", 403), sent, NOW, 0.0).event.worked_under is None
