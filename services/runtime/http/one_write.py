"""The server's protocol of a connection, which writes head and body of an answer at once.

    start ─ head ─▶ kept ─ body ─▶ both in one write        an answer that is complete
                     └─ the loop turns ─▶ written           a stream, whose head must not wait for what comes later

uvicorn writes twice, and each write is a call of the kernel: some 10 of the 35 us that a request costs the server.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_MOST_KEPT = 16 * 1024
"""Bytes: what is longer is worth a write of its own, and counts at once for the limits of the transport."""


class _Joined(asyncio.Transport):
    """A transport that keeps what is written until the loop turns, more comes than it keeps, or it is flushed."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport, self._loop = transport, loop
        self._kept: list[bytes] = []
        self._kept_bytes = 0
        self.get_extra_info = transport.get_extra_info  # type: ignore[method-assign]
        self.is_closing = transport.is_closing  # type: ignore[method-assign]
        self.pause_reading = transport.pause_reading  # type: ignore[method-assign]
        self.resume_reading = transport.resume_reading  # type: ignore[method-assign]

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._kept:
            self._loop.call_soon(self.flush)
        self._kept.append(bytes(data))
        self._kept_bytes += len(data)
        if self._kept_bytes > _MOST_KEPT:
            self.flush()

    def flush(self) -> None:
        """Write what is kept."""
        kept = self._kept
        if kept:
            self._kept, self._kept_bytes = [], 0
            self._transport.write(kept[0] if len(kept) == 1 else b"".join(kept))

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def abort(self) -> None:
        self._transport.abort()


class OneWriteProtocol(HttpToolsProtocol):
    """uvicorn's protocol on such a transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._joined = self.transport = _Joined(transport, self.loop)

    def on_response_complete(self) -> None:
        self._joined.flush()
        super().on_response_complete()
