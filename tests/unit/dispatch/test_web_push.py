"""Web Push: the table holds every row of the specification, tokens are renewed in time, a bad origin stays alone."""

import base64
from typing import Any

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict
from py_vapid import Vapid02

from deploy.sandbox.web_push.keys import make_web_key
from schemas.application_events import ApplicationChanged
from schemas.values import Content, SecureValues
from services.dispatch.provider import (
    Accepted,
    BadCredentials,
    Opening,
    Rejected,
    Result,
    Retry,
    TokenGone,
    Uncertain,
)
from services.dispatch.providers.http.oauth import RefreshAuth
from services.dispatch.providers.web_push import sender, table
from services.dispatch.providers.web_push.crypto import PLAINTEXT_BYTES
from services.dispatch.providers.web_push.origin import AWAY_AFTER, Origin, Origins
from services.dispatch.providers.web_push.vapid import LEAST_INTERVAL_S, LIFETIME_S, RENEW_AFTER_S, Vapid
from services.runtime.http.outbound_addresses import ForbiddenAddress
from services.runtime.settings import Settings
from tests.support import provider_rows
from tests.support.pushes import DELIVERY_ID, push_of

NOW_S = 1_000_000_000.0
NOW_MS = int(NOW_S * 1000)
ORIGIN = "https://push.example"
EXPECTED: dict[str, type] = {
    "OK": Accepted,
    "DROP_TOKEN": TokenGone,
    "FIX_PAYLOAD": Rejected,
    "REFRESH_AUTH": RefreshAuth,
    "RETRY_AFTER": Retry,
}
APPLICATION = ApplicationChanged(event_id="e-1", at=0, application_id="app", name="Demo", api_key_digests=())


def a_vapid() -> Vapid:
    return Vapid("mailto:push@bank.example", ec.generate_private_key(ec.SECP256R1()))


def token_in(header: str) -> str:
    return header.removeprefix("vapid t=").partition(",")[0]


@pytest.mark.parametrize("row", provider_rows.known("web"), ids=lambda row: row["http"])
def test_each_row_has_its_outcome(row: dict[str, Any]) -> None:
    for text in row["http"].split("/"):
        for status in (int(text.replace("xx", last)) for last in ("00", "03", "07")):
            result = table.outcome(status, 7.0)
            assert isinstance(result, EXPECTED[row["actions"][0]])
            if isinstance(result, Retry):
                assert (result.after_s, result.scope) == (7.0, "token")


@given(st.integers(100, 599))
def test_a_token_dies_of_404_and_410_only_and_no_answer_stops_the_application(status: int) -> None:
    result = table.outcome(status, None)
    assert isinstance(result, TokenGone) == (status in (404, 410))
    assert not (isinstance(result, Rejected) and result.alert)


def test_a_token_says_who_pushes_to_whom_and_an_independent_reader_agrees() -> None:
    vapid = a_vapid()
    header = vapid.header(ORIGIN, NOW_S)
    assert Vapid02.verify(header)
    assert header.endswith(f",k={vapid.public_key}")
    point = base64.urlsafe_b64decode(vapid.public_key + "=")
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    claims = jwt.decode(token_in(header), key, ["ES256"], options={"verify_exp": False}, audience=ORIGIN)
    assert claims == {"aud": ORIGIN, "exp": int(NOW_S) + LIFETIME_S, "sub": "mailto:push@bank.example"}
    assert LIFETIME_S <= 86_400


def test_a_token_is_shared_for_hours_by_one_origin() -> None:
    vapid = a_vapid()
    header = vapid.header(ORIGIN, NOW_S)
    assert vapid.header(ORIGIN, NOW_S + RENEW_AFTER_S - 1) == header
    assert vapid.header("https://other.example", NOW_S) != header
    assert vapid.header(ORIGIN, NOW_S + RENEW_AFTER_S) != header


def test_a_refused_token_is_replaced_at_most_hourly() -> None:
    vapid = a_vapid()
    header = vapid.header(ORIGIN, NOW_S)
    assert not vapid.refused(ORIGIN, header, NOW_S + LEAST_INTERVAL_S - 1)
    assert vapid.header(ORIGIN, NOW_S + LEAST_INTERVAL_S) == header
    assert vapid.refused(ORIGIN, header, NOW_S + LEAST_INTERVAL_S)
    renewed = vapid.header(ORIGIN, NOW_S + LEAST_INTERVAL_S)
    assert renewed != header
    assert vapid.refused(ORIGIN, header, NOW_S + LEAST_INTERVAL_S)  # somebody else has renewed it meanwhile
    assert vapid.header(ORIGIN, NOW_S + LEAST_INTERVAL_S) == renewed


def test_the_number_of_origins_that_are_remembered_is_bounded() -> None:
    origins = Origins()
    first = origins.of("https://0.example")
    for number in range(1, 2000):
        origins.of(f"https://{number}.example")
    assert origins.of("https://1999.example") is origins.of("https://1999.example")
    assert origins.of("https://0.example") is not first


def test_an_origin_that_never_took_a_push_is_left_alone_after_few_that_it_did_not_answer() -> None:
    """Anybody can name it, and each push to it would wait ten seconds."""
    origin = Origin(ORIGIN)
    began = [origin.begin(0.0) for _ in range(AWAY_AFTER)]
    for at in began:
        origin.end(Uncertain("TimeoutError", "token"), at, 10.0, 0.0, has_worked=False)
    assert origin.pause(10.0) is not None


@pytest.mark.parametrize("after_s", [7.0, 90.0])
def test_retry_after_of_a_service_in_trouble_holds_the_whole_origin(after_s: float) -> None:
    origin = Origin(ORIGIN)
    assert origin.pause(100.0) is None
    origin.end(Retry("HTTP 503", 503, after_s), 99.0, 100.0, 0.0)
    pause = origin.pause(101.0)
    assert pause is not None
    assert (pause.status, pause.after_s, pause.scope) == (0, after_s - 1, "token")
    assert origin.pause(100.0 + after_s) is None


@pytest.mark.parametrize("status", [406, 429])
def test_one_subscription_that_gets_too_much_holds_up_no_other(status: int) -> None:
    origin = Origin(ORIGIN)
    for number in range(50):
        origin.end(Retry("too many", status, 3600.0), number, number, 0.0, installation_id="flooded")
        assert origin.pause(number) is None


def test_where_many_are_told_to_wait_the_origin_waits_and_is_asked_again_within_a_minute() -> None:
    origin = Origin(ORIGIN)
    slowed = Retry("HTTP 429", 429, 3600.0)
    for name in "ab":
        origin.end(slowed, 0.0, 0.0, 0.0, installation_id=name)
    origin.end(Accepted(None, 201), 0.0, 0.0, 0.0, installation_id="good")  # it serves us
    for name in "abc":
        assert origin.pause(0.0) is None
        origin.end(slowed, 0.0, 0.0, 0.0, installation_id=name)
    assert origin.pause(59.0) is not None
    assert origin.pause(60.0) is None


def test_a_subscription_that_never_worked_and_is_not_answered_holds_up_no_other() -> None:
    origin = Origin(ORIGIN)
    origin.end(Accepted(None, 201), 0.0, 0.0, 0.0, installation_id="good")
    for number in range(50):
        origin.end(Uncertain("TimeoutError", "token"), number, number, 0.0, installation_id="bad", has_worked=False)
        assert origin.pause(number) is None


def test_a_server_that_says_wait_for_years_is_asked_again_within_the_hour() -> None:
    origin = Origin(ORIGIN)
    origin.end(Retry("HTTP 503", 503, 1e9), 0.0, 0.0, 0.0)
    assert origin.pause(3600.0) is None


@pytest.mark.parametrize("silence", [Uncertain("TimeoutError", "token"), Retry("ClientConnectorError")])
def test_an_origin_that_is_silent_again_and_again_is_left_alone_for_a_while(silence: Result) -> None:
    origin = Origin(ORIGIN)
    for _ in range(AWAY_AFTER):
        assert origin.pause(0.0) is None
        origin.end(silence, origin.begin(0.0), 0.0, 0.0)
    assert origin.pause(1.0) is not None
    assert origin.pause(10.0) is None  # the probe
    began = origin.begin(10.0)
    assert origin.pause(10.0) is not None
    origin.end(Accepted(None, 201), began, 10.0, 0.0)
    assert origin.pause(10.0) is None


def test_pushes_that_an_origin_loses_together_are_one_failure_and_a_refused_address_is_none() -> None:
    origin = Origin(ORIGIN)
    origin.end(Accepted(None, 201), origin.begin(0.0), 0.0, 0.0)
    began = [origin.begin(0.5) for _ in range(50)]
    for at in began:
        origin.end(Uncertain("TimeoutError", "token"), at, 1.0, 0.0)
    origin.end(sender.FORBIDDEN_ENDPOINT, 2.0, 2.0, 0.0)
    assert origin.away.failures == 1
    assert origin.pause(2.0) is None


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (406, {"x-wns-error-description": "The cloud service exceeded its throttle limit."}, Retry),
        (406, {}, Retry),
        (201, {"x-wns-notificationstatus": "received"}, Accepted),
        (200, {"x-wns-notificationstatus": "dropped"}, Rejected),
        (200, {"x-wns-notificationstatus": "channelthrottled"}, Retry),
        (410, {"x-wns-status": "Channel expired"}, TokenGone),
        (408, {}, Retry),
        (418, {}, Rejected),
    ],
)
def test_windows_says_in_headers_what_its_status_does_not(status: int, headers: dict[str, str], expected: type) -> None:
    result = table.outcome(status, None, CIMultiDict(headers))
    assert isinstance(result, expected)
    if not isinstance(result, Accepted):
        words = [word.strip(".") for value in headers.values() for word in value.split()]
        assert [word.strip(".") for word in result.detail.split()] == ["HTTP", str(status), *words]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b'{"reason": "BadWebPushTopic"}', " BadWebPushTopic"),
        (b'{"code": 400, "errno": 113}', " 113"),
        (b'{"reason": "a secret: https://push.example/x"}', ""),
        (b"<html>", ""),
        (b'{"reason": ["x"]', ""),
        (b'{"reason": "' + b"x" * 5000 + b'"}', ""),
        (b"[1]", ""),
        (b"", ""),
    ],
)
def test_of_a_body_one_word_is_kept(body: bytes, word: str) -> None:
    assert table.outcome(400, None, {}, body) == Rejected(f"HTTP 400{word}", 400)


@pytest.mark.parametrize("status", [400, 403, 405])
@pytest.mark.parametrize("reason", ["VapidPkHashMismatch", "BadVapidPublicKey", "BadJwtToken"])
def test_what_apple_says_of_a_key_is_about_the_key_on_any_status(status: int, reason: str) -> None:
    result = table.outcome(status, None, {}, orjson.dumps({"reason": reason}))
    assert result == RefreshAuth(f"HTTP {status} {reason}", status)


def test_the_headers_say_how_long_how_urgent_and_what_is_replaced() -> None:
    headers = sender.headers_of(push_of(expires_at=NOW_MS + 90_500), NOW_MS)
    topic = base64.urlsafe_b64encode(bytes.fromhex(DELIVERY_ID.replace("-", ""))).decode().rstrip("=")
    assert (headers["TTL"], headers["Urgency"], headers["Topic"]) == ("90", "high", topic)
    assert len(topic) <= 32
    assert sender.headers_of(push_of(expires_at=NOW_MS - 1, lane="bulk"), NOW_MS) | {"x": ""} == headers | {
        "TTL": "1",
        "Urgency": "normal",
        "x": "",
    }
    assert sender.headers_of(push_of(expires_at=NOW_MS * 2), NOW_MS)["TTL"] == str(sender.MAX_TTL_S)


def test_a_push_shows_what_it_may_and_carries_the_rest() -> None:
    content = Content(title="T", text="B", content_category="IMAGE", content_url="https://bank.example/1.png")
    made = orjson.loads(sender.render(push_of(content), "Demo")[0])
    assert made["notification"] == {"title": "T", "body": "B", "image": "https://bank.example/1.png"}
    assert made["rpns"]["delivery"] == DELIVERY_ID
    assert "text" not in made["rpns"]
    secret = Content(text="code %code%", secure=SecureValues(names=("code",), hour=1, sealed=""))
    made = orjson.loads(sender.render(push_of(secret), "Demo")[0])
    assert made["notification"] == {"title": "Demo", "body": "code •••"}
    assert (made["rpns"]["text"], made["rpns"]["more"]) == ("code %code%", True)


@given(st.text(max_size=1000), st.none() | st.text(max_size=80), st.none() | st.text(max_size=3000))
def test_no_plaintext_is_ever_over_the_limit(text: str, title: str | None, custom: str | None) -> None:
    push = push_of(Content(text=text, title=title, custom_payload=custom))
    assert len(sender.render(push, "Demo")[0]) <= PLAINTEXT_BYTES


@pytest.mark.parametrize(
    "target",
    ["/wpush/v2/gAAAA%2Fb+c%20d", "/a/../b//c?x=%7e&y=a+b", "/w?token=BQYAAA%3d%3d", "/p/%41?", "/fcm/send/dK:APA91"],
)
def test_an_endpoint_is_requested_byte_for_byte(target: str) -> None:
    token = {"endpoint": f"https://push.example{target}", "keys": {"p256dh": "", "auth": ""}}
    to = sender.subscription_of(orjson.dumps(token).decode())
    assert to.endpoint.raw_path_qs == target
    assert str(to.endpoint) == f"https://push.example{target}"


@pytest.mark.parametrize(
    "endpoint", ["http://push.example/a", "ftp://push.example", "https://", "https://u:p@push.example/a", "push"]
)
def test_an_endpoint_that_is_not_https_is_not_pushed_to(endpoint: str) -> None:
    with pytest.raises(ForbiddenAddress):
        sender.subscription_of(orjson.dumps({"endpoint": endpoint, "keys": {"p256dh": "", "auth": ""}}).decode())


@pytest.mark.parametrize(
    ("field", "value"),
    [("subject", "push@bank.example"), ("subject", "http://bank.example"), ("private_key", "x"), ("private_key", None)],
)
async def test_credentials_that_cannot_work_are_refused_by_field(field: str, value: str | None) -> None:
    given_ = {**make_web_key().model_dump(), field: value}
    with pytest.raises(BadCredentials, match=field):
        await sender.open_sender(Opening(Settings(), APPLICATION, given_))
