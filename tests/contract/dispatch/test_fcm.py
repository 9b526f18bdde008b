"""FCM over the wire: every row of its error table, access tokens, lost answers, sizes."""

import asyncio
import time
from collections.abc import AsyncIterator
from email.utils import formatdate
from typing import Any

import orjson
import pytest

from deploy.sandbox.faults.orders import Fault
from deploy.sandbox.fcm import errors
from schemas.values import Content, SecureValues
from services.dispatch.provider import Accepted, Rejected, Result, Retry, Sender, TokenGone, Uncertain
from services.dispatch.providers.fcm import sender as fcm
from services.dispatch.providers.http import client
from tests.support.sandbox_http import TOKEN, Bench
from tests.support.senders import EMOJI_TEXT, a_push, all_taken, expire, opening, sender_of, struck

# what the sandbox can answer → what the row of docs/providers.md §2.5 makes of it
OUTCOMES: dict[str, Result] = {
    "INVALID_TOKEN": TokenGone("INVALID_ARGUMENT", 400),
    "APNS_UNREGISTERED": TokenGone("INVALID_ARGUMENT", 400),
    "APNS_DISABLED": TokenGone("INVALID_ARGUMENT", 400),
    "INVALID_ARGUMENT": Rejected("INVALID_ARGUMENT message.data[0].value", 400),
    "INVALID_ARGUMENT_BARE": Rejected("INVALID_ARGUMENT", 400),
    "INVALID_ARGUMENT_ALONE": Rejected("INVALID_ARGUMENT", 400),
    "UNAUTHENTICATED": Rejected("UNAUTHENTICATED", 401, alert=True),
    "UNAUTHENTICATED_BARE": Rejected("UNAUTHENTICATED", 401, alert=True),
    "THIRD_PARTY_AUTH_ERROR": Rejected("THIRD_PARTY_AUTH_ERROR", 401, alert=True),
    "SENDER_ID_MISMATCH": TokenGone("SENDER_ID_MISMATCH", 403),
    "PERMISSION_DENIED": Rejected("PERMISSION_DENIED", 403, alert=True),
    "PERMISSION_DENIED_BARE": Rejected("PERMISSION_DENIED", 403, alert=True),
    "SERVICE_DISABLED": Rejected("PERMISSION_DENIED", 403, alert=True),
    "UNREGISTERED": TokenGone("UNREGISTERED", 404),
    "UNREGISTERED_APNS": TokenGone("UNREGISTERED", 404),
    "NOT_FOUND": Rejected("NOT_FOUND", 404, alert=True),
    "RATE_LIMIT_EXCEEDED": Retry("RESOURCE_EXHAUSTED", 429, None, "application", 60),
    "QUOTA_EXCEEDED": Retry("QUOTA_EXCEEDED", 429, None, "token", 10),
    "QUOTA_EXCEEDED_TOPIC": Retry("QUOTA_EXCEEDED", 429, None, "application", 60),
    "QUOTA_EXCEEDED_MESSAGE": Retry("QUOTA_EXCEEDED", 429, None, "application", 60),
    "INTERNAL": Retry("INTERNAL", 500, None, "provider", 10),
    "BAD_GATEWAY": Retry("HTTP 502", 502, None, "provider", 30),
    "UNAVAILABLE": Retry("UNAVAILABLE", 503, None, "provider", 10),
    "DEADLINE_EXCEEDED": Retry("DEADLINE_EXCEEDED", 504, None, "provider", 10),
}


@pytest.fixture
async def sender(bench: Bench) -> AsyncIterator[Sender]:
    async with sender_of(fcm, opening(bench, "fcm")) as opened:
        yield opened


def _received(bench: Bench) -> dict[str, Any]:
    (received,) = bench.sandbox.inbox.by_token("fcm", TOKEN)
    message: dict[str, Any] = received.payload["message"]
    return message


async def test_an_accepted_push_carries_the_notification_and_the_sdk_part(bench: Bench, sender: Sender) -> None:
    push = a_push(expires_at=time.time_ns() // 1_000_000 + 90_500)
    result = await sender.send(push)
    (received,) = bench.sandbox.inbox.by_token("fcm", TOKEN)
    assert result == Accepted(received.message_id, 200)
    message = _received(bench)
    assert message["notification"] == {"title": "Your code", "body": "123456"}
    assert message["android"]["notification"]["tag"] == push.delivery_id
    assert message["android"]["ttl"] in ("90s", "89s")
    sdk = orjson.loads(message["data"]["rpns"])
    assert (sdk["id"], sdk["delivery"], sdk["text"]) == (push.message_id, push.delivery_id, "123456")


def test_every_answer_that_the_sandbox_knows_is_tried() -> None:
    assert set(OUTCOMES) == errors.REASONS


@pytest.mark.parametrize("reason", OUTCOMES)
async def test_each_answer_has_its_outcome(bench: Bench, sender: Sender, reason: str) -> None:
    assert await struck(bench, sender, "fcm", a_push(), reason=reason) == OUTCOMES[reason]
    assert not bench.sandbox.inbox.counters["fcm"]


async def test_a_refusal_without_details_is_never_the_tokens_fault(bench: Bench, sender: Sender) -> None:
    bench.sandbox.faults.switch("fcm.details", "bare")
    result = await struck(bench, sender, "fcm", a_push(), reason="INVALID_TOKEN")
    assert result == Rejected("INVALID_ARGUMENT", 400)


@pytest.mark.parametrize("reason", ["UNAVAILABLE", "RATE_LIMIT_EXCEEDED"])
async def test_retry_after_is_obeyed_in_seconds_and_as_a_date(bench: Bench, sender: Sender, reason: str) -> None:
    result = await struck(bench, sender, "fcm", a_push(), reason=reason, retry_after="7")
    assert isinstance(result, Retry)
    assert (result.after_s, result.at_least_s) == (7, 0)
    date = formatdate(time.time() + 100, usegmt=True)
    result = await struck(bench, sender, "fcm", a_push(), reason=reason, retry_after=date)
    assert isinstance(result, Retry)
    assert result.after_s is not None
    assert 95 < result.after_s <= 100


async def test_a_revoked_access_token_is_replaced_once_for_all(bench: Bench, sender: Sender) -> None:
    assert isinstance(await sender.send(a_push()), Accepted)
    before = await expire(bench, "fcm")
    results = await asyncio.gather(*(sender.send(a_push()) for _ in range(20)))
    assert all(isinstance(result, Accepted) for result in results)
    assert await expire(bench, "fcm") == before + 1


async def test_an_access_token_is_renewed_before_it_expires(bench: Bench) -> None:
    bench.sandbox.faults.switch("fcm.token_lifetime_s", "2")
    before = await expire(bench, "fcm")
    async with sender_of(fcm, opening(bench, "fcm")) as sender, asyncio.timeout(10):
        started = time.monotonic()
        while time.monotonic() < started + 2.2:
            assert isinstance(await sender.send(a_push()), Accepted)
            await asyncio.sleep(0.02)
    assert await expire(bench, "fcm") >= before + 2


@pytest.mark.parametrize(
    ("reason", "result"),
    [
        ("invalid_grant", Rejected("token endpoint: invalid_grant", 400, alert=True)),
        ("account_not_found", Rejected("token endpoint: invalid_grant", 400, alert=True)),
        ("clock_skew", Rejected("token endpoint: invalid_grant", 400, alert=True)),
        ("invalid_scope", Rejected("token endpoint: invalid_scope", 400, alert=True)),
        ("unauthorized_client", Rejected("token endpoint: unauthorized_client", 401, alert=True)),
        ("rate_limited", Retry("token endpoint: rate_limit_exceeded", 429, None, "application")),
        ("internal_failure", Retry("token endpoint: internal_failure", 500, None, "application")),
        ("unavailable", Retry("token endpoint: temporarily_unavailable", 503, None, "application")),
    ],
)
async def test_trouble_at_the_token_endpoint(bench: Bench, sender: Sender, reason: str, result: Result) -> None:
    bench.sandbox.faults.order("fcm_token", Fault("status", reason=reason))
    assert await sender.send(a_push()) == result


async def test_a_token_endpoint_that_drops_the_answer_leaves_no_push_in_doubt(bench: Bench, sender: Sender) -> None:
    bench.sandbox.faults.order("fcm_token", Fault("drop-after-write"))
    assert isinstance(await sender.send(a_push()), Retry)


@pytest.mark.parametrize("kind", ["drop-after-write", "reset"])
async def test_an_answer_that_is_lost_is_uncertain(bench: Bench, sender: Sender, kind: str) -> None:
    assert isinstance(await struck(bench, sender, "fcm", a_push(), kind=kind), Uncertain)


async def test_an_answer_that_does_not_come_in_time_is_uncertain(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ANSWER_TIMEOUT_S", 0.3)
    async with sender_of(fcm, opening(bench, "fcm")) as sender:
        assert isinstance(await struck(bench, sender, "fcm", a_push(), kind="hang"), Uncertain)


async def test_a_connection_that_ends_after_the_answer_costs_nothing(bench: Bench, sender: Sender) -> None:
    assert isinstance(await struck(bench, sender, "fcm", a_push(), kind="close"), Accepted)
    assert isinstance(await sender.send(a_push()), Accepted)


async def test_a_provider_that_cannot_be_reached_has_surely_not_taken_it(bench: Bench, unused_tcp_port: int) -> None:
    gone = f"https://localhost:{unused_tcp_port}"
    async with sender_of(fcm, opening(bench, "fcm", FCM_URL=gone)) as sender:
        result = await sender.send(a_push())
    assert isinstance(result, Retry)
    assert result.scope == "provider"


async def test_a_provider_whose_certificate_is_not_trusted_gets_nothing(bench: Bench) -> None:
    opened = opening(bench, "fcm", PROVIDER_CA_FILE="")
    async with sender_of(fcm, opened) as sender:
        assert isinstance(await sender.send(a_push()), Retry)
    assert not bench.sandbox.inbox.counters["fcm"]


async def test_another_project_stops_the_sender(bench: Bench) -> None:
    credentials = bench.urls["credentials"]["fcm"] | {"project_id": "somebody-elses"}
    async with sender_of(fcm, opening(bench, "fcm", credentials)) as sender:
        for answer in ("403", "404"):
            bench.sandbox.faults.switch("fcm.wrong_project", answer)
            result = await sender.send(a_push())
            assert isinstance(result, Rejected)
            assert result.alert


async def test_a_text_of_a_thousand_emoji_is_cut_between_two_of_them(bench: Bench, sender: Sender) -> None:
    content = Content(title="ж" * 80, text=EMOJI_TEXT, custom_payload='"' + "ж" * 300 + '"')
    result = await sender.send(a_push(content=content))
    assert isinstance(result, Accepted)
    assert result.shortened
    message = _received(bench)
    shown = message["notification"]["body"]
    assert shown.endswith("…")
    assert EMOJI_TEXT.startswith(shown[:-1])
    assert shown[-2] == "\U0001f467"
    assert orjson.loads(message["data"]["rpns"])["more"] is True


async def test_a_text_that_fits_once_but_not_twice_is_shown_whole(bench: Bench, sender: Sender) -> None:
    result = await sender.send(a_push(content=Content(text="ж" * 1000)))
    assert isinstance(result, Accepted)
    assert not result.shortened
    message = _received(bench)
    assert message["notification"]["body"] == "ж" * 1000
    assert "text" not in orjson.loads(message["data"]["rpns"])


async def test_values_that_are_secret_leave_only_their_place_to_the_system(bench: Bench, sender: Sender) -> None:
    secure = SecureValues(names=("code",), hour=1, sealed="x")
    await sender.send(a_push(content=Content(text="Code %code%, 5 % off", secure=secure)))
    message = _received(bench)
    assert message["notification"]["body"] == "Code •••, 5 % off"
    assert orjson.loads(message["data"]["rpns"])["text"] == "Code %code%, 5 % off"


async def test_a_closed_sender_answers_and_blames_nobody(bench: Bench) -> None:
    async with sender_of(fcm, opening(bench, "fcm")) as sender:
        await sender.send(a_push())
    assert await sender.send(a_push()) == Retry("client closed")


async def test_a_sender_that_is_replaced_finishes_what_is_under_way(bench: Bench) -> None:
    async with sender_of(fcm, opening(bench, "fcm")) as sender:
        await sender.send(a_push())
        bench.sandbox.faults.order("fcm", Fault("slow", delay_ms=300, times=1))
        under_way = asyncio.create_task(sender.send(a_push()))
        await all_taken(bench)
    assert isinstance(await under_way, Accepted)


async def test_a_sender_that_is_replaced_does_not_wait_for_ever(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "DRAIN_S", 0.2)
    async with sender_of(fcm, opening(bench, "fcm")) as sender:
        await sender.send(a_push())
        bench.sandbox.faults.order("fcm", Fault("hang", times=1))
        under_way = asyncio.create_task(sender.send(a_push()))
        await all_taken(bench)
    assert isinstance(await under_way, Uncertain)
