"""The sandbox's control API and the partner's receiver, as the simulator and the end-to-end tests use them."""

import asyncio
from typing import Any

import aiohttp
import orjson
import pytest
from hypothesis import HealthCheck, given, settings

from deploy.sandbox.faults.apply_fault import strike
from deploy.sandbox.faults.ordering import ORDERABLE
from deploy.sandbox.http.messages import Answer
from deploy.sandbox.inbox import Received
from tests.support.sandbox_http import Bench, json_like

REPORT = {
    "id": "8770599",
    "mtNum": "7390612217",
    "status": 2,
    "type": "PUSH",
    "doneDate": "2029-05-05T10:20:40+0300",
    "submitDate": "2029-05-05T10:20:35+0300",
    "sourceAddr": "DemoBank",
    "destAddr": "72101234567",
    "text": "hello",
    "partCount": "001",
    "errorCode": "0",
    "trafficType": 1,
}


async def _ask(bench: Bench, method: str, route: str, body: Any = None, **query: Any) -> tuple[int, Any]:
    url = bench.urls["control"] + route
    data = body if body is None or isinstance(body, bytes) else orjson.dumps(body)
    async with bench.session.request(method, url, data=data, params=query) as response:
        content = await response.read()
        return response.status, orjson.loads(content) if content else None


async def _report(bench: Bench, body: Any = REPORT, path: str = "/reports") -> int:
    status, _, _ = await bench.post(bench.urls["partner"] + path, body)
    return status


def _push(token: str, provider: str = "fcm") -> Received:
    return Received(provider, token, "id", {}, {"n": token}, at_ms=1)


# -- inboxes


async def test_an_inbox_is_read_by_provider_and_token(bench: Bench) -> None:
    bench.sandbox.inbox.put(_push("a"))
    bench.sandbox.inbox.put(_push("/topics/b"))
    for token in ("a", "/topics/b"):
        _, body = await _ask(bench, "GET", f"/inbox/fcm/{token}")
        assert [push["token"] for push in body["received"]] == [token]
    assert (await _ask(bench, "GET", "/inbox/apns/a"))[1]["received"] == []
    assert (await _ask(bench, "GET", "/counters"))[1] == {"accepted": {"fcm": 2}}


async def test_a_long_poll_ends_with_the_push_it_waits_for(bench: Bench) -> None:
    waiting = asyncio.create_task(_ask(bench, "GET", "/inbox/fcm/a", count=2, timeout_s=10))
    bench.sandbox.inbox.put(_push("a"))
    await asyncio.sleep(0)
    assert not waiting.done()
    bench.sandbox.inbox.put(_push("a"))
    _, body = await waiting
    assert (len(body["received"]), body["complete"]) == (2, True)


async def test_a_long_poll_says_that_it_waited_in_vain(bench: Bench) -> None:
    _, body = await _ask(bench, "GET", "/inbox/fcm/a", count=1, timeout_s=0.05)
    assert body == {"received": [], "complete": False}


async def test_the_newest_of_everything_can_be_listed_and_forgotten(bench: Bench) -> None:
    for n in range(5):
        bench.sandbox.inbox.put(_push(str(n), "hms"))
    bench.sandbox.inbox.put(_push("x", "rustore"))
    _, body = await _ask(bench, "GET", "/received", provider="hms", limit=2)
    assert [push["token"] for push in body["received"]] == ["3", "4"]
    assert (await _ask(bench, "DELETE", "/received"))[0] == 204
    assert (await _ask(bench, "GET", "/received"))[1] == {"received": []}


async def test_a_follower_sees_what_comes_after_its_headers(bench: Bench) -> None:
    bench.sandbox.inbox.put(_push("before"))
    url = bench.urls["control"] + "/follow"
    async with bench.session.get(url, params={"provider": "fcm"}) as stream:
        assert stream.content_type == "application/x-ndjson"
        bench.sandbox.inbox.put(_push("other", "hms"))
        bench.sandbox.inbox.put(_push("after"))
        line = await asyncio.wait_for(stream.content.readline(), 5)
    assert orjson.loads(line)["token"] == "after"


# -- faults and switches


@pytest.mark.parametrize("provider", sorted(ORDERABLE))
async def test_every_kind_and_reason_that_is_known_can_be_ordered(bench: Bench, provider: str) -> None:
    known = ORDERABLE[provider]
    faults: list[dict[str, Any]] = [{"kind": kind} for kind in known.kinds - {"status"}]
    faults += [{"kind": "status", "reason": reason} for reason in known.reasons]
    for fault in faults:
        assert (await _ask(bench, "POST", f"/faults/{provider}", fault))[0] == 201
    _, body = await _ask(bench, "GET", "/faults")
    assert len(body["faults"]) == len(faults)
    assert (await _ask(bench, "DELETE", f"/faults/{provider}"))[0] == 204
    assert (await _ask(bench, "GET", "/faults"))[1] == {"faults": []}


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ({}, "kind"),
        ({"kind": "explode"}, "kind"),
        ({"kind": "goaway"}, "kind"),
        ({"kind": "status"}, "reason"),
        ({"kind": "status", "reason": "Unregistered"}, "reason"),
        ({"kind": "status", "status": 99}, "status"),
        ({"kind": "status", "status": "429"}, "status"),
        ({"kind": "slow", "delay_ms": -1}, "delay_ms"),
        ({"kind": "status", "status": 429, "retry_after": "1\r\nX: y"}, "retry_after"),
        ({"kind": "hang", "times": 0}, "times"),
        ({"kind": "hang", "unheard_of": 1}, "unheard_of"),
    ],
)
async def test_a_fault_that_cannot_be_is_refused_with_its_field(
    bench: Bench, fault: dict[str, Any], named: str
) -> None:
    status, body = await _ask(bench, "POST", "/faults/fcm", fault)
    assert status == 400
    assert body["error"].startswith(named)


async def test_switches_are_set_all_or_none(bench: Bench) -> None:
    assert (await _ask(bench, "PUT", "/switches/hms.status", {"value": "documented"}))[0] == 200
    wanted = {"rustore.errors": "flat", "fcm.token_lifetime_s": "soon"}
    status, body = await _ask(bench, "PUT", "/switches", wanted)
    assert status == 400
    assert "fcm.token_lifetime_s" in body["error"]
    _, body = await _ask(bench, "GET", "/switches")
    switches = body["switches"]
    assert (switches["hms.status"], switches["rustore.errors"]) == ("documented", "nested")
    assert (await _ask(bench, "DELETE", "/switches"))[1]["switches"]["hms.status"] == "always-200"


async def test_an_answer_is_ordered_word_by_word(bench: Bench) -> None:
    order = {
        "kind": "status",
        "status": 406,
        "body": "<html>",
        "content_type": "text/html",
        "headers": {"X-WNS-Error-Description": "throttled"},
    }
    status, made, _ = await bench.post(f"{bench.urls['control']}/faults/fcm", {**order, "holding": "marked"})
    assert status == 201
    assert made["fault"]["headers"] == [["X-WNS-Error-Description", "throttled"]]
    (ordered,) = [fault for _, fault, _ in bench.sandbox.faults.ordered()]
    assert bench.sandbox.faults.take("fcm", "t", b"plain") is None
    assert bench.sandbox.faults.take("fcm", "t", b"a marked body") == ordered
    answer = strike(ordered, Answer(400, b"{}"))
    assert (answer.status, answer.body, answer.content_type) == (400, b"<html>", "text/html")
    assert ("X-WNS-Error-Description", "throttled") in answer.headers


async def test_apns_says_any_word_where_a_status_is_ordered(bench: Bench) -> None:
    url = f"{bench.urls['control']}/faults/apns"
    assert (await bench.post(url, {"kind": "status", "status": 403, "reason": "Tomorrow"}))[0] == 201
    assert (await bench.post(url, {"kind": "status", "status": 403}))[0] == 201
    assert (await bench.post(url, {"kind": "status", "reason": "Tomorrow"}))[0] == 400
    assert (await bench.post(url, {"kind": "status"}))[0] == 400


@pytest.mark.parametrize("headers", [{"a b": "c"}, {"a": "b\r\nc: d"}, {"": "x"}, {"a": 1}])
async def test_headers_that_no_answer_can_have_are_refused(bench: Bench, headers: dict[str, object]) -> None:
    order = {"kind": "status", "status": 400, "headers": headers}
    assert (await bench.post(f"{bench.urls['control']}/faults/fcm", order))[0] == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("POST", "/counters", 405),
        ("GET", "/inbox/telegram/a", 404),
        ("GET", "/inbox/fcm/a?count=-1", 400),
        ("GET", "/inbox/fcm/a?count=1&timeout_s=nan", 400),
        ("GET", "/inbox/fcm/a?timeout=1", 400),
        ("GET", "/received?limit=x", 400),
        ("GET", "/follow?provider=x", 400),
        ("POST", "/faults/telegram", 404),
        ("DELETE", "/faults/telegram", 404),
        ("POST", "/bearers/apns/expire", 404),
        ("GET", "/partner/reports?accepted=maybe", 400),
    ],
)
async def test_what_cannot_be_understood_is_refused_with_a_reason(
    bench: Bench, method: str, path: str, status: int
) -> None:
    answered, body = await _ask(bench, method, path)
    assert answered == status
    assert body["error"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=json_like(["kind", "status", "reason", "token", "times", "value", "state", "limit", "hms.status"]))
async def test_no_body_makes_the_control_api_or_the_receiver_fail(bench: Bench, body: bytes) -> None:
    for method, path in (
        ("POST", "/faults/fcm"),
        ("PUT", "/switches"),
        ("PUT", "/switches/hms.status"),
        ("PUT", "/apns/devices/aa"),
        ("POST", "/apns/go-away"),
        ("POST", "/apns/stream-limit"),
    ):
        status, _ = await _ask(bench, method, path, body)
        assert status in (200, 201, 400)
    assert await _report(bench, body) in (200, 400)


# -- apns


async def test_a_device_of_apns_can_be_declared_dead(bench: Bench) -> None:
    assert (await _ask(bench, "PUT", "/apns/devices/AA", {"state": "dead", "since_ms": 5}))[0] == 200
    assert (await _ask(bench, "PUT", "/apns/devices/AA", {"state": "assigned"}))[0] == 400
    assert (await _ask(bench, "PUT", "/apns/devices/AA", {"state": "live"}))[0] == 200
    assert (await _ask(bench, "GET", "/apns/refusals"))[1] == {"refusals": []}


# -- the partner's receiver


async def test_a_report_is_kept_and_found_by_id_and_mt_num(bench: Bench) -> None:
    assert await _report(bench) == 200
    for message in (REPORT["id"], REPORT["mtNum"]):
        _, body = await _ask(bench, "GET", "/partner/reports", message=message, count=1)
        (kept,) = body["reports"]
        assert (kept["report"], kept["violations"], kept["accepted"]) == (REPORT, [], True)
    assert (await _ask(bench, "GET", "/partner/violations"))[1] == {"reports": []}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"unheard_of": 1}, "unheard_of"),
        ({"mtNum": 7390612217}, "mtNum"),
        ({"mtNum": None}, "mtNum"),
        ({"status": "2"}, "status"),
        ({"status": 3}, "status"),
        ({"status": True}, "status"),
        ({"type": "Push"}, "type"),
        ({"doneDate": "2029-05-05T10:20:40Z"}, "doneDate"),
        ({"doneDate": ""}, "doneDate"),
        ({"status": 0}, "doneDate"),
        ({"status": 5, "doneDate": ""}, "errorCode"),
        ({"errorCode": "7"}, "errorCode"),
        ({"errorCode": 0}, "errorCode"),
        ({"partCount": "1"}, "partCount"),
        ({"trafficType": 8}, "trafficType"),
    ],
)
async def test_a_report_in_bad_form_is_accepted_and_reported(bench: Bench, change: dict[str, Any], named: str) -> None:
    assert await _report(bench, {**REPORT, **change}) == 200
    _, body = await _ask(bench, "GET", "/partner/violations")
    (kept,) = body["reports"]
    assert kept["violations"][0].startswith(named)


async def test_missing_fields_are_violations_but_the_optional_ones_are_not(bench: Bench) -> None:
    await _report(bench, {name: value for name, value in REPORT.items() if name not in ("id", "text")})
    _, body = await _ask(bench, "GET", "/partner/violations")
    assert body["reports"][0]["violations"] == ["text: is missing"]


async def test_a_failing_receiver_shows_every_attempt(bench: Bench) -> None:
    await _ask(bench, "POST", "/faults/partner", {"kind": "status", "status": 500, "times": 1})
    await _ask(bench, "POST", "/faults/partner", {"kind": "reset", "times": 1, "token": REPORT["mtNum"]})
    with pytest.raises(aiohttp.ClientError):
        await _report(bench)
    assert await _report(bench) == 500
    assert await _report(bench) == 200
    _, body = await _ask(bench, "GET", "/partner/reports", message=REPORT["id"])
    assert [(entry["answered"], entry["accepted"]) for entry in body["reports"]] == [
        (0, False),
        (500, False),
        (200, True),
    ]
    _, body = await _ask(bench, "GET", "/partner/reports", accepted="true", path="/reports")
    assert len(body["reports"]) == 1


async def test_a_wait_for_reports_ends_with_the_report(bench: Bench) -> None:
    query = {"message": REPORT["id"], "count": 1, "timeout_s": 10}
    waiting = asyncio.create_task(_ask(bench, "GET", "/partner/reports", **query))
    assert await _report(bench) == 200
    assert (await waiting)[1]["complete"] is True


async def test_what_is_no_json_is_refused_and_reported(bench: Bench) -> None:
    assert await _report(bench, b"mtNum=1") == 400
    _, body = await _ask(bench, "GET", "/partner/violations")
    assert body["reports"][0]["violations"][0].startswith("body: not JSON")
