"""The consumer that goes batch by batch: those of router, status, registry and broadcasts.

    getmany ─▶ decode ─▶ step: read, decide ─▶ append what follows (acks=all) ─▶ project ─▶ commit by time
                 │         │
                 │         ├─ known to be the record's fault ─────────┐
                 │         └─ unknown: alarm, again and again alone ──┤ in the end
                 ├─ cannot be decoded ────────────────────────────────┴─▶ `dead_letters.py`
                 └─ of a newer release, and not understood: waited for, until this one is updated

A crash anywhere repeats work and never loses it, so every step must be repeatable. Infrastructure trouble pauses the
partitions (`getmany` goes on, or the group would leave silently) and backs off; whose fault a failure is, `faults.py`
says. A commit that is refused after a rebalance drops the batch: its new owner does it again. Source: docs/design.md §2
and §9.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, ConsumerRecord

from schemas import codec, ids, topics
from schemas.codec import Newer
from schemas.events import Event, MessageEvent
from schemas.topics import Topic
from schemas.values import Lane
from services.runtime import telemetry
from services.runtime.crypto import record_encryption
from services.runtime.faults import DECLARED, TRANSIENT_ERRORS, Suspect, Suspects, backoff_s, kind_of
from services.runtime.log import kafka
from services.runtime.log.dead_letters import DeadLetters
from services.runtime.log.fetches import GATHER_S, Fetches
from services.runtime.log.kafka import Append, Log
from services.runtime.log.progress import Batch, Progress
from services.runtime.loops import pause
from services.runtime.settings import Settings

log = telemetry.logger("batch-consumer")
OUTDATED = "stopped: a newer release has written what this one does not understand; update it"
_NOT_ITS_FAULT: tuple[type[Exception], ...] = (*TRANSIENT_ERRORS, Newer)
_POLL_S = 30.0
"""A batch that takes longer is polled for meanwhile: `kafka.MOST_BETWEEN_POLLS_S` is the limit."""


class Record(NamedTuple):
    """A decoded record and where it lies in the log."""

    topic: Topic
    partition: int
    offset: int
    key: str
    event: Event
    raw: bytes

    @property
    def origin(self) -> str:
        """Its place in the log as text, unique to the record."""
        return f"{self.topic.name}/{self.partition}/{self.offset}"


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a batch results in: records to append, then a projection to write."""

    appends: Sequence[Append] = ()
    project: Callable[[], Awaitable[None]] | None = None


Handler = Callable[[Sequence[Record]], Awaitable[StepResult]]


def group_of(name: str, lane: Lane) -> str:
    """The consumer group of a service's lane; lanes progress independently."""
    return name if lane == "single" else f"{name}-bulk"


@dataclass
class _InHand:
    """A batch under way: what is to be decoded, to be done together, and to be tried again alone."""

    raw: deque[ConsumerRecord]
    left: list[Record] = field(default_factory=list)
    suspects: dict[str, tuple[Record, Suspect]] = field(default_factory=dict)  # by origin

    @property
    def is_done(self) -> bool:
        return not (self.raw or self.left or self.suspects)

    @property
    def wait_s(self) -> float:
        """How long to wait before the suspects are tried again."""
        return min(suspect.wait_s for _, suspect in self.suspects.values())


@dataclass
class BatchConsumer:
    """One consumer of one group. `run()` returns after `stop` was set and the batch in hand is committed.

    `max_records` bounds a batch; for `gather_s` a loop that is busy lets records gather (`fetches.py`).
    What `wanted` says False of, by its bytes, is not even decoded.
    """

    settings: Settings
    log: Log
    topics: Sequence[Topic]
    group: str
    step: Handler
    _: KW_ONLY
    stop: asyncio.Event
    together: bool = False
    max_records: int = 500
    gather_s: float = GATHER_S
    dead_letters: DeadLetters | None = None
    wanted: Callable[[bytes], bool] | None = None

    async def run(self) -> None:
        """Consume until stopped. Raises only what is a bug of the process itself."""
        self._dead_letters = self.dead_letters or DeadLetters(self.log)
        self._suspects = Suspects(self.group, self._dead_letters.is_healthy)
        consumer = kafka.consumer(
            self.settings,
            (),
            self.group,
            together=self.together,
            session=kafka.session_s(self.topics),
            fetch_wait_ms=kafka.long_fetch_wait_ms(self.topics),
        )
        prefix = self.settings.kafka_topic_prefix
        self._progress = Progress(consumer, self.group)
        self._fetches = Fetches(consumer, self._progress, self.max_records, stop=self.stop, gather_s=self.gather_s)
        consumer.subscribe([prefix + topic.name for topic in self.topics], listener=self._progress)
        refusals = 0
        try:
            await consumer.start()
            while not self.stop.is_set():
                try:
                    batch: Batch | None = await self._fetches.next()
                    refusals = 0
                except TRANSIENT_ERRORS as error:  # a login that is not allowed to read any more, for instance
                    refusals += 1
                    telemetry.PAUSES.labels(self.group).inc()
                    log.warning("paused: the fetch is refused", group=self.group, error=repr(error), attempt=refusals)
                    await pause(self.stop, backoff_s(refusals))
                    continue
                while batch:
                    batch = await self._finish(consumer, batch)
                    if batch:
                        self._fetches.handed_out(batch)
                await self._progress.commit_when_due()
            await self._progress.commit()
        finally:
            await consumer.stop()

    async def _finish(self, consumer: AIOKafkaConsumer, batch: Batch) -> Batch | None:
        """Process one batch; returns the next one if a rebalance has replaced it."""
        started, epoch, attempt = time.monotonic(), self._progress.rebalances, 0
        hand = _InHand(deque(record for part in batch.values() for record in part))
        fetched = Batch()  # beside the work, and not to be lost when that fails: the client gives nothing twice
        try:
            while True:
                try:
                    await self._polling(consumer, self._process(hand), fetched)
                    if self._progress.rebalances != epoch:
                        wait_s = 0.0
                    elif hand.is_done:
                        self._progress.done(batch)
                        telemetry.BATCH_SECONDS.labels(self.group).observe(time.monotonic() - started)
                        return None
                    else:
                        wait_s = hand.wait_s
                except Newer as error:
                    attempt += 1
                    wait_s = backoff_s(attempt)
                    if attempt == 1:
                        log.error(OUTDATED, group=self.group, error=str(error))  # noqa: TRY400
                    telemetry.OUTDATED.labels(self.group).inc()
                except TRANSIENT_ERRORS as error:
                    attempt += 1
                    wait_s = backoff_s(attempt)
                    telemetry.PAUSES.labels(self.group).inc()
                    log.warning("paused: infrastructure is away", group=self.group, error=repr(error), attempt=attempt)
                except Exception as error:  # beside the step: nothing that a record could be blamed for
                    attempt += 1
                    wait_s = backoff_s(attempt)
                    self._suspects.alarm(error)
                await self._wait(consumer, epoch, wait_s, fetched)
                if self._progress.rebalances != epoch:
                    telemetry.DROPPED_BATCHES.labels(self.group).inc()
                    return fetched
                if self.stop.is_set():
                    return None
        finally:
            for _, suspect in hand.suspects.values():
                self._suspects.cleared(suspect)

    async def _polling(self, consumer: AIOKafkaConsumer, work: Coroutine[Any, Any, None], fetched: Batch) -> None:
        """Do the work, and poll if it takes long: a member that does not is removed from its group. What arrives after
        a rebalance is added to `fetched`; without one nothing can, because what is assigned is paused."""
        task = asyncio.ensure_future(work)
        try:
            while not (await asyncio.wait({task}, timeout=_POLL_S))[0]:
                await self._fetch(consumer, 0, fetched)
            task.result()
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    async def _wait(self, consumer: AIOKafkaConsumer, epoch: int, for_s: float, fetched: Batch) -> None:
        """Back off while `getmany` keeps the membership alive; returns early at a rebalance, which ends the batch."""
        until = time.monotonic() + for_s
        while time.monotonic() < until and not self.stop.is_set() and self._progress.rebalances == epoch:
            await self._fetch(consumer, 100, fetched)
            await self._progress.commit_when_due()
            await asyncio.sleep(0.05)

    async def _fetch(self, consumer: AIOKafkaConsumer, timeout_ms: int, into: Batch) -> None:
        kafka.hold_fetches(consumer)
        try:
            fetched = await consumer.getmany(timeout_ms=timeout_ms)
        except TRANSIENT_ERRORS as error:  # of a fetch that was under way; the next one says it again
            log.warning("a fetch is refused beside a batch", group=self.group, error=repr(error))
            fetched, self._fetches.is_astray = {}, True
        if self._fetches.is_astray:  # it goes back to behind what was handed out before it goes on
            into.clear()
            return
        for place, part in fetched.items():
            into.setdefault(place, []).extend(part)

    async def _process(self, hand: _InHand) -> None:
        """Do what is left of a batch. After TRANSIENT_ERRORS call it again: what is done is not repeated."""
        for suspected, _ in list(hand.suspects.values()):
            await self._alone(hand, suspected)
        if self.wanted is not None:
            hand.raw = deque(raw for raw in hand.raw if raw.value is None or self.wanted(raw.value))
        while hand.raw:
            record = await self._decoded(hand.raw[0])
            hand.raw.popleft()
            if record is not None:
                hand.left.append(record)
        if len(hand.left) > 1 and await self._together(hand.left):
            hand.left.clear()
        while hand.left:
            await self._alone(hand, hand.left[0])
            hand.left.pop(0)

    async def _together(self, records: Sequence[Record]) -> bool:
        """Do all at once; False when one of them cannot be done, and each has to be tried alone."""
        try:
            await self._do(records)
        except _NOT_ITS_FAULT:
            raise
        except DECLARED as error:
            log.warning("a batch failed; its records are done one by one", group=self.group, error=kind_of(error))
            return False
        except Exception as error:
            await self._suspects.unknown(error)
            return False
        return True

    async def _alone(self, hand: _InHand, record: Record) -> None:
        _, suspect = hand.suspects.get(record.origin, (record, None))
        try:
            await self._do([record])
        except _NOT_ITS_FAULT:
            raise
        except DECLARED as error:
            await self._dead_letter(record, error)
        except Exception as error:
            suspect = await self._suspects.failed(record.origin, error, suspect)
            hand.suspects[record.origin] = record, suspect
            if not self._suspects.is_convicted(suspect):
                return
            await self._dead_letter(record, error)
            self._suspects.put_aside(suspect)
        if hand.suspects.pop(record.origin, None) is not None and suspect is not None:
            self._suspects.cleared(suspect)

    async def _do(self, records: Sequence[Record]) -> None:
        follows = await self.step(records)
        await self.log.append(follows.appends)
        if follows.project is not None:
            await follows.project()
        self._suspects.succeeded(len(records))

    async def _decoded(self, raw: ConsumerRecord) -> Record | None:
        topic = topics.topic_named(raw.topic.removeprefix(self.settings.kafka_topic_prefix))
        try:
            event = checked_event(record_encryption.decode(topic, raw.value))
        except codec.Undecodable as error:
            place = f"{raw.partition}/{raw.offset}"
            await self._dead_letters.put(topic, raw.key, raw.value, place, reason=str(error))
            return None
        if event is None:
            telemetry.UNKNOWN.labels(topic.name).inc()
            return None
        key = (raw.key or b"").decode(errors="replace")
        return Record(topic, raw.partition, raw.offset, key, event=event, raw=raw.value)

    async def _dead_letter(self, record: Record, error: Exception) -> None:
        log.warning("a record cannot be processed", group=self.group, origin=record.origin, error=kind_of(error))
        place = f"{record.partition}/{record.offset}"
        key = record.key.encode()
        await self._dead_letters.put(record.topic, key, record.raw, place, reason=repr(error), event=record.event)


def checked_event(event: Event | None) -> Event | None:
    """The event. Raises Undecodable for a message id that is no UUID: no other id can be derived from it."""
    if isinstance(event, MessageEvent) and not ids.is_uuid(event.message_id):
        raise codec.Undecodable("message_id: must be a UUID")
    return event
