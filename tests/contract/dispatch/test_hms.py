"""Huawei over the wire: every code under both readings of the HTTP status, access tokens, lost answers, sizes."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from deploy.sandbox.faults.orders import Fault
from deploy.sandbox.hms import server as sandbox_hms
from schemas.values import Content, SecureValues
from services.dispatch.provider import Accepted, Rejected, Result, Retry, Sender, TokenGone, Uncertain
from services.dispatch.providers.hms import sender as hms
from services.dispatch.providers.hms import table
from services.dispatch.providers.http import client
from tests.support.sandbox_http import TOKEN, Bench
from tests.support.senders import EMOJI_TEXT, a_push, expire, opening, sender_of, struck

LIVE = Content(text="", live_activity='{"event":"update"}')
UNKNOWN_TO_SPEC = {"81000003": "RETRY"}  # any unknown 81xxxxxx
BODIES = sorted(sandbox_hms.REASONS - {sandbox_hms.BUSY, sandbox_hms.BAD_GATEWAY, table.SOME_ILLEGAL})


@pytest.fixture
async def sender(bench: Bench) -> AsyncIterator[Sender]:
    async with sender_of(hms, opening(bench, "hms")) as opened:
        yield opened


def _message(bench: Bench) -> dict[str, Any]:
    (received,) = bench.sandbox.inbox.by_token("hms", TOKEN)
    message: dict[str, Any] = received.payload["message"]
    return message


async def test_an_accepted_push_carries_the_notification_and_the_sdk_part(bench: Bench, sender: Sender) -> None:
    image = Content(text="123456", content_category="IMAGE", content_url="https://example.org/a.png")
    push = a_push(content=image, expires_at=time.time_ns() // 1_000_000 + 90_500)
    result = await sender.send(push)
    (received,) = bench.sandbox.inbox.by_token("hms", TOKEN)
    assert result == Accepted(received.message_id, 200)
    android = _message(bench)["android"]
    assert android["ttl"] in ("90s", "89s")
    assert android["notification"]["title"] == "Demo"  # a title is mandatory: the application's name
    assert android["notification"]["body"] == "123456"
    assert android["notification"]["tag"] == push.delivery_id
    assert android["notification"]["image"] == "https://example.org/a.png"
    sdk = orjson.loads(_message(bench)["data"])["rpns"]
    assert (sdk["id"], sdk["delivery"], sdk["text"]) == (push.message_id, push.delivery_id, "123456")


@pytest.mark.parametrize("project", [True, False], ids=["v2 by project", "v1 by app"])
async def test_both_addresses_work(bench: Bench, project: bool) -> None:
    known = bench.urls["credentials"]["hms"]
    credentials = known if project else {name: known[name] for name in ("app_id", "client_secret")}
    async with sender_of(hms, opening(bench, "hms", credentials)) as sender:
        assert isinstance(await sender.send(a_push()), Accepted)


@pytest.mark.parametrize("reading", ["always-200", "documented"])
@pytest.mark.parametrize("code", BODIES)
async def test_each_code_has_its_outcome_whatever_the_status(
    bench: Bench, sender: Sender, code: str, reading: str
) -> None:
    bench.sandbox.faults.switch("hms.status", reading)
    result = await struck(bench, sender, "hms", a_push(), reason=code)
    match table.CODES.get(code) or UNKNOWN_TO_SPEC[code]:
        case "OK":
            assert isinstance(result, Accepted)
        case "DROP_TOKEN":
            assert isinstance(result, TokenGone)
        case "FIX_PAYLOAD":
            assert isinstance(result, Rejected)
            assert (result.detail, result.alert) == (code, False)
        case "REFRESH_AUTH" | "ALERT":
            assert isinstance(result, Rejected)
            assert (result.detail, result.alert) == (code, True)
        case _:
            assert isinstance(result, Retry)
            assert result.detail == code


@pytest.mark.parametrize("reading", ["always-200", "documented"])
async def test_a_token_listed_as_illegal_is_dead_and_only_that_one(bench: Bench, sender: Sender, reading: str) -> None:
    bench.sandbox.faults.switch("hms.status", reading)
    result = await struck(bench, sender, "hms", a_push(), reason="80100000")
    assert result == TokenGone("80100000", 200)
    result = await struck(bench, sender, "hms", a_push(), reason="80300007", token=TOKEN)
    assert isinstance(result, TokenGone)


@pytest.mark.parametrize(
    ("fault", "result"),
    [
        ({"reason": "FLOW_CONTROL"}, Retry("HTTP 503", 503, None, "application")),
        ({"reason": "FLOW_CONTROL", "retry_after": "9"}, Retry("HTTP 503", 503, 9, "application")),
        ({"reason": "BAD_GATEWAY"}, Retry("HTTP 502", 502, None, "provider")),
        ({"status": 500}, Retry("HTTP 500", 500, None, "provider")),
        ({"status": 400}, Rejected("HTTP 400", 400)),
        ({"status": 401}, Rejected("HTTP 401", 401, alert=True)),
        ({"status": 404}, Rejected("HTTP 404", 404, alert=True)),
        ({"status": 200}, Uncertain("HTTP 200 without a code", "token")),
    ],
)
async def test_without_a_code_the_status_counts(
    bench: Bench, sender: Sender, fault: dict[str, Any], result: Result
) -> None:
    assert await struck(bench, sender, "hms", a_push(), **fault) == result


@pytest.mark.parametrize("reading", ["always-200", "documented"])
async def test_a_revoked_access_token_is_replaced_once_for_all(bench: Bench, sender: Sender, reading: str) -> None:
    bench.sandbox.faults.switch("hms.status", reading)
    assert isinstance(await sender.send(a_push()), Accepted)
    before = await expire(bench, "hms")
    results = await asyncio.gather(*(sender.send(a_push()) for _ in range(20)))
    assert all(isinstance(result, Accepted) for result in results)
    assert await expire(bench, "hms") == before + 1


@pytest.mark.parametrize(
    ("reason", "result"),
    [
        ("invalid_client", Rejected("token endpoint: 1101/20001", 400, alert=True)),
        ("invalid_secret", Rejected("token endpoint: 1101/12304", 400, alert=True)),
        ("throttled", Retry("token endpoint: 1101/60001", 403, None, "application")),
        ("internal", Retry("token endpoint: 1203/50001", 500, None, "application")),
    ],
)
async def test_trouble_at_the_token_endpoint(bench: Bench, sender: Sender, reason: str, result: Result) -> None:
    bench.sandbox.faults.order("hms_token", Fault("status", reason=reason))
    assert await sender.send(a_push()) == result


@pytest.mark.parametrize("kind", ["drop-after-write", "reset"])
async def test_an_answer_that_is_lost_is_uncertain(bench: Bench, sender: Sender, kind: str) -> None:
    assert isinstance(await struck(bench, sender, "hms", a_push(), kind=kind), Uncertain)


async def test_an_answer_that_does_not_come_in_time_is_uncertain(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ANSWER_TIMEOUT_S", 0.3)
    async with sender_of(hms, opening(bench, "hms")) as sender:
        assert isinstance(await struck(bench, sender, "hms", a_push(), kind="hang"), Uncertain)


async def test_a_provider_that_cannot_be_reached_has_surely_not_taken_it(bench: Bench, unused_tcp_port: int) -> None:
    gone = f"https://localhost:{unused_tcp_port}"
    async with sender_of(hms, opening(bench, "hms", HMS_URL=gone)) as sender:
        assert isinstance(await sender.send(a_push()), Retry)


async def test_a_live_activity_is_a_data_message_whose_resend_is_not_absorbed(bench: Bench, sender: Sender) -> None:
    assert sender.absorbs_resend(a_push())
    push = a_push(content=LIVE)
    assert not sender.absorbs_resend(push)
    assert isinstance(await sender.send(push), Accepted)
    message = _message(bench)
    assert "notification" not in message["android"]
    assert orjson.loads(message["data"])["rpns"]["more"] is True


async def test_a_text_of_a_thousand_emoji_is_cut_between_two_of_them(bench: Bench, sender: Sender) -> None:
    content = Content(title="ж" * 80, text=EMOJI_TEXT, custom_payload='"' + "ж" * 300 + '"')
    result = await sender.send(a_push(content=content))
    assert isinstance(result, Accepted)
    assert result.shortened
    shown = _message(bench)["android"]["notification"]["body"]
    assert shown.endswith("\U0001f467…")
    assert EMOJI_TEXT.startswith(shown[:-1])


async def test_values_that_are_secret_leave_only_their_place_to_the_system(bench: Bench, sender: Sender) -> None:
    secure = SecureValues(names=("code",), hour=1, sealed="x")
    await sender.send(a_push(content=Content(text="Code %code%", secure=secure)))
    assert _message(bench)["android"]["notification"]["body"] == "Code •••"
    assert orjson.loads(_message(bench)["data"])["rpns"]["text"] == "Code %code%"
