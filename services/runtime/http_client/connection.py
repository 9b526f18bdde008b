"""One connection to an HTTP/1.1 server: one request at a time, its answer read within bounds.

    ask ─▶ written ─▶ 1xx, skipped ─▶ status and headers ─▶ body ─▶ done: idle again, or closed
                │                          │
                └ lost: NoAnswer           └ lost, or not HTTP any more: the status stands, with an empty body

A connection serves no other request after anything odd: a close announced or seen, bytes that nobody asked for, more
body than is read, an answer that came before the request had left.
"""

import asyncio
import select
from collections.abc import Callable
from typing import Final, cast

import httptools

from services.runtime.http_client.message import Answer, NoAnswer

MOST_BODY: Final = 65_536
"""Of a longer body its start is read: the longest that a provider sends is a list of a few hundred bytes."""
MOST_HEAD: Final = 65_536
MOST_ANSWER: Final = 8 * MOST_BODY
"""Of all that is not kept as body too: trailers are, and chunks of one byte need six times what they bring."""
LOOKED_AT_AFTER_S: Final = 0.05
"""What has been idle for longer is looked at before it is used again (2 µs). No server closes sooner."""


class Connection(asyncio.Protocol):
    """`on_free` gets the connection when it may take a request again, and when it is lost."""

    def __init__(self, on_free: "Callable[[Connection], None]") -> None:
        self._on_free = on_free
        self._transport: asyncio.Transport | None = None
        self._poll: select.poll | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._asked: asyncio.Future[Answer | NoAnswer] | None = None
        self.is_usable = True
        self.idle_since = 0.0
        self.deadline = 0.0  # of what is under way; kept by who made it
        self._clear()

    @property
    def is_idle(self) -> bool:
        return self._asked is None

    def is_quiet(self, now: float) -> bool:
        """Whether it may take a request; then nothing, and no end either, lies unread in the kernel."""
        if not self.is_usable or self._asked or self._transport is None or self._transport.is_closing():
            return False
        if now - self.idle_since < LOOKED_AT_AFTER_S:
            return True
        if self._poll is None:
            self._poll = select.poll()
            self._poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)
        return not self._poll.poll(0)

    def ask(self, request: bytes) -> "asyncio.Future[Answer | NoAnswer]":
        """Write the request; what comes of it. Only when it `is_quiet`."""
        assert self._transport is not None
        assert self._asked is None
        self._clear()
        self._asked = asked = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return asked

    def leave(self, asked: "asyncio.Future[Answer | NoAnswer]") -> None:
        """Who asked for this waits no longer. One that is answered already may serve another by now."""
        if self._asked is asked:
            self.abandon("cancelled")

    def abandon(self, why: str) -> None:
        """What is under way gets no answer but the status that has come, and the connection is closed at once."""
        self._cut_off(why)
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """Close it once what is written has left."""
        self.is_usable = False
        if self._transport is not None:
            self._transport.close()

    # -- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        if self._asked is None:  # idle, or answered and on its way out
            self.is_usable = False
            self._abort()
            return
        self._unparsed += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._cut_off("not HTTP")
            return
        if not self._has_head and self._unparsed > MOST_HEAD:
            self._cut_off("endless headers")
        elif self._asked is not None and self._unparsed > MOST_ANSWER:
            self._cut_off("endless answer")

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_usable = False
        if self._asked is not None and self._has_head and not self._is_measured and exc is None:
            self._done(b"".join(self._body))  # its end is the end of the connection
        else:
            self._cut_off("connection lost")
        self._poll = None
        self._on_free(self)

    # -- httptools

    def on_message_begin(self) -> None:
        if self._asked is None:  # a second answer: nobody has asked for it
            self.is_usable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        self._status = self._parser.get_status_code()
        self._has_head = self._status >= 200

    def on_body(self, body: bytes) -> None:
        self._body.append(body)
        self._body_bytes += len(body)
        if self._body_bytes >= MOST_BODY and self._asked is not None:
            self.is_usable = False
            self._done(b"".join(self._body)[:MOST_BODY])

    def on_message_complete(self) -> None:
        if not self._has_head:  # 1xx: the answer is still to come
            self._clear()
            return
        if not self._parser.should_keep_alive():
            self.is_usable = False
        if self._asked is not None:
            self._done(self._body[0] if len(self._body) == 1 else b"".join(self._body))

    # -- ours

    def _clear(self) -> None:
        self._fields: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._status = self._body_bytes = self._unparsed = 0
        self._has_head = False

    @property
    def _is_measured(self) -> bool:
        return any(name.lower() in (b"content-length", b"transfer-encoding") for name, _ in self._fields)

    def _done(self, body: bytes) -> None:
        """The answer is there. Its headers are read once it is clear that somebody waits for it."""
        asked, self._asked = self._asked, None
        transport = self._transport
        if transport is not None and transport.get_write_buffer_size():
            self.is_usable = False  # answered before the request had left
        if asked is not None and not asked.done():
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in self._fields}
            asked.set_result(Answer(self._status, body, headers.get("retry-after"), headers))
        if not self.is_usable:
            self._abort()
        elif asked is not None:
            self._on_free(self)

    def _cut_off(self, why: str) -> None:
        """The status is an answer, whatever became of the rest."""
        self.is_usable = False
        if self._asked is not None and self._has_head:
            self._done(b"")
        else:
            self._fail(why)
            self._abort()

    def _fail(self, why: str) -> None:
        self.is_usable = False
        asked, self._asked = self._asked, None
        if asked is not None and not asked.done():
            asked.set_result(NoAnswer(why))

    def _abort(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.abort()
