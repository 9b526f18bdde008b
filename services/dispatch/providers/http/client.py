"""The HTTP client of a sender: the one of `services/runtime/http_client`, with what its ends mean for a push.

    post ─▶ Answer       a status came (a body that was cut off counts as empty)
         ─▶ NotSent      the provider never saw it: send again freely
         ─▶ NoAnswer     written, wholly or in part, and nothing came back

A `note` is asked when a connection is at hand, right before the request is written: while hundreds wait for their
connections, none of them counts as begun.

Nothing is repeated here, and redirects are not followed: they would carry the credentials elsewhere.
"""

import asyncio
import contextlib
import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from yarl import URL

from services.dispatch.provider import BEGUN_BEFORE, AttemptNote, Retry, Uncertain
from services.runtime import clock
from services.runtime.http.outbound_addresses import socket_factory
from services.runtime.http_client import (
    BEGUN,
    CLOSED,
    FORBIDDEN,
    NOT_BEGUN,
    Answer,
    Direct,
    NoAnswer,
    NotSent,
    Pool,
    header_lines,
    target_of,
)
from services.runtime.http_client.tls import tls_context

ANSWER_TIMEOUT_S = 20.0
"""From asking for a connection to the end of the answer. Source: docs/providers.md §2.4, at least 10 s."""
DRAIN_S = 10.0
LONGEST_RETRY_AFTER_S: Final = 3600.0
_SECONDS: Final = re.compile(r"[0-9]+")


def without_answer(failed: NotSent | NoAnswer) -> Retry | Uncertain:
    """The result of a send that got no answer."""
    if failed in (CLOSED, NOT_BEGUN):
        return Retry(failed.detail)
    if failed == BEGUN:
        return BEGUN_BEFORE
    if isinstance(failed, NotSent):
        return Retry(failed.detail, scope="provider")
    return Uncertain(failed.detail)


def retry_after_s(value: str | None, now_ms: int) -> float | None:
    """Seconds to wait by a Retry-After header, in seconds or as an HTTP date; None when absent or unreadable.

    No more than `LONGEST_RETRY_AFTER_S`: a server that says a year is asked again within the hour.
    """
    if value is None:
        return None
    text = value.strip()
    if _SECONDS.fullmatch(text):
        return min(float(text[:12]), LONGEST_RETRY_AFTER_S)
    try:
        moment = parsedate_to_datetime(text)
        moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        return min(max(0.0, moment.timestamp() - now_ms / 1000), LONGEST_RETRY_AFTER_S)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def wait_s_of(answer: Answer) -> float | None:
    """Seconds to wait from now, by the answer's Retry-After."""
    return retry_after_s(answer.retry_after, clock.now_ms())


class Client:
    """The requests of one sender."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._under_way = 0
        self._closing = False
        self._drained = asyncio.Event()

    async def post(
        self, url: URL, headers: bytes, body: bytes, note: AttemptNote | None = None
    ) -> Answer | NotSent | NoAnswer:
        """One attempt; `headers` are those of `header_lines`. Raises nothing but CancelledError."""
        if self._closing:
            return CLOSED
        try:
            target = target_of(url)
        except ValueError:
            return FORBIDDEN
        self._under_way += 1
        try:
            return await self._pool.post(target, headers, body, timeout_s=ANSWER_TIMEOUT_S, note=note)
        finally:
            self._ended()

    async def close(self) -> None:
        """Take no more, wait up to `DRAIN_S` for what is under way; what is still unanswered then gets NoAnswer."""
        self._closing = True
        if self._under_way:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._drained.wait(), DRAIN_S)
        await self._pool.close()

    def _ended(self) -> None:
        self._under_way -= 1
        if self._closing and not self._under_way:
            self._drained.set()


def provider_pool(ca_file: str, limit: int) -> Pool:
    """The connections to a provider whose address the operator has set, `limit` at most."""
    return Pool(Direct(tls_context(ca_file)), limit=limit)


def outside_pool(ca_file: str, limit: int, *, allow_private: bool, limit_per_origin: int | None = None) -> Pool:
    """The connections to addresses that were given from outside; each passes the policy."""
    dialer = Direct(tls_context(ca_file), socket_factory(allow_private=allow_private))
    return Pool(dialer, limit=limit, limit_per_origin=limit_per_origin)


def bearer_headers(token: str, content_type: str) -> bytes:
    """Authorization and Content-Type, ready to be sent with every request until the token changes."""
    return header_lines({"Authorization": f"Bearer {token}", "Content-Type": content_type})


class BearerHeaders:
    """The headers of requests with an access token, made anew only when the token changes."""

    def __init__(self, content_type: str) -> None:
        self._content_type = content_type
        self._token, self._headers = "", b""

    def of(self, token: str) -> bytes:
        if token != self._token:
            self._token, self._headers = token, bearer_headers(token, self._content_type)
        return self._headers
