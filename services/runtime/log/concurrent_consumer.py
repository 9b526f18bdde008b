"""The consumer of dispatch: many records under way at once, finished in any order, committed as soon as possible.

    getmany ─▶ decode ─▶ prepare ─▶ perform ─▶ write ─▶ finished ─▶ commit, every second
                         (a chunk)  (each)     (together)           with what is finished above it

A partition has at most `RPNS_DISPATCH_IN_FLIGHT` records under way, the bulk lane only what `bulk_backpressure.py`
lets it. What is finished above the committed offset travels in the commit's metadata (`offsets.py`), so a restart
repeats only what was under way. On revoke: take nothing more, wait for what is under way (bounded), commit.
Where nothing has come for a while and nothing is under way, all partitions are asked for at once: that fetch may wait
for seconds, and so may the turn, which the end of the process and a rebalance cut short. Infrastructure trouble pauses
the partitions while `getmany` goes on, or the group would leave silently. A commit that
is refused after a rebalance is dropped: the new owner does the work again, and every step must allow for that
(`in_flight.py`). Sources: docs/design.md §2 and §5.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Generic

from aiokafka import (
    AIOKafkaConsumer,
    ConsumerRebalanceListener,
    ConsumerRecord,
    OffsetAndMetadata,
    TopicPartition,
)
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import IllegalStateError

from schemas import codec
from schemas.events import Event
from schemas.topics import Topic
from services.runtime import telemetry
from services.runtime.crypto import record_encryption
from services.runtime.faults import TRANSIENT_ERRORS, backoff_s
from services.runtime.log import connection, kafka
from services.runtime.log.batch_consumer import OUTDATED, Record, checked_event
from services.runtime.log.committed import committed_offsets
from services.runtime.log.dead_letters import DeadLetters
from services.runtime.log.in_flight import Done, InFlight, InFlightRecord, Item, Work
from services.runtime.log.kafka import Log
from services.runtime.log.offsets import Offsets, decoded
from services.runtime.log.progress import Commit, committed
from services.runtime.pacing.bulk_backpressure import BulkBackpressure
from services.runtime.settings import Settings

log = telemetry.logger("concurrent-consumer")
_COMMIT_S = 1.0
_TURN_MS = 250
_QUIET_TURNS = 4
"""After so many turns without a record it is quiet: a second, so that no gap within a stream of records is."""
_CROWDED_S = 0.02
_BOUNDED_S = 10.0
_OUTDATED_S = 2.0
_SETTLE_S = 20.0  # the member lives on meanwhile; longer than a request to a provider may take
_WINDOW = 64  # limits' worth of records that may be finished above one that is not
_Batch = dict[TopicPartition, list[ConsumerRecord]]


@dataclass(eq=False)
class ConcurrentConsumer(ConsumerRebalanceListener, Generic[Item, Done]):  # type: ignore[misc]
    """One consumer of one topic. `run()` returns after `stop` was set and what was under way is committed."""

    settings: Settings
    log: Log
    topic: Topic
    group: str
    work: Work[Item, Done]
    _: KW_ONLY
    stop: asyncio.Event
    dead_letters: DeadLetters | None = None
    pressure: BulkBackpressure | None = None  # of the bulk lane: takes no more than leaves single messages a quick loop
    _trackers: dict[TopicPartition, Offsets] = field(default_factory=dict)
    _behind: dict[TopicPartition, int] = field(default_factory=dict)  # what was handed out last; -1: nothing ever was
    _committed: dict[TopicPartition, tuple[int, str]] = field(default_factory=dict)
    _epoch: int = 0  # rises with every rebalance
    _begun: int = -1  # the epoch that the trackers belong to
    _is_assigned: bool = False
    _is_paused: bool = False
    _is_outdated: bool = False
    _empty_turns: int = 0
    _wake: asyncio.Event = field(default_factory=asyncio.Event)  # a rebalance, or the end of the process
    _last_commit: float = 0.0

    def __post_init__(self) -> None:
        self._limit = self.settings.dispatch_in_flight
        self._chunk = max(1, self._limit // 2)
        self._consumer: AIOKafkaConsumer = kafka.consumer(
            self.settings, (), self.group, session=kafka.session_s([self.topic])
        )

    @property
    def is_assigned(self) -> bool:
        """False from the moment a rebalance begins until it has ended."""
        return self._is_assigned

    async def run(self) -> None:
        """Consume until stopped. Raises only what is a bug of the process itself."""
        aside = self.dead_letters or DeadLetters(self.log)
        self._in_flight = InFlight(self.work, aside, self.topic, self.group)
        self._consumer.subscribe([self.settings.kafka_topic_prefix + self.topic.name], listener=self)
        writer = asyncio.create_task(self._in_flight.run())
        ending = asyncio.create_task(self._wake_at_stop())
        try:
            await self._consumer.start()
            while not self.stop.is_set():
                if writer.done():
                    await writer
                await self._turn()
            self._is_assigned = False
            await self._settle(max(1.0, self.settings.shutdown_s - 5))
            await self._commit()
        finally:
            writer.cancel()
            ending.cancel()
            await asyncio.gather(writer, ending, return_exceptions=True)
            await self._in_flight.cancel()
            await self._consumer.stop()

    async def _wake_at_stop(self) -> None:
        await self.stop.wait()
        self._wake.set()

    async def _turn(self) -> None:
        self._wake.clear()
        epoch = self._epoch
        try:
            if self._is_assigned and self._begun != epoch:
                await self._begin(epoch)
            if time.monotonic() - self._last_commit >= _COMMIT_S:
                await self._commit()
            batch = await self._fetch()
        except TRANSIENT_ERRORS as error:
            telemetry.PAUSES.labels(self.group).inc()
            log.warning("the log is away", group=self.group, error=repr(error))
            await self._go_back()
            await asyncio.sleep(random.uniform(0.1, 1.0))
            return
        if self._epoch != epoch or self._begun != epoch or not self._is_assigned:
            return  # fetched around a rebalance: `_begin` goes back to what is committed
        try:
            read = [(self._trackers[place], raw, self._read(raw)) for place, raws in batch.items() for raw in raws]
        except codec.Newer as error:
            await self._outdated(batch, error)
            return
        taken = [self._take(*each) for each in read]
        fresh = [record for record in taken if record is not None]
        if fresh:
            await self._start(fresh, epoch)

    async def _go_back(self) -> None:
        """To behind what was handed out last. Where one partition cannot be read (a corrupt batch, an unknown codec),
        the client raises after it has taken the records of others, and gives them to nobody."""
        with contextlib.suppress(IllegalStateError):  # a partition that is somebody else's by now
            for place, offset in self._behind.items():
                if offset < 0:
                    await self._consumer.seek_to_beginning(place)
                else:
                    self._consumer.seek(place, offset)

    async def _fetch(self) -> _Batch:
        """Records of the partitions that have room."""
        allowance = self.work.allowance()
        self._set_paused(self._in_flight.in_trouble or allowance == 0)
        if self._is_paused or not self._trackers:
            return await self._polled((), 100 if self._is_paused else kafka.LONG_FETCH_WAIT_MS)
        places = [place for place, tracker in self._trackers.items() if self._has_room(tracker)]
        if not places:
            await self._in_flight.wait(0.1)
            return {}
        chunk = self._chunk if allowance is None else min(self._chunk, allowance)
        if self.pressure is not None:
            under_way = sum(tracker.under_way for tracker in self._trackers.values())
            chunk = min(chunk, self.pressure.room(self.group, under_way))
            if not chunk:
                await self._in_flight.wait(_CROWDED_S)
                return {}
        timeout_ms = _TURN_MS if len(places) == len(self._trackers) else 10
        is_quiet = self._empty_turns >= _QUIET_TURNS and self._in_flight.is_idle
        kafka.let_fetches_wait(self._consumer, kafka.LONG_FETCH_WAIT_MS if is_quiet else kafka.FETCH_WAIT_MS)
        fetched = await self._polled(places, kafka.LONG_FETCH_WAIT_MS if is_quiet else timeout_ms, chunk)
        self._empty_turns = 0 if fetched else self._empty_turns + 1
        if fetched:
            self._set_paused(True)
        return fetched

    async def _polled(self, places: Sequence[TopicPartition], timeout_ms: int, most: int | None = None) -> _Batch:
        """What the client holds or gets in time, of partitions that have begun; cut short where the consumer is woken.

        The client hands records out at the very end of its call, so none is lost with a call that is cancelled.
        """
        if timeout_ms <= _TURN_MS:
            fetched: _Batch = await self._consumer.getmany(*places, timeout_ms=timeout_ms, max_records=most)
        else:
            polling = asyncio.ensure_future(self._consumer.getmany(*places, timeout_ms=timeout_ms, max_records=most))
            waking = asyncio.ensure_future(self._wake.wait())
            try:
                await asyncio.wait({polling, waking}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                waking.cancel()
                polling.cancel()  # does nothing to one that is done
            await asyncio.wait({polling})
            fetched = {} if polling.cancelled() else polling.result()
        found = {place: raws for place, raws in fetched.items() if place in self._trackers}
        self._behind.update({place: raws[-1].offset + 1 for place, raws in found.items()})
        return found

    def _has_room(self, tracker: Offsets) -> bool:
        return tracker.under_way <= self._limit - self._chunk and tracker.width < _WINDOW * self._limit

    def _set_paused(self, wanted: bool) -> None:
        """Also for partitions that came meanwhile."""
        if wanted:
            kafka.hold_fetches(self._consumer)
        elif self._is_paused:
            self._consumer.resume(*self._consumer.paused())
        self._is_paused = wanted

    async def _outdated(self, batch: _Batch, error: codec.Newer) -> None:
        """Wait to be updated: these records are read again until then."""
        if not self._is_outdated:
            log.error(OUTDATED, group=self.group, error=str(error))
            self._is_outdated = True
        telemetry.OUTDATED.labels(self.group).inc()
        self._behind.update({place: raws[0].offset for place, raws in batch.items()})
        await self._go_back()
        await self._poll_paused(_OUTDATED_S, self._epoch)

    def _read(self, raw: ConsumerRecord) -> Event | codec.Undecodable | None:
        """The event, or what is wrong with its record. Raises codec.Newer."""
        try:
            return checked_event(record_encryption.decode(self.topic, raw.value))
        except codec.Undecodable as error:
            return error

    def _take(
        self, tracker: Offsets, raw: ConsumerRecord, event: Event | codec.Undecodable | None
    ) -> InFlightRecord[Done] | None:
        if not tracker.take(raw.offset):
            return None
        entry: InFlightRecord[Done] = InFlightRecord(tracker, raw.partition, raw.offset, raw.key, raw.value)
        if isinstance(event, codec.Undecodable):
            self._in_flight.put(entry, event)
            return None
        if event is None:
            telemetry.UNKNOWN.labels(self.topic.name).inc()
            tracker.finish(raw.offset)
            return None
        key = (raw.key or b"").decode(errors="replace")
        entry.record = Record(self.topic, raw.partition, raw.offset, key, event=event, raw=raw.value)
        return entry

    async def _start(self, taken: list[InFlightRecord[Done]], epoch: int) -> None:
        """Prepare them together and set each on its way; while infrastructure is away, wait, paused."""
        attempt = 0
        while self._epoch == epoch:
            try:
                pairs = await self._in_flight.prepare(taken)
            except TRANSIENT_ERRORS as error:
                attempt += 1
                telemetry.PAUSES.labels(self.group).inc()
                log.warning("paused: infrastructure is away", group=self.group, error=repr(error), attempt=attempt)
                await self._poll_paused(backoff_s(attempt), epoch)
                if self.stop.is_set():
                    return
                continue
            if self._epoch == epoch:
                self._in_flight.start(pairs)
                return
        telemetry.DROPPED_BATCHES.labels(self.group).inc()

    async def _poll_paused(self, for_s: float, epoch: int) -> None:
        until = time.monotonic() + for_s
        while time.monotonic() < until and not self.stop.is_set() and self._epoch == epoch:
            self._set_paused(True)
            try:
                await self._consumer.getmany(timeout_ms=100)
            except TRANSIENT_ERRORS as error:  # of a fetch that was under way; the next one says it again
                log.warning("a fetch is refused beside a batch", group=self.group, error=repr(error))
            await asyncio.sleep(0.05)

    # -- commits and rebalances

    async def _settle(self, within_s: float) -> None:
        """Wait until nothing is under way, or the time is over: what is left is done again by the next owner."""
        until = time.monotonic() + within_s
        while not self._in_flight.is_idle and time.monotonic() < until:
            await self._in_flight.wait(0.1)

    async def _commit(self) -> None:
        self._last_commit = time.monotonic()
        states = {place: (tracker.position, tracker.metadata()) for place, tracker in self._trackers.items()}
        changed = {place: state for place, state in states.items() if self._committed.get(place) != state}
        if not changed:
            return
        offsets = {place: OffsetAndMetadata(*state) for place, state in changed.items()}
        if await committed(self._consumer, offsets, self.group) is Commit.DONE:
            self._committed |= changed

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Called before every rebalance, which takes all partitions."""
        self._epoch += 1
        self._is_assigned = False
        self._wake.set()
        if self._trackers:
            await self._settle(_SETTLE_S)
            await self._commit()
            self._trackers, self._behind = {}, {}

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self._epoch += 1
        self._is_assigned, self._empty_turns = True, 0
        self._wake.set()

    async def _begin(self, epoch: int) -> None:
        """Start each partition where its last owner committed, with what that owner had finished above it."""
        places = sorted(self._consumer.assignment())
        committed = await self._read_committed(places)
        trackers: dict[TopicPartition, Offsets] = {}
        for place in places:
            position, metadata = committed.get(place, (-1, ""))
            if self._epoch != epoch:
                return
            if position < 0:
                await self._consumer.seek_to_beginning(place)
            else:
                self._consumer.seek(place, position)
            trackers[place] = Offsets(max(position, 0), decoded(position, metadata))
        if self._epoch == epoch:
            self._trackers, self._begun = trackers, epoch
            self._behind = {place: committed.get(place, (-1, ""))[0] for place in places}
            self._committed = {place: (tracker.position, tracker.metadata()) for place, tracker in trackers.items()}

    async def _read_committed(self, places: list[TopicPartition]) -> dict[TopicPartition, tuple[int, str]]:
        """The consumer's own method tells no metadata."""
        if not places:
            return {}
        admin = AIOKafkaAdminClient(**connection.options(self.settings))
        try:
            async with asyncio.timeout(_BOUNDED_S):
                await admin.start()
                group = self.settings.kafka_topic_prefix + self.group
                found = await committed_offsets(admin, group, places)
        except TimeoutError:
            raise kafka.LogUnavailable("committed offsets could not be read in time") from None
        finally:
            await admin.close()
        return {place: (committed.offset, committed.metadata) for place, committed in found.items()}
