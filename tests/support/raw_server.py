"""An HTTP/1.1 server of bytes: each test says what is written for a request, and how the connection ends."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from yarl import URL

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass(eq=False)
class Peer:
    """One client's connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    requests: list[bytes] = field(default_factory=list)  # their bodies

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def end(self) -> None:
        self.writer.close()

    def reset(self) -> None:
        self.writer.transport.abort()


React = Callable[[Peer, bytes], Awaitable[None]]


async def ok(peer: Peer, body: bytes) -> None:
    await peer.send(OK)


async def silent(peer: Peer, body: bytes) -> None:
    """Nothing ever comes."""


def says(answer: bytes, *, then_end: bool = False) -> React:
    async def react(peer: Peer, body: bytes) -> None:
        await peer.send(answer)
        if then_end:
            peer.end()

    return react


@dataclass
class RawServer:
    """`react` is called for each request, before its body is read where `is_hasty`."""

    react: React = ok
    is_hasty: bool = False
    peers: list[Peer] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)
    url: URL = field(default_factory=URL)
    _serving: set["asyncio.Task[None]"] = field(default_factory=set)

    @property
    def bodies(self) -> list[bytes]:
        return [body for peer in self.peers for body in peer.requests]

    @asynccontextmanager
    async def running(self, tls: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator["RawServer"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", port, ssl=tls)
        self.url = URL(f"{'https' if tls else 'http'}://localhost:{server.sockets[0].getsockname()[1]}/x?y=z")
        try:
            yield self
        finally:
            server.close()
            for peer in self.peers:
                peer.reset()
            await asyncio.gather(*self._serving, return_exceptions=True)
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        self.peers.append(peer)
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
                body = b"" if self.is_hasty else await reader.readexactly(length)
                self.heads.append(head)
                peer.requests.append(body)
                await self.react(peer, body)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            writer.close()
