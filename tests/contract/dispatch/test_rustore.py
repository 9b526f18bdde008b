"""RuStore over the wire, native and universal: every answer in both envelopes, lost answers, sizes."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import orjson
import pytest

from deploy.sandbox.rustore import server as sandbox_rustore
from deploy.sandbox.rustore import universal as sandbox_universal
from schemas.values import Content
from services.dispatch.provider import BEGUN_BEFORE, Accepted, Rejected, Result, Retry, Sender, TokenGone, Uncertain
from services.dispatch.providers.http import client
from services.dispatch.providers.rustore import sender as rustore
from services.runtime.http_client import NOT_BEGUN
from tests.support.sandbox_http import TOKEN, Bench
from tests.support.senders import EMOJI_TEXT, a_push, opening, sender_of, struck

# what the sandbox can answer → what the row of docs/providers.md §4.1 makes of it
NATIVE: dict[str, Result] = {
    "INVALID_ARGUMENT": Rejected("INVALID_ARGUMENT", 400),
    "INVALID_TOKEN": Rejected("INVALID_ARGUMENT", 400),
    "UNAUTHENTICATED": Rejected("UNAUTHENTICATED", 401, alert=True),
    "PERMISSION_DENIED": Rejected("PERMISSION_DENIED", 403, alert=True),
    "SENDER_ID_MISMATCH": TokenGone("SENDER_ID_MISMATCH", 403),
    "NOT_FOUND": TokenGone("NOT_FOUND", 404),
    "UNREGISTERED": TokenGone("UNREGISTERED", 404),
    "TOO_MANY_REQUESTS": Retry("TOO_MANY_REQUESTS", 429, None, "application"),
    "QUOTA_EXCEEDED": Retry("QUOTA_EXCEEDED", 429, None, "application"),
    "INTERNAL": Retry("INTERNAL", 500, None, "provider"),
    "UNAVAILABLE": Retry("UNAVAILABLE", 503, None, "provider"),
    "BAD_GATEWAY": Retry("HTTP 502", 502, None, "provider"),
}
# … and of §4.2
UNIVERSAL: dict[str, Result] = {
    "VALIDATION_ERROR": Rejected("VALIDATION_ERROR", 400),
    "PROVIDER_ERROR": Rejected("PROVIDER_ERROR", 400),
    "INVALID_TOKEN": TokenGone("PROVIDER_ERROR", 400),
    "TOO_MANY_REQUESTS": Retry("HTTP 429", 429, None, "application"),
    "INTERNAL": Retry("HTTP 500", 500, None, "provider"),
}
VARIANTS = {"native": "rustore", "universal": "rustore_universal"}


@pytest.fixture
async def sender(bench: Bench) -> AsyncIterator[Sender]:
    async with sender_of(rustore, opening(bench, "rustore")) as opened:
        yield opened


def _payload(bench: Bench) -> dict[str, Any]:
    (received,) = bench.sandbox.inbox.by_token("rustore", TOKEN)
    return received.payload


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("switch", "value"), [("rustore.success", "{}"), ("rustore.status_key", "status")])
async def test_an_accepted_push_carries_the_notification_and_the_sdk_part(
    bench: Bench, sender: Sender, variant: str, switch: str, value: str
) -> None:
    push = a_push(variant=variant, expires_at=time.time_ns() // 1_000_000 + 90_500)
    assert isinstance(await sender.send(push), Accepted)
    bench.sandbox.inbox.clear()
    bench.sandbox.faults.switch(switch, value)
    assert await sender.send(push) == Accepted(None, 200)
    message = _payload(bench)["message"]
    assert message["notification"] == {"title": "Your code", "body": "123456"}
    assert message["android"]["ttl"] in ("90s", "89s")
    sdk = orjson.loads(message["data"]["rpns"])
    assert (sdk["id"], sdk["delivery"], sdk["text"]) == (push.message_id, push.delivery_id, "123456")


async def test_the_variant_stands_with_the_token_and_else_with_the_application(bench: Bench) -> None:
    opened = opening(bench, "rustore")
    universal = replace(opened, application=opened.application.replace(rustore_variant="universal"))
    async with sender_of(rustore, universal) as sender:
        await sender.send(a_push())
        await sender.send(a_push(variant="native"))
    first, second = bench.sandbox.inbox.by_token("rustore", TOKEN)
    assert [push.headers.get("via") for push in (first, second)] == [sandbox_universal.VIA, None]


def _everybodys(bench: Bench) -> dict[str, Any]:
    """Credentials for all carriers of the universal API."""
    others = {
        name: credentials
        for name, credentials in bench.urls["credentials"]["rustore_universal"].items()
        if name != "rustore"
    }
    return {**bench.urls["credentials"]["rustore"], "universal": others}


@pytest.mark.parametrize("carrier", ["fcm", "hms", "apns"])
async def test_a_token_of_another_carrier_is_pushed_to_over_that_carrier(bench: Bench, carrier: str) -> None:
    token = orjson.dumps({"carrier": carrier, "token": TOKEN}).decode()
    push = a_push(token=token, variant="universal")
    async with sender_of(rustore, opening(bench, "rustore", _everybodys(bench))) as sender:
        assert await sender.send(push) == Accepted(None, 200)
        (received,) = bench.sandbox.inbox.by_token(carrier, TOKEN)
        assert received.headers["via"] == sandbox_universal.VIA
        dead = await struck(bench, sender, "rustore_universal", push, reason="INVALID_TOKEN", token=TOKEN)
        assert dead == TokenGone("PROVIDER_ERROR", 400)
    wrong = _everybodys(bench)
    wrong["universal"] = {carrier: wrong["universal"][carrier] | {"auth_token": "another"}}
    async with sender_of(rustore, opening(bench, "rustore", wrong)) as sender:
        assert await sender.send(push) == Rejected("PROVIDER_ERROR", 400, alert=True)
    async with sender_of(rustore, opening(bench, "rustore")) as sender:
        assert await sender.send(push) == Rejected(f"no credentials for {carrier} over the universal API", 0)


def test_every_answer_that_the_sandbox_knows_is_tried() -> None:
    assert set(NATIVE) == sandbox_rustore.REASONS
    assert set(UNIVERSAL) == sandbox_universal.REASONS


@pytest.mark.parametrize("envelope", ["nested", "flat"])
@pytest.mark.parametrize("reason", NATIVE)
async def test_each_native_answer_has_its_outcome(bench: Bench, sender: Sender, reason: str, envelope: str) -> None:
    bench.sandbox.faults.switch("rustore.errors", envelope)
    assert await struck(bench, sender, "rustore", a_push(), reason=reason) == NATIVE[reason]


@pytest.mark.parametrize("reason", UNIVERSAL)
async def test_each_universal_answer_has_its_outcome(bench: Bench, sender: Sender, reason: str) -> None:
    push = a_push(variant="universal")
    assert await struck(bench, sender, "rustore_universal", push, reason=reason) == UNIVERSAL[reason]


@pytest.mark.parametrize("variant", VARIANTS)
async def test_wrong_credentials_stop_the_sender(bench: Bench, variant: str) -> None:
    credentials = bench.urls["credentials"]["rustore"] | {"service_token": "another"}
    async with sender_of(rustore, opening(bench, "rustore", credentials)) as sender:
        result = await sender.send(a_push(variant=variant))
    assert isinstance(result, Rejected)
    assert result.alert


async def test_retry_after_is_obeyed(bench: Bench, sender: Sender) -> None:
    result = await struck(bench, sender, "rustore", a_push(), reason="TOO_MANY_REQUESTS", retry_after="7")
    assert result == Retry("TOO_MANY_REQUESTS", 429, 7, "application")


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("kind", ["drop-after-write", "reset"])
async def test_an_answer_that_is_lost_is_uncertain(bench: Bench, sender: Sender, kind: str, variant: str) -> None:
    push = a_push(variant=variant)
    assert isinstance(await struck(bench, sender, VARIANTS[variant], push, kind=kind), Uncertain)
    assert not sender.absorbs_resend(push)


async def test_an_answer_that_does_not_come_in_time_is_uncertain(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ANSWER_TIMEOUT_S", 0.3)
    async with sender_of(rustore, opening(bench, "rustore")) as sender:
        assert isinstance(await struck(bench, sender, "rustore", a_push(), kind="hang"), Uncertain)


async def test_a_provider_that_cannot_be_reached_has_surely_not_taken_it(bench: Bench, unused_tcp_port: int) -> None:
    gone = f"https://localhost:{unused_tcp_port}"
    async with sender_of(rustore, opening(bench, "rustore", RUSTORE_URL=gone)) as sender:
        assert isinstance(await sender.send(a_push()), Retry)


@dataclass
class Note:
    """A `AttemptNote` in memory."""

    was_noted: bool = False  # by somebody else
    is_late: bool = False  # found only when it is to be noted
    waits: bool = False  # the database is away
    is_begun: bool = False
    asked: int = 0

    async def was_begun(self) -> bool:
        return self.was_noted and not self.is_late

    async def begin(self) -> bool:
        self.asked += 1
        if self.waits:
            await asyncio.Event().wait()
        self.is_begun = not self.was_noted
        return self.is_begun


@pytest.mark.parametrize("variant", VARIANTS)
async def test_an_attempt_that_was_begun_before_is_not_made(bench: Bench, sender: Sender, variant: str) -> None:
    before = Note(was_noted=True)
    assert await sender.send(a_push(variant=variant, note=before)) == BEGUN_BEFORE
    assert before.asked == 0, "no connection was made for it"
    assert isinstance(await sender.send(a_push(variant=variant, note=Note())), Accepted)
    for late in (Note(was_noted=True), Note(was_noted=True, is_late=True)):
        assert await sender.send(a_push(variant=variant, note=late)) == BEGUN_BEFORE
    assert isinstance(await sender.send(a_push(variant=variant, note=Note())), Accepted)
    assert len(bench.sandbox.inbox.by_token("rustore", TOKEN)) == 2


async def test_what_gets_no_connection_was_not_begun(bench: Bench, unused_tcp_port: int) -> None:
    opened = opening(bench, "rustore", RUSTORE_URL=f"https://127.0.0.1:{unused_tcp_port}")
    async with sender_of(rustore, opened) as sender:
        result = await sender.send(a_push(note=(note := Note())))
    assert isinstance(result, Retry)
    assert note.asked == 0


async def test_what_cannot_be_noted_in_time_is_not_sent(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "ANSWER_TIMEOUT_S", 0.5)
    async with sender_of(rustore, opening(bench, "rustore")) as sender:
        assert isinstance(await sender.send(a_push(note=Note())), Accepted)
        assert await sender.send(a_push(note=Note(waits=True))) == Retry(NOT_BEGUN.detail)
    assert len(bench.sandbox.inbox.by_token("rustore", TOKEN)) == 1


@pytest.mark.parametrize("variant", VARIANTS)
async def test_a_text_of_a_thousand_emoji_is_cut_between_two_of_them(
    bench: Bench, sender: Sender, variant: str
) -> None:
    content = Content(title="ж" * 80, text=EMOJI_TEXT, custom_payload='"' + "ж" * 300 + '"')
    result = await sender.send(a_push(content=content, variant=variant))
    assert isinstance(result, Accepted)
    assert result.shortened
    payload = _payload(bench)
    shown = payload["message"]["notification"]["body"]
    assert shown.endswith("\U0001f467…")
    assert EMOJI_TEXT.startswith(shown[:-1])
    assert 3900 < len(orjson.dumps(payload)) <= 4096


async def test_what_shows_nothing_is_native_only(bench: Bench, sender: Sender) -> None:
    content = Content(text="", live_activity="{}")
    assert isinstance(await sender.send(a_push(content=content)), Accepted)
    assert "notification" not in _payload(bench)["message"]
    assert isinstance(await sender.send(a_push(content=content, variant="universal")), Rejected)
