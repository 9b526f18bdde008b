"""A mailing's message: what is accepted, and what becomes of it with one recipient's values."""

import contextlib
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import ids
from schemas.providers import Platform
from schemas.values import Channel, Recipient
from services.ingest.mailing.rules.draft import MailingDraft, draft
from services.ingest.mailing.rules.recipients import MailingRecipient, expand, recipient_of
from services.ingest.mailing.rules.rows import Row
from services.ingest.mailing.rules.template import Template
from services.ingest.rules.errors import Refused
from tests.support.requests import NOW, PARTNER, Senders, cascade, option, push

MAILING = "6ba7b810-9dad-11d1-80b4-00c04fd430c9"


def drafted(message: dict[str, Any] | None = None, **fields: Any) -> MailingDraft:
    return draft({"name": "autumn", "message": message or push(), **fields}, PARTNER, Senders(), NOW)


def refused(message: dict[str, Any] | None = None, **fields: Any) -> str:
    with pytest.raises(Refused) as caught:
        drafted(message, **fields)
    return caught.value.refusal.detail


def filled(message: dict[str, Any], *values: str, **fields: Any) -> Any:
    template = Template(drafted(message, **fields))
    template.check(values)
    return template.filled(values)


def broken(message: dict[str, Any], *values: str, **fields: Any) -> str:
    template = Template(drafted(message, **fields))
    with pytest.raises(Refused) as caught:
        template.check(values)
    return caught.value.refusal.detail


def test_names_stand_in_the_order_in_which_they_are_met() -> None:
    message = push(text="{{name}} owes {{ sum }}, {{name}}", title="{{город}}")
    assert drafted(message).names == ("name", "sum", "город")


def test_values_are_filled_in_wherever_the_message_shows_something() -> None:
    button = {"title": "{{name}}", "action": "link", "options": "https://bank.example/{{n}}"}
    content = {"contentCategory": "IMAGE", "contentUrl": "https://bank.example/{{n}}.png", "actions": [button]}
    message = push(text="Hi {{name}}, 100%", content=content, customPayload={"who": "{{name}}"}, callbackData="c{{n}}")
    result = filled(message, 'A"n', "7", extraParam="n={{name}}")
    got = result.chain[0].content
    assert (got.text, got.content_url) == ('Hi A"n, 100%', "https://bank.example/7.png")
    assert (got.actions[0].title, got.actions[0].options) == ('A"n', "https://bank.example/7")
    assert orjson.loads(got.custom_payload) == {"who": 'A"n'}
    assert (result.extras["extra_param"], result.extras["callback_data"]) == ('n=A"n', "c7")


def test_a_comma_in_a_value_is_doubled_in_extra_param() -> None:
    assert filled(push(text="{{a}}"), "x,y", extraParam="a={{a}}").extras["extra_param"] == "a=x,,y"


def test_secure_values_are_each_recipients_own() -> None:
    message = push(text="Code %code% for {{name}}", **option("SECURE", {"code": "{{code}}"}))
    result = filled(message, "reader", "4711")
    assert result.secure == {0: {"code": "4711"}}
    assert "4711" not in result.chain[0].content.text


def test_a_value_brings_in_no_secure_placeholder_that_nobody_fills() -> None:
    message = push(text="{{name}} %code%", **option("SECURE", {"code": "1"}))
    assert broken(message, "100%off%") == "message.data.extraOptions.SECURE: no value for the placeholder %off%"


def test_later_links_are_filled_in_as_well() -> None:
    sms = {"type": "SMS", "data": {"text": "Dear {{name}}", "ttl": 5, "serviceNumber": "DemoText"}}
    result = filled(push(), "reader", cascadeChainLink=cascade("DELIVERED", sms))
    assert result.chain[1].channel is Channel.SMS
    assert orjson.loads(result.chain[1].data)["text"] == "Dear reader"


@pytest.mark.parametrize(
    ("message", "value", "detail"),
    [
        (push(text="{{a}}"), "", "message.data.text: must not be empty once it is filled in"),
        (push(text="x{{a}}"), "y" * 1000, "message.data.text: must have at most 1000 characters once it is filled in"),
        (push(title="{{a}}"), "y" * 81, "message.data.title: must have at most 80 characters once it is filled in"),
        (
            push(**option("RICH", {"title": "{{a}}"})),
            "y" * 81,
            "message.data.extraOptions.RICH.title: must have at most 80 characters",
        ),
        (
            {"type": "SMS", "data": {"text": "{{a}}", "ttl": 5, "serviceNumber": "DemoText"}},
            "y" * 2001,
            "message.data.text: must have at most 2000 characters for SMS",
        ),
        (
            {"type": "FLASHINGCALL", "data": {"text": "{{a}}", "ttl": 5}},
            "12345",
            "message.data.text: must be or contain a code of 4 or 6 digits for FLASHINGCALL",
        ),
        (
            push(customPayload=["{{a}}"] * 10),
            "y" * 8000,
            "message: must have at most 65536 bytes once it is filled in",
        ),
    ],
)
def test_what_a_value_makes_too_long_or_wrong_is_told_by_field_and_rule(
    message: dict[str, Any], value: str, detail: str
) -> None:
    assert broken(message, value) == detail


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"message": push(ttl=5)}, "message.data.ttl: must be 30 to 86400 seconds for PUSH"),
        ({"message": push(text="x" * 1001)}, "message.data.text: must have at most 1000 characters"),
        ({"message": push(serviceNumber="{{a}}")}, "message.data.serviceNumber: {{a}} cannot be used here"),
        ({"notifyUrl": "https://bank.example/{{a}}"}, "notifyUrl: {{a}} cannot be used here"),
        ({"message": push(text="{{to}}")}, "message.data.text: {{to}} is the name of a column of its own"),
        ({"destAddr": "79161234567"}, "destAddr: belongs to the recipients of a mailing"),
        ({"message": push(externalUserId="u")}, "message.data.externalUserId: belongs to the recipients of a mailing"),
        ({"name": ""}, "name: must not be empty"),
        ({"ratePerS": 0}, "ratePerS: must be at least 1"),
        ({"onBadLines": "send"}, "onBadLines: must be refuse or skip"),
        ({"scheduleInfo": {"deadline": "2020-01-01T00:00:00Z"}}, "scheduleInfo.deadline: has passed already"),
        ({"segment": {"platforms": ["symbian"]}}, f"segment.platforms: must be among {', '.join(sorted(Platform))}"),
        ({"segment": {"timeZones": ["Mars/Olympus"]}}, "segment.timeZones: must be IANA names such as Europe/Moscow"),
        ({"segment": {"application": "other"}}, "segment.application: must be that of the message's sender"),
        (
            {"segment": {}, "message": push(text="{{a}}")},
            "message: a segment has no values, so {{a}} cannot be filled in",
        ),
        (
            {"message": push(text="\U0010f000")},
            "message.data.text: holds a character that is reserved (U+10F000 to U+10FFFD)",
        ),
        (
            {"message": push(text="{{a}}", customPayload={"b": [{"\U0010f000": 1}]})},
            "message.data.customPayload.b[0]: holds a character that is reserved (U+10F000 to U+10FFFD)",
        ),
    ],
)
def test_a_template_is_refused_at_once_by_field_and_rule(fields: dict[str, Any], detail: str) -> None:
    assert refused(**fields) == detail


def test_an_externaluserid_in_a_later_link_is_refused_too() -> None:
    where = "cascadeChainLink.message.data.externalUserId"
    assert refused(cascadeChainLink=cascade("READ", push(externalUserId="u"))).startswith(where)


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_value_arrives_as_it_was_in_texts_and_in_json(name: str, city: str) -> None:
    message = push(text="a{{n}}%s{{c}}", customPayload={"k": "{{c}}-{{n}}"})
    content = Template(drafted(message)).filled((name, city)).chain[0].content
    assert content is not None
    assert content.text == f"a{name}%s{city}"
    if not any("\ud800" <= character <= "\udfff" for character in name + city):
        assert orjson.loads(content.custom_payload or "") == {"k": f"{city}-{name}"}


def test_the_same_line_gives_the_same_message_and_an_own_id_is_that_of_send() -> None:
    template = Template(drafted(push(text="{{n}}")))
    row = recipient_of(Row(7, "79161234567", None, None, ["reader"]))
    first, again = (expand(template, row, MAILING, PARTNER.uuid, NOW + at).request for at in (1, 2))
    assert first.message_id == again.message_id
    assert first.event_id == again.event_id
    assert first.lane == "bulk"
    assert (first.mailing_id, first.mailing_line) == (MAILING, None)
    own = recipient_of(Row(7, "79161234567", None, "order-1", ["reader"]))
    request = expand(template, own, MAILING, PARTNER.uuid, NOW).request
    assert request.message_id == ids.message_id_of(PARTNER.uuid, "order-1")
    assert (request.partner_ref, request.mailing_line) == ("order-1", 7)


def test_two_lines_with_one_id_are_one_message_and_two_requests() -> None:
    template = Template(drafted(push(text="{{n}}")))
    rows = [recipient_of(Row(line, "79161234567", None, "order-1", ["reader"])) for line in (7, 8)]
    first, second = (expand(template, row, MAILING, PARTNER.uuid, NOW).request for row in rows)
    assert first.message_id == second.message_id
    assert first.event_id != second.event_id


def test_the_hour_of_secure_values_moves_with_the_sending() -> None:
    template = Template(drafted(push(text="x")))
    recipient = MailingRecipient("k", Recipient(phone="79161234567"))
    late = expand(template, recipient, MAILING, PARTNER.uuid, NOW + 3_600_000)
    assert late.ends_at == template.ends_at + 3_600_000


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 99)
    | st.sampled_from(["", "PUSH", "{{a}}", "{{to}}", "READ", "x" * 90]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "text", "data"]), inner, max_size=3)
    ),
    max_leaves=8,
)
_FIELDS = (
    "name",
    "id",
    "message",
    "ratePerS",
    "onBadLines",
    "segment",
    "scheduleInfo",
    "cascadeChainLink",
    "notifyUrl",
    "extraParam",
    "destAddr",
)
_DATA = (
    "text",
    "title",
    "ttl",
    "content",
    "customPayload",
    "extraOptions",
    "Options",
    "instantContent",
    "serviceNumber",
)


@given(st.dictionaries(st.sampled_from(_FIELDS), _JSON), st.dictionaries(st.sampled_from(_DATA), _JSON))
def test_whatever_a_body_holds_it_is_a_draft_or_told_what_is_wrong(body: dict[str, Any], data: dict[str, Any]) -> None:
    raw = {"name": "n", "message": {"type": "PUSH", "data": push()["data"] | data}} | body
    with contextlib.suppress(Refused):
        Template(draft(raw, PARTNER, Senders(), NOW))


def test_a_body_that_is_nested_too_deeply_is_refused() -> None:
    deep: Any = "x"
    for _ in range(900):
        deep = [deep]
    assert refused(push(customPayload=deep)) == "body: nested too deeply"
