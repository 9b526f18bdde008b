"""One client's connection to the sandbox's HTTP/1.1 server: parses, asks for the answer, does what it says."""

import asyncio
import socket
import ssl
import struct
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import httptools

from deploy.sandbox.http.messages import Answer, Request, render
from deploy.sandbox.tls.pipe import TlsPipe

MAX_BODY_BYTES = 1 << 20
MAX_HEAD_BYTES = 64 << 10

_LINGER_S = 1.0
_LINGER_NONE = struct.pack("ii", 1, 0)  # close with an RST instead of a FIN


class Connection(asyncio.Protocol):
    """One client: parses, answers in order of arrival, one request at a time."""

    _transport: asyncio.Transport

    def __init__(self, answer: Callable[[Request], Answer], connections: set[Any], tls: TlsPipe | None) -> None:
        self._answer = answer
        self._connections = connections
        self._tls = tls
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[tuple[Request, bool]] = deque()
        self._busy = False
        self._refused = False
        self._full = False  # the client does not read what we write
        self._timer: asyncio.TimerHandle | None = None
        self._reset()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        if self._tls is not None:
            try:
                data = self._tls.receive(data)
            except ssl.SSLError:
                self._transport.write(self._tls.output())  # the alert that says why
                self._transport.close()
                return
            if handshake := self._tls.output():
                self._transport.write(handshake)
            if self._tls.ended:
                self._close()
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._refuse(413 if self._body_bytes > MAX_BODY_BYTES else 400)
        else:
            self._bound_head(len(data))

    def pause_writing(self) -> None:
        self._full = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._full = False
        self._transport.resume_reading()
        self._next()

    # httptools

    def on_message_begin(self) -> None:
        self._reset()

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._request.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._in_head = False
        request = self._request
        request.method = self._parser.get_method().decode("latin-1")
        path, _, query = self._url.partition(b"?")
        request.path, request.query = path.decode("latin-1"), query.decode("latin-1")
        if request.headers.get("expect", "").lower() == "100-continue":
            self._write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self._body_bytes > MAX_BODY_BYTES:
            raise ValueError("body too large")  # httptools passes it on as a parser error
        self._body.append(body)

    def on_message_complete(self) -> None:
        self._request.body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._waiting.append((self._request, self._parser.should_keep_alive()))
        if not self._busy and not self._full:
            self._next()

    # ours

    def abort(self) -> None:
        self._transport.abort()

    def _write(self, data: bytes) -> None:
        if self._tls is None:
            self._transport.write(data)
        else:
            self._tls.send(data)
            self._transport.write(self._tls.output())

    def _close(self) -> None:
        if self._transport.is_closing():
            return
        if self._tls is not None:
            self._tls.close()
            self._transport.write(self._tls.output())
        self._transport.close()

    def _reset(self) -> None:
        self._request = Request()
        self._url = b""
        self._body: list[bytes] = []
        self._in_head = True
        self._head_bytes = self._body_bytes = 0

    def _bound_head(self, count: int) -> None:
        """Bound the head; counted by chunks, which is cheaper than by headers and as good against endless ones."""
        if self._in_head:
            self._head_bytes += count
            if self._head_bytes > MAX_HEAD_BYTES:
                self._refuse(431)

    def _next(self) -> None:
        while self._waiting and not self._busy and not self._full:
            request, keep_alive = self._waiting.popleft()
            try:
                answer = self._answer(request)
            except Exception as error:
                self._write(render(Answer(500), "GET", False))
                self._close()
                asyncio.get_running_loop().call_exception_handler(
                    {"message": f"no answer to {request.method} {request.path}", "exception": error}
                )
                return
            if answer.delay_ms or answer.then != "send":
                self._busy = True
                self._timer = asyncio.get_running_loop().call_later(
                    answer.delay_ms / 1000, self._finish, answer, request.method, keep_alive
                )
            else:
                self._send(answer, request.method, keep_alive)

    def _finish(self, answer: Answer, method: str, keep_alive: bool) -> None:
        """What an ordered fault asked for, after its delay."""
        match answer.then:
            case "send" | "close":
                self._busy = False
                self._send(answer, method, keep_alive)
                if answer.then == "close":
                    self._close()
                self._next()
            case "truncate":
                self._write(render(replace(answer, body=answer.body or b"{}"), method, keep_alive)[:-1])
                self._close()
            case "drop":
                self._close()
            case "reset":
                tcp = self._transport.get_extra_info("socket")
                tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)
                self._transport.abort()
            case "hang":
                pass  # stays busy: neither this request nor a later one on the connection is answered

    def _send(self, answer: Answer, method: str, keep_alive: bool) -> None:
        if self._transport.is_closing():
            return
        self._write(render(answer, method, keep_alive))
        if not keep_alive:
            self._close()

    def _refuse(self, status: int) -> None:
        """Not HTTP, or too much of it: nothing after it on this connection can be understood.

        What the client is still sending is read and dropped for a moment: closing at once would reset the
        connection, and the client would lose the answer.
        """
        if self._refused or self._transport.is_closing():
            return
        self._refused = True
        self._waiting.clear()
        self._write(render(Answer(status, content_type="text/plain"), "GET", False))
        if self._tls is not None:
            self._tls.close()
            self._transport.write(self._tls.output())
        self._transport.write_eof()
        self._timer = asyncio.get_running_loop().call_later(_LINGER_S, self._transport.close)
