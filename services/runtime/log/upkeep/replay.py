"""Records of several topics read once more, in the order of their times: for rebuilding projections. Commits nothing.

    device-events/0   ─┐
    status-events/0   ─┼─▶ merged by the records' times ─▶ batches of decoded records, and where they end
    message-requested/0┘

Within a partition the order is the log's. Between topics it is that of the records' times, which is how their consumer
met them, but for the clocks of those that appended. Little is held at a time, however long the log is.
"""

import heapq
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from schemas import codec, topics
from services.runtime.crypto import record_encryption
from services.runtime.log import connection
from services.runtime.log.batch_consumer import Record, checked_event
from services.runtime.log.upkeep.clients import opened_admin, opened_reader, partitions_of
from services.runtime.settings import Settings

_FETCH_BYTES, _PARTITION_BYTES = 8 * 1024 * 1024, 1024 * 1024


class Place(NamedTuple):
    """A partition of a topic, by the topic's name without the prefix."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}"


Spans = Mapping[Place, range]
"""Offsets by partition."""


@dataclass
class Batch:
    """Decoded records, and the offset behind the last one of each partition, also of those that nobody can read."""

    records: list[Record] = field(default_factory=list)
    ends: dict[Place, int] = field(default_factory=dict)
    unreadable: int = 0


async def spans_of(settings: Settings, names: Sequence[str]) -> dict[Place, range]:
    """What topics hold now; those that do not exist are left out. Raises KafkaError."""
    prefix = settings.kafka_topic_prefix
    async with opened_admin(settings) as admin:
        there = await partitions_of(admin, {prefix + name for name in names} & set(await admin.list_topics()))
    places = [TopicPartition(name, part["partition"]) for name, parts in there.items() for part in parts]
    if not places:
        return {}
    async with opened_reader(settings, places, fetches=False) as reader:
        begins, ends = await reader.beginning_offsets(places), await reader.end_offsets(places)
    return {
        Place(place.topic.removeprefix(prefix), place.partition): range(begins[place], ends[place])
        for place in sorted(places)
    }


async def begins_at(settings: Settings, spans: Spans) -> dict[Place, int]:
    """The time (UTC ms) of the oldest record of each partition that has lost records; the others hold all there ever
    were. Raises KafkaError."""
    cut = {place: span for place, span in spans.items() if span.start > 0}
    found: dict[Place, int] = {}
    for place, span in cut.items():
        async for records in _raw(settings, {place: range(span.start, min(span.start + 1, span.stop))}):
            found.setdefault(place, records[0].timestamp)
    return found


async def in_order(settings: Settings, spans: Spans, most: int) -> AsyncIterator[Batch]:
    """The records of these partitions by their times, at most so many in a batch. Raises KafkaError."""
    prefix = settings.kafka_topic_prefix
    batch = Batch()
    async for raws in _raw(settings, spans):
        for raw in raws:
            place = Place(raw.topic.removeprefix(prefix), raw.partition)
            batch.ends[place] = raw.offset + 1
            record, is_readable = _decoded(place, raw)
            batch.unreadable += not is_readable
            if record is not None:
                batch.records.append(record)
            if len(batch.records) >= most:
                yield batch
                batch = Batch()
    batch.ends |= {place: span.stop for place, span in spans.items()}
    yield batch


def _decoded(place: Place, raw: ConsumerRecord) -> tuple[Record | None, bool]:
    """The record, None without a value or of a type that this release does not know; and whether it can be read."""
    if raw.value is None:
        return None, True
    topic = topics.topic_named(place.topic)
    try:
        event = checked_event(record_encryption.decode(topic, raw.value))
    except codec.Undecodable:
        return None, False
    if event is None:
        return None, True
    key = (raw.key or b"").decode(errors="replace")
    return Record(topic, place.partition, raw.offset, key, event=event, raw=raw.value), True


async def _raw(settings: Settings, spans: Spans) -> AsyncIterator[Sequence[ConsumerRecord]]:
    """The merged records, as many at a time as can be put in order."""
    prefix = settings.kafka_topic_prefix
    wanted = {TopicPartition(prefix + place.topic, place.partition): span for place, span in spans.items() if span}
    if not wanted:
        return
    heads: dict[TopicPartition, deque[ConsumerRecord]] = {place: deque() for place in wanted}
    at = {place: span.start for place, span in wanted.items()}
    async with _reader(settings, wanted) as reader:
        while True:
            hungry = [place for place, span in wanted.items() if not heads[place] and at[place] < span.stop]
            if hungry:
                for place, found in (await reader.getmany(*hungry, timeout_ms=500)).items():
                    heads[place].extend(record for record in found if record.offset < wanted[place].stop)
                for place in hungry:
                    at[place] = max(at[place], await reader.position(place))
                continue
            if not (ordered := _merged(heads, {place for place in wanted if at[place] < wanted[place].stop})):
                return
            yield ordered


def _merged(heads: Mapping[TopicPartition, deque[ConsumerRecord]], open_: set[TopicPartition]) -> list[ConsumerRecord]:
    """Taken from the heads in order, until one that is not read to its end has no more."""
    order = [(queue[0].timestamp, place) for place, queue in heads.items() if queue]
    heapq.heapify(order)
    taken: list[ConsumerRecord] = []
    while order:
        _, place = heapq.heappop(order)
        taken.append(heads[place].popleft())
        if heads[place]:
            heapq.heappush(order, (heads[place][0].timestamp, place))
        elif place in open_:
            break
    return taken


@asynccontextmanager
async def _reader(settings: Settings, wanted: Mapping[TopicPartition, range]) -> AsyncIterator[AIOKafkaConsumer]:
    reader = AIOKafkaConsumer(
        **connection.options(settings),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_bytes=_FETCH_BYTES,
        max_partition_fetch_bytes=_PARTITION_BYTES,
    )
    try:
        await reader.start()
        reader.assign(list(wanted))
        for place, span in wanted.items():
            reader.seek(place, span.start)
        yield reader
    finally:
        await reader.stop()
