"""How far the planner may be ahead of those who read what it plans: by some seconds of their work.

    every look: what waits for the router, and for status ─▶ room for so many messages, in equal shares of the mailings
    no room ─▶ that mailing's next slice waits

What is planned stands in one queue. A partner's million, planned as fast as the log takes it, would keep another's
thousand waiting until it is sent; a cancel would come when all of it is on the way; and status, which would meet the
events of a message minutes apart, would store it once for each. A group that stands still is not waited for: then the
rates of the mailings count alone, so that nothing depends on status. Dispatch is not asked, for what waits there may be
the doing of one provider, which must hold up nobody who is reached by another one.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from services.runtime import telemetry
from services.runtime.log.kafka import LogUnavailable

LOOK_S = 0.5
_AHEAD_S = 3.0
_LEAST = 2_000
"""Messages that may wait at any speed: a small mailing is planned at once."""
_SLICE = 100
"""Fewer at a time would cost more than they are worth: an append and two writes each."""
_WINDOW_S = 12.0
"""Over so long the speed is measured."""
_STILL_S = 10.0
"""Who has read nothing for so long stands still."""
_ANSWER_S = 5.0
"""Longer the brokers are not waited for."""
_REST_S = 2.0
"""Behind the last question of a mailing there is nothing to look for."""


class Offsets(Protocol):
    """Of one topic and one group (`GroupOffsets`)."""

    async def spans(self) -> Mapping[int, range]: ...

    async def committed(self) -> Mapping[int, int]: ...


@dataclass
class Queue:
    """What waits for one group, and how fast it reads. Monotonic seconds."""

    _waiting: int = 0
    _marks: deque[tuple[float, int]] = field(default_factory=deque)

    def note(self, read: int, waiting: int, now_s: float) -> None:
        """By now the group has read so many records in all, and so many wait."""
        self._waiting = waiting
        self._marks.append((now_s, read))
        while now_s - self._marks[0][0] > _WINDOW_S:
            self._marks.popleft()

    def room(self) -> int | None:
        """How many more may be put into it; None while the group stands still, or has never read anything."""
        (since_s, before), (now_s, read) = self._marks[0], self._marks[-1]
        took_s, count = now_s - since_s, read - before
        if self._waiting and (not read or (not count and took_s >= _STILL_S)):
            return None
        per_s = count / took_s if took_s else 0.0
        return max(0, max(_LEAST, int(per_s * _AHEAD_S)) - self._waiting)


class PlanningBackpressure:
    """Of the planner of one process; `look` is a turn of a loop. The groups read one and the same topic: where it ends
    is asked of the first."""

    def __init__(self, groups: Mapping[str, Offsets]) -> None:
        self._groups, self._queues = groups, dict[str, Queue]()
        self._room: int | None = _LEAST
        self._fullest = ""
        self._granted, self._askers = Counter[str](), 1
        self._asked_at_s = float("-inf")

    def granted(self, mailing_id: str, wanted: int, now_s: float) -> int:
        """How many of so many messages this mailing may append now; they count as appended."""
        self._asked_at_s = now_s
        granted = wanted
        if self._room is not None:
            askers = max(self._askers, len(self._granted.keys() | {mailing_id}))
            share = max(self._room // askers, min(self._room, _SLICE))
            granted = min(wanted, share - self._granted[mailing_id])
            if granted < min(wanted, _SLICE):
                telemetry.PLANNING_HELD.labels(self._fullest).inc()
                granted = 0
        self._granted[mailing_id] += granted
        return granted

    async def look(self) -> float:
        """Measure, unless no mailing has asked lately; in how many seconds again. Raises TRANSIENT_ERRORS.

        What could not be measured, or not within `_ANSWER_S`, holds up nobody. While the brokers are asked, which takes
        them some milliseconds, the room is that of the last look: all mailings ask meanwhile.
        """
        if time.monotonic() - self._asked_at_s > _REST_S:
            self._queues.clear()
            self._room, self._fullest = _LEAST, ""
            self._askers, self._granted = 1, Counter()
            return LOOK_S
        try:
            async with asyncio.timeout(_ANSWER_S):
                spans: Mapping[int, range] | None = None
                for name, offsets in self._groups.items():
                    spans = spans or await offsets.spans()
                    self.note(name, spans, await offsets.committed(), time.monotonic())
        except TimeoutError:
            self._room = None
            raise LogUnavailable("the brokers do not tell in time what waits") from None
        except Exception:  # also where it may not ask
            self._room = None
            raise
        self._share_out()
        return LOOK_S

    def note(self, group: str, spans: Mapping[int, range], committed: Mapping[int, int], now_s: float) -> None:
        """What a group has read and what waits for it, by partition."""
        waiting = sum(span.stop - max(span.start, committed[partition]) for partition, span in spans.items())
        self._queues.setdefault(group, Queue()).note(sum(committed.values()), waiting, now_s)

    def _share_out(self) -> None:
        """The room until the next look: that of the fullest queue."""
        self._askers, self._granted, self._room = max(1, len(self._granted)), Counter(), None
        rooms = {name: room for name, queue in self._queues.items() if (room := queue.room()) is not None}
        self._fullest = min(rooms, key=lambda name: rooms[name]) if rooms else ""
        self._room = rooms[self._fullest] if rooms else None
