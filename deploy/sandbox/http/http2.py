"""HTTP/2 beside HTTP/1.1, for providers that offer both: TLS decides which (ALPN), the answers are the same.

TLS done ─▶ h2: Http2Connection (this file)     else: Connection (connection.py)
"""

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import cast

import ngh2
from ngh2 import DataReceived, RequestReceived, StreamClosed, TrailersReceived

from deploy.sandbox.http.connection import MAX_BODY_BYTES, Connection
from deploy.sandbox.http.messages import Answer, Request

STREAMS = 100
"""At once, as Google's front ends allow."""
_GOODBYE_S = 0.2
_LINGER_NONE = struct.pack("ii", 1, 0)
_CONNECTION_WINDOW_BYTES = 1 << 24
React = Callable[[Request], Answer]


class ByAlpn(asyncio.Protocol):
    """A connection whose TLS is done; it becomes what was agreed upon."""

    def __init__(self, answer: React, connections: "set[Connection | Http2Connection]") -> None:
        self._answer, self._connections = answer, connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        agreed = transport.get_extra_info("ssl_object").selected_alpn_protocol()
        chosen: Connection | Http2Connection
        if agreed == "h2":
            chosen = Http2Connection(self._answer, self._connections)
        else:
            chosen = Connection(self._answer, self._connections, None)
        cast(asyncio.Transport, transport).set_protocol(chosen)
        chosen.connection_made(transport)


class Http2Connection(asyncio.Protocol):
    """Answers each request as soon as it is whole; an ordered fault strikes its stream, or the connection."""

    _transport: asyncio.Transport

    def __init__(self, answer: React, connections: "set[Connection | Http2Connection]") -> None:
        self._answer, self._connections = answer, connections
        self._http2 = ngh2.Connection(ngh2.Role.SERVER)
        self._pending: dict[int, Request] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)
        self._http2.initiate_connection({ngh2.Setting.MAX_CONCURRENT_STREAMS: STREAMS})
        self._http2.set_local_window_size(_CONNECTION_WINDOW_BYTES)
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        self._pending.clear()

    def data_received(self, data: bytes) -> None:
        try:
            self._http2.receive_data(data)
        except ngh2.NGH2Error:
            self._transport.abort()
            return
        for event in self._http2.events():
            if isinstance(event, RequestReceived):
                self._pending[event.stream_id] = _request(event.headers)
                if event.end_stream:
                    self._complete(event.stream_id)
            elif isinstance(event, DataReceived):
                request = self._pending.get(event.stream_id)
                if request is not None and len(request.body) <= MAX_BODY_BYTES:
                    request.body += event.data
                if event.end_stream:
                    self._complete(event.stream_id)
            elif isinstance(event, TrailersReceived):
                self._complete(event.stream_id)
            elif isinstance(event, StreamClosed):
                self._pending.pop(event.stream_id, None)
        self._flush()

    def abort(self) -> None:
        self._transport.abort()

    def _complete(self, stream_id: int) -> None:
        request = self._pending.get(stream_id)
        if request is None:
            return
        try:
            answer = self._answer(request)
        except Exception as error:
            asyncio.get_running_loop().call_exception_handler(
                {"message": f"no answer to {request.method} {request.path}", "exception": error}
            )
            answer = Answer(500)
        if answer.delay_ms or answer.then != "send":
            asyncio.get_running_loop().call_later(answer.delay_ms / 1000, self._finish, stream_id, answer)
        else:
            self._respond(stream_id, answer)

    def _finish(self, stream_id: int, answer: Answer) -> None:
        """What an ordered fault asked for, after its delay."""
        if stream_id not in self._pending or self._transport.is_closing():
            return
        match answer.then:
            case "send" | "close":
                self._respond(stream_id, answer)
                if answer.then == "close":
                    self._flush()  # after a GOAWAY that ends the session nothing more would leave
                    self._http2.terminate_connection()
            case "truncate":
                self._respond(stream_id, answer, is_cut=True)
            case "drop":
                self._transport.abort()
            case "reset":
                tcp = self._transport.get_extra_info("socket")
                tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)
                self._transport.abort()
        self._flush()

    def _respond(self, stream_id: int, answer: Answer, *, is_cut: bool = False) -> None:
        del self._pending[stream_id]
        fields = [(b":status", b"%d" % answer.status), (b"content-type", answer.content_type.encode())]
        fields += [(name.lower().encode(), value.encode("latin-1")) for name, value in answer.headers]
        body = answer.body
        self._http2.send_response(stream_id, fields, end_stream=not body)
        if body:
            self._http2.send_data(stream_id, body[:-1] if is_cut else body, end_stream=not is_cut)
        if is_cut:
            self._flush()
            self._http2.reset_stream(stream_id, ngh2.ErrorCode.INTERNAL_ERROR)

    def _flush(self) -> None:
        if not self._transport.is_closing():
            data = self._http2.data_to_send()
            if data:
                self._transport.write(data)
            if not (self._http2.want_read or self._http2.want_write):
                # A close at once would answer frames under way with a TCP RST, and the client might miss the answer.
                asyncio.get_running_loop().call_later(_GOODBYE_S, self._transport.close)


def _request(fields: tuple[tuple[bytes, bytes], ...]) -> Request:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in fields}
    path, _, query = headers.pop(":path", "").partition("?")
    return Request(headers.pop(":method", ""), path, query, headers)
