"""The connections of one client to any number of origins, and the requests that wait for them.

    post, get ─▶ an idle connection, else its turn for a new one ─▶ (note) ─▶ written ─▶ Answer | NoAnswer
                                       └▶ none could be made, none in time ─▶ NotSent

A request costs no timer: while any is under way, one look a tenth of a second ends those whose time is over. The
connection used last is taken first; the others fall idle and are closed. A connection that the server closes while it
is idle costs nothing: another one is taken.
"""

import asyncio
from functools import partial
from typing import Final, Protocol

from services.runtime.http.outbound_addresses import is_forbidden
from services.runtime.http_client.connection import Connection
from services.runtime.http_client.dial import Dialer, words_of
from services.runtime.http_client.message import Answer, NoAnswer, NotSent, Origin, Result, Target, request_of
from services.runtime.http_client.origin import OriginConnections, Waiting

CONNECT_TIMEOUT_S: Final = 10.0
LOOK_S: Final = 0.1
IDLE_S: Final = 15.0
"""An idle connection is given up before the usual 60 s and more of the servers' front ends."""
CLOSED: Final = NotSent("client closed")
FORBIDDEN: Final = NotSent("forbidden address")
"""No address of a host, or one that the policy refused."""
BEGUN: Final = NotSent("begun before")
"""Its `note` forbids it."""
NOT_BEGUN: Final = NotSent("could not be noted in time")
"""It waited for its `note`."""
NO_CONNECTION: Final = NotSent("no connection in time")


class Note(Protocol):
    """Asked right before a request is written, once a connection is at hand. A second `begin` answers the same."""

    @property
    def is_begun(self) -> bool: ...
    async def was_begun(self) -> bool: ...
    async def begin(self) -> bool: ...


class Pool:
    """At most `limit` requests under way, `limit_per_origin` of them at one origin."""

    def __init__(
        self, dialer: Dialer, *, limit: int, limit_per_origin: int | None = None, idle_s: float = IDLE_S
    ) -> None:
        self._dialer = dialer
        self._limit, self._limit_per_origin, self._idle_s = limit, limit_per_origin or limit, idle_s
        self._loop = asyncio.get_running_loop()
        self._origins: dict[Origin, OriginConnections] = {}
        self._taken = 0  # connections in use or being opened
        self._dials: set[asyncio.Task[None]] = set()
        self._look: asyncio.TimerHandle | None = None
        self._is_watching = False  # the next look is soon
        self._is_closed = False

    async def post(
        self, target: Target, headers: bytes, body: bytes, *, timeout_s: float, note: Note | None = None
    ) -> Result:
        """One request, one result, within `timeout_s`. Raises nothing but CancelledError."""
        deadline = self._loop.time() + timeout_s
        request = request_of(target, headers, body)
        if note is not None:
            connection = await self._noted(target.origin, deadline, note)
        else:
            connection = await self._acquired(target.origin, deadline)
        return connection if isinstance(connection, NotSent) else await self._asked(connection, request, deadline)

    async def get(self, target: Target, headers: bytes, *, timeout_s: float) -> Result:
        """The same without a body; `target` is one of GET."""
        deadline = self._loop.time() + timeout_s
        connection = await self._acquired(target.origin, deadline)
        if isinstance(connection, NotSent):
            return connection
        return await self._asked(connection, request_of(target, headers, None), deadline)

    async def close(self) -> None:
        """What waits is not sent, what is under way gets no answer."""
        self._is_closed = True
        if self._look is not None:
            self._look.cancel()
        for task in self._dials:
            task.cancel()
        await asyncio.gather(*self._dials, return_exceptions=True)
        for origin in tuple(self._origins.values()):
            while (waiting := origin.next()) is not None:
                waiting.given.set_result(CLOSED)
            for connection in (*origin.in_use, *origin.idle):
                connection.abandon(CLOSED.detail)
        await asyncio.sleep(0)  # for the sockets to be closed

    # -- a request

    async def _noted(self, name: Origin, deadline: float, note: Note) -> Connection | NotSent:
        """A connection over which the request may go now. The note is looked up before one is made in vain, and begun
        right before the request is written."""
        try:
            async with asyncio.timeout_at(deadline):
                origin = self._origins.get(name)
                if (origin is None or not origin.idle) and await note.was_begun():
                    return BEGUN
                while not self._is_closed:
                    connection = await self._acquired(name, deadline)
                    if isinstance(connection, NotSent):
                        return connection
                    if await self._is_to_go(name, connection, note):
                        return connection
                    if not note.is_begun:
                        return BEGUN
        except TimeoutError:
            return NO_CONNECTION if note.is_begun else NOT_BEGUN
        return CLOSED

    async def _is_to_go(self, name: Origin, connection: Connection, note: Note) -> bool:
        """Begin the note. False, and the connection is given back: it forbids the request, or the connection was lost
        meanwhile, with not a byte written."""
        goes = False
        try:
            goes = await note.begin() and not self._is_closed and connection.is_quiet(self._loop.time())
        finally:
            if not goes:
                self._release(name, connection)
        return goes

    async def _asked(self, connection: Connection, request: bytes, deadline: float) -> Answer | NoAnswer:
        connection.deadline = deadline
        answer = connection.ask(request)
        self._watch()
        try:
            return await answer
        except asyncio.CancelledError:
            connection.leave(answer)
            raise

    # -- connections

    async def _acquired(self, name: Origin, deadline: float) -> Connection | NotSent:
        """A connection that is quiet, and the caller's alone: to be asked over, or released."""
        while not self._is_closed:
            connection = self._idle(name) or await self._waited(name, deadline)
            if isinstance(connection, NotSent) or connection.is_quiet(self._loop.time()):
                return connection
            self._release(name, connection)  # lost since it was given
        return CLOSED

    def _idle(self, name: Origin) -> Connection | None:
        origin = self._origins.get(name)
        if origin is None or origin.waiting or not self._has_room(origin):
            return None
        connection = origin.take_idle(self._loop.time())
        if connection is not None:
            self._taken += 1
        return connection

    async def _waited(self, name: Origin, deadline: float) -> Connection | NotSent:
        origin = self._origins.get(name)
        if origin is None:
            origin = self._origins[name] = OriginConnections(name)
        waiting = Waiting(self._loop.create_future(), min(deadline, self._loop.time() + CONNECT_TIMEOUT_S))
        origin.waiting.append(waiting)
        self._watch()
        self._serve(origin)
        try:
            return await waiting.given
        except asyncio.CancelledError:
            if waiting.given.done() and not waiting.given.cancelled():
                given = waiting.given.result()
                if isinstance(given, Connection):
                    self._release(name, given)
            raise

    def _release(self, name: Origin, connection: Connection) -> None:
        origin = self._origins.get(name)
        if origin is not None:
            self._free(origin, connection)

    def _has_room(self, origin: OriginConnections) -> bool:
        return self._taken < self._limit and len(origin.in_use) + origin.opening < self._limit_per_origin

    def _free(self, origin: OriginConnections, connection: Connection) -> None:
        """It may take a request again, or is lost."""
        was_full = self._taken >= self._limit
        if connection in origin.in_use:
            origin.in_use.discard(connection)
            self._taken -= 1
            if connection.is_usable and not self._is_closed:
                connection.idle_since = self._loop.time()
                origin.idle.append(connection)
        elif not connection.is_usable and connection in origin.idle:
            origin.idle.remove(connection)
        if was_full:
            for other in tuple(self._origins.values()):
                self._serve(other)
        else:
            self._serve(origin)
        self._forget(origin)

    def _serve(self, origin: OriginConnections) -> None:
        """Give connections to those who wait, and open what is missing."""
        now = self._loop.time()
        while origin.waiting and self._has_room(origin) and not self._is_closed:
            connection = origin.take_idle(now)
            if connection is None:
                if origin.opening >= len(origin.waiting):
                    return
                origin.opening += 1
                self._taken += 1
                task = self._loop.create_task(self._open(origin))
                self._dials.add(task)
                task.add_done_callback(self._dials.discard)
                continue
            self._taken += 1
            waiting = origin.next()
            if waiting is None:
                self._free(origin, connection)
                return
            waiting.given.set_result(connection)

    async def _open(self, origin: OriginConnections) -> None:
        """One more connection; where none can be made, who has waited longest is told."""
        connection = Connection(partial(self._free, origin))
        why: NotSent | None = None
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await self._dialer.dial(origin.name, connection)
            why = None if connection.is_usable else NotSent("closed at once")
        except TimeoutError:
            why = NotSent("no connection: TimeoutError")
        except OSError as error:
            why = FORBIDDEN if is_forbidden(error) else NotSent(f"no connection: {words_of(error)}")
        finally:
            origin.opening -= 1
            self._taken -= 1
        if why is None:
            self._taken += 1
            origin.in_use.add(connection)
            self._free(origin, connection)
            return
        connection.abandon(why.detail)
        waiting = origin.next()
        if waiting is not None:
            waiting.given.set_result(why)
        self._serve(origin)
        self._forget(origin)

    def _forget(self, origin: OriginConnections) -> None:
        """Addresses come from outside: what is not used any more is not kept."""
        if not (origin.idle or origin.in_use or origin.waiting or origin.opening):
            self._origins.pop(origin.name, None)

    # -- time

    def _watch(self) -> None:
        if not self._is_watching:
            if self._look is not None:
                self._look.cancel()
            self._is_watching = True
            self._look = self._loop.call_later(LOOK_S, self._look_around)

    def _look_around(self) -> None:
        """End what has had its time: requests, who waits for a connection, connections that nobody needs any more."""
        now = self._loop.time()
        for origin in tuple(self._origins.values()):
            for connection in [used for used in origin.in_use if used.deadline <= now and not used.is_idle]:
                connection.abandon("no answer in time")
            while origin.waiting and (origin.waiting[0].until <= now or origin.waiting[0].given.done()):
                given = origin.waiting.popleft().given
                if not given.done():
                    given.set_result(NO_CONNECTION)
            while origin.idle and now - origin.idle[0].idle_since > self._idle_s:
                origin.idle.pop(0).close()
            self._forget(origin)
        self._is_watching = any(origin.in_use or origin.waiting for origin in self._origins.values())
        after_s = LOOK_S if self._is_watching else self._idle_s / 5
        self._look = self._loop.call_later(after_s, self._look_around) if self._origins else None
