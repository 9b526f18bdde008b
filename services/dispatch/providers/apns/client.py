"""Requests to Apple's hosts, for pushes and broadcast channels alike. Source: `docs/providers.md` §1.

    ask ─▶ pool of the endpoint ─▶ Response ─▶ its action ─▶ ApnsAnswer
                │                              └▶ again, once: with another provider token, on a new connection
                ├▶ replaced while it waited for a stream ─▶ round again on the new pool
                ├▶ NotProcessed ─▶ Retry
                └▶ Unknown      ─▶ Uncertain

A pool is replaced by the first request whose answer asks for it; requests in flight finish in the background. A new
pool is not replaced for an answer that the next push may get as well: a device that is refused so must not cost its
neighbours their connections.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import Final, Generic, NamedTuple, TypeVar

from services.dispatch.http2 import Header, NotProcessed, Pool, Unknown
from services.dispatch.provider import Retry, Uncertain
from services.dispatch.providers.apns.table import Action
from services.dispatch.providers.apns.token import ProviderToken
from services.dispatch.providers.http.answers import json_object
from services.runtime.clock import now_ms
from services.runtime.http_client.tls import tls_context

ANSWER_TIMEOUT_S: Final = 10.0
DRAIN_S: Final = 10.0
REPLACED_EVERY_S: Final = 10.0
CLOSED: Final = Retry("the sender is closed")
_AGAIN: Final = frozenset({Action.RECONNECT, Action.REFRESH_AUTH, Action.OWN_CONNECTION, Action.KEEP_AUTH})
_WORD: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}")
Meaning = TypeVar("Meaning")


class Endpoint(NamedTuple):
    """Where a request goes: each has connections of its own."""

    url: str
    size: int = 1
    name: str = ""  # tells apart what must not share connections
    is_doubtful: bool = False  # for tokens that never worked: for errors of theirs Apple closes connections


class Request(NamedTuple):
    """`signed` makes the headers, given the provider token and the time (UTC ms)."""

    method: bytes
    path: bytes
    signed: Callable[[bytes, int], Sequence[Header]]
    body: bytes = b""


class ApnsAnswer(NamedTuple, Generic[Meaning]):
    """Apple's answer: what it means, and its words."""

    action: Meaning
    status: int
    headers: dict[str, str]
    body: bytes
    reason: str
    dead_at: int | None  # of a 410: when the token was last known to be dead (UTC ms)


class ApnsClient:
    """The connections of one application."""

    def __init__(self, token: ProviderToken, ca_file: str) -> None:
        self._token, self._ca_file = token, ca_file
        self._loop = asyncio.get_running_loop()
        self._pools: dict[Endpoint, Pool] = {}
        self._replaced_at: dict[Endpoint, float] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def ask(
        self, endpoint: Endpoint, request: Request, action_of: Callable[[int, str], Meaning]
    ) -> ApnsAnswer[Meaning] | Retry | Uncertain:
        """One request, and a second one where the answer asks for it. Raises nothing but CancelledError."""
        is_second, until = False, self._loop.time() + ANSWER_TIMEOUT_S
        while not self._is_closed:
            now = now_ms()
            bearer = self._token.bearer(now / 1000)
            pool = self._pools.get(endpoint) or self._open(endpoint)
            left_s = until - self._loop.time()
            answer = await pool.request(request.method, request.path, request.signed(bearer, now), request.body, left_s)
            if isinstance(answer, Unknown):
                return Uncertain(answer.reason)
            if isinstance(answer, NotProcessed):
                if self._pools.get(endpoint) is pool or self._loop.time() >= until:
                    return _not_taken(answer.reason, pool, endpoint)
                continue
            reason, dead_at = ("", None) if answer.status == 200 else _reason_in(answer.body)
            action = action_of(answer.status, reason)
            if action in _AGAIN and not is_second and self._prepared(action, bearer, endpoint, pool):
                is_second, until = True, self._loop.time() + ANSWER_TIMEOUT_S
                continue
            return ApnsAnswer(
                action=action,
                status=answer.status,
                headers=answer.headers,
                body=answer.body,
                reason=reason,
                dead_at=dead_at,
            )
        return CLOSED

    async def close(self) -> None:
        """Close the connections; what waits is not sent, what is in flight has `DRAIN_S` to be answered."""
        self._is_closed = True
        closing = (pool.close_all(CLOSED.detail, DRAIN_S) for pool in self._pools.values())
        await asyncio.gather(*closing, *self._closing)

    def _open(self, endpoint: Endpoint) -> Pool:
        self._pools[endpoint] = pool = Pool(endpoint.url, tls_context(self._ca_file, "h2"), size=endpoint.size)
        return pool

    def _prepared(self, action: object, bearer: bytes, endpoint: Endpoint, pool: Pool) -> bool:
        """Change what the answer complains about. False when that cannot be changed."""
        now_s = now_ms() / 1000
        if action is Action.KEEP_AUTH:
            self._token.too_many(bearer, now_s)
            return self._token.bearer(now_s) != bearer
        if action is Action.REFRESH_AUTH:
            # a young one is not renewed but tried again: the connection may be what is stuck
            self._token.expired(bearer, now_s)
        now = self._loop.time()
        is_new = now - self._replaced_at.get(endpoint, float("-inf")) < REPLACED_EVERY_S
        if self._pools.get(endpoint) is pool and (action is Action.RECONNECT or not is_new):
            self._replaced_at[endpoint] = now
            del self._pools[endpoint]
            task = self._loop.create_task(pool.close_all("replaced", DRAIN_S))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
        return True


def _not_taken(reason: str, pool: Pool, endpoint: Endpoint) -> Retry:
    """No connection at all is the provider's trouble, none with room is too much of this application.

    Connections that Apple ends early are the trouble of the tokens that share them, where those never worked.
    """
    if pool.connections:
        return Retry(reason, scope="application")
    return Retry(reason, scope="provider" if pool.is_unreachable or not endpoint.is_doubtful else "token")


def _reason_in(body: bytes) -> tuple[str, int | None]:
    """The reason, empty unless it is one word, and the timestamp beside it."""
    given = json_object(body)
    reason, timestamp = given.get("reason"), given.get("timestamp")
    return (
        reason if isinstance(reason, str) and _WORD.fullmatch(reason) else "",
        timestamp if type(timestamp) is int and 0 < timestamp < 2**53 else None,
    )
