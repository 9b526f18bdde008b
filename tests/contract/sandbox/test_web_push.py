"""The sandbox's push service, held against independent senders: pywebpush encrypts, py_vapid signs, it judges."""

import time
from typing import Any

import pytest
import pywebpush
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

from deploy.sandbox.web_push.browser import Keys, encoded, opened
from tests.support.sandbox_http import Bench

GOOD = {"TTL": "60", "Content-Encoding": "aes128gcm", "Content-Type": "application/octet-stream"}


class Page:
    """A page that has subscribed, and an independent sender that knows its subscription."""

    def __init__(self, bench: Bench, made: dict[str, str], vapid: Vapid02, keys: Keys) -> None:
        self.bench, self.vapid, self.keys = bench, vapid, keys
        self.endpoint, self.subscription = made["endpoint"], made["subscription"]
        info = {"endpoint": self.endpoint, "keys": keys.described()}
        self.body: bytes = pywebpush.WebPusher(info).encode(b'{"a": 1}')["body"]

    def authorization(self, **claims: Any) -> str:
        good = {"aud": self.bench.urls["web"], "exp": int(time.time()) + 3600, "sub": "mailto:a@bank.example"}
        kept = {name: value for name, value in {**good, **claims}.items() if value is not None}
        header: str = self.vapid.sign(kept)["Authorization"]
        return header

    async def post(self, body: bytes | None = None, authorization: str | None = None, **headers: str) -> Any:
        sent = {**GOOD, "Authorization": authorization or self.authorization(), **headers}
        sent = {name: value for name, value in sent.items() if value}
        async with self.bench.session.post(
            self.endpoint, data=self.body if body is None else body, headers=sent, allow_redirects=False
        ) as response:
            is_json = response.content_length and response.content_type == "application/json"
            return response.status, await response.json() if is_json else {}, dict(response.headers)

    async def status(self, *args: Any, **more: Any) -> int:
        return int((await self.post(*args, **more))[0])


@pytest.fixture
async def page(bench: Bench) -> Page:
    vapid, keys = Vapid02(ec.generate_private_key(ec.SECP256R1())), Keys()
    point = encoded(Keys(vapid.private_key).public)
    _, made, _ = await bench.post(f"{bench.urls['control']}/web/subscriptions", {"applicationServerKey": point})
    return Page(bench, made, vapid, keys)


async def test_an_independent_senders_push_opens_in_the_browser(page: Page) -> None:
    status, _, headers = await page.post(Urgency="low", Topic="a-b_1")
    assert status == 201
    assert headers["Location"].startswith(page.bench.urls["web"])
    assert headers["TTL"] == "60"
    (received,) = page.bench.sandbox.inbox.by_token("web", page.subscription)
    assert received.headers == {"ttl": "60", "urgency": "low", "topic": "a-b_1"}
    assert opened(page.keys, received.payload) == {"a": 1}


async def test_a_push_without_a_body_is_legal(page: Page) -> None:
    assert await page.status(b"", **{"Content-Encoding": ""}) == 201


@pytest.mark.parametrize(
    ("headers", "errno"),
    [
        ({"TTL": ""}, 114),
        ({"TTL": "-1"}, 114),
        ({"TTL": "1.5"}, 114),
        ({"Urgency": "urgent"}, 110),
        ({"Topic": "x" * 33}, 113),
        ({"Topic": "a.b"}, 113),
        ({"Content-Encoding": "aesgcm"}, 110),
        ({"Content-Encoding": ""}, 110),
        ({"Crypto-Key": "p256ecdsa=x"}, 110),
    ],
)
async def test_a_header_that_breaks_a_rule_is_refused(page: Page, headers: dict[str, Any], errno: int) -> None:
    status, body, _ = await page.post(**headers)
    assert (status, body["errno"]) == (400, errno)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://elsewhere.example"},
        {"exp": int(time.time()) - 3600},
        {"exp": int(time.time()) + 90_000},
        {"sub": "mailto:"},
        {"sub": "https://"},
    ],
)
async def test_a_token_that_breaks_a_rule_is_refused(page: Page, claims: dict[str, Any]) -> None:
    page.vapid.conf["no-strict"] = True  # else it refuses to sign some of these
    assert await page.status(authorization=page.authorization(**claims)) == 401


@pytest.mark.parametrize("header", ["", "Bearer x", "vapid t=a.b.c", "vapid t=a,k=b", "WebPush x"])
async def test_a_push_without_a_token_is_refused(page: Page, header: str) -> None:
    assert await page.status(authorization=header or " ") == 401


async def test_a_token_signed_with_another_key_than_k_is_refused(page: Page) -> None:
    other = Vapid02(ec.generate_private_key(ec.SECP256R1()))
    token = page.authorization().partition(",k=")[0]
    assert await page.status(authorization=f"{token},k={encoded(Keys(other.private_key).public)}") == 401


async def test_a_key_that_the_page_did_not_subscribe_with_is_refused(page: Page) -> None:
    page.vapid = Vapid02(ec.generate_private_key(ec.SECP256R1()))
    assert await page.status() == 403


async def test_bodies_are_held_against_the_form_and_the_limit(page: Page) -> None:
    assert await page.status(bytes(60)) == 400
    assert await page.status(page.body[:16] + bytes(4) + page.body[20:]) == 400
    assert await page.status(page.body + bytes(4096)) == 413


async def test_only_endpoints_that_were_given_out_are_known(page: Page) -> None:
    page.endpoint = page.endpoint[:-1] + ("A" if page.endpoint[-1] != "A" else "B")
    assert await page.status() == 404
    page.endpoint = page.bench.urls["web"] + "/push/x"
    assert await page.status() == 404


async def test_a_subscription_that_was_taken_back_is_gone(page: Page) -> None:
    async with page.bench.session.delete(f"{page.bench.urls['control']}/web/subscriptions/{page.subscription}"):
        pass
    assert await page.status() == 410
