"""Whatever comes: an answer of the protocol, never a fault; and what is accepted survives the log."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas import codec
from schemas.topics import MESSAGE_REQUESTED
from services.ingest.rules.errors import Refusal
from services.ingest.rules.message import AcceptedMessage
from tests.support.requests import cascade, decide, option, push, request

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)
FIELDS = ("id", "destAddr", "message", "extraParam", "useTimeDiff", "scheduleInfo", "shortenLinks",
          "registeredDelivery", "notifyUrl", "cascadeChainLink")  # fmt: skip
DATA = ("text", "title", "externalUserId", "serviceNumber", "ttl", "ttlUnit", "primaryOn", "content", "customPayload",
        "deviceSubscriptions", "callbackData", "extraOptions", "Options", "instantContent", "notifyUrl")  # fmt: skip
PLACES = ("timeBegin", "timeEnd", "weekdaysSchedule", "deadline", "contentCategory", "contentUrl", "actions", "state")
OPTIONS = ("RICH", "LIVE_ACTIVITY", "SECURE", "SENDING_PLATFORMS", "OTHER")
NAMES = st.sampled_from(PLACES) | st.text(max_size=8)
NEARLY = JSON | st.dictionaries(NAMES, JSON, max_size=4)


def decides(body: Any) -> None:
    assert isinstance(decide(body), AcceptedMessage | Refusal)


@given(st.dictionaries(st.sampled_from(FIELDS), NEARLY, max_size=3))
def test_any_json_in_any_field_is_decided(fields: dict[str, Any]) -> None:
    decides(request() | fields)


@given(st.sampled_from(["PUSH", "SMS", "VIBER", "MAX"]), st.dictionaries(st.sampled_from(DATA), NEARLY, max_size=3))
def test_any_json_in_any_field_of_data_is_decided(channel: str, data: dict[str, Any]) -> None:
    message = push()
    message = {"type": channel, "data": message["data"] | data}
    decides(request(message))
    decides(request(cascadeChainLink=cascade("READ", message)))


@given(st.sampled_from(OPTIONS), JSON | st.dictionaries(st.text(max_size=10), JSON, max_size=4))
def test_any_json_in_any_option_is_decided(name: str, value: Any) -> None:
    decides(request(push(**option(name, value))))


@given(
    text=st.text(min_size=1, max_size=1000),
    title=st.none() | st.text(max_size=80),
    payload=JSON,
    reference=st.none() | st.text(max_size=50),
    names=st.lists(st.text(max_size=20), max_size=5),
)
def test_what_is_accepted_survives_the_log(
    text: str, title: str | None, payload: Any, reference: str | None, names: list[str]
) -> None:
    message = push(text=text, title=title, customPayload=payload, deviceSubscriptions=names)
    decision = decide(request(message, id=reference))
    try:
        expected = json.dumps(payload, allow_nan=False)
    except ValueError:
        assert isinstance(decision, Refusal)
        return
    assert isinstance(decision, AcceptedMessage)
    event = decision.request
    assert codec.decode(MESSAGE_REQUESTED["single"], codec.encode(event)) == event
    content = event.chain[0].content
    assert content is not None
    assert content.text == text
    assert json.loads(content.custom_payload or "null") == json.loads(expected)


@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), st.uuids().map(str), max_size=3))
def test_secure_values_never_stand_in_the_event(values: dict[str, str]) -> None:
    text = "".join(f"%{name}% " for name in values) or "none"
    decision = decide(request(push(text=text, **option("SECURE", values))))
    assert isinstance(decision, AcceptedMessage)
    encoded = codec.encode(decision.request).decode()
    assert not [value for value in values.values() if value in encoded]
