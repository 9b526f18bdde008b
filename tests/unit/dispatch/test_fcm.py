"""FCM's table holds every row of the specification, survives any body, and a push is rendered as it must be."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.sandbox.fcm import errors
from schemas.application_events import ApplicationChanged
from schemas.values import Button, Content
from services.dispatch.provider import (
    Accepted,
    BadCredentials,
    Opening,
    Rejected,
    Result,
    Retry,
    TokenGone,
)
from services.dispatch.providers.fcm import sender, table
from services.dispatch.providers.http.oauth import RefreshAuth
from services.runtime.settings import Settings
from tests.support import provider_rows
from tests.support.pushes import push_of

NOW_MS = 1_000_000_000_000
# a row's place in the specification → answers that belong to it
EXAMPLES: tuple[tuple[str, ...], ...] = (
    (),
    ("INVALID_TOKEN",),
    ("APNS_UNREGISTERED", "APNS_DISABLED"),
    ("INVALID_ARGUMENT", "INVALID_ARGUMENT_BARE"),
    ("UNAUTHENTICATED", "UNAUTHENTICATED_BARE"),
    ("THIRD_PARTY_AUTH_ERROR",),
    ("SENDER_ID_MISMATCH",),
    ("PERMISSION_DENIED", "PERMISSION_DENIED_BARE", "SERVICE_DISABLED"),
    ("UNREGISTERED", "UNREGISTERED_APNS"),
    ("NOT_FOUND",),
    ("RATE_LIMIT_EXCEEDED",),
    ("QUOTA_EXCEEDED", "QUOTA_EXCEEDED_TOPIC", "QUOTA_EXCEEDED_MESSAGE"),
    ("INTERNAL",),
    (errors.BAD_GATEWAY,),
    ("UNAVAILABLE",),
    ("DEADLINE_EXCEEDED",),
)


def _action(result: Result | RefreshAuth) -> str:
    match result:
        case Accepted():
            return "OK"
        case TokenGone():
            return "DROP_TOKEN"
        case Rejected(alert=alert):
            return "ALERT" if alert else "FIX_PAYLOAD"
        case RefreshAuth():
            return "REFRESH_AUTH"
        case _:
            return "RETRY"


def _rendered(content: Content, **changes: Any) -> Any:
    body, _ = sender.render(push_of(content, **changes), NOW_MS)
    return orjson.loads(body)["message"]


@pytest.mark.parametrize(("row", "examples"), list(zip(provider_rows.known("fcm"), EXAMPLES, strict=True)))
def test_each_row_has_its_outcome(row: dict[str, Any], examples: tuple[str, ...]) -> None:
    answers = [errors.render(example) for example in examples]
    for answer in answers:
        assert str(answer.status) == row["http"]
        action = _action(table.outcome(answer.status, answer.body, None))
        assert action == [*row["actions"], "RETRY"][0].removesuffix("_AFTER")
    assert answers or isinstance(table.outcome(200, b'{"name": "n"}', None), Accepted)


@given(st.integers(100, 599), st.binary(max_size=40), st.none() | st.floats(0, 1e6))
def test_a_body_without_details_never_kills_a_token(status: int, body: bytes, wait_s: float | None) -> None:
    assert not isinstance(table.outcome(status, body, wait_s), TokenGone)


@given(
    st.sampled_from([400, 401, 403, 404, 429, 500, 503]),
    st.recursive(
        st.none() | st.text(max_size=3) | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["details", "@type", "status", "fieldViolations", "field"]), inner)
        ),
    ),
)
def test_any_json_has_an_outcome(status: int, document: Any) -> None:
    assert not isinstance(table.outcome(status, json.dumps({"error": document}).encode(), None), Accepted)


def test_words_from_outside_that_are_no_words_do_not_get_into_the_detail() -> None:
    body = orjson.dumps({"error": {"status": "my token is cXq3\n", "details": [errors.fcm_error("a b")]}})
    assert table.outcome(400, body, None) == Rejected("HTTP 400", 400)


def test_what_the_system_shows_and_what_the_sdk_gets() -> None:
    content = Content(
        title="T",
        text="B",
        content_category="IMAGE",
        content_url="https://example.org/a.png",
        actions=(Button(title="Open", action="open-app"),),
        custom_payload='{"a":1}',
    )
    message = _rendered(content, expires_at=NOW_MS + 3_600_999, lane="bulk", link=1)
    assert message["notification"] == {"title": "T", "body": "B", "image": "https://example.org/a.png"}
    assert message["android"]["priority"] == "HIGH"
    assert message["android"]["ttl"] == "3600s"
    assert "collapse_key" not in message["android"]
    sdk = orjson.loads(message["data"]["rpns"])
    assert sdk["content"] == {"category": "IMAGE", "url": "https://example.org/a.png"}
    assert sdk["actions"] == [{"title": "Open", "action": "open-app"}]
    assert (sdk["customPayload"], sdk["mark"], sdk["bulk"], sdk["link"]) == ('{"a":1}', "0123456789abcdef", True, 1)


def test_data_is_strings_under_names_that_fcm_does_not_reserve() -> None:
    for key, value in _rendered(Content(text="B"))["data"].items():
        assert isinstance(value, str)
        assert not key.startswith(("google", "gcm", "from", "message_type"))


def test_a_page_is_no_picture() -> None:
    content = Content(text="B", content_category="HTML", content_url="https://example.org/")
    assert "image" not in _rendered(content)["notification"]


def test_a_live_activity_only_wakes_the_sdk_and_tells_it_to_fetch() -> None:
    message = _rendered(Content(text="", live_activity="{}"))
    assert "notification" not in message
    assert "notification" not in message["android"]
    assert orjson.loads(message["data"]["rpns"])["more"] is True


@pytest.mark.parametrize(("left_ms", "ttl"), [(500, "1s"), (-5_000, "1s"), (10_900, "10s"), (10**13, "2419200s")])
def test_the_lifetime_is_what_is_left_within_fcms_bounds(left_ms: int, ttl: str) -> None:
    assert _rendered(Content(text="B"), expires_at=NOW_MS + left_ms)["android"]["ttl"] == ttl


@given(st.text(max_size=1000), st.none() | st.text(max_size=80), st.none() | st.text(max_size=3000))
def test_no_body_is_ever_over_the_limit(text: str, title: str | None, custom: str | None) -> None:
    message = _rendered(Content(text=text, title=title, custom_payload=custom))
    parts = (message.get("notification", {}), message["data"])
    counted = sum(len(key.encode()) + len(value.encode()) for part in parts for key, value in part.items())
    assert counted <= sender.LIMIT_BYTES


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("type", "authorized_user"),
        ("project_id", "a/b"),
        ("client_email", "nobody"),
        ("token_uri", "http://example.org/token"),
        ("private_key", "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----"),
        ("private_key_id", None),
    ],
)
async def test_credentials_that_cannot_work_are_refused_by_field_and_without_the_value(
    field: str, value: str | None
) -> None:
    good = {
        "type": "service_account",
        "project_id": "p",
        "private_key_id": "k",
        "private_key": "x",
        "client_email": "a@b",
        "token_uri": "https://example.org/token",
    }
    application = ApplicationChanged(event_id="e-1", at=0, application_id="app", name="Demo", api_key_digests=())
    with pytest.raises(BadCredentials, match=field) as refused:
        await sender.open_sender(Opening(Settings(), application, good | {field: value}))
    assert value is None or value not in str(refused.value)


def test_the_project_wide_limit_is_about_the_application_and_the_devices_about_the_token() -> None:
    whole = errors.render("RATE_LIMIT_EXCEEDED")
    device = errors.render("QUOTA_EXCEEDED")
    assert table.outcome(429, whole.body, None) == Retry("RESOURCE_EXHAUSTED", 429, None, "application", 60)
    assert table.outcome(429, device.body, None) == Retry("QUOTA_EXCEEDED", 429, None, "token", 10)
