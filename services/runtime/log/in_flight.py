"""The work on records that are under way, whatever they were fetched from. Used by `concurrent_consumer.py`.

    prepare   a chunk together: what is looked up in batches           trouble: raised, the caller waits and tries again
    perform   each record in a task of its own
    write     all that has ended since the last write, together        trouble: waited out here

A record that cannot be done because of its own content goes to the dead-letter topic (`dead_letters.py`), and its
neighbours go on. One that fails for no known reason is tried again in a task of its own, and in the end is put aside as
well (`faults.py`): like a crash, that may push once more, under the same id.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from schemas import codec
from schemas.topics import Topic
from services.runtime import telemetry
from services.runtime.faults import DECLARED, TRANSIENT_ERRORS, Suspect, Suspects, backoff_s, kind_of
from services.runtime.log.batch_consumer import Record
from services.runtime.log.dead_letters import DeadLetters
from services.runtime.log.offsets import Offsets
from services.runtime.loops import pause

log = telemetry.logger("in-flight")
_GATHER_S, _BUSY = 0.01, 32
"""While so many end between two writes, the next one waits for more: an append costs the same for one and for hundreds.
Where few end nothing waits."""
Item = TypeVar("Item")
Done = TypeVar("Done")


class Work(Protocol[Item, Done]):
    """What a `ConcurrentConsumer` does with its records. `prepare` and `write` may be called again for the same."""

    def allowance(self) -> int | None:
        """How many records may be taken now; 0 pauses the consumer, None sets no bound."""
        ...

    async def prepare(self, records: Sequence[Record]) -> Sequence[Item]:
        """One item for each record, in order: what is looked up together. May raise TRANSIENT_ERRORS."""
        ...

    async def perform(self, item: Item) -> Done:
        """The work on one record, bounded in time. Called again when it raises what is no declared fault."""
        ...

    async def write(self, done: Sequence[Done]) -> None:
        """Record what follows, durably. May raise TRANSIENT_ERRORS."""
        ...


@dataclass(slots=True, eq=False)
class InFlightRecord(Generic[Done]):
    """A record under way, and in the end what became of it: `done` or a `fault` of its own."""

    tracker: Offsets
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    record: Record | None = None
    done: Done | None = None
    fault: Exception | None = None
    suspect: Suspect | None = None  # while it fails for no known reason


class InFlight(Generic[Item, Done]):
    """The records of one consumer that are under way. `run()` writes what has ended, until cancelled."""

    def __init__(self, work: Work[Item, Done], dead_letters: DeadLetters, topic: Topic, group: str) -> None:
        self.in_trouble = False  # nothing can be written: take no more
        self._work, self._dead_letters, self._topic, self._group = work, dead_letters, topic, group
        self._suspects = Suspects(group, dead_letters.is_healthy)
        self._tasks: dict[InFlightRecord[Done], asyncio.Task[None]] = {}
        self._outbox: list[InFlightRecord[Done]] = []
        self._is_writing = self._is_busy = False
        self._wake, self._changed = asyncio.Event(), asyncio.Event()
        self._total = telemetry.RECORDS.labels(topic.name)

    @property
    def is_idle(self) -> bool:
        """Nothing is being performed or waits to be written."""
        return not (self._tasks or self._outbox or self._is_writing)

    async def wait(self, timeout_s: float) -> None:
        """Return when something is finished, or the time is over."""
        self._changed.clear()
        await pause(self._changed, timeout_s)

    async def prepare(self, taken: Sequence[InFlightRecord[Done]]) -> list[tuple[InFlightRecord[Done], Item]]:
        """Pair each with its item; those that fail alone go on by themselves. Raises TRANSIENT_ERRORS."""
        records = [entry.record for entry in taken if entry.record is not None]
        try:
            return list(zip(taken, await self._work.prepare(records), strict=True))
        except TRANSIENT_ERRORS:
            raise
        except DECLARED as error:
            log.warning("a chunk holds a record that cannot be done", group=self._group, error=kind_of(error))
        except Exception as error:
            await self._suspects.unknown(error)
        log.warning("a chunk failed; its records go on one by one", group=self._group)
        for entry in taken:
            self._tasks[entry] = asyncio.get_running_loop().create_task(self._do(entry, None))
        return []

    def start(self, pairs: Sequence[tuple[InFlightRecord[Done], Item]]) -> None:
        loop = asyncio.get_running_loop()
        for entry, item in pairs:
            self._tasks[entry] = loop.create_task(self._do(entry, item))

    def put(self, entry: InFlightRecord[Done], fault: Exception | None = None) -> None:
        """Queue a record that has ended, to be written or put aside."""
        entry.fault = fault
        self._outbox.append(entry)
        self._wake.set()

    async def cancel(self) -> None:
        """Cancel what is still under way; it will be done again from the log."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def run(self) -> None:
        """Write what has ended, repeatedly; what ends meanwhile is written together next."""
        while True:
            await self._wake.wait()
            if self._is_busy:
                await asyncio.sleep(_GATHER_S)
            self._wake.clear()
            batch, self._outbox, self._is_writing = self._outbox, [], True
            again = await self._write_until_done(batch)
            for entry in batch:
                if entry not in again:
                    entry.tracker.finish(entry.offset)
            self._total.inc(len(batch) - len(again))
            self._is_busy = len(batch) >= _BUSY
            self._is_writing = False
            self._changed.set()

    async def _do(self, entry: InFlightRecord[Done], item: Item | None) -> None:
        """Perform it until it is done or put aside; without `item` it is prepared first, alone."""
        attempt = 0
        while True:
            try:
                if item is None and entry.record is not None:
                    (item,) = await self._work.prepare([entry.record])
                assert item is not None
                entry.done = await self._work.perform(item)
                self.put(entry)
            except DECLARED as error:
                self.put(entry, error)
            except TRANSIENT_ERRORS as error:
                attempt += 1
                log.warning("a record waits: infrastructure is away", group=self._group, error=repr(error))
                await asyncio.sleep(backoff_s(attempt))
                continue
            except Exception as error:
                wait_s = await self._suspected(entry, error)
                if wait_s is not None:
                    await asyncio.sleep(wait_s)
                    continue
                self.put(entry, error)
            del self._tasks[entry]
            return

    async def _suspected(self, entry: InFlightRecord[Done], error: Exception) -> float | None:
        """How long it waits for its next try, seconds; None when it is to be put aside."""
        origin = f"{self._topic.name}/{entry.partition}/{entry.offset}"
        try:
            entry.suspect = await self._suspects.failed(origin, error, entry.suspect)
        except TRANSIENT_ERRORS:
            return backoff_s(3)
        return None if self._suspects.is_convicted(entry.suspect) else entry.suspect.wait_s

    async def _write_until_done(self, batch: list[InFlightRecord[Done]]) -> set[InFlightRecord[Done]]:
        """Write them, and return those that come back later: they cannot be written for no known reason."""
        attempt = 0
        while True:
            try:
                again = await self._write_once(batch)
                self.in_trouble = False
                return again
            except TRANSIENT_ERRORS as error:
                attempt += 1
                telemetry.PAUSES.labels(self._group).inc()
                log.warning("paused: nothing can be written", group=self._group, error=repr(error), attempt=attempt)
            except Exception as error:  # while something was put aside
                attempt += 1
                self._suspects.alarm(error)
            self.in_trouble = True
            await asyncio.sleep(backoff_s(attempt))

    async def _write_once(self, batch: list[InFlightRecord[Done]]) -> set[InFlightRecord[Done]]:
        """May be called again when half is written: the ids of events and timers are computed, so that is no harm."""
        written = [entry for entry in batch if entry.done is not None and entry.fault is None]
        try:
            if written:
                await self._work.write([entry.done for entry in written if entry.done is not None])
        except TRANSIENT_ERRORS:
            raise
        except Exception as error:
            if len(batch) > 1:
                if not isinstance(error, DECLARED):
                    await self._suspects.unknown(error)
                return {late for entry in batch for late in await self._write_once([entry])}
            if not isinstance(error, DECLARED) and (wait_s := await self._suspected(batch[0], error)) is not None:
                self._tasks[batch[0]] = asyncio.get_running_loop().create_task(self._put_later(batch[0], wait_s))
                return {batch[0]}
            batch[0].fault = error
        else:
            self._suspects.succeeded(len(written))
        for entry in batch:
            if entry.fault is not None:
                await self._dead_letter(entry, entry.fault)
            if entry.suspect is not None:
                self._suspects.cleared(entry.suspect)
        return set()

    async def _put_later(self, entry: InFlightRecord[Done], wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        del self._tasks[entry]
        self.put(entry)

    async def _dead_letter(self, entry: InFlightRecord[Done], fault: Exception) -> None:
        reason = str(fault) if isinstance(fault, codec.Undecodable) else repr(fault)
        event = entry.record.event if entry.record is not None else None
        log.warning("a record cannot be processed", group=self._group, error=kind_of(fault))
        place = f"{entry.partition}/{entry.offset}"
        await self._dead_letters.put(self._topic, entry.key, entry.value, place, reason=reason, event=event)
        if entry.suspect is not None:
            self._suspects.put_aside(entry.suspect)
