"""A few HTTP/2 connections to one origin: opened on demand, replaced when they end, never in a storm.

A request that finds no free stream waits, in order, until its time is over. Connections open as requests have to
wait, up to `size`; each connect resolves the name again. While connects fail, or connections end soon after they
were opened, one attempt at a time is made, after an exponentially growing wait with full jitter. What was under way
already when a failure was counted belongs to the same incident: four connections that are lost at once are one failure.

An origin that takes no connection is asked again within the time that a request waits: only requests make it be asked,
and how many go out in an outage is for others to say (`pacing/breaker.py`). One that takes connections and ends them
may have its reasons, so it gets longer rests.
"""

import asyncio
import random
import ssl
from collections import deque
from collections.abc import Sequence
from typing import Final

from services.dispatch.http2.connection import PING_IDLE_S, PING_TIMEOUT_S, SWEEP_S, Call, Connection
from services.dispatch.http2.engine import Header, NotProcessed, Result
from services.dispatch.http2.protocol import ConnectError
from services.runtime import telemetry
from services.runtime.pacing.backoff import exponential

# A refused request goes out again by itself, but a peer that keeps refusing is its sender's business.
ATTEMPTS: Final = 3

log = telemetry.logger("http2")


class Pool:
    """The connections to one origin. One that has held for `proven_s` shows that the origin is well."""

    def __init__(
        self,
        url: str,
        ssl_context: ssl.SSLContext | None,
        *,
        size: int = 1,
        connect_timeout_s: float = 10.0,
        backoff_base_s: float = 0.5,
        backoff_cap_s: float = 60.0,
        unreachable_cap_s: float = 4.0,
        proven_s: float = 10.0,
        ping_idle_s: float = PING_IDLE_S,
        ping_timeout_s: float = PING_TIMEOUT_S,
    ) -> None:
        self._ended_soon = 0  # incidents in a row
        self._unreachable = 0
        self.last_error: str | None = None
        self._failed_at = float("-inf")
        self._url = url
        self._ssl_context = ssl_context
        self._size = size
        self._connect_timeout_s = connect_timeout_s
        self._backoff_base_s = backoff_base_s
        self._backoff_cap_s = backoff_cap_s
        self._unreachable_cap_s = min(unreachable_cap_s, backoff_cap_s)
        self._proven_s = proven_s
        self._ping_idle_s = ping_idle_s
        self._ping_timeout_s = ping_timeout_s
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Call] = deque()
        self._connections: list[Connection] = []  # those that take requests
        self._draining: set[Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._sweeper: asyncio.TimerHandle | None = None
        self._closed: str | None = None

    @property
    def failures(self) -> int:
        """Incidents in a row."""
        return self._ended_soon + self._unreachable

    @property
    def is_unreachable(self) -> bool:
        """It refused the last connection attempt."""
        return self._unreachable > 0

    @property
    def connections(self) -> int:
        """Connections that take requests."""
        return len(self._connections)

    @property
    def in_flight(self) -> int:
        return sum(connection.in_flight for connection in (*self._connections, *self._draining))

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    async def request(
        self, method: bytes, path: bytes, headers: Sequence[Header], body: bytes, timeout_s: float
    ) -> Result:
        """One request, one result, within `timeout_s` (plus 0.1) of waiting and answering together.

        What was surely not processed is sent again, a few times, while there is time.
        """
        deadline = self._loop.time() + timeout_s
        for attempt in range(1, ATTEMPTS + 1):
            if self._closed is not None:
                return NotProcessed(self._closed)
            future = self._loop.create_future()
            call = Call(method=method, path=path, headers=headers, body=body, deadline=deadline, future=future)
            self._place(call)
            try:
                result = await call.future
            except asyncio.CancelledError:
                call.abandon()
                raise
            if type(result) is not NotProcessed or attempt == ATTEMPTS or self._loop.time() >= deadline:
                break
        return result

    async def close_all(self, reason: str, drain_s: float = 0.0) -> None:
        """End for good: waiting requests get NotProcessed, those in flight have `drain_s` to be answered."""
        self._closed = reason
        for task in self._opening:
            task.cancel()
        await asyncio.gather(*self._opening, return_exceptions=True)
        if self._sweeper is not None:
            self._sweeper.cancel()
        while self._waiting:
            self._waiting.popleft().resolve(NotProcessed(reason))
        every = (*self._connections, *self._draining)
        await asyncio.gather(*(connection.close(reason, drain_s) for connection in every))

    def _place(self, call: Call) -> None:
        if not self._waiting:
            for index, connection in enumerate(self._connections):
                if connection.capacity:
                    if len(self._connections) > 1:  # the next request goes to the next connection
                        self._connections.append(self._connections.pop(index))
                    connection.submit(call)
                    return
        self._waiting.append(call)
        if self._sweeper is None:
            self._sweeper = self._loop.call_later(SWEEP_S, self._sweep)
        self._grow()

    def _pump(self) -> None:
        """Give free streams to waiting requests."""
        for connection in tuple(self._connections):
            free = connection.capacity
            while free and self._waiting:
                call = self._waiting.popleft()
                if not call.future.done():
                    connection.submit(call)
                    free -= 1
        if self._waiting:
            self._grow()

    def _changed(self, connection: Connection) -> None:
        if not connection.usable:
            if connection in self._connections:
                self._retire(connection)
            if not connection.is_open:
                self._draining.discard(connection)
        if self._waiting and self._closed is None:
            self._pump()

    def _retire(self, connection: Connection) -> None:
        self._connections.remove(connection)
        self._draining.add(connection)
        has_held = self._loop.time() - connection.opened_at >= self._proven_s
        if has_held:
            self._ended_soon = self._unreachable = 0
        elif self._is_incident(connection.opened_at):
            self._ended_soon += 1
        self.last_error = connection.reason
        log.info("http2.connection_leaving", origin=self._url, reason=connection.reason)

    def _is_incident(self, since: float) -> bool:
        """True for the first failure of an incident; `since` is when what failed had begun."""
        is_new = since >= self._failed_at
        if is_new:
            self._failed_at = self._loop.time()
        return is_new

    # -- opening -----------------------------------------------------------------------------------

    def _grow(self) -> None:
        """Open the connections that are wanted; while the origin is in trouble, one at a time."""
        missing = self._size - len(self._connections) - len(self._opening)
        at_once = 1 - len(self._opening) if self.failures else missing
        for _ in range(min(missing, at_once, len(self._waiting) - len(self._opening))):
            task = self._loop.create_task(self._open())
            self._opening.add(task)
            task.add_done_callback(self._opened)

    async def _open(self) -> None:
        while True:
            await asyncio.sleep(self._delay_s())
            begun_at = self._loop.time()
            try:
                connection = await Connection.connect(
                    self._url,
                    self._ssl_context,
                    connect_timeout_s=self._connect_timeout_s,
                    ping_idle_s=self._ping_idle_s,
                    ping_timeout_s=self._ping_timeout_s,
                )
            except ConnectError as error:
                if self._is_incident(begun_at):
                    self._unreachable += 1
                self.last_error = str(error)
                log.warning("http2.connect_failed", origin=self._url, failures=self.failures, error=str(error))
                if not self._waiting or len(self._opening) > 1:
                    return
                continue
            if self._unreachable:  # it is there; until a connection has held, one at a time
                self._unreachable, self._ended_soon = 0, max(1, self._ended_soon)
            self._connections.append(connection)
            connection.on_change = self._changed
            self._loop.call_later(self._proven_s, self._prove, connection)
            return

    def _opened(self, task: asyncio.Task[None]) -> None:
        self._opening.discard(task)
        if not task.cancelled():
            task.result()
        if self._closed is None:
            self._pump()

    def _prove(self, connection: Connection) -> None:
        if connection.usable:
            self._ended_soon = self._unreachable = 0

    def _delay_s(self) -> float:
        if not self.failures:
            return 0.0
        ended_soon_s = exponential(self._backoff_base_s, self._ended_soon + 1, self._backoff_cap_s)
        unreachable_s = exponential(self._backoff_base_s, self._unreachable + 1, self._unreachable_cap_s)
        return random.uniform(0.0, max(ended_soon_s, unreachable_s))

    def _sweep(self) -> None:
        """End the requests whose time is over before a stream was free."""
        self._sweeper = None
        now = self._loop.time()
        keep: deque[Call] = deque()
        for call in self._waiting:
            if call.deadline <= now:
                call.resolve(NotProcessed(f"no free stream in time: {self.last_error or 'all in use'}"))
            elif not call.future.done():
                keep.append(call)
        self._waiting = keep
        if keep:
            self._sweeper = self._loop.call_later(SWEEP_S, self._sweep)
