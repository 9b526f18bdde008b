"""Publishes the statistics that have changed, each at most once a second: the newest wins.

    a part is merged ─▶ noted, its record in hand ─▶ within a second: delivery-statistics ─▶ the records are given back

Faust commits the offset of a record only when it was given back (`worker.py`), so what was not published by a crash is
merged again, which changes nothing, and published then. At the end, and before partitions are given away, what is noted
is published at once.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import Protocol

from schemas.statistic_events import Statistic, key_of
from schemas.topics import DELIVERY_STATISTICS
from services.runtime import faults, telemetry
from services.runtime.clock import now_ms
from services.runtime.log.kafka import Append, Log
from services.statistics.merge import Row, changed

log = telemetry.logger("statistics")
EVERY_S = 1.0
"""A statistic changes with each batch of status; whoever reads it is as well served by one record a second."""
_MOST_IN_HAND = 1_000
"""Records, when the worker is behind: their number is bounded, not what is published."""
_AT_ONCE_S = 5.0


class InHand(Protocol):
    """A record that Faust does not commit before it is given back."""

    def ack(self) -> bool: ...


class Publication:
    """What is noted and not published yet, and the records in hand, in the order in which they came."""

    def __init__(self, sink: Log) -> None:
        self._sink = sink
        self._noted: dict[str, tuple[Statistic, Row]] = {}
        self._records: list[InHand] = []
        self._news, self._turn = asyncio.Event(), asyncio.Lock()

    async def note(self, statistic: Statistic, row: Row, record: InHand) -> None:
        """The statistic is now as in `row`, by this record."""
        self._noted[key_of(statistic)] = statistic, row
        await self.finish(record)

    async def finish(self, record: InHand) -> None:
        """The record is done: it is given back behind those before it. Faust would commit past those otherwise."""
        self._records.append(record)
        self._news.set()
        if len(self._records) >= _MOST_IN_HAND:
            await self.flush()

    async def run(self) -> None:
        """Publish until cancelled."""
        while True:
            await self._news.wait()
            await self.flush()
            await asyncio.sleep(EVERY_S)

    async def flush(self) -> None:
        """Publish what is noted; returns when it is in the log."""
        async with self._turn:
            noted, records = self._noted, self._records
            self._noted, self._records = {}, []
            self._news.clear()
            now = now_ms()
            news = [Append(DELIVERY_STATISTICS, key, changed(*found, now)) for key, found in noted.items()]
            try:
                await insist(partial(self._sink.append, news))
            except BaseException:
                self._noted, self._records = noted | self._noted, records + self._records
                self._news.set()
                raise
            for record in records:
                record.ack()

    async def flush_at_once(self) -> None:
        """Publish what is noted, if the log takes it within moments; what it does not take stays noted."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_AT_ONCE_S):
                await self.flush()


async def insist(do: Callable[[], Awaitable[None]]) -> None:
    """Try again until the log is back; the stream waits, and the group membership lives on in Faust's own task."""
    attempt = 0
    while True:
        try:
            await do()
            return
        except faults.TRANSIENT_ERRORS as error:
            attempt += 1
            telemetry.PAUSES.labels("statistics").inc()
            log.warning("paused: infrastructure is away", group="statistics", error=repr(error), attempt=attempt)
        await asyncio.sleep(faults.backoff_s(attempt))
