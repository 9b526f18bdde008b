"""The sweeper finds what time has brought about. It never decides: the fold does, when it reads that.

    messages with a deadline behind us  ─▶ DeadlinePassed ─▶ status-events[.bulk], behind every receipt logged so far
    messages of which a report is owed  ─▶ ReportMissed   ─▶ the same, behind every attempt logged so far
    for longer than anybody keeps it in
    memory: its process was killed

One instance sweeps at a time, under a lease. Each look covers the times since the last one; a wider look now and then
finds those that were written late. The event's id is computed, so appending it twice is appending it once.
"""

import asyncio
from collections.abc import AsyncIterator

from schemas import ids, topics
from schemas.events import DeadlinePassed, MessageEvent, ReportMissed
from services.runtime.clock import now_ms
from services.runtime.log.kafka import Append, Log
from services.runtime.loops import keep_on
from services.runtime.mongo.leases import Lease
from services.status.message import Messages

_WIDE_EVERY_MS = 10_000
_APPENDED_AGAIN_AFTER_MS = 120_000
_LEASE_MS = 15_000
_BATCH = 500
MISSED_AFTER_MS = 30_000
"""A report that was not tried within it is in no process' memory any more: after 3 s it is stored, and an attempt that
takes longer than 10 s is stored as being under way (`services/status/reports`)."""


class Sweeper:
    """Sweeps under a lease; one for each process."""

    def __init__(self, messages: Messages, sink: Log, lease: Lease) -> None:
        self._messages = messages
        self._sink = sink
        self._lease = lease
        self._swept_until = 0
        self._wide_at = 0
        self._appended: dict[str, int] = {}  # event id: when; the fold may lag behind

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
        self._forget(now)
        appended, batch = 0, dict[str, Append]()
        async for event in self._found(0 if wide else self._swept_until, now):
            if event.event_id in self._appended:
                continue
            batch[event.event_id] = Append(topics.STATUS_EVENTS[event.lane], event.message_id, event)
            if len(batch) == _BATCH:
                appended += await self._append(batch, now)
        appended += await self._append(batch, now)
        self._swept_until = now
        if wide:
            self._wide_at = now + _WIDE_EVERY_MS
        return appended

    async def _found(self, after: int, now: int) -> AsyncIterator[MessageEvent]:
        async for overdue in self._messages.overdue(after, now):
            event_id = ids.event_id_of(overdue.message_id, f"deadline/{overdue.link}")
            yield DeadlinePassed(event_id=event_id, at=now, **overdue.link_fields)
        async for owed in self._messages.owed(max(0, after - MISSED_AFTER_MS), now - MISSED_AFTER_MS):
            event_id = ids.event_id_of(owed.message_id, f"missed/{owed.link}/{owed.at}")
            yield ReportMissed(event_id=event_id, at=now, **owed.link_fields)

    async def _append(self, batch: dict[str, Append], now: int) -> int:
        """Append by event id. Only what the log has taken counts; the next look finds the rest."""
        await self._sink.append(list(batch.values()))
        self._appended |= dict.fromkeys(batch, now)
        appended = len(batch)
        batch.clear()
        return appended

    def _forget(self, now: int) -> None:
        """Forget those appended long ago; the oldest are first."""
        while self._appended:
            event_id = next(iter(self._appended))
            if now - self._appended[event_id] < _APPENDED_AGAIN_AFTER_MS:
                return
            del self._appended[event_id]
