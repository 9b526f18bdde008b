"""One keep-alive HTTP/1.1 client for a provider, with the line between "surely not sent" and "may have been taken".

    post ─▶ Answer       a status came (a body that was cut off counts as empty)
         ─▶ NotSent      no connection, so the provider never saw it: send again freely
         ─▶ NoAnswer     written, wholly or in part, and nothing came back

A `note` is asked when a connection is at hand, right before the request is written: while hundreds wait for their
connections, none of them counts as begun. aiohttp reports that moment to its tracing hooks only.

A POST is never repeated here: aiohttp repeats only idempotent methods. Redirects are not followed: they would carry
the credentials elsewhere.
"""

import asyncio
import contextlib
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import Final

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from services.dispatch.provider import BEGUN_BEFORE, AttemptNote, Retry, Uncertain
from services.runtime import clock
from services.runtime.http.outbound_addresses import is_forbidden

CONNECT_TIMEOUT_S = 10.0
ANSWER_TIMEOUT_S = 20.0
"""From asking for a connection to the end of the answer. Source: docs/providers.md §2.4, at least 10 s."""
DRAIN_S = 10.0
MOST_BYTES: Final = 65_536
LONGEST_RETRY_AFTER_S: Final = 3600.0
IDLE_S: Final = 15.0
"""An idle connection is given up before the usual 60 s and more of the providers' front ends."""


_SECONDS: Final = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider said; `retry_after` is the header as it came. Names of `headers` in any case."""

    status: int
    body: bytes
    retry_after: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotSent:
    """Not a byte of the request was written. `detail` names the kind of trouble, never an address or a header."""

    detail: str


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The request was written and its fate is unknown."""

    detail: str


CLOSED: Final = NotSent("client closed")
"""Ours, not the provider's: the sender was replaced while the push was on its way to it."""
NOT_BEGUN: Final = NotSent("could not be noted in time")
"""Ours as well: the request waited for its `note`."""
BEGUN: Final = NotSent("begun before")
"""Its `note` forbids it."""
FORBIDDEN: Final = NotSent("forbidden address")
"""No address of a host, or one that the connector's policy refused."""


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
    """The connections of one sender."""

    def __init__(self, connector: aiohttp.BaseConnector) -> None:
        self._under_way = 0
        self._closing = False
        self._drained = asyncio.Event()
        self._session = _session(connector)
        self._asking = _session(connector, _asking())  # traced, which costs every request something

    async def post(
        self, url: URL, headers: Mapping[str, str], body: bytes, note: AttemptNote | None = None
    ) -> Answer | NotSent | NoAnswer:
        """One attempt. Raises nothing but CancelledError. A CIMultiDict is taken as headers without a copy."""
        if self._closing:
            return CLOSED
        self._under_way += 1
        session = self._session if note is None else self._asking
        try:
            async with session.post(
                url, data=body, headers=headers, allow_redirects=False, trace_request_ctx=note
            ) as response:
                try:
                    content = await _read(response.content)
                except (aiohttp.ClientError, TimeoutError):
                    content = b""  # the status is an answer, whatever became of the rest
                return Answer(response.status, content, response.headers.get("Retry-After"), response.headers)
        except _BegunBefore:
            return BEGUN
        except aiohttp.InvalidURL:
            return FORBIDDEN
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return FORBIDDEN if is_forbidden(error) else NotSent(type(error).__name__)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            is_written = note is None or note.is_begun
            return NoAnswer(type(error).__name__) if is_written else NOT_BEGUN
        finally:
            self._ended()

    async def close(self) -> None:
        """Take no more, wait up to `DRAIN_S` for what is under way; what is still unanswered then gets NoAnswer."""
        self._closing = True
        if self._under_way:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._drained.wait(), DRAIN_S)
        await self._asking.close()
        await self._session.close()

    def _ended(self) -> None:
        self._under_way -= 1
        if self._closing and not self._under_way:
            self._drained.set()


class _BegunBefore(Exception):
    """The note forbids the request. Raised through aiohttp, which returns the connection to its pool."""


def _session(connector: aiohttp.BaseConnector, *traces: aiohttp.TraceConfig) -> aiohttp.ClientSession:
    """A session; the one without traces owns the connector."""
    return aiohttp.ClientSession(
        connector=connector,
        connector_owner=not traces,
        trace_configs=list(traces),
        timeout=aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
        trust_env=False,
    )


def _asking() -> aiohttp.TraceConfig:
    """Hooks that ask the request's `note` once it has a connection, and before a new one is made in vain."""

    async def before_connecting(_: aiohttp.ClientSession, request: SimpleNamespace, __: object) -> None:
        if await request.trace_request_ctx.was_begun():
            raise _BegunBefore

    async def before_writing(_: aiohttp.ClientSession, request: SimpleNamespace, __: object) -> None:
        if not await request.trace_request_ctx.begin():
            raise _BegunBefore

    made = aiohttp.TraceConfig()
    made.on_connection_create_start.append(before_connecting)
    made.on_connection_create_end.append(before_writing)
    made.on_connection_reuseconn.append(before_writing)
    return made


async def _read(content: aiohttp.StreamReader) -> bytes:
    """A body within `MOST_BYTES`; of a longer one its start."""
    body = bytearray()
    async for chunk in content.iter_any():
        body += chunk
        if len(body) >= MOST_BYTES:
            break
    return bytes(body[:MOST_BYTES])


def provider_connector(ca_file: str, limit: int) -> aiohttp.TCPConnector:
    """The connections to a provider whose address the operator has set, `limit` at most."""
    return aiohttp.TCPConnector(ssl=tls_context(ca_file), limit=limit, keepalive_timeout=IDLE_S)


def bearer_headers(token: str, content_type: str) -> CIMultiDict[str]:
    """Authorization and Content-Type, ready to be sent with every request until the token changes."""
    return CIMultiDict({"Authorization": f"Bearer {token}", "Content-Type": content_type})


class BearerHeaders:
    """The headers of requests with an access token, made anew only when the token changes."""

    def __init__(self, content_type: str) -> None:
        self._content_type = content_type
        self._token = ""
        self._headers: CIMultiDict[str] = CIMultiDict()

    def of(self, token: str) -> CIMultiDict[str]:
        if token != self._token:
            self._token, self._headers = token, bearer_headers(token, self._content_type)
        return self._headers


def tls_context(ca_file: str) -> ssl.SSLContext:
    """TLS that trusts the system's authorities, and the one of the file."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    return context
