"""Web Push over the wire: every answer of a push service, origins that stand alone, and addresses nobody may ask."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import orjson
import pytest

from deploy.sandbox.web_push import server as sandbox_web
from deploy.sandbox.web_push.browser import Keys, encoded, opened
from schemas.values import Content
from services.dispatch.provider import Accepted, Push, Rejected, Result, Retry, Sender, TokenGone, Uncertain
from services.dispatch.providers.http import client
from services.dispatch.providers.web_push import sender as web
from services.dispatch.providers.web_push.crypto import PLAINTEXT_BYTES
from services.dispatch.providers.web_push.vapid import Vapid
from services.runtime.crypto.private_keys import p256_of
from tests.support.sandbox_http import Bench
from tests.support.senders import EMOJI_TEXT, a_push, opening, sender_of, struck

ANSWERS: dict[str, Result] = {
    "BAD_REQUEST": Rejected("HTTP 400", 400),
    "BAD_TTL": Rejected("HTTP 400", 400),
    "BAD_TOPIC": Rejected("HTTP 400", 400),
    "UNAUTHORIZED": Rejected("HTTP 401", 401, alert=True),
    "FORBIDDEN": Rejected("HTTP 403", 403, alert=True),
    "NOT_FOUND": TokenGone("HTTP 404", 404),
    "GONE": TokenGone("HTTP 410", 410),
    "TOO_LARGE": Rejected("HTTP 413", 413),
    "TOO_MANY_REQUESTS": Retry("HTTP 429", 429),
    "INTERNAL": Retry("HTTP 500", 500),
    "UNAVAILABLE": Retry("HTTP 503", 503),
    "BAD_GATEWAY": Retry("HTTP 502", 502),
    "REDIRECT": Rejected("HTTP 307", 307),
    "WNS_THROTTLED": Retry("HTTP 406 The cloud service exceeded its throttle limit", 406),
    "WNS_CHANNEL_THROTTLED": Retry("HTTP 200 channelthrottled", 200),
    "WNS_DROPPED": Rejected("HTTP 200 dropped", 200),
}
PRIVATE: dict[str, Any] = {"RPNS_ALLOW_PRIVATE_ADDRESSES": "1"}


@dataclass
class Browser:
    """A page that has subscribed."""

    bench: Bench
    keys: Keys
    subscription: str
    endpoint: str

    def push(self, **changes: Any) -> Push:
        return a_push(**{"token": self.token(), **changes})

    def token(self, **changes: Any) -> str:
        return orjson.dumps({"endpoint": self.endpoint, "keys": self.keys.described(), **changes}).decode()

    def received(self) -> list[dict[str, Any]]:
        return [opened(self.keys, push.payload) for push in self.bench.sandbox.inbox.by_token("web", self.subscription)]


async def subscribed(bench: Bench, server_key: str) -> Browser:
    _, made, _ = await bench.post(f"{bench.urls['control']}/web/subscriptions", {"applicationServerKey": server_key})
    return Browser(bench, Keys(), made["subscription"], made["endpoint"])


def server_key(bench: Bench) -> str:
    return Vapid("mailto:a@b", p256_of(bench.urls["credentials"]["web"]["private_key"])).public_key


@pytest.fixture
async def sender(bench: Bench) -> AsyncIterator[Sender]:
    async with sender_of(web, opening(bench, "web", **PRIVATE)) as opened_sender:
        yield opened_sender


@pytest.fixture
async def browser(bench: Bench) -> Browser:
    return await subscribed(bench, server_key(bench))


@pytest.mark.parametrize("accepted", ["201", "202", "200"])
async def test_an_accepted_push_is_read_by_the_browser_alone(
    bench: Bench, sender: Sender, browser: Browser, accepted: str
) -> None:
    bench.sandbox.faults.switch("web.accepted", accepted)
    push = browser.push(expires_at=time.time_ns() // 1_000_000 + 90_500)
    assert await sender.send(push) == Accepted(None, int(accepted))
    (received,) = bench.sandbox.inbox.by_token("web", browser.subscription)
    assert received.headers["ttl"] in ("90", "89")
    assert received.headers["urgency"] == "high"
    assert b"123456" not in orjson.dumps(received)
    (seen,) = browser.received()
    assert seen["notification"] == {"title": "Your code", "body": "123456"}
    assert (seen["rpns"]["id"], seen["rpns"]["delivery"]) == (push.message_id, push.delivery_id)


async def test_a_lifetime_that_the_push_service_shortens_is_no_fault(
    bench: Bench, sender: Sender, browser: Browser
) -> None:
    bench.sandbox.faults.switch("web.max_ttl_s", "60")
    assert isinstance(await sender.send(browser.push()), Accepted)
    assert bench.sandbox.inbox.by_token("web", browser.subscription)[0].headers["ttl"] == "60"


def test_every_answer_that_the_sandbox_knows_is_tried() -> None:
    assert set(ANSWERS) == sandbox_web.REASONS


@pytest.mark.parametrize("form", ["mozilla", "apple"])
@pytest.mark.parametrize("reason", ANSWERS)
async def test_each_answer_has_its_outcome(
    bench: Bench, sender: Sender, browser: Browser, reason: str, form: str
) -> None:
    bench.sandbox.faults.switch("web.errors", form)
    result, expected = await struck(bench, sender, "web", browser.push(), reason=reason), ANSWERS[reason]
    assert isinstance(result, Rejected | Retry | TokenGone)
    assert isinstance(expected, Rejected | Retry | TokenGone)
    assert result.detail.startswith(expected.detail)
    assert replace(result, detail=expected.detail) == expected


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_a_push_service_in_trouble_that_says_when_gets_no_push_before(
    bench: Bench, sender: Sender, browser: Browser, form: str
) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    retry_after = "100" if form == "seconds" else date
    result = await struck(bench, sender, "web", browser.push(), reason="UNAVAILABLE", retry_after=retry_after, times=1)
    assert isinstance(result, Retry)
    assert result.after_s is not None
    assert 90 < result.after_s <= 100
    other = await subscribed(bench, server_key(bench))
    pause = await sender.send(other.push())
    assert isinstance(pause, Retry)
    assert pause.status == 0
    assert other.received() == []


async def test_a_subscription_that_gets_too_much_is_told_to_wait_and_no_other_waits(
    bench: Bench, sender: Sender, browser: Browser
) -> None:
    result = await struck(bench, sender, "web", browser.push(), reason="TOO_MANY_REQUESTS", retry_after="100", times=1)
    assert isinstance(result, Retry)
    assert result.after_s == 100
    other = await subscribed(bench, server_key(bench))
    assert isinstance(await sender.send(other.push()), Accepted)


async def test_a_subscription_of_another_key_is_refused_and_stops_nobody(
    bench: Bench, sender: Sender, browser: Browser
) -> None:
    foreign = await subscribed(bench, encoded(Keys().public))
    result = await sender.send(foreign.push())
    assert result == Rejected(f"HTTP 403 109: {web.REFUSED_KEY}", 403, alert=True)
    assert isinstance(await sender.send(browser.push()), Accepted)


async def test_a_subscription_that_was_taken_back_or_has_expired_is_dead(
    bench: Bench, sender: Sender, browser: Browser
) -> None:
    expired = browser.push(token=browser.token(expirationTime=time.time_ns() // 1_000_000 - 1))
    assert await sender.send(expired) == TokenGone("the subscription has expired", 0)
    lasting = browser.push(token=browser.token(expirationTime=time.time_ns() // 1_000_000 + 60_000))
    assert isinstance(await sender.send(lasting), Accepted)
    async with bench.session.delete(f"{bench.urls['control']}/web/subscriptions/{browser.subscription}"):
        pass
    assert await sender.send(browser.push()) == TokenGone("HTTP 410 106", 410)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::ffff:127.0.0.1]", "2130706433", "10.0.0.1"])
async def test_a_private_address_is_not_asked_unless_the_operator_allows_it(
    bench: Bench, browser: Browser, host: str
) -> None:
    endpoint = browser.endpoint.replace("localhost", host)
    async with sender_of(web, opening(bench, "web")) as sender:
        assert await sender.send(browser.push(token=browser.token(endpoint=endpoint))) == web.FORBIDDEN_ENDPOINT
        plain = browser.endpoint.replace("https:", "http:")
        assert await sender.send(browser.push(token=browser.token(endpoint=plain))) == web.FORBIDDEN_ENDPOINT
    assert browser.received() == []


@pytest.mark.parametrize("kind", ["drop-after-write", "reset"])
async def test_an_answer_that_is_lost_is_uncertain_and_a_resend_is_absorbed(
    bench: Bench, sender: Sender, browser: Browser, kind: str
) -> None:
    result = await struck(bench, sender, "web", browser.push(), kind=kind)
    assert isinstance(result, Uncertain)
    assert result.scope == "token"
    assert sender.absorbs_resend(browser.push())


async def test_an_answer_that_does_not_come_in_time_is_uncertain(
    bench: Bench, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "ANSWER_TIMEOUT_S", 0.3)
    async with sender_of(web, opening(bench, "web", **PRIVATE)) as sender:
        assert isinstance(await struck(bench, sender, "web", browser.push(), kind="hang"), Uncertain)


async def test_a_push_service_that_cannot_be_reached_holds_up_no_other(
    bench: Bench, sender: Sender, browser: Browser, unused_tcp_port: int
) -> None:
    gone = browser.token(endpoint=f"https://localhost:{unused_tcp_port}/push/x")
    for _ in range(20):
        result = await sender.send(browser.push(token=gone))
        assert isinstance(result, Retry)
        assert (result.status, result.scope) == (0, "token")
    assert isinstance(await sender.send(browser.push()), Accepted)


async def test_a_text_of_a_thousand_emoji_is_cut_between_two_of_them(
    bench: Bench, sender: Sender, browser: Browser
) -> None:
    content = Content(title="ж" * 80, text=EMOJI_TEXT, custom_payload='"' + "ж" * 300 + '"')
    result = await sender.send(browser.push(content=content))
    assert isinstance(result, Accepted)
    assert result.shortened
    (seen,) = browser.received()
    shown = seen["notification"]["body"]
    assert shown.endswith("\U0001f467…")
    assert EMOJI_TEXT.startswith(shown[:-1])
    assert PLAINTEXT_BYTES - 60 < len(orjson.dumps(seen)) <= PLAINTEXT_BYTES


@pytest.mark.parametrize("token", ["abc", "{}", '{"endpoint": "https://push.example/", "keys": {}}', "[]"])
async def test_what_is_no_subscription_is_a_dead_token(sender: Sender, token: str) -> None:
    assert await sender.send(a_push(token=token)) == TokenGone("not a subscription", 0)
