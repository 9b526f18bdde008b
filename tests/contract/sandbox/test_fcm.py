"""The FCM sandbox accepts what FCM accepts and refuses what it refuses, in FCM's own words."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from deploy.sandbox.faults.orders import Fault
from deploy.sandbox.fcm import errors
from tests.support.sandbox_http import CONTENT_TYPES, TOKEN, Bench, fcm_bearer, fcm_url, json_like

FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"


@pytest.fixture
async def bearer(bench: Bench) -> str:
    return await fcm_bearer(bench)


async def _send(bench: Bench, body: Any, **message: Any) -> tuple[int, Any, dict[str, str]]:
    body = {"message": {"token": TOKEN, **message}} if body is None else body
    return await bench.post(fcm_url(bench), body, bearer=await fcm_bearer(bench))


def _detail(body: Any, kind: str) -> dict[str, Any] | None:
    return next((detail for detail in body["error"].get("details", ()) if detail["@type"] == kind), None)


async def test_an_accepted_message_lies_in_the_inbox_as_it_was_sent(bench: Bench) -> None:
    body = {"message": {"token": TOKEN, "data": {"k": "v"}, "android": {"collapse_key": "x"}}}
    status, answer, _ = await _send(bench, body)
    assert status == 200
    (received,) = bench.sandbox.inbox.by_token("fcm", TOKEN)
    assert received.payload == body
    assert answer == {"name": received.message_id}


async def test_snake_case_and_camel_case_and_numbers_in_strings_are_accepted(bench: Bench) -> None:
    notification = {"notificationCount": "3", "notification_priority": "PRIORITY_HIGH", "eventTime": None}
    android = {"ttl": "3.5s", "priority": "high", "notification": notification, "directBootOk": True}
    status, answer, _ = await _send(bench, None, android=android, fcmOptions={"analytics_label": "a"})
    assert status == 200, answer


async def test_validate_only_answers_a_placeholder_and_delivers_nothing(bench: Bench) -> None:
    status, answer, _ = await _send(bench, {"validate_only": True, "message": {"token": TOKEN}})
    assert (status, answer["name"].rpartition("/")[2]) == (200, "fake_message_id")
    assert bench.sandbox.inbox.all() == []


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ({"foo": 1}, "message"),
        ({"data": {"a": "b", "c": 1}}, "message.data[1].value"),
        ({"data": {"from": "x"}}, "message.data"),
        ({"data": {"google.x": "x"}}, "message.data"),
        ({"data": {"gcm_x": "x"}}, "message.data"),
        ({"data": []}, "message.data"),
        ({"token": "short"}, "message.token"),
        ({"token": 5}, "message.token"),
        ({"topic": "news"}, "message"),
        ({"notification": {"title": 5}}, "message.notification.title"),
        ({"notification": "hello"}, "message.notification"),
        ({"android": {"priority": "URGENT"}}, "message.android.priority"),
        ({"android": {"ttl": "5"}}, "message.android.ttl"),
        ({"android": {"ttl": "-1s"}}, "message.android.ttl"),
        ({"android": {"ttl": "2419201s"}}, "message.android.ttl"),
        ({"android": {"ttl": 5}}, "message.android.ttl"),
        ({"android": {"notification": {"notification_count": 1 << 31}}}, "notification.notification_count"),
        ({"android": {"notification": {"sticky": "true"}}}, "message.android.notification.sticky"),
        ({"android": {"notification": {"color": "red"}}}, "message.android.notification.color"),
        ({"android": {"notification": {"event_time": "today"}}}, "message.android.notification.event_time"),
        ({"android": {"notification": {"vibrate_timings": ["1s", "x"]}}}, "vibrate_timings[1]"),
        ({"android": {"notification": {"proxy": "MAYBE"}}}, "message.android.notification.proxy"),
        ({"android": {"notification": {"tag": "a", "id": 1}}}, "message.android.notification"),
        ({"android": {}, "android_v2": {}}, "message"),
        ({"fcm_options": {"analytics_label": "no spaces"}}, "message.fcm_options.analytics_label"),
        ({"webpush": {"fcm_options": {"link": "http://example.com"}}}, "message.webpush.fcm_options.link"),
        ({"apns": {"headers": {"apns-priority": 5}}}, "message.apns.headers[0].value"),
        ({"apns": {"payload": {"aps": 1}}}, "message.apns.payload"),
        ({"data": {"k": "x" * 4096}}, "message"),
    ],
)
async def test_what_breaks_the_schema_or_a_rule_is_refused_with_its_field(
    bench: Bench, message: dict[str, Any], field: str
) -> None:
    status, answer, _ = await _send(bench, None, **message)
    assert (status, answer["error"]["status"]) == (400, "INVALID_ARGUMENT")
    violation = _detail(answer, BAD_REQUEST)
    assert violation is not None
    assert violation["fieldViolations"][0]["field"].endswith(field)
    assert bench.sandbox.inbox.all() == []


async def test_a_message_needs_exactly_one_target(bench: Bench) -> None:
    status, answer, _ = await _send(bench, {"message": {"notification": {"title": "x"}}})
    assert (status, answer["error"]["message"]) == (400, "Recipient of the message is not set.")
    assert (await _send(bench, {}))[0] == 400


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ({"topic": "news"}, 200),
        ({"topic": "/topics/news"}, 400),
        ({"condition": "'a' in topics && ('b' in topics || !('c' in topics))"}, 200),
        ({"condition": "'a' in topics &&"}, 400),
        ({"condition": " || ".join(f"'{n}' in topics" for n in range(6))}, 400),
        ({"topic": "news", "data": {"k": "x" * 2048}}, 400),
        ({"fid": "dIsVQ2QVRT-TW7L6VfeAMh"}, 200),
    ],
)
async def test_topics_and_conditions_follow_their_grammar(bench: Bench, target: dict[str, Any], status: int) -> None:
    assert (await _send(bench, {"message": target}))[0] == status


async def test_the_size_limit_counts_keys_and_values_only(bench: Bench) -> None:
    fits = {"k": "ж" * 2047 + "x"}
    assert (await _send(bench, None, data=fits))[0] == 200
    assert (await _send(bench, None, data={"k": fits["k"] + "x"}))[0] == 400


@pytest.mark.parametrize(("reading", "status"), [("403", 403), ("404", 404)])
async def test_another_project_is_refused_in_both_readings(bench: Bench, reading: str, status: int) -> None:
    bench.sandbox.faults.switch("fcm.wrong_project", reading)
    answered, answer, _ = await bench.post(
        fcm_url(bench, "other"), {"message": {"token": TOKEN}}, bearer=await fcm_bearer(bench)
    )
    assert answered == status
    assert _detail(answer, FCM_ERROR) is None


async def test_a_400_can_come_without_details(bench: Bench) -> None:
    bench.sandbox.faults.switch("fcm.details", "bare")
    try:
        _, answer, _ = await _send(bench, None, data={"k": 1})
    finally:
        bench.sandbox.faults.switch("fcm.details", "full")
    assert "details" not in answer["error"]


# -- faults


@pytest.mark.parametrize("reason", sorted(errors.ROWS))
async def test_every_documented_error_can_be_ordered(bench: Bench, reason: str) -> None:
    bench.sandbox.faults.order("fcm", Fault("status", reason=reason, token=TOKEN, times=1))
    status, answer, _ = await _send(bench, None)
    row = errors.ROWS[reason]
    assert (status, answer["error"]["code"]) == (row.status, row.status)
    assert answer["error"].get("details", []) == list(row.details)
    assert (await _send(bench, None))[0] == 200, "it strikes once"


async def test_retry_after_goes_out_verbatim_and_only_when_it_was_ordered(bench: Bench) -> None:
    date = "Wed, 21 Oct 2026 07:28:00 GMT"
    bench.sandbox.faults.order("fcm", Fault("status", status=429, retry_after=date, times=1))
    bench.sandbox.faults.order("fcm", Fault("status", status=429, times=1))
    _, _, headers = await _send(bench, None)
    assert headers["Retry-After"] == date
    status, _, headers = await _send(bench, None)
    assert status == 429
    assert "Retry-After" not in headers


async def test_a_bad_gateway_speaks_html(bench: Bench) -> None:
    bench.sandbox.faults.order("fcm", Fault("status", status=502, times=1))
    status, answer, headers = await _send(bench, None)
    assert (status, headers["Content-Type"]) == (502, "text/html; charset=UTF-8")
    assert answer.startswith(b"<!DOCTYPE html>")


# -- bad input


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=json_like(["message", "token", "data", "android", "notification", "ttl"]), kind=CONTENT_TYPES)
async def test_no_body_makes_the_server_fail(bench: Bench, bearer: str, body: bytes, kind: str) -> None:
    headers = {"Content-Type": kind}
    for url in (fcm_url(bench), bench.urls["fcm_token"]):
        status, _, _ = await bench.post(url, body, bearer=bearer, **headers)
        assert status in (200, 400)
