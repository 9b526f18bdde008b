"""The sweeper finds what time has brought about. It never decides: the fold does, when it reads that.

    messages with a deadline behind us  ─▶ DeadlinePassed ─▶ status-events[.bulk], behind every receipt logged so far
    messages of which a report is owed  ─▶ ReportMissed   ─▶ the same, behind every attempt logged so far
    for longer than anybody keeps it in
    memory: its process was killed

One instance sweeps at a time, under a lease. Each look covers the times since the last one; a wider look now and then
finds those that were written late. The event's id is computed, so appending it twice is appending it once.

A fold that lags behind has not read what would settle a report: it is missed only when the fold has read all that was
there `MISSED_AFTER_MS` after it was owed. Else a mailing that outruns the fold would be slowed down further by an event
for each of its messages.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, suppress
from typing import NamedTuple

from schemas import ids, topics
from schemas.events import DeadlinePassed, MessageEvent, ReportMissed
from schemas.values import Lane
from services.runtime import faults
from services.runtime.clock import now_ms
from services.runtime.log.kafka import Append, Log
from services.runtime.log.upkeep import Reading
from services.runtime.loops import keep_on
from services.runtime.mongo.leases import Lease
from services.status.message import Messages

_WIDE_EVERY_MS = 10_000
_APPENDED_AGAIN_AFTER_MS = 120_000
_LEASE_MS = 15_000
_BATCH = 500
_MOST_APPENDED = 100_000
"""Events that the fold may be behind with, some 250 bytes each: a sweep ends there, and a later one goes on."""
_ASKED_S = 5.0
MISSED_AFTER_MS = 30_000
"""A report that was not tried within it is in no process' memory any more: after 3 s it is stored, and an attempt that
takes longer than 10 s is stored as being under way (`services/status/reports`)."""


class _Appended(NamedTuple):
    """An event that was appended: of which message, and when (UTC ms)."""

    lane: Lane
    message_id: str
    at: int


class Sweeper:
    """Sweeps under a lease; one for each process. `reading`: what the fold of each lane has read."""

    def __init__(self, messages: Messages, sink: Log, lease: Lease, reading: Mapping[Lane, Reading]) -> None:
        self._messages = messages
        self._sink = sink
        self._lease = lease
        self._reading = reading
        self._swept_until = 0
        self._wide_at = 0
        self._appended: dict[str, _Appended] = {}  # by event id; the fold may lag behind

    async def run(self, stop: asyncio.Event, interval_s: float) -> None:
        """Sweep until stopped."""

        async def turn() -> None:
            await self.sweep(now_ms())

        await keep_on("sweeper", turn, stop, interval_s)
        await self._lease.release()

    async def sweep(self, now: int) -> int:
        """Append the deadlines that have passed at `now` (UTC ms), and give their number; 0 while another sweeps."""
        if not await self._lease.hold(now, _LEASE_MS):
            self._swept_until = 0
            return 0
        wide = now >= self._wide_at
        if wide:
            await self._forget(now)
        appended, after = 0, 0 if wide else self._swept_until
        for found in (self._passed(after, now), *(self._missed(lane, after, now) for lane in self._reading)):
            async with aclosing(found):
                appended += await self._append_all(found, now)
        if len(self._appended) < _MOST_APPENDED:
            self._swept_until = now
            self._wide_at = now + _WIDE_EVERY_MS if wide else self._wide_at
        return appended

    async def _append_all(self, found: AsyncIterator[MessageEvent], now: int) -> int:
        """Append what is found, as far as the table has room for it."""
        appended, batch = 0, dict[str, Append]()
        if len(self._appended) >= _MOST_APPENDED:
            return 0  # without looking: most of what would be found is in the table
        async for event in found:
            if event.event_id in self._appended:
                continue
            if len(self._appended) + len(batch) >= _MOST_APPENDED:
                break
            batch[event.event_id] = Append(topics.STATUS_EVENTS[event.lane], event.message_id, event)
            if len(batch) == _BATCH:
                appended += await self._append(batch, now)
        return appended + await self._append(batch, now)

    async def _passed(self, after: int, now: int) -> AsyncGenerator[DeadlinePassed, None]:
        async with aclosing(self._messages.overdue(after, now)) as found:
            async for overdue in found:
                event_id = ids.event_id_of(overdue.message_id, f"deadline/{overdue.link}")
                yield DeadlinePassed(event_id=event_id, at=now, **overdue.link_fields)

    async def _missed(self, lane: Lane, after: int, now: int) -> AsyncGenerator[ReportMissed, None]:
        """The reports of a lane that are owed though its fold has read whatever could have settled them."""
        reading = self._reading[lane]
        after, until = max(0, after - MISSED_AFTER_MS), now - MISSED_AFTER_MS
        async with aclosing(self._messages.owed(lane, after, until)) as found:
            async for owed in found:
                await reading.refresh(now)  # here, since a lane in which nothing is owed for long need not be asked for
                settled_by = owed.at + MISSED_AFTER_MS
                if settled_by > reading.latest:
                    return
                if settled_by <= reading.until(owed.message_id):
                    event_id = ids.event_id_of(owed.message_id, f"missed/{owed.link}/{owed.at}")
                    yield ReportMissed(event_id=event_id, at=now, **owed.link_fields)

    async def _append(self, batch: dict[str, Append], now: int) -> int:
        """Append by event id. Only what the log has taken counts; the next look finds the rest."""
        await self._sink.append(list(batch.values()))
        for event_id, record in batch.items():
            self._appended[event_id] = _Appended(topics.lane_of(record.topic.name), record.key, now)
        appended = len(batch)
        batch.clear()
        return appended

    async def _forget(self, now: int) -> None:
        """Forget those appended long ago and read by the fold: what is still overdue then is appended again. When there
        are too many, those that it has not read as well."""
        old = {
            event_id: event for event_id, event in self._appended.items() if now - event.at >= _APPENDED_AGAIN_AFTER_MS
        }
        for lane in {event.lane for event in old.values()}:
            with suppress(
                TimeoutError, *faults.TRANSIENT_ERRORS
            ):  # no answer holds up a deadline: what was known before is true
                async with asyncio.timeout(_ASKED_S):
                    await self._reading[lane].refresh(now)
        is_full = len(self._appended) >= _MOST_APPENDED
        for event_id, event in old.items():
            if is_full or self._reading[event.lane].until(event.message_id) >= event.at:
                del self._appended[event_id]
