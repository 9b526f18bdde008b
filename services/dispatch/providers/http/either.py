"""Posts to one origin over HTTP/2 where it offers that, else over HTTP/1.1; both know what was surely not sent.

    first post ─▶ what does TLS agree upon? (asked once, for all who wait)
                   ├▶ h2   ─▶ a few connections with many requests each      `services/dispatch/http2/`
                   └▶ else ─▶ a connection for each request under way        `client.py`

What was agreed upon is asked again when the origin takes no HTTP/2 connection any more. Without TLS it is HTTP/1.1.
"""

import asyncio
import ssl
from functools import lru_cache
from typing import Final

from yarl import URL

from services.dispatch.http2 import NO_H2, Header, NotProcessed, Response, Unknown
from services.dispatch.http2 import Pool as Http2Pool
from services.dispatch.provider import Retry, Uncertain
from services.dispatch.providers.http import client
from services.dispatch.providers.http.client import Client, provider_pool, without_answer
from services.runtime.http import egress
from services.runtime.http_client import CLOSED, Answer, NoAnswer, NotSent
from services.runtime.http_client.dial import words_of
from services.runtime.http_client.pool import CONNECT_TIMEOUT_S
from services.runtime.http_client.tls import tls_context

CONNECTIONS: Final = 8
"""Of HTTP/2: Google allows 100 requests at once on each."""


class EitherClient:
    """The requests of one sender to one address, `limit` at once."""

    def __init__(self, url: URL, ca_file: str, limit: int) -> None:
        self._url, self._origin, self._path = url, str(url.origin()), url.raw_path_qs.encode()
        self._http1 = Client(provider_pool(ca_file, limit))
        self._context = tls_context(ca_file, "h2", "http/1.1")
        self._h2_context = tls_context(ca_file, "h2")
        self._http2: Http2Pool | None = None
        self._asking: asyncio.Task[str] | None = None
        self._is_closed = False

    async def post(self, headers: bytes, body: bytes) -> Answer | Retry | Uncertain:
        """One attempt; `headers` are those of `header_lines`. Raises nothing but CancelledError."""
        if self._is_closed:
            return without_answer(CLOSED)
        try:
            is_h2 = self._http2 is not None or (self._url.scheme == "https" and await self._agreed() == "h2")
        except OSError as error:
            return without_answer(NotSent(f"no connection: {words_of(error)}"))
        if is_h2:
            return await self._over_http2(headers, body)
        answer = await self._http1.post(self._url, headers, body)
        return answer if isinstance(answer, Answer) else without_answer(answer)

    async def close(self) -> None:
        """Take no more; what is under way has a while to be answered."""
        self._is_closed = True
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)
        if self._http2 is not None:
            await self._http2.close_all(CLOSED.detail, client.DRAIN_S)
        await self._http1.close()

    @property
    def http1(self) -> Client:
        """For other addresses, of which little is asked."""
        return self._http1

    async def _agreed(self) -> str:
        """What TLS agrees upon. Raises OSError; a failure is asked again by the next."""
        asking = self._asking
        if asking is None or (asking.done() and (asking.cancelled() or asking.exception() is not None)):
            asking = self._asking = asyncio.get_running_loop().create_task(_agreed(self._url, self._context))
        await asyncio.wait((asking,))  # it is shared: a cancelled caller does not end it
        return "" if asking.cancelled() else asking.result()

    async def _over_http2(self, headers: bytes, body: bytes) -> Answer | Retry | Uncertain:
        pool = self._http2
        if pool is None:
            pool = self._http2 = Http2Pool(self._origin, self._h2_context, size=CONNECTIONS)
        result = await pool.request(b"POST", self._path, fields_of(headers), body, client.ANSWER_TIMEOUT_S)
        if isinstance(result, Response):
            return Answer(result.status, result.body, result.headers.get("retry-after"), result.headers)
        if isinstance(result, Unknown):
            return without_answer(NoAnswer(result.reason))
        return await self._not_taken(pool, result)

    async def _not_taken(self, pool: Http2Pool, result: NotProcessed) -> Retry | Uncertain:
        """No connection at all is the provider's trouble, none with room is too much of this application."""
        if self._is_closed:
            return without_answer(CLOSED)
        if pool.connections:
            return Retry(result.reason, scope="application")
        if pool.last_error == NO_H2 and self._http2 is pool:  # a proxy stands there now, say
            self._http2 = self._asking = None
            await pool.close_all(NO_H2)
        return without_answer(NotSent(result.reason))


async def _agreed(url: URL, context: ssl.SSLContext) -> str:
    async with asyncio.timeout(CONNECT_TIMEOUT_S):
        transport = await egress.connect(asyncio.Protocol, url.raw_host or "", url.port or 443, ssl=context)
    agreed: str | None = transport.get_extra_info("ssl_object").selected_alpn_protocol()
    transport.abort()
    return agreed or ""


@lru_cache(64)
def fields_of(lines: bytes) -> tuple[Header, ...]:
    """Header lines as the fields of HTTP/2."""
    pairs = (line.split(b": ", 1) for line in lines.split(b"\r\n") if line)
    return tuple((name.lower(), value) for name, value in pairs)
