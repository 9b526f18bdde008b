"""Packets: every rule of the batch API, message by message; one bad message never rejects its neighbours."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import ids
from schemas.application_events import PartnerChanged, SenderChanged
from schemas.values import Channel
from services.ingest.packet.errors import PacketRefused, Rejection
from services.ingest.packet.rules import MOST, PacketContext, accepted_of, packet_of
from services.ingest.packet.templates import PacketTemplates
from services.ingest.rules.errors import MOST_OTHERS
from services.ingest.rules.message import AcceptedMessage
from services.ingest.rules.unknown_fields import OF_PACKETS

NOW = 1_764_000_000_000
PARTNER = PartnerChanged(
    event_id="p",
    at=1,
    partner_id="bank",
    uuid="6ba7b811-9dad-11d1-80b4-00c04fd430c8",
    login="bank",
    password_hash="",
    default_ttl_s={Channel.PUSH: 3600},
    link_shortener=True,
)
GOOD = {"from": "Bank", "to": "+79001234567", "text": "hello"}


class Senders:
    """One sender."""

    def sender(self, partner_id: str, service_number: str) -> SenderChanged | None:
        known = service_number == "Bank"
        about = {"event_id": "s", "at": 1, "partner_id": partner_id, "service_number": "Bank", "application_id": "app"}
        return SenderChanged.stored(about) if known else None


def outcome(message: object, partner: PartnerChanged = PARTNER, **packet: Any) -> AcceptedMessage | Rejection:
    found = packet_of({"messages": [message], **packet}, partner, NOW)
    return accepted_of(
        message, 0, found, PacketContext(partner, Senders(), NOW, 7, ids.uuid7), PacketTemplates(partner)
    )


def accepted(message: object, partner: PartnerChanged = PARTNER, **packet: Any) -> AcceptedMessage:
    found = outcome(message, partner, **packet)
    assert isinstance(found, AcceptedMessage), found
    return found


def test_an_sms_is_the_default_and_keeps_two_days() -> None:
    request = accepted(GOOD).request
    (link,) = request.chain
    assert (link.channel, link.ttl_ms, link.sender, link.shorten_links) == (Channel.SMS, 172_800_000, "Bank", False)
    assert (request.lane, request.packet_id, request.recipient.phone) == ("bulk", 7, "79001234567")


def test_a_push_has_everything_that_a_single_one_has() -> None:
    data = {"title": "News", "externalUserId": "u", "deviceSubscriptions": ["news"], "customPayload": {"a": 1}}
    message = {"from": "Bank", "text": "hello", "type": "push", "data": data, "id": "1", "validity": 30}
    request = accepted(message, shortenUrl=True).request
    (link,) = request.chain
    assert link.content is not None
    assert (link.channel, link.content.title, link.subscriptions, link.ttl_ms) == (
        Channel.PUSH,
        "News",
        ("news",),
        30_000,
    )
    assert (request.recipient.external_user_id, request.partner_ref, link.shorten_links) == ("u", "1", True)


def test_a_chain_of_links_and_the_packet_s_schedule_hold_for_each_message() -> None:
    sms = {"type": "SMS", "data": {"text": "hello", "serviceNumber": "Bank", "ttl": 5}}
    chain = {"state": "DELIVERED", "message": sms}
    schedule = {"timeBegin": "09:00", "timeEnd": "10:00"}
    request = accepted(
        {**GOOD, "type": "PUSH", "cascadeChainLink": chain}, scheduleInfo=schedule, useTimeDiff=True
    ).request
    assert [link.channel for link in request.chain] == [Channel.PUSH, Channel.SMS]
    assert request.schedule is not None
    assert (request.schedule.begin_minute, request.schedule.recipient_zone) == (540, True)


def test_the_channel_may_be_the_partner_s() -> None:
    partner = PARTNER.replace(batch_channel=Channel.PUSH)
    assert accepted(GOOD, partner).request.chain[0].channel is Channel.PUSH


def test_a_text_for_viber_becomes_its_content() -> None:
    data = accepted({**GOOD, "type": "VIBER", "validity": 600}).request.chain[0].data
    assert data is not None
    assert '"text":"hello"' in data


def test_a_longer_validity_than_sms_have_ends_with_theirs() -> None:
    assert accepted({**GOOD, "validity": 259_200}).request.chain[0].ttl_ms == 172_800_000
    assert accepted({**GOOD, "validity": 60}).request.chain[0].ttl_ms == 60_000


def test_a_lifetime_in_data_holds_for_an_sms_as_for_a_push_where_no_validity_is_given() -> None:
    data = {"ttl": 5, "ttlUnit": "MINUTES"}
    assert accepted({**GOOD, "data": data}).request.chain[0].ttl_ms == 300_000
    assert accepted({**GOOD, "data": data, "validity": 60}).request.chain[0].ttl_ms == 60_000
    assert accepted({**GOOD, "data": {"ttl": 0}}).request.chain[0].ttl_ms == 172_800_000
    assert isinstance(outcome({**GOOD, "data": {"ttl": "5"}}), Rejection)


SECURE = {"extraOptions": [{"param_name": "SECURE", "param_value": {"other": "1"}}]}
BAD_RICH = [{"param_name": "RICH", "param_value": {"content-url": "x"}}]
LONG_CHAIN = {"state": "SEEN", "message": {"type": "SMS", "data": {"text": "x", "serviceNumber": "Bank", "ttl": 5}}}


@pytest.mark.parametrize(
    ("change", "reasons"),
    [
        ({"from": None}, [("must.be.not.null", "from")]),
        ({"from": "Nobody"}, [("not.available", "from")]),
        ({"to": None}, [("must.be.not.null", "to")]),
        ({"to": "not a number"}, [("invalid", "to")]),
        ({"to": 79001234567}, [("invalid", "to")]),
        ({"text": ""}, [("must.be.not.null", "text")]),
        ({"text": "x" * 2001}, [("length.too.long", "text")]),
        ({"text": "x" * 1001, "type": "PUSH"}, [("length.too.long", "text")]),
        ({"id": "x" * 51}, [("length.too.long", "id")]),
        ({"id": 7}, [("invalid", "id")]),
        ({"validity": 59}, [("invalid", "validity")]),
        ({"validity": 259_201}, [("invalid", "validity")]),
        ({"validity": "60"}, [("invalid", "validity")]),
        ({"validity": 29, "type": "PUSH"}, [("invalid", "validity")]),
        ({"validity": 86_401, "type": "PUSH"}, [("invalid", "validity")]),
        ({"priority": 4}, [("invalid", "priority")]),
        ({"priority": True}, [("invalid", "priority")]),
        ({"callbackUrl": "ftp://bank.example"}, [("invalid", "callbackUrl")]),
        ({"callbackUrl": ""}, [("invalid", "callbackUrl")]),
        ({"type": "PIGEON"}, [("invalid", "type")]),
        ({"data": []}, [("invalid", "data")]),
        ({"type": "PUSH", "data": {"title": "x" * 81}}, [("length.too.long", "data.title")]),
        (
            {"type": "PUSH", "text": "%code%", "data": SECURE},
            [("invalid", "data.extraOptions.SECURE")],
        ),
        (
            {"type": "PUSH", "data": {"extraOptions": BAD_RICH}},
            [("invalid", "data.extraOptions.RICH.content-url")],
        ),
        ({"cascadeChainLink": LONG_CHAIN}, [("invalid", "cascadeChainLink.state")]),
        (
            {"cascadeChainLink": {"state": "READ", "message": {"type": "SMS", "data": {"text": 7}}}},
            [("invalid", "cascadeChainLink.message.data.text")],
        ),
        ({"cascadeChainLink": 7}, [("invalid", "cascadeChainLink")]),
        ({"extraParam": "nonsense"}, [("invalid", "extraParam")]),
        ({"extraParam": 5}, [("invalid", "extraParam")]),
        (
            {"from": None, "to": None, "priority": 9},
            [("must.be.not.null", "from"), ("must.be.not.null", "to"), ("invalid", "priority")],
        ),
    ],
)
def test_each_rule_is_told_by_key_and_field(change: dict[str, Any], reasons: list[tuple[str, str]]) -> None:
    rejected = outcome({**GOOD, **change})
    assert isinstance(rejected, Rejection), rejected
    named = [(reason.key, reason.ref.removeprefix("messages[0].")) for reason in rejected.reasons]
    assert named == reasons
    assert rejected.description


def test_all_that_is_wrong_in_data_is_told_in_the_packet_s_own_names() -> None:
    found = outcome(GOOD | {"type": "PUSH", "data": {"title": 5, "ttl": "5", "ttlUnit": 5, "callbackData": None}})
    assert isinstance(found, Rejection)
    assert [(reason.key, reason.ref) for reason in found.reasons] == [
        ("invalid", "messages[0].validity"),
        ("invalid", "messages[0].data.title"),
    ]
    assert found.description == (
        "messages[0].validity: must be a whole number; messages[0].validity: must be a string: write it in quotes; "
        "messages[0].data.title: must be a string: write it in quotes"
    )


def refs(message: dict[str, Any]) -> list[tuple[str, str]]:
    found = outcome(message)
    assert isinstance(found, Rejection)
    assert [f"{reason.ref}: " in found.description for reason in found.reasons] == [True] * len(found.reasons)
    return [(reason.key, reason.ref.removeprefix("messages[0].")) for reason in found.reasons]


def test_what_is_wrong_with_the_packet_s_own_fields_hides_nothing_of_the_rest() -> None:
    data = {"title": 5, "content": {"contentUrl": "ftp://x"}, "extraOptions": BAD_RICH}
    assert refs({**GOOD, "to": "x", "type": "PUSH", "priority": 9, "data": data, "extraParam": "bad"}) == [
        ("invalid", "priority"),
        ("invalid", "data.title"),
        ("invalid", "extraParam"),
        ("invalid", "to"),
    ]
    assert refs({**GOOD, "to": "x", "type": "PUSH", "priority": 9, "data": data | {"title": "Hi"}}) == [
        ("invalid", "priority"),
        ("invalid", "data.extraOptions.RICH.content-url"),
        ("invalid", "data.content.contentUrl"),
        ("invalid", "to"),
    ]


def test_each_rule_keeps_its_own_key_whichever_was_broken_first() -> None:
    chain = {"state": "SEEN", "message": {"type": "SMS", "data": {"text": 7, "serviceNumber": "Bank"}}}
    assert refs({**GOOD, "from": "Nobody", "to": "x", "type": "PUSH", "validity": 5, "cascadeChainLink": chain}) == [
        ("not.available", "from"),
        ("invalid", "validity"),
        ("invalid", "cascadeChainLink.state"),
        ("invalid", "cascadeChainLink.message.data.text"),
        ("invalid", "to"),
    ]


def test_a_wrong_sender_in_a_cascade_is_not_taken_for_that_of_the_message() -> None:
    chain = {"state": "READ", "message": {"type": "SMS", "data": {"text": "x", "serviceNumber": "Nobody"}}}
    field = "cascadeChainLink.message.data.serviceNumber"
    assert refs({**GOOD, "type": "PUSH", "cascadeChainLink": chain})[0] == ("not.available", field)


def test_no_more_of_a_message_is_told_than_anybody_would_read() -> None:
    link: dict[str, Any] = {"state": "SEEN", "message": {"type": "FAX", "data": {}}}
    for _ in range(20):
        link = {**link, "nextLink": link}
    assert len(refs({"type": "PUSH", "priority": 9, "cascadeChainLink": link})) == MOST_OTHERS + 1


def test_all_that_is_wrong_beside_the_messages_is_told_at_once() -> None:
    schedule = {"timeBegin": "25:00", "weekdaysSchedule": "89"}
    with pytest.raises(PacketRefused) as refused:
        packet_of({"messages": "x", "shortenUrl": 1, "useTimeDiff": 1, "scheduleInfo": schedule}, PARTNER, NOW)
    found = refused.value.rejection
    assert [reason.ref for reason in found.reasons] == [
        "messages",
        "shortenUrl",
        "useTimeDiff",
        "scheduleInfo.timeBegin",
        "scheduleInfo.weekdaysSchedule",
    ]
    assert found.description.startswith("messages: must be a list; shortenUrl: must be true or false; ")


ANYTHING: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.just([]) | st.just({"a": [1]})
)
FIELDS = st.sampled_from([*sorted(OF_PACKETS), "trafficType"])


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(FIELDS, ANYTHING))
def test_whatever_a_message_holds_it_is_judged(odd: dict[str, Any]) -> None:
    found = outcome({**GOOD, **odd})
    assert isinstance(found, AcceptedMessage) or (found.reasons and len(found.reasons) <= MOST_OTHERS + 1)


def test_what_is_no_message_is_rejected_alone() -> None:
    messages = [GOOD, "nonsense", GOOD]
    packet = packet_of({"messages": messages}, PARTNER, NOW)
    sending = PacketContext(PARTNER, Senders(), NOW, 7, ids.uuid7)
    kinds = [
        type(accepted_of(message, place, packet, sending, PacketTemplates(PARTNER)))
        for place, message in enumerate(messages)
    ]
    assert kinds == [AcceptedMessage, Rejection, AcceptedMessage]


@pytest.mark.parametrize(
    ("body", "key", "ref"),
    [
        ([], "invalid", "body"),
        ({}, "must.be.not.null", "messages"),
        ({"messages": []}, "must.be.not.null", "messages"),
        ({"messages": "x"}, "invalid", "messages"),
        ({"messages": [GOOD] * (MOST + 1)}, "too.many.messages", "messages"),
        ({"messages": [GOOD], "shortenUrl": "yes"}, "invalid", "shortenUrl"),
        ({"messages": [GOOD], "useTimeDiff": 1}, "invalid", "useTimeDiff"),
        ({"messages": [GOOD], "scheduleInfo": {"timeBegin": "25:00"}}, "invalid", "scheduleInfo.timeBegin"),
        (
            {"messages": [GOOD], "scheduleInfo": {"deadline": "2020-01-01T00:00:00+0300"}},
            "invalid",
            "scheduleInfo.deadline",
        ),
        ({"messages": [GOOD], "scheduleInfo": 7}, "invalid", "scheduleInfo"),
        ({"messages": [GOOD], "scheduleInfo": {"weekdaysSchedule": []}}, "invalid", "scheduleInfo.weekdaysSchedule"),
    ],
)
def test_a_packet_that_cannot_be_accepted_says_why(body: object, key: str, ref: str) -> None:
    with pytest.raises(PacketRefused) as refused:
        packet_of(body, PARTNER, NOW)
    (reason,) = refused.value.rejection.reasons
    assert (reason.key, reason.ref) == (key, ref)


def test_three_thousand_are_taken() -> None:
    assert len(packet_of({"messages": [GOOD] * MOST}, PARTNER, NOW).messages) == MOST


MESSAGES = st.fixed_dictionaries(
    {
        "from": st.sampled_from(["Bank", "Bank", "Nobody"]),
        "to": st.sampled_from(["+79001234567", "89001234567", "+4930123456", "x", "", None]),
        "text": st.sampled_from(["hello", "Grüße 👋", "%code%", "x" * 1001, ""]),
    },
    optional={
        "type": st.sampled_from(["PUSH", "push", "SMS", "VIBER", "FLASHINGCALL"]),
        "id": st.sampled_from(["a", "b", ""]),
        "validity": st.sampled_from([60, 3600, 10]),
        "callbackUrl": st.sampled_from(["https://bank.example/r", ""]),
        "data": st.fixed_dictionaries(
            {},
            optional={
                "externalUserId": st.sampled_from(["u", "v", "", 7, None]),
                "title": st.sampled_from(["hi", "x" * 81]),
                "customPayload": st.sampled_from([{"a": 1}, 2**70]),
                "extraOptions": st.just(SECURE["extraOptions"]),
                "primaryOn": st.booleans(),
            },
        ),
        "cascadeChainLink": st.just({**LONG_CHAIN, "state": "DELIVERED"}),
        "extraParam": st.sampled_from(["a=1", "bad"]),
    },
)


@settings(max_examples=150)
@given(st.lists(MESSAGES, min_size=1, max_size=8))
def test_a_message_that_is_copied_from_a_pattern_is_what_it_would_be_alone(messages: list[dict[str, Any]]) -> None:
    packet = packet_of({"messages": messages}, PARTNER, NOW)
    sending, shared = PacketContext(PARTNER, Senders(), NOW, 7, lambda: "drawn"), PacketTemplates(PARTNER)
    together = [accepted_of(message, place, packet, sending, shared) for place, message in enumerate(messages)]
    alone = [
        accepted_of(message, place, packet, sending, PacketTemplates(PARTNER)) for place, message in enumerate(messages)
    ]
    assert together == alone
