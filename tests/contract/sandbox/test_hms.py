"""The HMS sandbox accepts what Huawei accepts, and tells every mistake by Huawei's code in both readings."""

from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from hypothesis import HealthCheck, given, settings

from deploy.sandbox.faults.orders import Fault
from deploy.sandbox.hms.server import MESSAGES
from tests.support.sandbox_http import CONTENT_TYPES, Bench, json_like

TOKENS = ["IQAAAACy0tEEAAC1", "IQAAAACy0tEEAAC2", "IQAAAACy0tEEAAC3"]
CLICK = {"type": 3}


@pytest.fixture
async def bearer(bench: Bench) -> str:
    status, body = await _issue(bench)
    assert (status, body["token_type"], body["expires_in"]) == (200, "Bearer", 3600)
    token: str = body["access_token"]
    return token


async def _issue(bench: Bench, **changes: str) -> tuple[int, Any]:
    known = bench.urls["credentials"]["hms"]
    form = {
        "grant_type": "client_credentials",
        "client_id": known["app_id"],
        "client_secret": known["client_secret"],
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    body = urlencode({**form, **changes}).encode()
    status, answer, _ = await bench.post(bench.urls["hms_token"], body, **headers)
    return status, answer


def _url(bench: Bench, version: str = "v1", owner: str | None = None) -> str:
    known = bench.urls["credentials"]["hms"]
    owner = owner or known["app_id" if version == "v1" else "project_id"]
    return f"{bench.urls['hms']}/{version}/{owner}/messages:send"


def _body(**message: Any) -> dict[str, Any]:
    good = {"token": TOKENS[:1], "data": "{}"}
    return {"message": {key: value for key, value in {**good, **message}.items() if value is not None}}


def _shown(**notification: Any) -> dict[str, Any]:
    shown = {"title": "t", "body": "b", "click_action": CLICK, **notification}
    return {"android": {"notification": {key: value for key, value in shown.items() if value is not None}}}


async def _send(bench: Bench, bearer: str, body: Any) -> tuple[int, str]:
    status, answer, _ = await bench.post(_url(bench), body, bearer=bearer)
    return status, answer["code"]


# -- the token endpoint


@pytest.mark.parametrize("changes", [{"client_id": "1"}, {"client_secret": "x"}, {"grant_type": "password"}])
async def test_wrong_credentials_get_huaweis_error_form(bench: Bench, changes: dict[str, str]) -> None:
    status, answer = await _issue(bench, **changes)
    assert status == 400
    assert (answer["error"], type(answer["sub_error"])) == (1101, int)


async def test_the_token_endpoint_can_be_throttled(bench: Bench) -> None:
    bench.sandbox.faults.switch("hms.token_throttle", "on")
    assert (await _issue(bench))[0] == 403


# -- sending


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_a_push_reaches_each_of_its_tokens(bench: Bench, bearer: str, version: str) -> None:
    body = _body(token=TOKENS)
    status, answer, _ = await bench.post(_url(bench, version), body, bearer=bearer)
    assert (status, answer["code"]) == (200, "80000000")
    for token in TOKENS:
        (received,) = bench.sandbox.inbox.by_token("hms", token)
        assert (received.message_id, received.payload) == (answer["requestId"], body)


async def test_illegal_tokens_among_legal_ones_are_listed_in_a_string(bench: Bench, bearer: str) -> None:
    bench.sandbox.faults.order("hms", Fault("status", reason="80300007", token=TOKENS[1]))
    _, answer, _ = await bench.post(_url(bench), _body(token=[*TOKENS[:2], "!"]), bearer=bearer)
    assert answer["code"] == "80100000"
    reasons = orjson.loads(answer["msg"])
    assert reasons == {"success": 1, "failure": 2, "illegal_tokens": [TOKENS[1], "!"]}
    assert [push.token for push in bench.sandbox.inbox.all()] == TOKENS[:1]


async def test_a_single_illegal_token_is_all_of_them(bench: Bench, bearer: str) -> None:
    assert await _send(bench, bearer, _body(token=["!"])) == (200, "80300007")


@pytest.mark.parametrize("message", [
    _shown(buttons=[{"name": "Open", "action_type": 0}] * 3, badge={"add_num": 1, "class": "a.B"}),
    _shown(style=1, big_title="t", big_body="b", vibrate_config=["1", "1.5"], when="2029-01-01T00:00:00Z"),
    _shown(title=None, title_loc_key="k", body=None, body_loc_key="k"),
    {"topic": "news", "token": None},
    {"android": {"collapse_key": -1, "ttl": "1296000s", "urgency": "HIGH", "category": "IM", "bi_tag": "x"}},
    {"notification": {"title": "t", "body": "b"}, **_shown(title=None, body=None)},
])  # fmt: skip
async def test_what_the_documentation_allows_is_accepted(bench: Bench, bearer: str, message: dict[str, Any]) -> None:
    _, answer, _ = await bench.post(_url(bench), _body(**message), bearer=bearer)
    assert answer["code"] == "80000000", answer


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (_shown(click_action=None), "80100003"),
        (_shown(click_action={"type": 1}), "80100001"),
        (_shown(click_action={"type": 2, "url": "http://example.com"}), "80100001"),
        (_shown(click_action={"type": "3"}), "80100001"),
        (_shown(buttons=[{"name": "b", "action_type": 0}] * 4), "80100001"),
        (_shown(buttons=[{"name": "b" * 41, "action_type": 0}]), "80100001"),
        (_shown(title=None), "80100003"),
        (_shown(style=1), "80100001"),
        (_shown(color="red"), "80100001"),
        (_shown(image="http://example.com/i.png"), "80100001"),
        (_shown(badge={"add_num": 100}), "80100001"),
        (_shown(unheard_of=1), "80100003"),
        ({"notification": {"title": "t", "body": "b"}}, "80100003"),
        ({"notification": {"title": "t"}}, "80100003"),
        ({"data": {"an": "object"}}, "80100001"),
        ({"data": None}, "80100003"),
        ({"android": {"ttl": 86400}}, "80100001"),
        ({"android": {"ttl": "0s"}}, "80100004"),
        ({"android": {"ttl": "1296001s"}}, "80100001"),
        ({"android": {"collapse_key": "1"}}, "80100013"),
        ({"android": {"collapse_key": 101}}, "80100013"),
        ({"android": {"urgency": "high"}}, "80100001"),
        ({"token": []}, "80300010"),
        ({"token": [f"token-{n:08}" for n in range(1001)]}, "80300010"),
        ({"token": TOKENS[:1] * 2}, "80100001"),
        ({"token": None}, "80300010"),
        ({"topic": "news"}, "80100001"),
        ({"data": "x" * 4097}, "80300008"),
    ],
)
async def test_a_mistake_has_its_code(bench: Bench, bearer: str, message: dict[str, Any], code: str) -> None:
    assert await _send(bench, bearer, _body(**message)) == (200, code)
    bench.sandbox.faults.switch("hms.status", "documented")
    assert await _send(bench, bearer, _body(**message)) == (400, code)
    assert bench.sandbox.inbox.all() == []


async def test_tokens_do_not_count_towards_the_size(bench: Bench, bearer: str) -> None:
    tokens = [f"token-{n:060}" for n in range(1000)]
    assert await _send(bench, bearer, _body(token=tokens, data="x" * 4000)) == (200, "80000000")


# -- authentication and faults


@pytest.mark.parametrize(("reading", "status"), [("always-200", 200), ("documented", 401)])
async def test_a_bad_bearer_is_told_in_both_readings(bench: Bench, bearer: str, reading: str, status: int) -> None:
    bench.sandbox.faults.switch("hms.status", reading)
    assert await _send(bench, "nonsense", _body()) == (status, "80200001")
    async with bench.session.post(f"{bench.urls['control']}/bearers/hms/expire") as response:
        assert response.status == 200
    assert await _send(bench, bearer, _body()) == (status, "80200003")


async def test_another_apps_path_is_refused(bench: Bench, bearer: str) -> None:
    _, answer, _ = await bench.post(_url(bench, owner="1"), _body(), bearer=bearer)
    assert answer["code"] == "80200001"


@pytest.mark.parametrize("code", sorted(MESSAGES.keys() - {"80000000"}))
async def test_every_documented_code_can_be_ordered(bench: Bench, bearer: str, code: str) -> None:
    bench.sandbox.faults.order("hms", Fault("status", reason=code, times=1))
    assert await _send(bench, bearer, _body()) == (200, code)
    assert bench.sandbox.inbox.all() == []


async def test_flow_control_is_a_503_without_a_code(bench: Bench, bearer: str) -> None:
    bench.sandbox.faults.order("hms", Fault("status", status=503, times=1))
    status, answer, _ = await bench.post(_url(bench), _body(), bearer=bearer)
    assert (status, answer) == (503, b"")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=json_like(["message", "token", "data", "android", "notification", "click_action"]), kind=CONTENT_TYPES)
async def test_no_body_makes_the_server_fail(bench: Bench, bearer: str, body: bytes, kind: str) -> None:
    headers = {"Content-Type": kind}
    for url in (_url(bench), bench.urls["hms_token"]):
        status, _, _ = await bench.post(url, body, bearer=bearer, **headers)
        assert status in (200, 400)
