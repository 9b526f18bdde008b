"""A scripted HTTP/2 server over TLS on the independent `h2` library: each test says what it does with a request."""

import asyncio
import gc
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, PingReceived, RequestReceived, StreamEnded, StreamReset
from h2.settings import SettingCodes, Settings
from hyperframe.frame import GoAwayFrame

from deploy.sandbox.tls.authority import ensure_certificates, server_context
from services.runtime.http_client.tls import tls_context
from tests.support.waiting import eventually


class Tls(NamedTuple):
    server: ssl.SSLContext
    client: ssl.SSLContext


@cache
def tls(alpn: str) -> Tls:
    """Contexts of a server with a throwaway certificate, and of a client that trusts it."""
    with TemporaryDirectory() as directory:
        authority = ensure_certificates(Path(directory))
        return Tls(server_context(Path(directory), [alpn]), tls_context(str(authority), alpn))


@asynccontextmanager
async def no_complaints() -> AsyncIterator[None]:
    """Fails on what asyncio complains about: a result that nobody fetched, a callback that raised."""
    gc.collect()  # what tests before have left is not complained of here
    complaints: list[str] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda loop, context: complaints.append(str(context)))
    try:
        yield
        gc.collect()
    finally:
        loop.set_exception_handler(None)
    assert complaints == [], complaints


# The checks of outbound fields cost most of the time that h2 takes; those of what the client sends stay on.
LENIENT = H2Configuration(
    client_side=False,
    header_encoding="utf-8",
    validate_outbound_headers=False,
    normalize_outbound_headers=False,
)
Headers = list[tuple[str, str]]


@dataclass
class Request:
    peer: "Peer"
    stream_id: int
    headers: dict[str, str]
    body: bytes = b""

    def answer(self, status: int = 200, body: bytes = b"", headers: Headers | None = None) -> None:
        fields = [(":status", str(status)), *(headers or [])]
        self.peer.open.discard(self.stream_id)
        self.peer.h2.send_headers(self.stream_id, fields, end_stream=not body)
        frame = self.peer.h2.max_outbound_frame_size
        for start in range(0, len(body), frame):
            is_last = start + frame >= len(body)
            self.peer.h2.send_data(self.stream_id, body[start : start + frame], end_stream=is_last)
        self.peer.flush()

    def reset(self, error: ErrorCodes) -> None:
        self.peer.open.discard(self.stream_id)
        self.peer.h2.reset_stream(self.stream_id, error)
        self.peer.flush()


OnRequest = Callable[[Request], None]


class Peer(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, server: "Server") -> None:
        self.server = server
        self.h2 = H2Connection(LENIENT)
        self.requests: dict[int, Request] = {}
        self.open: set[int] = set()
        self.most_open = 0
        self.resets: list[int] = []
        self.pings = 0
        self.is_lost = False
        self.is_receiving = False
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self.server.peers.append(self)
        if self.server.is_mute:
            return
        stated = {} if self.server.limit is None else {SettingCodes.MAX_CONCURRENT_STREAMS: self.server.limit}
        self.h2.local_settings = Settings(client=False, initial_values=stated)
        self.h2.initiate_connection()
        if self.server.greeting is not None:
            self.server.greeting(self)
        self.flush()

    def data_received(self, data: bytes) -> None:
        if self.server.is_mute or self.server.is_deaf:
            return
        self.is_receiving = True
        for event in self.h2.receive_data(data):
            if isinstance(event, RequestReceived):
                self.requests[event.stream_id] = Request(self, event.stream_id, dict(event.headers))  # type: ignore[arg-type]
                self.open.add(event.stream_id)
                self.most_open = max(self.most_open, len(self.open))
            elif isinstance(event, DataReceived):
                self.requests[event.stream_id].body += event.data
                if self.server.opens_window:
                    self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, StreamEnded):
                self.server.requests.append(self.requests[event.stream_id])
                self.server.on_request(self.requests.pop(event.stream_id))
            elif isinstance(event, StreamReset):
                self.open.discard(event.stream_id)
                self.resets.append(event.stream_id)
            elif isinstance(event, PingReceived):
                self.pings += 1
        self.is_receiving = False
        self.flush()

    def flush(self) -> None:
        if not self.is_receiving:  # else it leaves with the rest, in one write
            self.transport.write(self.h2.data_to_send())

    def limit(self, streams: int) -> None:
        self.h2.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: streams})
        self.flush()

    def goaway(self, last_stream_id: int, debug_data: bytes) -> None:
        """Past h2, which would not let open streams finish after it."""
        self.flush()
        frame = GoAwayFrame(0, last_stream_id=last_stream_id, additional_data=debug_data)
        self.transport.write(frame.serialize())

    def drop(self) -> None:
        self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True


@dataclass
class Server:
    on_request: OnRequest
    limit: int | None = 1000
    is_mute: bool = False  # accepts and does TLS, then says nothing
    is_deaf: bool = False  # stops reading what it receives
    opens_window: bool = True
    alpn: str = "h2"
    greeting: Callable[[Peer], None] | None = None
    peers: list[Peer] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Server"]:
        loop = asyncio.get_running_loop()
        async with no_complaints():
            server = await loop.create_server(lambda: Peer(self), "127.0.0.1", self.port, ssl=tls(self.alpn).server)
            self.port = server.sockets[0].getsockname()[1]
            try:
                yield self
            finally:
                server.close()
                for peer in self.peers:
                    peer.drop()
                await eventually(lambda: all(peer.is_lost for peer in self.peers))


def ok(request: Request) -> None:
    request.answer()


def echo(request: Request) -> None:
    request.answer(200, request.body, [("apns-id", request.headers.get("apns-id", ""))])


def silent(request: Request) -> None:
    """No answer yet."""
