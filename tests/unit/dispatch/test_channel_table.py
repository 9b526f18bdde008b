"""The channel platform without a wire: every answer of the protocol has its outcome; what we post."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.reasons import Reason, channel_reason
from schemas.values import Channel, ChannelMessage, Content
from services.dispatch.provider import Accepted, Rejected, Result, Retry
from services.dispatch.providers.channel_platform.sender import render
from services.dispatch.providers.channel_platform.table import TABLE, outcome
from tests.support import provider_rows
from tests.support.pushes import push_of

ROWS = provider_rows.known("channel")
NOW = 1_764_000_000_000
ACCOUNT = {"login": "us", "password": "secret"}


def action_of(result: Result) -> str:
    match result:
        case Accepted():
            return "ACCEPTED"
        case Retry():
            return f"RETRY {result.scope}"
        case Rejected(alert=True):
            return "ALERT"
    assert isinstance(result, Rejected)
    assert result.reason is not None
    return f"REFUSED {result.reason.error_code}"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["code"]))
def test_the_table_does_what_the_row_says(row: dict[str, Any]) -> None:
    body = orjson.dumps({"error": {"code": row["code"], "description": "d"}, "extendedDescription": "e"})
    assert action_of(outcome(row["http"], body, None)) == row["action"]


def test_the_table_holds_every_code_of_the_protocol_and_no_other() -> None:
    assert set(TABLE) == {row["code"] for row in ROWS}


def test_an_accepted_message_has_the_platforms_number() -> None:
    assert outcome(200, b'{"mtNum": "739", "id": "x"}', None) == Accepted("739", 200)


@pytest.mark.parametrize(
    ("status", "body", "action"),
    [
        (202, b'{"mtNum": 739}', "ACCEPTED"),
        (201, b'{"mtNum": 99999999999999999999}', "ACCEPTED"),
        (200, b'{"error": {"code": 8}}', "REFUSED 8"),
        (200, b'{"error": {"code": "5"}}', "ALERT"),
        (200, b'{"error": {"code": 10}}', "ACCEPTED"),
        (200, b'{"error": {"code": 77}}', "RETRY token"),
        (204, b"", "RETRY token"),
        (302, b"", "RETRY provider"),
    ],
)
def test_any_2xx_with_a_number_is_an_acceptance_and_an_error_in_it_an_error(
    status: int, body: bytes, action: str
) -> None:
    assert action_of(outcome(status, body, None)) == action


def test_retry_after_is_obeyed() -> None:
    assert outcome(429, b"", 7.0) == Retry("too many connections (HTTP 429)", 429, 7.0, "application")


@pytest.mark.parametrize(
    ("status", "action"),
    [(401, "ALERT"), (403, "ALERT"), (404, "REFUSED 4"), (408, "RETRY provider"), (502, "RETRY provider")],
)
def test_an_answer_without_a_code_is_judged_by_its_status(status: int, action: str) -> None:
    assert action_of(outcome(status, b"<html>", None)) == action


@given(
    st.integers(200, 599), st.binary() | st.builds(lambda code: orjson.dumps({"error": code}), st.none() | st.text())
)
def test_no_body_breaks_the_table_and_none_is_taken_for_an_acceptance(status: int, body: bytes) -> None:
    assert not isinstance(outcome(status, body, None), Accepted)


def rendered(message: ChannelMessage, expires_at: int = NOW + 90_000) -> dict[str, Any]:
    push = push_of(Content(text=""), channel=message, expires_at=expires_at)
    return dict(orjson.loads(render(push, message, ACCOUNT, "https://us.example/r/1", NOW)))


def test_the_partners_data_goes_as_it_came_with_what_is_left_of_its_lifetime() -> None:
    data = orjson.dumps({"text": "hi", "ttl": 2, "ttlUnit": "MINUTES", "anything": [1]}).decode()
    message = ChannelMessage(channel=Channel.SMS, phone="79161234567", sender="Bank", data=data)
    assert rendered(message) == {
        "login": "us",
        "password": "secret",
        "id": push_of().delivery_id,
        "destAddr": "79161234567",
        "message": {
            "type": "SMS",
            "data": {"text": "hi", "ttl": 90, "ttlUnit": "SECONDS", "anything": [1], "serviceNumber": "Bank"},
        },
        "registeredDelivery": 1,
        "notifyUrl": "https://us.example/r/1",
    }


@pytest.mark.parametrize(("channel", "ttl"), [(Channel.SMS, 60), (Channel.VIBER, 30), (Channel.WHATSAPP, 86_400)])
def test_a_lifetime_is_never_told_shorter_than_the_channel_takes(channel: Channel, ttl: int) -> None:
    message = ChannelMessage(channel=channel, phone="79161234567", data='{"text":"hi"}')
    assert rendered(message, NOW + 3_000)["message"]["data"]["ttl"] == ttl


def test_the_codes_of_the_channels_are_those_of_the_specification() -> None:
    own = {code for code in range(100) if channel_reason(code).error_code == code}
    assert own == {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16}
    assert {channel_reason(code) for code in range(100) if code not in own or code == 1} == {Reason.CHANNEL_UNKNOWN}
