"""The listener that every process has, of /healthz, /readyz and /metrics: pages by their path, for GET and HEAD.

    head ─▶ page ─▶ answer ─▶ close        one request for each connection

It is written out here, because a web framework for three pages is a tenth of the memory of a service that has no API.
Who is slow to ask or to read holds up nobody: a connection lasts `WITHIN_S` at most, and of `MOST` the oldest gives way
to a new one, so that a probe is always let in.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import NamedTuple, cast

from services.runtime import telemetry

log = telemetry.logger("health")
WITHIN_S = 30.0
"""Longer than any check takes: that of the database may wait 5 s for a server and 20 s for its answer."""
MOST = 64
_HEAD_BYTES = 16 * 1024


class Answer(NamedTuple):
    """What a page says."""

    body: bytes
    status: int = 200
    content_type: str = "text/plain; charset=utf-8"


Page = Callable[[], Awaitable[Answer]]


@asynccontextmanager
async def listening(
    host: str, port: int, pages: Mapping[str, Page], *, within_s: float = WITHIN_S, most: int = MOST
) -> AsyncIterator[int]:
    """Listens until left; gives the port, a free one for 0."""
    connections: dict[_Connection, None] = {}  # the oldest first
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(pages, connections, within_s, most), host, port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for connection in list(connections):
            connection.end()
        await server.wait_closed()


class _Connection(asyncio.Protocol):
    def __init__(
        self, pages: Mapping[str, Page], connections: "dict[_Connection, None]", within_s: float, most: int
    ) -> None:
        self._pages, self._connections, self._within_s, self._most = pages, connections, within_s, most
        self._head = b""
        self._answering: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._timer = asyncio.get_running_loop().call_later(self._within_s, self.end)
        if len(self._connections) >= self._most:
            next(iter(self._connections)).end()
        self._connections[self] = None

    def data_received(self, data: bytes) -> None:
        if (
            self._answering is not None or self._transport.is_closing()
        ):  # a body, or another request: read, so that closing resets nothing
            return
        self._head += data
        if b"\r\n\r\n" in self._head[:_HEAD_BYTES]:
            self._answering = asyncio.get_running_loop().create_task(self._answer())
        elif len(self._head) > _HEAD_BYTES:
            self._write(Answer(b"", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE))

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        self._connections.pop(self, None)
        if self._answering is not None:
            self._answering.cancel()

    def end(self) -> None:
        """Whatever is under way."""
        self._connections.pop(self, None)
        self._transport.abort()

    async def _answer(self) -> None:
        method, _, rest = self._head.partition(b"\r\n")[0].decode("latin-1").partition(" ")
        page = self._pages.get(rest.partition(" ")[0].partition("?")[0])
        if page is None:
            answer = Answer(b"not found\n", HTTPStatus.NOT_FOUND)
        elif method not in ("GET", "HEAD"):
            answer = Answer(b"", HTTPStatus.METHOD_NOT_ALLOWED)
        else:
            answer = await _said_by(page)
        self._write(answer, is_whole=method != "HEAD")

    def _write(self, answer: Answer, *, is_whole: bool = True) -> None:
        if self._transport.is_closing():  # a page may outlive its reader: uvloop raises where asyncio says nothing
            return
        status = HTTPStatus(answer.status)
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {answer.content_type}\r\n"
            f"Content-Length: {len(answer.body)}\r\nConnection: close\r\n\r\n"
        )
        self._transport.write(head.encode() + (answer.body if is_whole else b""))
        self._transport.close()


async def _said_by(page: Page) -> Answer:
    try:
        return await page()
    except Exception:
        log.exception("a page failed")
        return Answer(b"", HTTPStatus.INTERNAL_SERVER_ERROR)
