"""One HTTP/2 connection of the APNs sandbox: frames in, answers and ordered misbehaviour out.

    bytes ─► ngh2 ─► whole request ─► service.handle ─► respond ─► ngh2 ─► bytes
                                                     └► later, refuse_stream, go_away, reset, drop

It knows streams and limits but nothing about devices or pushes: those are the service's.
"""

import asyncio
import logging
import socket
import struct
from collections.abc import Callable
from typing import NamedTuple, Protocol, cast

import ngh2
import orjson
from ngh2 import DataReceived, RequestReceived, StreamClosed, TrailersReceived

from deploy.sandbox.apns.auth import ConnectionAuth

_log = logging.getLogger(__name__)

_ANY_STREAM = 2**31 - 1
_NO_STREAM = -1
_GOODBYE_S = 0.2
_CONNECTION_WINDOW_BYTES = 1 << 24
# More of a body is not kept: everything that may be longer than a payload's limit is refused for its size.
_BODY_KEPT_BYTES = 1 << 14
_LINGER_ZERO = struct.pack("ii", 1, 0)


class Request:
    """A request while its frames arrive and until it is answered."""

    __slots__ = ("body", "fields", "headers", "stream_id")

    def __init__(self, stream_id: int, fields: tuple[tuple[bytes, bytes], ...]) -> None:
        self.stream_id = stream_id
        self.fields = fields
        self.headers = dict(fields)
        """without repetitions, the last one wins; `fields` has all"""
        self.body = b""


class Answer(NamedTuple):
    fields: list[tuple[bytes, bytes]]
    body: bytes = b""


class Service(Protocol):
    """What a connection asks of its server."""

    connections: "set[ApnsConnection]"

    def new_auth(self) -> ConnectionAuth: ...
    def stream_limits(self) -> tuple[int, int]:
        """Concurrent streams before and after the first accepted provider token."""

    def handle(self, connection: "ApnsConnection", request: Request) -> None:
        """Respond, or not: then the stream stays open."""


class ApnsConnection(asyncio.Protocol):
    """Lives from accept to close; `service.connections` holds it meanwhile."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.auth = service.new_auth()
        self._http2 = ngh2.Connection(ngh2.Role.SERVER)
        self._limit_raised = False
        self._pending: dict[int, Request] = {}
        """unanswered requests by stream"""
        self._newest_stream_id = 0
        self._last_stream_id = _ANY_STREAM
        """of the GOAWAY that was sent: later streams are not processed"""
        self._closing: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport
        self.closed = asyncio.Event()

    # -- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's does not inherit from it
        tls = self._transport.get_extra_info("ssl_object")
        if tls is None or tls.selected_alpn_protocol() != "h2":
            self._transport.abort()  # APNs has no HTTP/1.1 to fall back to
            return
        self._service.connections.add(self)
        first, later = self._service.stream_limits()
        self._limit_raised = first >= later
        self._http2.initiate_connection({ngh2.Setting.MAX_CONCURRENT_STREAMS: first})
        self._http2.set_local_window_size(_CONNECTION_WINDOW_BYTES)
        self.flush()

    def data_received(self, data: bytes) -> None:
        if self._is_finished():
            return
        try:
            self._http2.receive_data(data)
        except ngh2.NGH2Error:
            self._transport.abort()  # the peer does not speak HTTP/2
            return
        for event in self._http2.events():
            if isinstance(event, RequestReceived):
                self._on_request(event)
            elif isinstance(event, DataReceived):
                self._on_data(event)
            elif isinstance(event, StreamClosed):
                self._pending.pop(event.stream_id, None)
            elif isinstance(event, TrailersReceived):
                self._complete(event.stream_id)
        if not self._transport.is_closing():
            self.flush()

    def pause_writing(self) -> None:
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._pending.clear()
        if self._closing is not None:
            self._closing.cancel()
        self._service.connections.discard(self)
        self.closed.set()

    # -- requests

    def _on_request(self, event: RequestReceived) -> None:
        stream_id = event.stream_id
        if stream_id > self._last_stream_id:
            return
        self._newest_stream_id = stream_id
        self._pending[stream_id] = Request(stream_id, event.headers)
        if event.end_stream:
            self._complete(stream_id)

    def _on_data(self, event: DataReceived) -> None:
        request = self._pending.get(event.stream_id)
        if request is None:
            return
        if len(request.body) < _BODY_KEPT_BYTES:
            request.body += event.data
        if event.end_stream:
            self._complete(event.stream_id)

    def _complete(self, stream_id: int) -> None:
        request = self._pending.get(stream_id)
        if request is None:
            return
        self._service.handle(self, request)
        if not self._limit_raised and self.auth.accepted:
            self.set_stream_limit(self._service.stream_limits()[1])

    def later(self, delay_ms: int, request: Request, act: Callable[[], None]) -> None:
        """Act when `delay_ms` have passed, if the client still waits then; at once when it is 0."""

        def act_late() -> None:
            if self.is_waiting(request):
                act()
                self.flush()

        if delay_ms:
            asyncio.get_running_loop().call_later(delay_ms / 1000, act_late)
        else:
            act()

    def is_waiting(self, request: Request) -> bool:
        """Whether the client still waits for this answer."""
        return self._pending.get(request.stream_id) is request

    def respond(self, request: Request, answer: Answer) -> None:
        """Queue the answer; `flush` sends it. A client that has cancelled meanwhile gets none."""
        fields, body = answer
        stream_id = request.stream_id
        del self._pending[stream_id]
        try:
            self._http2.send_response(stream_id, fields, end_stream=not body)
            if body:
                self._http2.send_data(stream_id, body, end_stream=True)
        except ngh2.NGH2Error as error:
            _log.info("answer not sent on stream %d: %s", stream_id, error)

    # -- the connection

    def flush(self) -> None:
        if self._transport.is_closing():
            return
        data = self._http2.data_to_send()
        if data:
            self._transport.write(data)
        if self._is_finished() and self._closing is None:
            # A close at once would answer frames under way with a TCP RST, and the client might miss the GOAWAY.
            loop = asyncio.get_running_loop()
            self._closing = loop.call_later(_GOODBYE_S, self._transport.close)

    def _is_finished(self) -> bool:
        """Whether a GOAWAY went either way and every stream that it promised is answered."""
        return not (self._http2.want_read or self._http2.want_write)

    def set_stream_limit(self, limit: int) -> None:
        if self._transport.is_closing():
            return
        self._limit_raised = True
        self._http2.update_settings({ngh2.Setting.MAX_CONCURRENT_STREAMS: limit})

    def refuse_stream(self, request: Request) -> None:
        """RST_STREAM with REFUSED_STREAM: the request was not processed."""
        del self._pending[request.stream_id]
        self._http2.reset_stream(request.stream_id, ngh2.ErrorCode.REFUSED_STREAM)

    def go_away(self, reason: str, last_stream_id: int | None = None) -> None:
        """GOAWAY; streams after `last_stream_id` (default: the newest one) stay unprocessed.

        The connection ends when the others have been answered.
        """
        if self._transport.is_closing():
            return
        last = self._newest_stream_id if last_stream_id is None else last_stream_id
        self._last_stream_id = min(last, self._last_stream_id)
        for stream_id in [s for s in self._pending if s > self._last_stream_id]:
            del self._pending[stream_id]
        debug_data = orjson.dumps({"reason": reason}) if reason else b""
        self._http2.send_goaway(ngh2.ErrorCode.NO_ERROR, last_stream_id=self._last_stream_id, debug_data=debug_data)

    def reset(self) -> None:
        """End the connection by a TCP RST, without a word."""
        tcp = self._transport.get_extra_info("socket")
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
        self.drop()

    def drop(self) -> None:
        """End the connection at once; what is queued is lost."""
        self._pending.clear()
        self._last_stream_id = _NO_STREAM
        self._transport.abort()
