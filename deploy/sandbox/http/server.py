"""A lean HTTP/1.1 server for the providers that are plain HTTPS, and for the partner's report receiver.

A server answers each request with one pure call, `answer(request) -> Answer`. What the network then does (wait,
say nothing, break the connection) is data in the answer, so an ordered fault needs no code of its own. aiohttp
serves 5,600 such requests per CPU-second over TLS; the bench needs a peer faster than what it measures.

    bytes → TlsPipe → httptools → Request → answer() → Answer → delay_ms → send | close | drop | reset | hang
"""

import asyncio
import ssl
from abc import ABC, abstractmethod

from deploy.sandbox.http.connection import Connection
from deploy.sandbox.http.http2 import ByAlpn, Http2Connection
from deploy.sandbox.http.messages import Answer, Request
from deploy.sandbox.tls.pipe import TlsPipe


class HttpServer(ABC):
    """A listening provider; subclasses say what they answer. `tls` None is plain HTTP.

    With `speaks_http2` it offers HTTP/2 as well; `tls` has to, by ALPN.
    """

    def __init__(self, tls: ssl.SSLContext | None, *, speaks_http2: bool = False) -> None:
        self._tls, self._speaks_http2 = tls, speaks_http2 and tls is not None
        self._server: asyncio.Server | None = None
        self._connections: set[Connection | Http2Connection] = set()

    @abstractmethod
    def answer(self, request: Request) -> Answer:
        """Pure reaction to one request; an exception is a bug and becomes a 500."""

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        """Listens; returns the port (0 = a free one)."""
        loop = asyncio.get_running_loop()
        tls = self._tls if self._speaks_http2 else None  # a TlsPipe is faster, and knows no ALPN
        self._server = await loop.create_server(self._connect, host, port, ssl=tls)
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Stops listening and breaks every connection, also those that hang."""
        if self._server is None:
            return
        self._server.close()
        for connection in tuple(self._connections):
            connection.abort()
        await self._server.wait_closed()
        self._server = None

    def _connect(self) -> Connection | ByAlpn:
        if self._speaks_http2:
            return ByAlpn(self.answer, self._connections)
        return Connection(self.answer, self._connections, None if self._tls is None else TlsPipe(self._tls))
