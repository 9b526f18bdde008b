"""The one function that runs the consumers of router, status and registry.

    getmany ─▶ decode ─▶ step: read, decide ─▶ append what follows (acks=all) ─▶ project ─▶ commit explicit offsets
                 │         │
                 │         └─ fails for one record alone ─┐
                 └─ cannot be decoded ────────────────────┴─▶ dead-letter topic, and `message-failed`

A crash anywhere repeats work and never loses it, so every step must be repeatable. Infrastructure trouble pauses the
partitions (`getmany` goes on, or the group would leave silently) and backs off. A commit that is refused after a
rebalance drops the batch: its new owner does it again. Source: docs/design.md §2.
"""

import asyncio
import random
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson
from aiokafka import (
    AIOKafkaConsumer,
    ConsumerRebalanceListener,
    ConsumerRecord,
    OffsetAndMetadata,
    TopicPartition,
)
from aiokafka.errors import CommitFailedError, IllegalStateError

from schemas import codec, ids, topics
from schemas.events import Event, MessageEvent, MessageFailed
from schemas.topics import Topic
from schemas.values import Lane
from services import kafka, mongo, sealing, telemetry
from services.clock import now_ms
from services.kafka import Append, Log
from services.settings import Settings

log = telemetry.logger("consume")
UNAVAILABLE = (*kafka.UNAVAILABLE, *mongo.UNAVAILABLE)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What a message id looks like; no other is believed of a poisoned record: nothing can be derived from it."""


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
        """Its place, in text: the same record always, another record never."""
        return f"{self.topic.name}/{self.partition}/{self.offset}"


@dataclass(frozen=True, slots=True)
class Follows:
    """What follows from a batch: records to append, then a projection to write."""

    appends: Sequence[Append] = ()
    project: Callable[[], Awaitable[None]] | None = None


Step = Callable[[Sequence[Record]], Awaitable[Follows]]


def group_of(name: str, lane: Lane) -> str:
    """The consumer group of a service's lane: each lane goes on by itself."""
    return name if lane == "single" else f"{name}-bulk"


class _Rebalances(ConsumerRebalanceListener):  # type: ignore[misc]
    """Counts, so that a batch fetched before a rebalance can be told."""

    def __init__(self) -> None:
        self.count = 0

    async def on_partitions_revoked(self, revoked: list[TopicPartition]) -> None:
        self.count += 1

    async def on_partitions_assigned(self, assigned: list[TopicPartition]) -> None:
        self.count += 1


@dataclass
class Consuming:
    """One consumer of one group. `run()` returns after `stop` was set and the batch in hand is committed."""

    settings: Settings
    log: Log
    topics: Sequence[Topic]
    group: str
    step: Step
    stop: asyncio.Event
    together: bool = False
    max_records: int = 500
    _rebalances: _Rebalances = field(default_factory=_Rebalances)

    async def run(self) -> None:
        """Consume until stopped. Raises only what is a bug of the process itself."""
        consumer = kafka.consumer(self.settings, (), self.group, together=self.together)
        prefix = self.settings.kafka_topic_prefix
        consumer.subscribe([prefix + topic.name for topic in self.topics], listener=self._rebalances)
        await consumer.start()
        try:
            while not self.stop.is_set():
                consumer.resume(*consumer.paused())
                batch = await consumer.getmany(timeout_ms=250, max_records=self.max_records)
                if batch:
                    kafka.hold_fetches(consumer)
                while batch:
                    batch = await self._finish(consumer, batch)
        finally:
            await consumer.stop()

    async def _finish(self, consumer: AIOKafkaConsumer, batch: "_Batch") -> "_Batch | None":
        """Process and commit one batch; gives another batch when a rebalance took this one's place."""
        started, epoch, attempt = time.monotonic(), self._rebalances.count, 0
        records = [record for part in batch.values() for record in part]
        while True:
            try:
                await self._process(records)
                await self._commit(consumer, batch)
                telemetry.BATCH_SECONDS.labels(self.group).observe(time.monotonic() - started)
                return None
            except UNAVAILABLE as error:
                attempt += 1
                telemetry.PAUSES.labels(self.group).inc()
                log.warning("paused: infrastructure is away", group=self.group, error=repr(error), attempt=attempt)
            instead = await self._wait(consumer, epoch, attempt)
            if instead is not None:
                return instead

    async def _wait(self, consumer: AIOKafkaConsumer, epoch: int, attempt: int) -> "_Batch | None":
        """Back off with full jitter, paused, while `getmany` keeps the membership alive."""
        until = time.monotonic() + random.uniform(0.1, min(10.0, 0.2 * 2**attempt))
        while time.monotonic() < until and not self.stop.is_set():
            kafka.hold_fetches(consumer)
            fetched: _Batch = await consumer.getmany(timeout_ms=100)
            if self._rebalances.count != epoch:
                telemetry.DROPPED_BATCHES.labels(self.group).inc()
                return fetched
            await asyncio.sleep(0.05)
        return {} if self.stop.is_set() else None

    async def _process(self, raw_records: Sequence[ConsumerRecord]) -> None:
        records = []
        for raw in raw_records:
            record = await self._decoded(raw)
            if record is not None:
                records.append(record)
        if not records:
            return
        try:
            await self._do(records)
        except UNAVAILABLE:
            raise
        except Exception as error:  # one of them cannot be done: find out which, and do the others
            if len(records) == 1:
                await self._bury(records[0], error)
                return
            log.warning("a batch failed; its records are done one by one", group=self.group, error=type(error).__name__)
            for record in records:
                await self._alone(record)

    async def _alone(self, record: Record) -> None:
        try:
            await self._do([record])
        except UNAVAILABLE:
            raise
        except Exception as error:
            await self._bury(record, error)

    async def _do(self, records: Sequence[Record]) -> None:
        follows = await self.step(records)
        await self.log.append(follows.appends)
        if follows.project is not None:
            await follows.project()

    async def _decoded(self, raw: ConsumerRecord) -> Record | None:
        topic = topics.topic_named(raw.topic.removeprefix(self.settings.kafka_topic_prefix))
        try:
            event = believed(sealing.decode(topic, raw.value))
        except codec.Undecodable as error:
            await dead_letter(self.log, topic, raw.key, raw.value, f"{raw.partition}/{raw.offset}", str(error), None)
            return None
        if event is None:
            telemetry.UNKNOWN.labels(topic.name).inc()
            return None
        key = (raw.key or b"").decode(errors="replace")
        return Record(topic, raw.partition, raw.offset, key, event, raw.value)

    async def _bury(self, record: Record, error: Exception) -> None:
        log.warning("a record cannot be processed", group=self.group, origin=record.origin, error=type(error).__name__)
        place = f"{record.partition}/{record.offset}"
        await dead_letter(self.log, record.topic, record.key.encode(), record.raw, place, repr(error), record.event)

    async def _commit(self, consumer: AIOKafkaConsumer, batch: "_Batch") -> None:
        offsets = {place: OffsetAndMetadata(part[-1].offset + 1, "") for place, part in batch.items()}
        try:
            await consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError):
            telemetry.DROPPED_BATCHES.labels(self.group).inc()
            return
        for place, part in batch.items():
            telemetry.RECORDS.labels(place.topic).inc(len(part))


_Batch = dict[TopicPartition, list[ConsumerRecord]]


def believed(event: Event | None) -> Event | None:
    """The event. Raises Undecodable for one of a message that cannot be ours: from its id no other can be derived."""
    if isinstance(event, MessageEvent) and not _UUID.fullmatch(event.message_id):
        raise codec.Undecodable("message_id: must be a UUID")
    return event


async def dead_letter(
    sink: Log,
    topic: Topic,
    key: bytes | None,
    value: bytes | None,
    place: str,
    reason: str,
    event: Event | None,
) -> None:
    """Put a record aside with the reason, and end the message it belongs to as failed. Raises LogUnavailable."""
    telemetry.DEAD_LETTERS.labels(topic.name).inc()
    log.warning("dead-lettered", topic=topic.name, place=place)
    headers = {"reason": reason[:500], "topic": topic.name, "place": place}
    await sink.dead_letter(topic, key, value, headers)
    if isinstance(event, MessageFailed):
        return  # its own failure must not produce another one for ever
    message_id, partner_id, link = _message_of(topic, key, value, event)
    if message_id is None:
        return
    lane = topics.lane_of(topic.name)
    failed = MessageFailed(
        event_id=ids.event_id_of(message_id, f"failed/{topic.name}/{place}"),
        at=now_ms(),
        message_id=message_id,
        partner_id=partner_id,
        lane=lane,
        link=link,
        topic=topic.name,
        detail=reason[:500],
    )
    await sink.append([Append(topics.STATUS_EVENTS[lane], message_id, failed)])


def _message_of(
    topic: Topic, key: bytes | None, value: bytes | None, event: Event | None
) -> tuple[str | None, str, int]:
    if isinstance(event, MessageEvent):
        return event.message_id, event.partner_id, event.link
    found: object = (key or b"").decode(errors="replace") if topic.key == "message" else None
    partner: object = ""
    try:
        body = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        body = None
    if isinstance(body, dict):
        found, partner = body.get("message_id", found), body.get("partner_id", "")
    if not isinstance(found, str) or not _UUID.fullmatch(found):
        return None, "", 0
    return found, partner if isinstance(partner, str) else "", 0
