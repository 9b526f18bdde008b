"""One access token for everybody: fetched once, renewed early, replaced once; waits that providers ask for."""

import asyncio
from email.utils import formatdate

import pytest

from services.dispatch.provider import Accepted, Rejected, Result, Retry
from services.dispatch.providers.http.client import retry_after_s
from services.dispatch.providers.http.oauth import AccessTokens, Grant, RefreshAuth, Trouble, with_bearer
from services.dispatch.providers.http.token_endpoint import granted
from services.runtime.http_client import Answer
from tests.support.waiting import eventually


class Endpoint:
    """A token endpoint whose clock stands still until it is moved."""

    def __init__(self, lifetime_s: float = 3600) -> None:
        self.now_s = 1000.0
        self.asked = 0
        self.lifetime_s = lifetime_s
        self.trouble: Trouble | None = None
        self.open = asyncio.Event()
        self.open.set()
        self.tokens = AccessTokens(self.fetch, lambda: self.now_s)

    async def fetch(self) -> Grant | Trouble:
        self.asked += 1
        number = self.asked
        await self.open.wait()
        return self.trouble or Grant(f"t{number}", self.lifetime_s)


async def test_many_callers_share_one_fetch() -> None:
    endpoint = Endpoint()
    assert set(await asyncio.gather(*(endpoint.tokens.get() for _ in range(50)))) == {"t1"}
    assert endpoint.asked == 1


async def test_a_caller_who_gives_up_does_not_end_the_fetch_of_the_others() -> None:
    endpoint = Endpoint()
    endpoint.open.clear()
    first, second = (asyncio.create_task(endpoint.tokens.get()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    endpoint.open.set()
    assert await second == "t1"
    assert first.cancelled()


async def test_it_is_renewed_five_minutes_early_and_nobody_waits_for_it() -> None:
    endpoint = Endpoint()
    await endpoint.tokens.get()
    endpoint.now_s += 3299
    assert await endpoint.tokens.get() == "t1"
    assert endpoint.asked == 1
    endpoint.now_s += 2
    endpoint.open.clear()
    assert await endpoint.tokens.get() == "t1"
    endpoint.open.set()

    async def is_renewed() -> bool:
        return await endpoint.tokens.get() == "t2"

    await eventually(is_renewed, "the token is renewed")
    assert endpoint.asked == 2


async def test_a_failed_renewal_lets_the_old_token_serve_to_its_end() -> None:
    endpoint = Endpoint()
    await endpoint.tokens.get()
    endpoint.trouble = Retry("away")
    endpoint.now_s += 3400
    for _ in range(5):
        assert await endpoint.tokens.get() == "t1"
        await asyncio.sleep(0)
    assert endpoint.asked == 2
    endpoint.now_s += 300
    assert await endpoint.tokens.get() == Retry("away")


async def test_a_failure_is_remembered_for_a_moment() -> None:
    endpoint = Endpoint()
    endpoint.trouble = Rejected("invalid_grant", 400, alert=True)
    assert await endpoint.tokens.get() == endpoint.trouble
    assert await endpoint.tokens.get() == endpoint.trouble
    assert endpoint.asked == 1
    endpoint.trouble = None
    endpoint.now_s += 11
    assert await endpoint.tokens.get() == "t2"


async def test_a_refused_token_is_replaced_once_and_then_it_is_an_alert() -> None:
    endpoint = Endpoint()
    seen: list[str] = []

    async def refuse_all(token: str) -> Result | RefreshAuth:
        seen.append(token)
        return RefreshAuth("UNAUTHENTICATED", 401)

    assert await with_bearer(endpoint.tokens, refuse_all) == Rejected("UNAUTHENTICATED", 401, alert=True)
    assert seen == ["t1", "t2"]


async def test_many_refusals_of_one_token_cost_one_new_token() -> None:
    endpoint = Endpoint()
    together = asyncio.Barrier(20)

    async def refuse_first(token: str) -> Result | RefreshAuth:
        if token == "t1":
            await together.wait()
            return RefreshAuth("UNAUTHENTICATED", 401)
        return Accepted(token)

    results = await asyncio.gather(*(with_bearer(endpoint.tokens, refuse_first) for _ in range(20)))
    assert results == [Accepted("t2")] * 20
    assert endpoint.asked == 2


async def test_closing_answers_those_who_wait() -> None:
    endpoint = Endpoint()
    endpoint.open.clear()
    waiting = asyncio.create_task(endpoint.tokens.get())
    await asyncio.sleep(0)
    await endpoint.tokens.close()
    assert isinstance(await waiting, Retry)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"access_token": 1}', b'{"access_token": "a\\nb", "expires_in": 1}']
)
def test_a_token_that_cannot_be_used_is_no_token(body: bytes) -> None:
    assert isinstance(granted(Answer(200, body), 0), Retry)


def test_a_token_endpoints_own_wait_is_obeyed() -> None:
    assert granted(Answer(503, b"", "30"), 0) == Retry("token endpoint: HTTP 503", 503, 30, "application")


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(None, None), ("7", 7), (" 7 ", 7), ("0", 0), ("soon", None), ("-1", None), ("7.5", None), ("", None)],
)
def test_retry_after_in_seconds(value: str | None, seconds: float | None) -> None:
    assert retry_after_s(value, 0) == seconds


def test_retry_after_as_a_date_counts_from_now_and_never_below_zero() -> None:
    assert retry_after_s(formatdate(2_000_000_060, usegmt=True), 2_000_000_000_000) == 60
    assert retry_after_s(formatdate(1_000_000_000, usegmt=True), 2_000_000_000_000) == 0
