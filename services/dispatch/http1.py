"""One keep-alive HTTP/1.1 client for a provider, with the line between "surely not sent" and "may have been taken".

    post ─▶ Answer       a status came (a body that was cut off counts as empty)
         ─▶ NotSent      no connection, so the provider never saw it: send again freely
         ─▶ NoAnswer     written, wholly or in part, and nothing came back

A POST is never repeated here: aiohttp repeats only idempotent methods. Redirects are not followed: they would carry
the credentials elsewhere.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Final

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from services.addresses import is_forbidden
from services.dispatch.provider import Retry, Uncertain

CONNECT_TIMEOUT_S = 10.0
ANSWER_TIMEOUT_S = 20.0
"""From asking for a connection to the end of the answer. Source: docs/providers.md §2.4, at least 10 s."""
DRAIN_S = 10.0
MOST_BYTES: Final = 65_536
IDLE_S: Final = 15.0
"""An idle connection is given up before the usual 60 s and more of the providers' front ends."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider said; `retry_after` is the header as it came."""

    status: int
    body: bytes
    retry_after: str | None = None


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
FORBIDDEN: Final = NotSent("forbidden address")
"""No address of a host, or one that the connector's policy refused."""


def without_answer(failed: NotSent | NoAnswer) -> Retry | Uncertain:
    """What a send amounts to that got no answer."""
    if failed == CLOSED:
        return Retry(failed.detail)
    if isinstance(failed, NotSent):
        return Retry(failed.detail, scope="provider")
    return Uncertain(failed.detail)


def retry_after_s(value: str | None, now_ms: int) -> float | None:
    """Seconds to wait by a Retry-After header, in seconds or as an HTTP date; None when absent or unreadable."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, moment.timestamp() - now_ms / 1000)


class Client:
    """The connections of one sender."""

    def __init__(self, connector: aiohttp.BaseConnector) -> None:
        self._under_way = 0
        self._closing = False
        self._drained = asyncio.Event()
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding"),
            trust_env=False,
        )

    async def post(self, url: URL, headers: Mapping[str, str], body: bytes) -> Answer | NotSent | NoAnswer:
        """One attempt. Raises nothing but CancelledError. A CIMultiDict is taken as headers without a copy."""
        if self._closing:
            return CLOSED
        self._under_way += 1
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as response:
                try:
                    content = await _read(response.content)
                except (aiohttp.ClientError, TimeoutError):
                    content = b""  # the status is an answer, whatever became of the rest
                return Answer(response.status, content, response.headers.get("Retry-After"))
        except aiohttp.InvalidURL:
            return FORBIDDEN
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return FORBIDDEN if is_forbidden(error) else NotSent(type(error).__name__)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return NoAnswer(type(error).__name__)
        finally:
            self._ended()

    async def close(self) -> None:
        """Take no more, wait up to `DRAIN_S` for what is under way; what is still unanswered then gets NoAnswer."""
        self._closing = True
        if self._under_way:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._drained.wait(), DRAIN_S)
        await self._session.close()

    def _ended(self) -> None:
        self._under_way -= 1
        if self._closing and not self._under_way:
            self._drained.set()


async def _read(content: aiohttp.StreamReader) -> bytes:
    """A body within `MOST_BYTES`; of a longer one the beginning."""
    body = bytearray()
    async for chunk in content.iter_any():
        body += chunk
        if len(body) >= MOST_BYTES:
            break
    return bytes(body[:MOST_BYTES])


def provider_connector(ca_file: str, limit: int) -> aiohttp.TCPConnector:
    """To a provider whose address the operator has set; `limit` bounds how many connections are open at once."""
    return aiohttp.TCPConnector(ssl=tls_context(ca_file), limit=limit, keepalive_timeout=IDLE_S)


def bearer_headers(token: str, content_type: str) -> CIMultiDict[str]:
    """Authorization and Content-Type, ready to be sent with every request until the token changes."""
    return CIMultiDict({"Authorization": f"Bearer {token}", "Content-Type": content_type})


def tls_context(ca_file: str) -> ssl.SSLContext:
    """The system's authorities, and beside them the one of the file."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_file:
        context.load_verify_locations(cafile=ca_file)
    return context
