"""Who gets a link: every reason of `docs/partner-api.md` §3 and the order in which they count."""

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import ids
from schemas.application_events import ApplicationChanged, SubscriptionKind
from schemas.events import MessageRequested
from schemas.providers import Provider
from schemas.reasons import Reason, furthest
from schemas.topics import PLANNING_HORIZON_MS
from schemas.values import Channel, Content, Link, Recipient, Schedule, SecureValues
from services.router.checks import UsableProviders, why_not
from services.router.lifetimes import held_until
from services.router.plan import MAX_INSTALLATIONS, Plan
from services.runtime.installations.model import Installation
from services.runtime.text.versions import version_key
from tests.support.deliveries import plan
from tests.support.installations import installation, push_token

NOW = 1_800_000_000_000
APPLICATION = ApplicationChanged(
    event_id="a", at=0, application_id="app", name="App", api_key_digests=(), min_version="2.0"
)
WAYS = UsableProviders(APPLICATION, frozenset({Provider.APNS, Provider.FCM}))


def asked(**link: object) -> MessageRequested:
    due = Link(channel=Channel.PUSH, ttl_ms=60_000, application_id="app", content=Content(text="hello"))
    message_id = ids.uuid7()
    return MessageRequested(
        event_id=ids.uuid7(),
        at=NOW - 5,
        message_id=message_id,
        partner_id="bank",
        mt_num="1",
        recipient=Recipient(external_user_id="user"),
        chain=(due.replace(**link),),
    )


def test_a_healthy_installation_gets_the_link() -> None:
    decided = plan(asked(), [installation()], True, WAYS, NOW)
    assert [target.installation_id for target in decided.targets] == ["i-1"]
    assert decided.planned.reason is None
    assert decided.targets[0].expires_at == NOW - 5 + 60_000


@pytest.mark.parametrize(
    ("made_for", "current", "reason"),
    [
        ("ours", "ours", None),
        ("gone", "ours", Reason.KEY_GONE),
        ("gone", None, Reason.KEY_GONE),
        (None, "ours", None),  # from before keys were noted: the push service will say
    ],
)
def test_a_subscription_of_a_key_that_is_gone_is_void_without_asking(
    made_for: str | None, current: str | None, reason: Reason | None
) -> None:
    usable = UsableProviders(APPLICATION, frozenset({Provider.WEB}), current)
    void = installation(token=push_token(Provider.WEB, made_for))
    decided = plan(asked(), [void], True, usable, NOW)
    assert decided.planned.reason is reason
    assert [skip.reason for skip in decided.planned.skipped] == ([reason] if reason else [])
    assert len(decided.targets) == (reason is None)


def test_all_installations_get_it_and_the_skipped_ones_are_recorded() -> None:
    decided = plan(asked(), [installation("a"), installation("b", token=None), installation("c")], True, WAYS, NOW)
    assert [target.installation_id for target in decided.targets] == ["a", "c"]
    assert [(skip.installation_id, skip.reason) for skip in decided.planned.skipped] == [
        ("b", Reason.NO_ACTIVE_INSTALLATION)
    ]


@pytest.mark.parametrize(
    ("phone", "link", "reason"),
    [
        (installation(token=None), {}, Reason.NO_ACTIVE_INSTALLATION),
        (installation(), {"providers": (Provider.FCM,)}, Reason.OTHER_PROVIDER),
        (installation(token=push_token(Provider.HMS)), {}, Reason.NO_APPLICATION),
        (installation(), {"primary_only": True}, Reason.NOT_PRIMARY),
        (installation(primary=True, token=None), {"primary_only": True}, Reason.NO_PRIMARY),
        (installation(app_version="1.9.9"), {}, Reason.BELOW_MIN_VERSION),
        (installation(subscriptions=frozenset({"news"})), {"subscriptions": ("offers",)}, Reason.SUBSCRIPTION_OFF),
        (installation(push_enabled=False), {}, Reason.PUSH_DISABLED),
        (installation(push_os_enabled=False), {}, Reason.PUSH_OS_DISABLED),
    ],
)
def test_each_check_has_its_reason(phone: Installation, link: dict[str, object], reason: Reason) -> None:
    assert plan(asked(**link), [phone], True, WAYS, NOW).planned.reason is reason


def test_the_default_of_the_catalogue_counts_where_a_device_has_said_nothing() -> None:
    assert WAYS.application is not None
    catalogue = (SubscriptionKind(id="n", name="news"), SubscriptionKind(id="o", name="offers", default=False))
    usable = replace(WAYS, application=WAYS.application.replace(subscriptions=catalogue))
    for asked_for, said_off, reason in [
        (("news",), (), None),
        (("n",), (), None),
        (("offers",), (), Reason.SUBSCRIPTION_OFF),
        (("offers", "news"), (), None),
        (("news",), ("n",), Reason.SUBSCRIPTION_OFF),
        (("unknown",), (), Reason.SUBSCRIPTION_OFF),
    ]:
        link = asked(subscriptions=asked_for).chain[0]
        assert why_not(installation(subscriptions_off=frozenset(said_off)), link, usable) is reason, asked_for


def test_any_of_several_subscriptions_is_enough() -> None:
    link = asked(subscriptions=("news", "offers")).chain[0]
    assert why_not(installation(subscriptions=frozenset({"offers"})), link, WAYS) is None


def test_the_reason_of_the_installation_that_came_furthest_counts() -> None:
    phones = [installation("a", token=None), installation("b", push_enabled=False), installation("c", app_version="1")]
    assert plan(asked(), phones, True, WAYS, NOW).planned.reason is Reason.PUSH_DISABLED


def test_nobody_known_is_told_apart_from_nobody_reachable() -> None:
    by_phone = asked().replace(recipient=Recipient(phone="79991234567"))
    assert plan(asked(), [], False, WAYS, NOW).planned.reason is Reason.UNKNOWN_USER
    assert plan(by_phone, [], False, WAYS, NOW).planned.reason is Reason.UNKNOWN_PHONE
    assert plan(asked(), [], True, WAYS, NOW).planned.reason is Reason.NO_ACTIVE_INSTALLATION
    assert plan(asked(primary_only=True), [], True, WAYS, NOW).planned.reason is Reason.NO_PRIMARY


@pytest.mark.parametrize(
    "usable",
    [
        UsableProviders(None, frozenset({Provider.APNS})),
        UsableProviders(APPLICATION, frozenset()),
        UsableProviders(APPLICATION.replace(enabled=False), frozenset({Provider.APNS})),
    ],
)
def test_an_application_that_cannot_push_is_said_first(usable: UsableProviders) -> None:
    assert plan(asked(), [installation()], True, usable, NOW).planned.reason is Reason.NO_APPLICATION


@pytest.mark.parametrize(
    ("channel", "text", "parts"),
    [(Channel.SMS, "a" * 161, 2), (Channel.SMS, "я" * 70, 1), (Channel.VK, "a" * 999, None)],
)
def test_the_plan_says_how_many_sms_a_text_is(channel: Channel, text: str, parts: int | None) -> None:
    request = asked(channel=channel, content=None, data=json.dumps({"text": text}))
    request = request.replace(recipient=Recipient(phone="79101234567"))
    decided = plan(request, [], False, UsableProviders(APPLICATION, frozenset(Provider)), NOW)
    assert [target.parts for target in decided.planned.targets] == [parts]


def test_another_channel_than_push_has_no_way_yet() -> None:
    sms = asked(channel=Channel.SMS, content=None, data="{}")
    assert plan(sms, [installation()], True, WAYS, NOW).planned.reason is Reason.UNROUTED


def test_at_most_fifty_installations_take_part_the_last_used_first() -> None:
    phones = [installation(f"i-{number}") for number in range(MAX_INSTALLATIONS + 2)]
    decided = plan(asked(), phones, True, WAYS, NOW)
    assert [target.installation_id for target in decided.targets] == [phone.installation_id for phone in phones[:-2]]
    assert {skip.reason for skip in decided.planned.skipped} == {Reason.NOT_LATEST}


def test_nothing_is_planned_after_the_deadline() -> None:
    assert plan(asked(), [installation()], True, WAYS, NOW, send_by=NOW - 1).planned.reason is Reason.EXPIRED


def test_a_password_does_not_outlive_its_lifetime_because_the_platform_was_away() -> None:
    assert plan(asked(), [installation()], True, WAYS, NOW + 60_000).planned.reason is Reason.EXPIRED


@pytest.mark.parametrize("change", [{"lane": "bulk"}, {"link": 1}, {"schedule": Schedule()}])
def test_what_had_to_wait_by_design_lives_from_its_sending(change: dict[str, object]) -> None:
    late = NOW + 3_600_000
    decided = plan(asked().replace(**change), [installation()], True, WAYS, late)
    assert decided.targets[0].expires_at == decided.planned.expires_at == late + 60_000


@pytest.mark.parametrize(
    ("change", "until"),
    [
        ({}, NOW - 5 + 60_000),
        ({"link": 1}, NOW - 5 + 60_000),
        ({"lane": "bulk"}, NOW - 5 + PLANNING_HORIZON_MS),
        ({"schedule": Schedule(begin_minute=1)}, NOW - 5 + PLANNING_HORIZON_MS),
        ({"schedule": Schedule(deadline=NOW + 7), "lane": "bulk"}, NOW + 7),
    ],
)
def test_what_is_held_up_may_wait_for(change: dict[str, object], until: int) -> None:
    assert held_until(asked().replace(**change)) == until


def test_what_is_held_up_until_its_secure_values_cannot_be_opened_is_not_sent() -> None:
    hour = NOW // 3_600_000
    secure = SecureValues(names=("code",), hour=hour, sealed="")
    request = asked(content=Content(text="%code%", secure=secure), ttl_ms=86_400_000).replace(lane="bulk")
    end = (hour + 1) * 3_600_000
    assert held_until(request) == end
    assert plan(request, [installation()], True, WAYS, end - 1).targets[0].expires_at == end
    assert plan(request, [installation()], True, WAYS, end).planned.reason is Reason.EXPIRED


def test_a_replay_gives_equal_ids() -> None:
    request = asked()
    first, second = (plan(request, [installation()], True, WAYS, NOW + late) for late in (0, 9))
    assert first.planned.event_id == second.planned.event_id
    assert first.targets[0].event_id == second.targets[0].event_id
    assert first.targets[0].delivery_id == second.targets[0].delivery_id


@given(st.lists(st.sampled_from(list(Reason)), min_size=1))
def test_the_furthest_reason_does_not_depend_on_the_order_of_installations(reasons: list[Reason]) -> None:
    assert furthest(reasons).error_code == furthest(list(reversed(reasons))).error_code


def test_the_order_of_the_reasons_is_that_of_the_specification() -> None:
    codes = [26, 19, 22, 21, 27, 25, 23, 24, 28, 7]
    by_code = {reason.error_code: reason for reason in reversed(Reason)}
    for lower, higher in pairwise(codes):
        assert furthest([by_code[lower], by_code[higher]]).error_code == higher


@pytest.mark.parametrize(
    ("lower", "higher"), [("2.9", "2.10"), ("1", "1.0.1"), ("", "0.1"), ("3.9.9", "4.0.0-beta1"), ("1.2", "1.2b3")]
)
def test_versions_compare_by_their_numbers(lower: str, higher: str) -> None:
    assert version_key(lower) < version_key(higher)


@given(st.text(max_size=40))
def test_any_version_text_can_be_compared(text: str) -> None:
    assert version_key(text) >= ()
    assert why_not(installation(app_version=text), asked().chain[0], WAYS) in (None, Reason.BELOW_MIN_VERSION)


def unproved(installation_id: str, **changes: Any) -> Installation:
    return installation(installation_id, is_proved=False, **changes)


def went_to(decided: Plan) -> list[tuple[str, bool]]:
    return [(target.installation_id, target.proved) for target in decided.planned.targets]


def test_installations_that_nobody_vouches_for_get_what_their_owner_gets() -> None:
    decided = plan(asked(), [unproved("a"), installation("b"), unproved("c")], True, WAYS, NOW)
    assert went_to(decided) == [("b", True), ("a", False), ("c", False)]
    assert {target.installation_id for target in decided.targets} == {"a", "b", "c"}


def test_they_crowd_nobody_out() -> None:
    crowd = [unproved(f"x-{number}") for number in range(60)]
    decided = plan(asked(), [*crowd, installation("mine")], True, WAYS, NOW)
    assert went_to(decided)[0] == ("mine", True)
    assert len(decided.targets) == MAX_INSTALLATIONS
    assert {skip.reason for skip in decided.planned.skipped} == {Reason.NOT_LATEST}


def test_one_of_them_is_primary_only_where_all_are() -> None:
    marked, mine = unproved("a", primary=True), installation("b")
    alone = plan(asked(primary_only=True), [marked, unproved("c")], True, WAYS, NOW)
    assert went_to(alone) == [("a", False)]
    both = plan(asked(primary_only=True), [marked, mine], True, WAYS, NOW)
    assert not both.targets
    assert {skip.reason for skip in both.planned.skipped} == {Reason.NOT_PRIMARY}
    holds = plan(asked(primary_only=True), [marked, mine._replace(primary=True)], True, WAYS, NOW)
    assert went_to(holds) == [("b", True)]


def test_where_identity_is_off_all_count_as_proved() -> None:
    off = replace(WAYS, application=APPLICATION.replace(identity="off"))
    decided = plan(asked(), [unproved("a"), installation("b")], True, off, NOW)
    assert went_to(decided) == [("a", True), ("b", True)]
    assert plan(asked(primary_only=True), [unproved("a", primary=True), installation("b")], True, off, NOW).targets


def test_an_installation_that_nobody_is_logged_in_on_has_nothing_to_prove() -> None:
    decided = plan(asked(), [unproved("a", external_user_id=None)], True, WAYS, NOW)
    assert went_to(decided) == [("a", True)]


def test_what_gave_way_to_the_same_device_installed_anew_stands_in_the_trace() -> None:
    decided = plan(asked(), [installation("new", replaces=("old",))], True, WAYS, NOW)
    assert [(skip.installation_id, skip.reason) for skip in decided.planned.skipped] == [("old", Reason.REPLACED)]
    off = plan(asked(), [installation("new", replaces=("old",), push_enabled=False)], True, WAYS, NOW)
    assert off.planned.reason is Reason.PUSH_DISABLED
