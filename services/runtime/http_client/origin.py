"""The connections to one origin, and who waits for one. Bookkeeping alone: `pool.py` opens and gives them."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from services.runtime.http_client.connection import Connection
from services.runtime.http_client.message import NotSent, Origin


class Waiting(NamedTuple):
    given: asyncio.Future[Connection | NotSent]
    until: float


@dataclass(slots=True, eq=False)
class OriginConnections:
    """The connections to one origin, and who waits for one."""

    name: Origin
    idle: list[Connection] = field(default_factory=list)  # the last is the one used last
    in_use: set[Connection] = field(default_factory=set)
    waiting: deque[Waiting] = field(default_factory=deque)
    opening: int = 0

    def take_idle(self, now: float) -> Connection | None:
        """An idle connection, in use from now on."""
        while self.idle:
            connection = self.idle.pop()
            if connection.is_quiet(now):
                self.in_use.add(connection)
                return connection
            connection.abandon("closed while idle")
        return None

    def next(self) -> Waiting | None:
        """Who has waited longest."""
        while self.waiting:
            waiting = self.waiting.popleft()
            if not waiting.given.done():
                return waiting
        return None
