"""What a partner is told besides the answer: fields that nobody reads, and an id that was used for something else."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Message

from schemas import ids
from schemas.application_events import PartnerChanged
from schemas.values import Channel
from services.ingest.duplicates.recent import RecentRequests, fingerprint_of
from services.ingest.http import Beside, read_body, write_answer
from services.ingest.packet.rules import PacketContext, accepted_of, packet_of, unknown_of
from services.ingest.packet.templates import PacketTemplates
from services.ingest.rules.body import SendRequest, parsed
from services.ingest.rules.errors import Code, Refusal
from services.ingest.rules.message import AcceptedMessage
from services.ingest.rules.unknown_fields import (
    _PLAIN,
    _PLAIN_OF_PUSH,
    _in_data,
    _overruled,
    is_known,
    names_of,
    unknown_around,
    unknown_fields,
    unknown_of_packet,
)
from services.ingest.send.answer import SendService
from services.runtime.directory import Directory
from services.runtime.http.beside import header_of, query_warnings, warnings_of
from services.runtime.http.field_names import Unknown
from tests.support.requests import NOW, PARTNER, Senders, accepted, cascade, decide, option, push, request

MISSPELT: list[tuple[dict[str, Any], dict[str, str | None]]] = [
    (request(prio=1), {"prio": None}),
    (request(push(tl=5)), {"message.data.tl": "ttl"}),
    (request(cascadeChainLnk={}), {"cascadeChainLnk": "cascadeChainLink"}),
    (request(scheduleInfo={"deadLine": "x"}), {"scheduleInfo.deadLine": "deadline"}),
    (request(scheduleInfo={"useTimeDiff": "true"}), {"scheduleInfo.useTimeDiff": None}),
    (request(useTimeDiff=False, scheduleInfo={"useTimeDiff": True}), {"scheduleInfo.useTimeDiff": None}),
    (request(push(content={"url": "x"})), {"message.data.content.url": "contentUrl"}),
    (
        request(push(content={"actions": [{"title": "a", "action": "b", "option": "c"}]})),
        {"message.data.content.actions[0].option": "options"},
    ),
    (request(push(**option("RICHH", {}))), {"message.data.extraOptions[0].RICHH": "RICH"}),
    (request(push(**option("RICH", {"text": "a"}))), {"message.data.extraOptions[0].RICH.text": None}),
    (
        request(push(**option("LIVE_ACTIVITY", {"event": "end", "content_stat": {}}))),
        {"message.data.extraOptions[0].LIVE_ACTIVITY.content-stat": "content-state"},
    ),
    (
        request(cascadeChainLink=cascade("READ", push(txt="a"), "READ", {"type": "SMS", "data": {"tex": "b"}})),
        {"cascadeChainLink.message.data.txt": "text", "cascadeChainLink.nextLink.message.data.tex": "text"},
    ),
    (
        request({"type": "viber", "data": {"instantContent": {"type": "text", "dat": {}}}}),
        {"message.data.instantContent.dat": "data"},
    ),
]


@pytest.mark.parametrize(("body", "suggestions"), MISSPELT)
def test_a_field_that_nobody_reads_is_named_with_the_one_that_was_meant(
    body: dict[str, Any], suggestions: dict[str, str | None]
) -> None:
    assert {field.path: field.meant for field in unknown_fields(SendRequest, body)} == suggestions


KNOWN = [
    request(),
    request(id="1", extraParam="a=b", notifyUrl="https://a.example", scheduleInfo={"timeBegin": "10:00"}),
    request(scheduleInfo={"timeBegin": "10:00", "useTimeDiff": True}),
    request(push(customPayload={"tl": {"x": 1}}, content={"contentUrl": "https://a.example"})),
    request(push(**option("LIVE_ACTIVITY", {"aps": {"event": "end", "content_state": {"tl": 1}}}))),
    request({"type": "SMS", "data": {"text": "a", "ttl": 5}}, cascadeChainLink=cascade("READ", push())),
    request({"type": "MAX", "data": {"whatever": 1}}),
]


@pytest.mark.parametrize("body", KNOWN)
def test_of_what_is_known_nothing_is_told(body: dict[str, Any]) -> None:
    assert is_known(SendRequest.model_validate_json(orjson.dumps(body)))
    assert unknown_fields(SendRequest, body) == []


NAMES = st.sampled_from(["tl", "ttl", "text", "title", "content", "prio", "extraOptions"]) | st.text(max_size=5)


@given(st.dictionaries(NAMES, st.none()), st.dictionaries(NAMES, st.none()), st.sampled_from(["PUSH", "push", "SMS"]))
def test_the_quick_look_says_the_same_as_the_long_one(data: dict[str, Any], root: dict[str, Any], kind: str) -> None:
    message = push()
    body = root | request({"type": kind, "data": data | message["data"]} | ({"x": 1} if "prio" in data else {}))
    assert is_known(SendRequest.model_validate(body)) == (unknown_fields(SendRequest, body) == [])


def test_unknown_fields_stand_in_the_event_as_names_only() -> None:
    unknown = unknown_fields(SendRequest, request(push(tl=5), **{"79161234567": 1, "Gold Tier": 2, "ß\n": 3}))
    assert names_of(unknown) == ("?", "Gold?Tier", "?", "message.data.tl")
    assert names_of([]) is None
    assert len(names_of(unknown * 30) or ()) == 20


@given(st.lists(st.text(max_size=400), max_size=60))
def test_the_header_is_short_and_ascii_whatever_the_names_are(names: list[str]) -> None:
    value = header_of(warnings_of(Unknown(name, name, ("ttl", "text")) for name in names))
    assert len(value) < 1100
    assert value.decode("ascii").isprintable() or not value
    assert b"\r" not in value
    assert b"\n" not in value


def test_what_does_not_fit_the_header_is_counted() -> None:
    value = header_of(warnings_of(Unknown(f"field{number}", f"field{number}", ()) for number in range(100))).decode()
    count = value.count("unknown field ")
    assert value.endswith(f"; and {100 - count} more")
    assert header_of(["a", "b"]) == b"a; b"


@pytest.mark.parametrize(
    ("query", "warnings"),
    [
        (b"", []),
        (b"strict=1", ["unknown query parameter strict"]),
        (b"limt=1&limt=2", ["unknown query parameter limt, did you mean limit?"]),
        (b"limit=1&limit=2", ["query parameter limit is there several times: the last one counts"]),
        (b"limit=1&state=A&state=B", []),
        (b"%D0%BF=1&%0d%0aX:=2", ["unknown query parameter %D0%BF", "unknown query parameter %0D%0AX%3A"]),
        (b"\xff=1&=&a", [f"unknown query parameter {name}" for name in ("%C3%BF", "", "a")]),
    ],
)
def test_what_nobody_reads_of_a_query_is_named(query: bytes, warnings: list[str]) -> None:
    assert query_warnings(query, {"limit": False, "state": True}) == warnings
    assert header_of(query_warnings(query * 500)).isascii()


async def test_a_query_of_the_partner_protocol_is_warned_of_and_not_to_strangers() -> None:
    for answer, header in ((b"{}", "unknown query parameter strict"), (Refusal(Code.LOGIN, "login", "unknown"), "")):
        sent: list[Message] = []

        async def send(message: Message, sent: list[Message] = sent) -> None:
            sent.append(message)

        await write_answer({"headers": [], "query_string": b"strict=1"}, send, answer, Beside())
        assert dict(sent[0]["headers"]).get(b"rpns-warnings", b"").decode() == header


def test_a_packets_messages_are_looked_into_one_by_one_and_the_packet_around_them() -> None:
    good = {"from": "DemoBank", "to": "+79161234567", "text": "x", "validity": 60}
    odd = [good | {"tex": 1}, good | {"type": "PUSH", "data": {"tl": 1}}, good, "nothing"]
    assert [[(field.path, field.meant) for field in unknown_of(message, PARTNER)] for message in odd] == [
        [("tex", "text")], [("data.tl", "ttl")], [], [],
    ]  # fmt: skip
    around = {"messages": [], "schedule": {}, "scheduleInfo": {"from": 1, "useTimeDiff": "yes"}}
    assert [field.path for field in unknown_around(around)] == [
        "schedule",
        "scheduleInfo.from",
        "scheduleInfo.useTimeDiff",
    ]
    packet = packet_of({"messages": odd}, PARTNER, NOW)
    found = accepted_of(
        odd[1], 1, packet, PacketContext(PARTNER, Senders(), NOW, 7, ids.uuid7), PacketTemplates(PARTNER)
    )
    assert isinstance(found, AcceptedMessage)
    assert found.request.unknown_fields == ("data.tl",)


def test_a_field_that_is_told_to_be_unknown_is_not_read() -> None:
    body = request(push(title=None, external_user_id="u", primary_on=True), notify_url="https://a.example")
    found = accepted(body)
    assert (found.recipient.external_user_id, found.chain[0].primary_only, found.reports.notify_url) == (
        None,
        False,
        None,
    )
    suggestions = {field.path: field.meant for field in unknown_fields(SendRequest, body)}
    assert suggestions == {
        "notify_url": "notifyUrl",
        "message.data.external_user_id": "externalUserId",
        "message.data.primary_on": "primaryOn",
    }
    assert not is_known(parsed(SendRequest, request(notify_url="https://a.example"), ""))


def test_a_packet_s_data_that_its_message_overrules_is_named() -> None:
    message = {"from": "DemoBank", "to": "79161234567", "text": "a", "validity": 60}
    data = {"text": "b", "serviceNumber": "DemoText", "ttl": 5}
    paths = [field.path for field in unknown_of({**message, "data": data}, PARTNER)]
    assert paths == ["data.text", "data.serviceNumber", "data.ttl"]
    assert not unknown_of({**message, "data": {"text": "a", "serviceNumber": "DemoBank"}}, PARTNER)
    assert not unknown_of({"from": "DemoBank", "to": "79161234567", "text": "a", "data": {"ttl": 5}}, PARTNER)


async def test_a_byte_order_mark_before_a_body_is_no_part_of_it() -> None:
    async def receive() -> Message:
        return {"type": "http.request", "body": b"\xef\xbb\xbf{}"}

    assert await read_body({"headers": []}, receive, 100) == b"{}"


class _Known:
    async def check(self, *_: str) -> PartnerChanged:
        return PARTNER


async def test_a_number_that_json_has_not_is_refused_also_where_nobody_reads_it() -> None:
    body = orjson.dumps(request(prio=0)).replace(b'"prio":0', b'"prio":NaN')
    answering = SendService(Directory(), _Known(), None, None, None)  # type: ignore[arg-type]
    assert await answering.answer(body, "", Beside()) == Refusal(Code.INVALID, "body", "numbers must be finite")


def _fingerprint(**changes: Any) -> int:
    return fingerprint_of(accepted(request(id="1", **changes)))


def test_another_recipient_or_text_under_one_id_is_noticed() -> None:
    recent = RecentRequests()
    assert not recent.note("m", _fingerprint())
    assert not recent.note("m", _fingerprint(extraParam="a=b"))
    for other in (
        _fingerprint(destAddr="79161234568"),
        _fingerprint(message=push(text="other")),
        _fingerprint(message=push(title="t")),
    ):
        assert recent.note("m", other)
    sms = {"type": "SMS", "data": {"text": "a", "ttl": 5}}
    assert _fingerprint(message=sms) != _fingerprint(message=sms | {"data": {"text": "b", "ttl": 5}})


@pytest.mark.parametrize(
    ("first", "other"),
    [
        (option("RICH", {"title": "a"}), option("RICH", {"title": "b"})),
        (
            option(
                "LIVE_ACTIVITY", {"timestamp": "2026-01-01T00:00:00Z", "event": "update", "content-state": {"at": 1}}
            ),
            option(
                "LIVE_ACTIVITY", {"timestamp": "2026-01-01T00:00:00Z", "event": "update", "content-state": {"at": 2}}
            ),
        ),
        (
            {"content": {"actions": [{"title": "a", "action": "b"}]}},
            {"content": {"actions": [{"title": "a", "action": "c"}]}},
        ),
        (option("SECURE", {"code": "1"}), option("SECURE", {"code": "2"})),
    ],
)
def test_so_is_whatever_else_the_second_would_have_shown(first: dict[str, Any], other: dict[str, Any]) -> None:
    found = [
        decide(request(push(text="%code%" if "SECURE" in str(data) else "a", **data))) for data in (first, first, other)
    ]
    fingerprints = [fingerprint_of(each.request, each.secure) for each in found if isinstance(each, AcceptedMessage)]
    assert fingerprints[0] == fingerprints[1] != fingerprints[2]


def test_only_the_newest_are_kept_in_memory() -> None:
    recent = RecentRequests(most=2)
    for name in "abcd":
        recent.note(name, 1)
    assert [recent.note(name, 2) for name in "dcba"] == [True, True, True, True]
    recent.note("e", 1)
    assert not recent.note("a", 2)


@pytest.mark.parametrize("channel", Channel)
def test_names_of_a_packet_that_are_passed_without_a_look_are_known(channel: Channel) -> None:
    plain = _PLAIN_OF_PUSH if channel is Channel.PUSH else _PLAIN
    for value in ("x", {"x": 1}, [{"x": 1}], 1, None):
        data = dict.fromkeys(plain, value)
        assert list(_in_data(channel.value, data, "data")) == []
        assert list(_overruled({"text": "t", "from": "f", "validity": 60}, data)) == []
    push = {"title": "Bank", "tl": 1}
    found = unknown_of_packet({"to": "7", "text": "x", "data": push}, channel)
    assert ("data.tl" in {field.path for field in found}) == (channel not in (Channel.MAX, Channel.CARDSMOBILE))
