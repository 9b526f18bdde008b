"""The quick reading of a usual body: what it takes, it reads as the careful reading does, whatever the bytes are."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.ingest.rules import (
    AcceptedMessage,
    PlainRequest,
    Refused,
    SendRequest,
    accept,
    is_known,
    plain_request,
    read_request,
)
from tests.support.requests import NOW, PARTNER, Senders
from tests.unit.ingest.test_message_properties import DATA, FIELDS, JSON, NEARLY

CREDENTIALS = {"login": "bank", "password": "secret"}
PLAIN_DATA = {
    "text": "Your code is 1234",
    "title": "Bank",
    "serviceNumber": "DemoBank",
    "ttl": 300,
    "ttlUnit": "SECONDS",
    "primaryOn": True,
    "callbackData": "x",
    "deviceSubscriptions": ["news"],
    "registeredDelivery": "1",
    "content": {"contentUrl": "https://a.example/b", "actions": [{"title": "Open", "action": "link", "options": "q"}]},
    "customPayload": {"screen": "confirm", "ümlaut": [1, 2.5, None, {"a": "b"}], "n": 8770599},
}
PLAIN = CREDENTIALS | {
    "id": "42",
    "destAddr": "79161234567",
    "message": {"type": "PUSH", "data": PLAIN_DATA},
    "registeredDelivery": 1,
    "notifyUrl": "https://a.example/report",
    "extraParam": "a=b",
}
WRITERS = (
    orjson.dumps,
    lambda body: json.dumps(body).encode("utf-8", "surrogatepass"),
    lambda body: json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass"),
    lambda body: json.dumps(body, indent=1, separators=(",", ":")).encode(),
)
"""As clients write."""
PIECES = (
    *(bytes([byte]) for byte in range(256)),
    *(b"null", b"true", b"1.0", b"1.10", b"-0", b"1e400", b"NaN", b"9" * 20, b"\\u0000", b"\\ud800", b"\\u0041", b"{}"),
    *(b'"id":"x",', b'"text":"x",', b'"customPayload":{"a":1,"a":2},', b'"x":1,', b'"message":{},', b'"Options":[],'),
    *(b"[[[[", b"\xff", b"\xed\xa0\x80", b'"type":"PUSH",', b'"type":"SMS",'),
)


def written(body: Any, writer: int) -> bytes:
    try:
        return WRITERS[writer](body)
    except (TypeError, ValueError):
        return json.dumps(body).encode("utf-8", "surrogatepass")


def decided(request: SendRequest | PlainRequest) -> AcceptedMessage | object:
    try:
        return accept(request, PARTNER, Senders(), NOW, draw_id=lambda: "0190a5a0-0000-7000-8000-000000000000")
    except Refused as refused:
        return refused.refusal


def is_plain(body: bytes) -> bool:
    """Whether the body is read quickly; fails where that says anything else than the careful reading."""
    quick = plain_request(body)
    if quick is None:
        return False
    careful = read_request(body)
    assert is_known(careful)
    assert (quick.login, quick.password, quick.id) == (careful.login, careful.password, careful.id)
    assert decided(quick) == decided(careful)
    return True


@pytest.mark.parametrize("writer", range(4))
def test_a_usual_push_is_read_quickly_however_it_is_written(writer: int) -> None:
    message = {"type": "PUSH", "data": PLAIN_DATA | {"customPayload": None}}
    assert is_plain(written(PLAIN | {"message": message}, writer))
    assert is_plain(written(PLAIN, writer)) == (writer < 2), "a payload is handed on as it came, or read with care"


@pytest.mark.parametrize(
    "changes",
    [
        {"prio": 1},
        {"message": {"type": "push", "data": {"text": "x"}}},
        {"message": {"type": "SMS", "data": {"text": "x"}}},
        {"message": {"type": "PUSH", "data": {"text": "x", "tl": 1}}},
        {"message": {"type": "PUSH", "data": {"text": "x" * 1001}}},
        {"message": {"type": "PUSH", "data": {"text": "x", "extraOptions": []}}},
        {"message": {"type": "PUSH", "data": {"text": "x", "content": {"contentUrl": "x", "y": 1}}}},
        {"registeredDelivery": True},
        {"registeredDelivery": 3},
        {"scheduleInfo": {"timeBegin": "10:00"}},
        {"cascadeChainLink": {"state": "READ", "message": {"type": "SMS", "data": {"text": "x"}}}},
        {"id": 42},
        {"login": None},
    ],
)
def test_what_is_unusual_is_left_to_the_careful_reading(changes: dict[str, Any]) -> None:
    assert plain_request(orjson.dumps(PLAIN | changes)) is None


@pytest.mark.parametrize(
    "payload",
    [b"1.10", b"1e400", b'{"a":1,"a":2}', b"1" * 30, b'{"a": 1,"b":2}', b'"\\u0041"', b"[" * 300 + b"]" * 300],
)
def test_a_payload_that_would_be_written_otherwise_is_left_to_the_careful_reading(payload: bytes) -> None:
    body = orjson.dumps(PLAIN).replace(orjson.dumps(PLAIN_DATA["customPayload"]), payload)
    assert plain_request(body) is None
    assert is_plain(body.replace(payload, b'{"a":1}'))


@given(
    st.dictionaries(st.sampled_from([*FIELDS, *CREDENTIALS]), NEARLY, max_size=2),
    st.dictionaries(st.sampled_from(DATA), NEARLY, max_size=2),
    st.integers(0, 3),
)
@example({}, {"customPayload": {"x": 2**63}}, 0)
@example({}, {"customPayload": -0.0}, 0)
@example({}, {"ttl": 2**70}, 1)
@example({"registeredDelivery": 2}, {"registeredDelivery": 0}, 2)
def test_both_readings_of_any_fields_are_one(fields: dict[str, Any], data: dict[str, Any], writer: int) -> None:
    message = {"type": "PUSH", "data": PLAIN_DATA | data}
    is_plain(written(PLAIN | {"message": message} | fields, writer))


@given(JSON, st.integers(0, 3))
def test_both_readings_of_any_payload_are_one(payload: Any, writer: int) -> None:
    is_plain(written(PLAIN | {"message": {"type": "PUSH", "data": {"text": "x", "customPayload": payload}}}, writer))


@given(
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 3), st.sampled_from(PIECES)), min_size=1, max_size=3),
    st.integers(0, 3),
)
def test_both_readings_of_changed_bytes_are_one(changes: list[tuple[int, int, bytes]], writer: int) -> None:
    body = written(PLAIN, writer)
    for place, gone, piece in changes:
        place %= len(body)
        body = body[:place] + piece + body[place + gone :]
    is_plain(body)
