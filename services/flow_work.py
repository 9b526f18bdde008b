"""The work on records that are under way, whatever they were fetched from. Used by `flow.py`.

    prepare   a chunk together: what is looked up in batches           trouble: raised, the caller waits and tries again
    perform   each record in a task of its own
    write     all that has ended since the last write, together        trouble: waited out here

A record that cannot be done because of its own content goes to the dead-letter topic, and its neighbours go on.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from schemas import codec
from schemas.topics import Topic
from services import telemetry
from services.consume import UNAVAILABLE, Record, dead_letter
from services.kafka import Log
from services.offsets import Offsets

log = telemetry.logger("flow")
Item = TypeVar("Item")
Done = TypeVar("Done")


class Work(Protocol[Item, Done]):
    """What a flow does with its records. `prepare` and `write` may be called again for the same records."""

    def allowance(self) -> int | None:
        """How many records may be taken now; 0 pauses the flow, None sets no bound."""
        ...

    async def prepare(self, records: Sequence[Record]) -> Sequence[Item]:
        """One item for each record, in order: what is looked up together. May raise UNAVAILABLE."""
        ...

    async def perform(self, item: Item) -> Done:
        """The work on one record, bounded in time. Whatever it raises is the fault of this record's content."""
        ...

    async def write(self, done: Sequence[Done]) -> None:
        """Record what follows, durably. May raise UNAVAILABLE."""
        ...


@dataclass(slots=True, eq=False)
class Taken(Generic[Done]):
    """A record under way, and in the end what became of it: `done` or a `fault` of its own."""

    tracker: Offsets
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    record: Record | None = None
    done: Done | None = None
    fault: Exception | None = None


class Working(Generic[Item, Done]):
    """`run()` writes what has ended, until cancelled."""

    def __init__(self, work: Work[Item, Done], sink: Log, topic: Topic, group: str) -> None:
        self.in_trouble = False  # nothing can be written: take no more
        self._work, self._sink, self._topic, self._group = work, sink, topic, group
        self._tasks: dict[Taken[Done], asyncio.Task[None]] = {}
        self._outbox: list[Taken[Done]] = []
        self._is_writing = False
        self._wake, self._changed = asyncio.Event(), asyncio.Event()
        self._total = telemetry.RECORDS.labels(topic.name)

    @property
    def is_idle(self) -> bool:
        """Nothing is being performed or waits to be written."""
        return not (self._tasks or self._outbox or self._is_writing)

    async def wait(self, timeout_s: float) -> None:
        """Until something is finished, or the time is over."""
        self._changed.clear()
        try:
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        except TimeoutError:
            return

    async def prepare(self, taken: Sequence[Taken[Done]]) -> list[tuple[Taken[Done], Item]]:
        """Each with its item; those that fail alone are put aside. Raises UNAVAILABLE."""
        records = [one.record for one in taken if one.record is not None]
        try:
            return list(zip(taken, await self._work.prepare(records), strict=True))
        except UNAVAILABLE:
            raise
        except Exception as error:
            if len(taken) == 1:
                self.put(taken[0], error)
                return []
        log.warning("a chunk failed; its records are prepared one by one", group=self._group)
        return [pair for one in taken for pair in await self.prepare([one])]

    def start(self, pairs: Sequence[tuple[Taken[Done], Item]]) -> None:
        loop = asyncio.get_running_loop()
        for one, item in pairs:
            self._tasks[one] = loop.create_task(self._perform(one, item))

    def put(self, one: Taken[Done], fault: Exception | None = None) -> None:
        """It has ended: write what follows, or put it aside."""
        one.fault = fault
        self._outbox.append(one)
        self._wake.set()

    async def cancel(self) -> None:
        """End what is still under way; it will be done again from the log."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def run(self) -> None:
        """Write whatever has ended, again and again; what ends meanwhile is written together next."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            batch, self._outbox, self._is_writing = self._outbox, [], True
            await self._write_until_done(batch)
            for one in batch:
                one.tracker.finish(one.offset)
            self._total.inc(len(batch))
            self._is_writing = False
            self._changed.set()

    async def _perform(self, one: Taken[Done], item: Item) -> None:
        try:
            one.done = await self._work.perform(item)
        except Exception as error:
            self.put(one, error)
        else:
            self.put(one)
        del self._tasks[one]

    async def _write_until_done(self, batch: list[Taken[Done]]) -> None:
        attempt = 0
        while True:
            try:
                await self._write_once(batch)
                self.in_trouble = False
                return
            except UNAVAILABLE as error:
                attempt += 1
                self.in_trouble = True
                telemetry.PAUSES.labels(self._group).inc()
                log.warning("paused: nothing can be written", group=self._group, error=repr(error), attempt=attempt)
                await asyncio.sleep(random.uniform(0.1, min(10.0, 0.2 * 2**attempt)))

    async def _write_once(self, batch: list[Taken[Done]]) -> None:
        """May be called again when half is written: the ids of events and timers are computed, so that is no harm."""
        done = [one.done for one in batch if one.done is not None and one.fault is None]
        try:
            if done:
                await self._work.write(done)
        except UNAVAILABLE:
            raise
        except Exception as error:
            if len(batch) > 1:
                for one in batch:
                    await self._write_once([one])
                return
            batch[0].fault = error
        for one in batch:
            if one.fault is not None:
                await self._bury(one, one.fault)

    async def _bury(self, one: Taken[Done], fault: Exception) -> None:
        reason = str(fault) if isinstance(fault, codec.Undecodable) else repr(fault)
        event = one.record.event if one.record is not None else None
        log.warning("a record cannot be processed", group=self._group, error=type(fault).__name__)
        place = f"{one.partition}/{one.offset}"
        await dead_letter(self._sink, self._topic, one.key, one.value, place, reason, event)
