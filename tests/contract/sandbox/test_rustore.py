"""The RuStore sandboxes, native and universal, in every reading of what is disputed about them."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from deploy.sandbox.faults.orders import Fault
from deploy.sandbox.rustore.server import ROWS
from tests.support.sandbox_http import CONTENT_TYPES, Bench, json_like

TOKEN = "rustore-device-token-1"
OTHER = "rustore-device-token-2"


def _url(bench: Bench, project: str | None = None) -> str:
    project = project or bench.urls["credentials"]["rustore"]["project_id"]
    return f"{bench.urls['rustore']}/v1/projects/{project}/messages:send"


async def _send(bench: Bench, **message: Any) -> tuple[int, Any]:
    body = {"message": {"token": TOKEN, "notification": {"title": "t", "body": "b"}, **message}}
    status, answer, _ = await _post(bench, body)
    return status, answer


async def _post(bench: Bench, body: Any) -> tuple[int, Any, dict[str, str]]:
    return await bench.post(_url(bench), body, bearer=bench.urls["credentials"]["rustore"]["service_token"])


# -- native


@pytest.mark.parametrize(("reading", "body"), [("empty", b""), ("{}", {})])
async def test_a_push_arrives_whatever_success_looks_like(bench: Bench, reading: str, body: Any) -> None:
    bench.sandbox.faults.switch("rustore.success", reading)
    assert await _send(bench, data={"k": "v"}, android={"ttl": "3.5s"}) == (200, body)
    (received,) = bench.sandbox.inbox.by_token("rustore", TOKEN)
    assert received.payload["message"]["data"] == {"k": "v"}


@pytest.mark.parametrize(
    "message",
    [
        {"token": None},
        {"token": [TOKEN]},
        {"data": {"k": 1}},
        {"data": "text"},
        {"topic": "news"},
        {"notification": {"title": 1}},
        {"notification": {"subtitle": "s"}},
        {"notification": {}, "data": {}},
        {"android": {"ttl": 5}},
        {"android": {"ttl": "5"}},
        {"android": {"collapse_key": "k"}},
        {"android": {"notification": {"click_action_type": 2}}},
        {"android": {"notification": {"click_action_type": "1"}}},
        {"data": {"k": "x" * 4096}},
    ],
)
async def test_what_is_not_documented_is_refused(bench: Bench, message: dict[str, Any]) -> None:
    status, answer = await _send(bench, **message)
    assert (status, answer["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert bench.sandbox.inbox.all() == []


async def test_a_malformed_token_is_named_in_the_message_only(bench: Bench) -> None:
    _, answer = await _send(bench, token="?")
    assert "registration token" in answer["error"]["message"]


async def test_credentials_are_checked_against_the_project(bench: Bench) -> None:
    token = bench.urls["credentials"]["rustore"]["service_token"]
    assert (await bench.post(_url(bench), {}))[0] == 401
    assert (await bench.post(_url(bench), {}, bearer="x"))[0] == 403
    assert (await bench.post(_url(bench, "other"), {}, bearer=token))[0] == 403


@pytest.mark.parametrize("reason", sorted(ROWS))
@pytest.mark.parametrize("reading", ["nested", "flat"])
async def test_every_error_can_be_ordered_in_both_envelopes(bench: Bench, reason: str, reading: str) -> None:
    bench.sandbox.faults.switch("rustore.errors", reading)
    bench.sandbox.faults.order("rustore", Fault("status", reason=reason, token=TOKEN, times=1))
    status, answer = await _send(bench)
    error = answer["error"] if reading == "nested" else answer
    row = ROWS[reason]
    assert (status, error) == (row.http, {"code": row.http, "message": row.message, "status": row.status})


async def test_retry_after_and_html_can_be_ordered(bench: Bench) -> None:
    body = {"message": {"token": TOKEN, "data": {"k": "v"}}}
    bench.sandbox.faults.order("rustore", Fault("status", status=429, retry_after="7", times=1))
    bench.sandbox.faults.order("rustore", Fault("status", status=502, times=1))
    status, _, headers = await _post(bench, body)
    assert (status, headers["Retry-After"]) == (429, "7")
    assert (await _post(bench, body))[2]["Content-Type"] == "text/html"


# -- universal


def _universal(bench: Bench, tokens: dict[str, list[str]], **changes: Any) -> dict[str, Any]:
    known = bench.urls["credentials"]["rustore_universal"]
    body = {
        "providers": {name: known[name] for name in tokens},
        "tokens": tokens,
        "message": {"notification": {"title": "t", "body": "b"}},
    }
    return {**body, **changes}


async def _send_universal(bench: Bench, body: Any) -> tuple[int, Any]:
    status, answer, _ = await bench.post(f"{bench.urls['rustore_universal']}/v1/send", body)
    return status, answer


@pytest.mark.parametrize("key", ["Status", "status"])
async def test_a_universal_push_reaches_the_inbox_of_its_provider(bench: Bench, key: str) -> None:
    bench.sandbox.faults.switch("rustore.status_key", key)
    body = _universal(bench, {"rustore": [TOKEN], "fcm": [OTHER]})
    assert await _send_universal(bench, body) == (200, {key: "OK"})
    assert bench.sandbox.inbox.by_token("rustore", TOKEN)[0].headers == {"via": "rustore-universal"}
    assert bench.sandbox.inbox.by_token("fcm", OTHER)


async def test_a_missing_credential_is_a_validation_error(bench: Bench) -> None:
    body = _universal(bench, {"fcm": [TOKEN]}, providers={"fcm": {"auth_token": "x"}})
    status, answer = await _send_universal(bench, body)
    assert status == 400
    assert answer["status"] == "VALIDATION_ERROR"
    assert answer["errors"] == ["providers.fcm.project_id: is a required field"]


async def test_a_wrong_credential_is_a_provider_error(bench: Bench) -> None:
    providers = {"rustore": {"project_id": "p", "auth_token": "x"}}
    status, answer = await _send_universal(bench, _universal(bench, {"rustore": [TOKEN]}, providers=providers))
    assert (status, answer["status"]) == (400, "PROVIDER_ERROR")


async def test_a_refused_token_is_named_by_its_first_characters_and_the_others_arrive(bench: Bench) -> None:
    bench.sandbox.faults.order("rustore_universal", Fault("status", reason="INVALID_TOKEN", token=OTHER))
    status, answer = await _send_universal(bench, _universal(bench, {"rustore": [TOKEN, OTHER]}))
    assert (status, answer["status"]) == (400, "PROVIDER_ERROR")
    assert OTHER[:6] in answer["errors"][0]
    assert OTHER not in answer["errors"][0]
    assert [push.token for push in bench.sandbox.inbox.all()] == [TOKEN]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=json_like(["message", "token", "tokens", "providers", "rustore", "data"]), kind=CONTENT_TYPES)
async def test_no_body_makes_the_servers_fail(bench: Bench, body: bytes, kind: str) -> None:
    bearer = bench.urls["credentials"]["rustore"]["service_token"]
    headers = {"Content-Type": kind}
    for url in (_url(bench), f"{bench.urls['rustore_universal']}/v1/send"):
        assert (await bench.post(url, body, bearer=bearer, **headers))[0] == 400
