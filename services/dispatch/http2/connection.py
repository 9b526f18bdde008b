"""One HTTP/2 client connection: many requests at once, each with a deadline and exactly one result.

Deadlines are swept a few times a second, so a request costs no timer. A silent connection on which
requests time out is doubted: it gets a PING and no new requests, and is closed when even the PING is not answered.
"""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from services.dispatch.http2.engine import MAX_STREAM_ID, Header, NotProcessed, Result, Unknown
from services.dispatch.http2.protocol import CLOSE_TIMEOUT_S, ConnectError, Http2Protocol

SWEEP_S: Final = 0.1
PING_IDLE_S: Final = 3_600.0  # Apple: a PING after about an hour of idleness
PING_TIMEOUT_S: Final = 10.0
LAST_STREAM_ID: Final = MAX_STREAM_ID - 20_000  # the connection is replaced after this one


@dataclass(slots=True, eq=False, kw_only=True)
class Call:
    """A request and the future that its result goes to. Times are the event loop's."""

    method: bytes
    path: bytes
    headers: Sequence[Header]
    body: bytes
    deadline: float
    future: asyncio.Future[Result]
    started: float = 0.0
    connection: "Connection | None" = None
    stream_id: int = 0

    def resolve(self, result: Result) -> None:
        if not self.future.done():
            self.future.set_result(result)

    def abandon(self) -> None:
        """Reset the stream, if there is one: nobody waits any more."""
        if self.connection is not None:
            self.connection.abandon(self)


class Connection:
    """An open connection, made by `connect`.

    `on_change` is called whenever capacity or usability may have changed.
    """

    def __init__(self, protocol: Http2Protocol, ping_idle_s: float, ping_timeout_s: float) -> None:
        self.on_change: Callable[[Connection], None] | None = None
        self._protocol = protocol
        self._engine = protocol.engine
        self._loop = asyncio.get_running_loop()
        self.opened_at = self._loop.time()
        self._calls: dict[int, Call] = {}
        self._leaving: str | None = None
        self._drained: asyncio.Future[None] | None = None
        self._doubted_since: float | None = None
        self._ping_idle_s = ping_idle_s
        self._ping_timeout_s = ping_timeout_s
        self._sweeper: asyncio.TimerHandle | None = None
        self._watcher = self._loop.call_later(ping_idle_s, self._watch)
        protocol.on_results = self._take
        protocol.on_end = self._ended
        self._take([])

    @classmethod
    async def connect(
        cls,
        url: str,
        ssl_context: ssl.SSLContext | None,
        *,
        connect_timeout_s: float,
        ping_idle_s: float = PING_IDLE_S,
        ping_timeout_s: float = PING_TIMEOUT_S,
    ) -> "Connection":
        """Resolve, connect, do TLS and wait for the peer's SETTINGS, all within the time-out.

        An `http://` address without context means HTTP/2 with prior knowledge. Raises ConnectError.
        """
        protocol = await Http2Protocol.connect(url, ssl_context, connect_timeout_s)
        connection = cls(protocol, ping_idle_s, ping_timeout_s)
        if connection._leaving is not None:  # a peer that is shutting down greets with GOAWAY
            raise ConnectError(connection._leaving)
        return connection

    @property
    def usable(self) -> bool:
        """False from the first sign of an end: GOAWAY, close, loss."""
        return self._leaving is None

    @property
    def capacity(self) -> int:
        """Streams that may be opened now."""
        if self._leaving is not None or self._doubted_since is not None or self._protocol.is_paused:
            return 0
        free = self._engine.limit - len(self._calls)
        return free if free > 0 else 0

    @property
    def reason(self) -> str | None:
        """Why it is not usable any more."""
        return self._leaving

    @property
    def is_open(self) -> bool:
        return not self._protocol.ended.done()

    @property
    def in_flight(self) -> int:
        return len(self._calls)

    async def request(
        self, method: bytes, path: bytes, headers: Sequence[Header], body: bytes, timeout_s: float
    ) -> Result:
        """Send a request now. Without capacity the result is NotProcessed: waiting is the pool's business."""
        if not self.capacity:
            return NotProcessed(self._leaving or "no stream free")
        deadline = self._loop.time() + timeout_s
        future = self._loop.create_future()
        call = Call(method=method, path=path, headers=headers, body=body, deadline=deadline, future=future)
        self.submit(call)
        try:
            return await call.future
        except asyncio.CancelledError:
            call.abandon()
            raise

    def submit(self, call: Call) -> None:
        """Open a stream for the call; `capacity` must allow it."""
        try:
            stream_id = self._engine.open(call.method, call.path, call.headers, call.body)
        except (TypeError, ValueError) as error:  # it cannot be encoded: its own caller's mistake
            call.future.set_exception(error)
            return
        call.connection = self
        call.started = self._loop.time()
        call.stream_id = stream_id
        self._calls[stream_id] = call
        self._protocol.flush_soon()
        if self._sweeper is None:
            self._sweeper = self._loop.call_later(SWEEP_S, self._sweep)
        if stream_id >= LAST_STREAM_ID:
            self._leave("stream ids used up")

    def abandon(self, call: Call) -> None:
        """Reset the stream of a call that nobody waits for."""
        if self._calls.pop(call.stream_id, None) is not None:
            self._engine.cancel(call.stream_id)
            self._protocol.flush_soon()
            self._changed()

    async def close(self, reason: str = "closed", drain_s: float = 0.0) -> None:
        """Take no more requests, give those in flight up to `drain_s`, send GOAWAY, close.

        The peer's goodbye is waited for only where it may still have an answer for somebody.
        """
        self._leave(reason)
        if self._calls and drain_s > 0:
            self._drained = self._loop.create_future()
            ends = (self._protocol.ended, self._drained)
            await asyncio.wait(ends, timeout=drain_s, return_when=asyncio.FIRST_COMPLETED)
        owes_answers = bool(self._calls)
        self._fail_calls(reason)
        self._protocol.close(reason)
        if owes_answers:
            await asyncio.wait([self._protocol.ended], timeout=CLOSE_TIMEOUT_S)
        self._protocol.abort(reason)
        await self._protocol.ended

    # -- what comes from the peer ------------------------------------------------------------------

    def _take(self, results: list[tuple[int, Result]]) -> None:
        calls = self._calls
        for stream_id, result in results:
            call = calls.pop(stream_id, None)
            if call is not None and not call.future.done():
                call.future.set_result(result)
        engine = self._engine
        if self._doubted_since is not None and self._protocol.received_at > self._doubted_since:
            self._doubted_since = None
        if engine.failure is not None:
            self._leave(engine.failure)
            self._fail_calls(engine.failure)
        elif engine.goaway is not None:
            self._leave(f"goaway: {engine.goaway}")
        self._changed()

    def _ended(self, reason: str) -> None:
        self._watcher.cancel()
        if self._sweeper is not None:
            self._sweeper.cancel()
        self._leave(reason)
        self._fail_calls(reason)
        self._changed()

    def _leave(self, reason: str) -> None:
        if self._leaving is None:
            self._leaving = reason
            self._changed()

    def _changed(self) -> None:
        if self._leaving is not None and not self._calls:
            self._protocol.close(self._leaving)
            if self._drained is not None and not self._drained.done():
                self._drained.set_result(None)
        if self.on_change is not None:
            self.on_change(self)

    def _fail_calls(self, reason: str) -> None:
        calls, self._calls = self._calls, {}
        for call in calls.values():
            call.resolve(self._without_answer(call, reason))

    def _without_answer(self, call: Call, reason: str) -> Result:
        return Unknown(reason) if call.stream_id <= self._protocol.written_through else NotProcessed(reason)

    # -- time --------------------------------------------------------------------------------------

    def _sweep(self) -> None:
        """End the calls whose time is over."""
        self._sweeper = None
        now = self._loop.time()
        late = [call for call in self._calls.values() if call.deadline <= now]
        for call in late:
            del self._calls[call.stream_id]
            self._engine.cancel(call.stream_id)
            call.resolve(self._without_answer(call, "timed out"))
        if late:
            self._protocol.flush_soon()
            if any(call.started >= self._protocol.received_at for call in late):
                self._doubt()
            self._changed()
        if self._calls:
            self._sweeper = self._loop.call_later(SWEEP_S, self._sweep)

    def _watch(self) -> None:
        """PING a connection that has been silent for long."""
        silent_s = self._loop.time() - self._protocol.received_at
        if silent_s >= self._ping_idle_s:
            self._doubt()
            silent_s = 0.0
        self._watcher = self._loop.call_later(self._ping_idle_s - silent_s, self._watch)

    def _doubt(self) -> None:
        if self._doubted_since is None and self._protocol.is_open:
            self._doubted_since = self._protocol.received_at
            self._engine.ping()
            self._protocol.flush_soon()
            self._loop.call_later(self._ping_timeout_s, self._give_up, self._doubted_since)

    def _give_up(self, heard_at: float) -> None:
        if self._protocol.received_at == heard_at:
            self._protocol.abort("no answer to PING")
