"""The other channels and their limits, and cascades."""

import json
from typing import Any

import pytest

from schemas.values import LONGEST_CHAIN, Channel, Recipient
from services.ingest.rules.message import AcceptedMessage
from tests.support.requests import NOW, accepted, cascade, decide, first, option, push, refused, request

INSTANT = {"instantContent": {"type": "TEXT", "data": {"text": "hello"}}}


def message(channel: str, **data: Any) -> dict[str, Any]:
    data = {"text": "code 1234", "ttl": 2} | data
    return {"type": channel, "data": {name: value for name, value in data.items() if value is not None}}


@pytest.mark.parametrize(
    ("channel", "unit", "least", "most"),
    [
        ("SMS", "MINUTES", 1, 2880),
        ("VIBER", "SECONDS", 30, 86400),
        ("TELEGRAM", "SECONDS", 30, 86400),
        ("VK", "SECONDS", 60, 86400),
        ("WHATSAPP", "MINUTES", 1440, 10080),
        ("FLASHINGCALL", "MINUTES", 1, 5),
    ],
)
def test_each_channel_has_its_lifetimes(channel: str, unit: str, least: int, most: int) -> None:
    scale = 1000 if unit == "SECONDS" else 60_000
    for ttl in (least, most):
        assert first(message(channel, ttl=ttl, ttlUnit=unit, **INSTANT)).ttl_ms == ttl * scale
    for ttl in (least - 1 or -1, most + 1):
        assert refused(request(message(channel, ttl=ttl, ttlUnit=unit, **INSTANT)))[0] == 11


def test_a_channels_data_is_carried_but_for_what_is_between_the_partner_and_us() -> None:
    link = first(
        message("sms", notifyUrl="https://a.example", registeredDelivery=2, externalUserId="u", anything={"a": 1})
    )
    assert link.channel is Channel.SMS
    assert link.content is None
    assert json.loads(link.data or "") == {"text": "code 1234", "ttl": 2, "anything": {"a": 1}}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (message("SMS", text="a" * 2001), "text"),
        (message("SMS", text=None), "text"),
        (message("VK", text=""), "text"),
        (message("TELEGRAM", text=1), "text"),
        (message("FLASHINGCALL", text="12345"), "text"),
        (message("FLASHINGCALL", text="none"), "text"),
        (message("VIBER"), "instantContent"),
        (message("WHATSAPP", instantContent="x"), "instantContent"),
        (message("VIBER", instantContent={"type": "TEXT"}), "instantContent.data"),
        (message("VIBER", instantContent={"type": "TEXT", "data": {"text": 1}}), "instantContent.data.text"),
        (message("SMS", **option("secure", {"a": "1"})), "extraOptions"),
        (message("SMS", anything=float("nan")), ""),
    ],
)
def test_what_breaks_a_channels_rule_is_error_4(body: dict[str, Any], field: str) -> None:
    code, detail = refused(request(body))
    assert (code, detail.partition(":")[0]) == (4, f"message.data.{field}".rstrip("."))


@pytest.mark.parametrize("text", ["1234", "123456", "Your code: 1234.", "a123456b"])
def test_a_flashing_call_holds_a_code_and_needs_no_sender(text: str) -> None:
    link = first(message("FLASHINGCALL", text=text), default_sender=None)
    assert link.sender is None


@pytest.mark.parametrize(
    ("channel", "sender", "default", "account"),
    [
        ("SMS", None, "DemoBank", "bank"),
        ("SMS", "DemoText", "DemoBank", "bank"),  # stands for no application: the default sender's counts
        ("SMS", "DemoText", None, None),
        ("FLASHINGCALL", None, "DemoBank", "bank"),
        ("FLASHINGCALL", None, None, None),
    ],
)
def test_a_channel_is_reached_by_the_account_of_its_senders_application(
    channel: str, sender: str | None, default: str | None, account: str | None
) -> None:
    link = first(message(channel, serviceNumber=sender), default_sender=default)
    assert link.application_id == account


def test_other_channels_need_a_sender() -> None:
    assert refused(request(message("SMS")), default_sender=None)[0] == 7
    assert refused(request(message("FLASHINGCALL", serviceNumber="Other")))[0] == 7


@pytest.mark.parametrize("channel", ["MAX", "CARDSMOBILE"])
def test_newer_channels_are_passed_on_unread(channel: str) -> None:
    assert json.loads(first(message(channel, text=None, card=[1])).data or "") == {"ttl": 2, "card": [1]}


def test_a_phone_is_mandatory_without_any_push() -> None:
    body = request(message("SMS", externalUserId="u")) | {"destAddr": None}
    assert refused(body)[0] == 8


def test_each_link_awaits_what_the_link_after_it_says() -> None:
    chain = accepted(
        request(cascadeChainLink=cascade("read", message("FLASHINGCALL"), "DELIVERED", message("SMS")))
    ).chain
    assert [(link.channel.value, link.awaited) for link in chain] == [
        ("PUSH", "READ"), ("FLASHINGCALL", "DELIVERED"), ("SMS", None),
    ]  # fmt: skip


def test_the_user_id_of_a_later_push_is_the_recipients() -> None:
    event = accepted(request(message("SMS"), cascadeChainLink=cascade("DELIVERED", push(externalUserId="u-1"))))
    assert event.recipient == Recipient(phone="79161234567", external_user_id="u-1")


@pytest.mark.parametrize(
    ("link", "code", "field"),
    [
        (cascade("SENT", message("SMS")), 4, "cascadeChainLink.state"),
        (cascade("", message("SMS")), 4, "cascadeChainLink.state"),
        ({"message": message("SMS")}, 4, "cascadeChainLink.state"),
        ({"state": "READ"}, 4, "cascadeChainLink.message"),
        (cascade("READ", message("FAX")), 9, "cascadeChainLink.message.type"),
        (cascade("READ", message("SMS", ttl=5000)), 11, "cascadeChainLink.message.data.ttl"),
        (cascade("READ", message("SMS", serviceNumber="Other")), 7, "cascadeChainLink.message.data.serviceNumber"),
        (
            cascade("READ", message("FLASHINGCALL"), "READ", message("SMS")),
            4, "cascadeChainLink.nextLink.state",
        ),
        (
            cascade("READ", message("SMS"), "READ", push(text="a" * 1001)),
            4, "cascadeChainLink.nextLink.message.data.text",
        ),
    ],
)  # fmt: skip
def test_a_bad_link_is_refused_with_its_place(link: Any, code: int, field: str) -> None:
    found, detail = refused(request(cascadeChainLink=link))
    assert (found, detail.partition(":")[0]) == (code, field)


def test_two_user_ids_in_one_chain_are_error_4() -> None:
    body = request(push(externalUserId="a"), cascadeChainLink=cascade("READ", push(externalUserId="b")))
    assert refused(body) == (4, "externalUserId: must be the same in all links of a cascade")


def test_a_chain_may_be_as_long_as_numbers_of_links_reach_and_no_longer() -> None:
    link = cascade(*(("DELIVERED", message("SMS")) * (LONGEST_CHAIN - 1)))
    assert len(accepted(request(cascadeChainLink=link)).chain) == LONGEST_CHAIN
    code, detail = refused(request(cascadeChainLink=cascade(*(("DELIVERED", message("SMS")) * LONGEST_CHAIN))))
    assert (code, detail.rpartition(": ")[2]) == (4, "a cascade has at most 128 links, the first message included")


def test_the_end_of_a_chain_is_behind_all_lifetimes_and_the_deadline() -> None:
    plain = decide(request(push(ttl=60), cascadeChainLink=cascade("READ", message("SMS", ttl=120))))
    timed = decide(request(scheduleInfo={"deadline": "2026-01-30T00:00:00Z"}))
    assert isinstance(plain, AcceptedMessage)
    assert isinstance(timed, AcceptedMessage)
    assert plain.ends_at >= NOW + 121 * 60_000
    assert timed.ends_at >= NOW + 29 * 86_400_000
