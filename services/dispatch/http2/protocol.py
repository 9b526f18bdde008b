"""The asyncio side of an HTTP/2 connection: transport below, `Engine` inside, `Connection` above.

What is queued in one turn of the event loop leaves in one write. A stream is *written* once its bytes have
been handed to the transport.
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from services.dispatch.http2.engine import Engine, Result, new_engine
from services.runtime.http import egress

CLOSE_TIMEOUT_S: Final = 2.0
NO_H2: Final = "the peer does not speak HTTP/2 (no ALPN h2)"


class ConnectError(Exception):
    """No usable HTTP/2 connection could be made; nothing was sent."""


class Http2Protocol(asyncio.Protocol):
    """Moves bytes between an engine and a transport.

    `on_results` gets the streams that ended, after every arrival of bytes even when none did;
    `on_end` the reason, once, when nothing more can arrive.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.is_paused = False
        self.written_through = 0
        self.received_at = 0.0
        self.on_results: Callable[[list[tuple[int, Result]]], None] = lambda results: None
        self.on_end: Callable[[str], None] = lambda reason: None
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._transport: asyncio.Transport | None = None
        self._is_flushing = False
        self._is_closing = False
        self._why = "connection lost"

    @classmethod
    async def connect(cls, url: str, ssl_context: ssl.SSLContext | None, timeout_s: float) -> "Http2Protocol":
        """Resolve, connect, do TLS and wait for the peer's SETTINGS. Raises ConnectError."""
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        protocol = cls(new_engine(parts.scheme, parts.netloc))
        tls_timeout_s = (timeout_s, CLOSE_TIMEOUT_S) if ssl_context else (None, None)
        try:
            async with asyncio.timeout(timeout_s):
                await egress.connect(
                    lambda: protocol,
                    parts.hostname or "",
                    port,
                    ssl=ssl_context,
                    ssl_handshake_timeout=tls_timeout_s[0],
                    ssl_shutdown_timeout=tls_timeout_s[1],
                )
                protocol._require_h2(is_tls=ssl_context is not None)
                await protocol._ready
        except TimeoutError:
            protocol.abort("connect timed out")
            raise ConnectError(f"connect timed out after {timeout_s} s") from None
        except OSError as error:
            protocol.abort("connect failed")
            raise ConnectError(f"connect failed: {error}") from error
        except BaseException:
            protocol.abort("connect failed")
            raise
        if protocol.ended.done() or not protocol.engine.is_settled:
            protocol.abort(protocol._why)
            raise ConnectError(f"closed before its SETTINGS: {protocol._why}")
        return protocol

    def _require_h2(self, *, is_tls: bool) -> None:
        assert self._transport is not None
        if is_tls and self._transport.get_extra_info("ssl_object").selected_alpn_protocol() != "h2":
            raise ConnectError(NO_H2)

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._is_closing and not self._transport.is_closing()

    def flush_soon(self) -> None:
        """Write what the engine has to say at the end of this turn of the event loop."""
        if not self._is_flushing:
            self._is_flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._is_flushing = False
        if self._transport is None or self._transport.is_closing():
            return
        data, results = self.engine.flush()
        if data:
            self.written_through = self.engine.last_stream_id
            self._transport.write(data)
        if results or self.engine.failure is not None:
            self._deliver(results)

    def _deliver(self, results: list[tuple[int, Result]]) -> None:
        self.on_results(results)
        if self.engine.failure is not None:
            self.close(self.engine.failure)

    def close(self, reason: str) -> None:
        """Send GOAWAY and close, once everything written has left."""
        if self._transport is not None and self.is_open:
            self._why = reason
            self._is_closing = True
            self.engine.terminate()
            self._flush()
            self._transport.close()

    def abort(self, reason: str) -> None:
        """Close at once."""
        if self._transport is not None and not self.ended.done():
            self._why = reason
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        self.received_at = self._loop.time()
        self._flush()

    def data_received(self, data: bytes) -> None:
        if not self.is_open:
            return
        if self._is_flushing:
            # What was queued under the old limits goes out before new ones come in.
            self._flush()
        self.received_at = self._loop.time()
        results = self.engine.receive(data)
        if self.engine.is_settled and not self._ready.done():
            self._ready.set_result(None)
        self._deliver(results)
        if self.engine.has_output:
            self.flush_soon()

    def pause_writing(self) -> None:
        self.is_paused = True

    def resume_writing(self) -> None:
        self.is_paused = False
        self.on_results([])

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None:
            self._why = f"connection lost: {exc}"
        if not self._ready.done():
            self._ready.set_result(None)
        self.ended.set_result(self._why)
        self.on_end(self._why)
