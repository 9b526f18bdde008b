"""What support can tell a customer of a failure: every reason has it, and a provider's own word says more."""

from typing import Any

import pytest

from schemas.advice import ADVICE, UNSENT, Side
from schemas.language import Language
from schemas.providers import Provider
from schemas.reasons import Reason
from schemas.refusals import PROVIDER_WORDS, Conclusion, conclusion_of
from schemas.values import Channel, Link
from services.dispatch.providers.apns.table import TABLE, Action
from services.dispatch.providers.fcm import table as fcm
from services.dispatch.providers.hms.table import CODES
from services.dispatch.providers.rustore.table import NATIVE
from services.runtime.looks import masked
from services.status.api.explain import explain
from services.status.api.view import view_of
from tests.support.status_events import Story, replay

REFUSED: Any = {"outcome": "refused", "reason": Reason.PROVIDER_REFUSED, "detail": "Unregistered"}
DEAD = {Conclusion.APP_GONE, Conclusion.OTHER_APP}


def test_every_reason_and_every_conclusion_can_be_told_in_both_languages() -> None:
    assert ADVICE.keys() == set(Reason)
    assert PROVIDER_WORDS.keys() == set(Conclusion)
    for advice in [*ADVICE.values(), *(conclusion.advice for conclusion in Conclusion)]:
        for words in filter(None, (advice.meaning, advice.remedy)):
            assert words.english.endswith(".")
            assert words.russian.endswith(".")


def test_every_word_by_which_a_provider_ends_a_token_is_known_as_one() -> None:
    apns = {word for (_, word), action in TABLE.items() if action is Action.DROP_TOKEN}
    rustore = {word for (_, word), action in NATIVE.items() if action == "DROP_TOKEN"}
    hms = {code for code, action in CODES.items() if action == "DROP_TOKEN"}
    words = {Provider.APNS: apns, Provider.RUSTORE: rustore, Provider.HMS: hms}
    words[Provider.FCM] = {row.fcm or "" for row in fcm.ROWS if row.action == "DROP_TOKEN" and row.detail is None}
    for provider, known in words.items():
        assert known
        for word in known:
            assert conclusion_of(provider, f"refused: {word}") in DEAD, (provider, word)


@pytest.mark.parametrize(
    ("detail", "conclusion"),
    [
        ("refused: Unregistered", Conclusion.APP_GONE),
        ("refused: BadDeviceToken: token is dead", Conclusion.OTHER_APP),
        ("refused: Forbidden", Conclusion.OUR_SETTINGS),
        ("refused: Forbidden: never taken while others are: token is dead", Conclusion.OTHER_APP),
        ("refused: a word of next year: token is dead", Conclusion.APP_GONE),
        ("refused: a word of next year", None),
    ],
)
def test_a_refusal_means_what_its_words_say(detail: str, conclusion: Conclusion | None) -> None:
    assert conclusion_of(Provider.APNS, detail) is conclusion


def test_a_dead_token_is_told_as_an_app_that_is_gone_and_the_phone_that_was_left_out_with_its_own_reason() -> None:
    story = Story()
    message = replay(
        story.requested(),
        story.planned("i-1", skipped={"i-2": Reason.PUSH_OS_DISABLED}),
        story.dispatched(**REFUSED).replace(dead_token="digest"),
    )
    gone = "the app is no longer registered on that phone, usually because it was deleted or reinstalled"
    assert explain(message) == (
        f"PUSH was not delivered: {gone} (errorCode 28). "
        f"Of 2 devices: on 1 — {gone}; on 1 — pushes are switched off in the operating system."
    )
    view = masked(view_of(message))
    [delivery], [skipped] = view.links[0].deliveries, view.links[0].skipped
    assert delivery.reason is not None
    assert delivery.reason.remedy == "Open the app again, or install it anew, and log in."
    assert skipped.reason.remedy == "Allow notifications for the app in the phone's settings."
    plan, attempt = view.trace[1], view.trace[2]
    assert plan.detail == "goes to 1 device; left out i-2: pushes are switched off in the operating system"
    assert attempt.detail == "refused: Unregistered: token is dead"
    assert attempt.reason == delivery.reason
    assert view.reason is not None
    assert view.reason.error_code == Reason.PROVIDER_REFUSED.error_code


@pytest.mark.parametrize(
    ("language", "sentence"),
    [(Language.ENGLISH, "So it was on each of 2 devices."), (Language.RUSSIAN, "Так на каждом из 2 устройств.")],
)
def test_a_cause_that_all_devices_share_is_told_once(language: Language, sentence: str) -> None:
    story = Story()
    off = dict.fromkeys(("i-1", "i-2"), Reason.PUSH_OS_DISABLED)
    message = replay(story.requested(), story.planned(skipped=off, reason=Reason.PUSH_OS_DISABLED))
    explanation = explain(message, language)
    assert explanation.endswith(sentence)
    assert explanation.count(Reason.PUSH_OS_DISABLED.words.said_in(language)) == 1


def test_a_refusal_of_a_former_release_is_told_by_its_word_alone() -> None:
    story = Story()
    message = replay(
        story.requested(),
        story.planned("i-1"),
        story.dispatched(**REFUSED),
    )
    assert "больше не зарегистрировано" in explain(message, Language.RUSSIAN)


def test_a_switched_off_subscription_is_told_by_its_name() -> None:
    story = Story()
    wanted = Link(channel=Channel.PUSH, ttl_ms=60_000, subscriptions=("news", "rates"))
    message = replay(
        story.requested(chain=(wanted,)),
        story.planned(skipped={"i-1": Reason.SUBSCRIPTION_OFF}, reason=Reason.SUBSCRIPTION_OFF),
    )
    assert "the wanted subscription is switched off: news, rates (errorCode 25)" in explain(message)
    view = view_of(message, Language.RUSSIAN)
    assert view.reason is not None
    assert view.reason.words == view.links[0].skipped[0].reason.words == "нужная подписка отключена: news, rates"


def test_whose_the_cause_is_tells_a_refused_key_from_a_deleted_app() -> None:
    sides = {}
    for word in ("Unregistered", "Forbidden", "PayloadTooLarge", "a word of next year"):
        story = Story()
        view = view_of(replay(story.requested(), story.planned("i-1"), story.dispatched(**{**REFUSED, "detail": word})))
        assert view.reason is not None
        sides[word] = view.reason.side
    assert sides == {
        "Unregistered": Side.CUSTOMER,
        "Forbidden": Side.PLATFORM,
        "PayloadTooLarge": Side.SENDER,
        "a word of next year": Side.CHANNEL,
    }


def test_who_can_do_something_is_the_one_on_whose_side_the_cause_is() -> None:
    for advice in [*ADVICE.values(), *(conclusion.advice for conclusion in Conclusion)]:
        if "the phone is in order" in advice.meaning.english:
            assert (advice.side is Side.CUSTOMER, advice.remedy) == (False, None), advice.meaning.english


def test_a_live_activity_whose_token_is_dead_says_nothing_of_the_app() -> None:
    story = Story()
    message = replay(
        story.requested(),
        story.planned("i-1", slots=("activity/a-1",)),
        story.dispatched(**REFUSED).replace(slot="activity/a-1"),
    )
    assert "the push provider refused it" in explain(message)


def test_a_report_says_in_words_what_it_told_the_partner() -> None:
    story = Story()
    message = replay(story.requested(), story.planned("i-1"), story.reported(9))
    assert view_of(message).trace[-1].status_words == "read"
    assert view_of(message, Language.RUSSIAN).trace[-1].status_words == "прочитано"


@pytest.mark.parametrize("is_scheduled", [True, False])
@pytest.mark.parametrize("language", list(Language))
def test_what_was_sent_to_no_device_is_not_put_down_to_a_phone(is_scheduled: bool, language: Language) -> None:
    story = Story()
    waited = [story.scheduled(send_at=5)] if is_scheduled else []
    message = replay(story.requested(), *waited, story.planned(reason=Reason.EXPIRED))
    view = view_of(message, language)
    assert view.reason is not None
    assert (view.reason.name, view.reason.remedy) == ("expired", None)
    assert view.reason.side is (Side.SENDER if is_scheduled else Side.PLATFORM)
    assert UNSENT.said_in(language) in explain(message, language)
    sent = view_of(replay(story.requested(), story.planned("i-1"), story.deadline()), language)
    assert sent.reason is not None
    assert (sent.reason.name, sent.reason.side) == ("expired", Side.CUSTOMER)
