"""The log boundary: one factory makes every consumer and producer. Only this module, `consume.py` and `flow.py` import
a Kafka library.

    Log.append      acks=all, awaited, in order, bounded in time
    consumer        earliest, no auto-commit, 45 s session, static membership
    follow          a whole topic from its start, without a group, for tables kept in memory
    create_topics   what schemas/topics.py knows

`consume.py` runs the consumers that go batch by batch, `flow.py` the one of dispatch, whose work ends out of order.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import NamedTuple
from zlib import crc32

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import (
    KafkaError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAlreadyExistsError,
    for_code,
)
from prometheus_client import Counter

from schemas import topics
from schemas.events import Event
from schemas.topics import Topic
from services import sealing, telemetry
from services.settings import Settings

log = telemetry.logger("kafka")
_MAX_RECORD_BYTES = 1_000_000
_WORTH_A_BATCH = 16
_FETCH_BYTES, _PARTITION_BYTES = 4 * 1024 * 1024, 1024 * 1024
"""Of one answer: what a consumer holds while it works on a batch, however far it is behind."""
FETCH_WAIT_MS = 500
"""How long the broker lets an idle consumer wait; what comes is answered at once."""
_KEPT_BYTES = 100_000
"""Of a poisoned record that is too large for its dead-letter topic."""


class LogUnavailable(Exception):
    """Kafka did not take a record within the time allowed. It may still have been written."""


class RecordTooLarge(ValueError):
    """One event is larger than a record may be: a fault of its content, not of the log."""


UNAVAILABLE: tuple[type[Exception], ...] = (LogUnavailable, KafkaError)


class Append(NamedTuple):
    """A record to append. `event` may be encoded already (a stored plan, a timer)."""

    topic: Topic
    key: str
    event: Event | bytes

    @property
    def value(self) -> bytes:
        return self.event if isinstance(self.event, bytes) else sealing.encode(self.event)


class Log:
    """Appends to topics. One for each process; safe to share among its tasks."""

    def __init__(self, producer: AIOKafkaProducer, prefix: str, timeout_s: float) -> None:
        self._producer = producer
        self._prefix = prefix
        self._timeout_s = timeout_s

    async def append(self, records: Sequence[Append], timeout_s: float | None = None) -> None:
        """Return when all replicas in sync hold all records. Raises LogUnavailable, RecordTooLarge."""
        if not records:
            return
        try:
            async with asyncio.timeout(timeout_s or self._timeout_s):
                if len(records) < _WORTH_A_BATCH:
                    waits = [await self._send(record) for record in records]
                else:
                    waits = await self._send_batches(records)
                for wait in waits:
                    await wait
        except TimeoutError:
            raise LogUnavailable("no acknowledgement in time") from None
        except (MessageSizeTooLargeError, RecordListTooLargeError) as error:
            raise RecordTooLarge(str(error)) from error
        except KafkaError as error:
            raise LogUnavailable(repr(error)) from error

    async def dead_letter(self, topic: Topic, key: bytes | None, value: bytes | None, headers: dict[str, str]) -> None:
        """Move a record, as it was read, to the dead-letter twin of its topic. Raises LogUnavailable.

        One that is too large to be written again is cut, and its headers say how long it was: the original stays
        where it was read. One without key and value gets an empty value, because the client takes nothing else.
        """
        try:
            await self._put_aside(topic, key, b"" if key is None and value is None else value, headers)
        except (MessageSizeTooLargeError, RecordListTooLargeError):
            size = str(len(key or b"") + len(value or b""))
            await self._put_aside(
                topic, (key or b"")[:_KEPT_BYTES], (value or b"")[:_KEPT_BYTES], headers | {"size": size}
            )

    async def _put_aside(self, topic: Topic, key: bytes | None, value: bytes | None, headers: dict[str, str]) -> None:
        pairs = [(name, text.encode()) for name, text in headers.items()]
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._producer.send_and_wait(
                    self._prefix + topic.name + topics.DEAD_LETTER, value, key=key, headers=pairs
                )
        except (MessageSizeTooLargeError, RecordListTooLargeError):
            raise
        except (TimeoutError, KafkaError) as error:
            raise LogUnavailable(repr(error)) from error

    async def _send(self, record: Append) -> Awaitable[object]:
        value = _checked(record)
        _appended(record.topic.name).inc()
        wait: Awaitable[object] = await self._producer.send(
            self._prefix + record.topic.name, value, key=record.key.encode()
        )
        return wait

    async def _send_batches(self, records: Sequence[Append]) -> list[Awaitable[object]]:
        """Whole batches for each partition: cheaper than as many records one by one, and in the same order."""
        parts: dict[tuple[str, int], list[tuple[bytes, bytes]]] = {}
        counts: dict[str, int] = {}
        for record in records:
            name, key = record.topic.name, record.key.encode()
            if name not in counts:
                counts[name] = len(await self._producer.partitions_for(self._prefix + name))
            parts.setdefault((name, crc32(key) % counts[name]), []).append((key, _checked(record)))
        waits: list[Awaitable[object]] = []
        for (name, partition), pairs in parts.items():
            _appended(name).inc(len(pairs))
            batch = self._producer.create_batch()
            for key, value in pairs:
                if batch.append(key=key, value=value, timestamp=None) is None:
                    waits.append(await self._producer.send_batch(batch, self._prefix + name, partition=partition))
                    batch = self._producer.create_batch()
                    batch.append(key=key, value=value, timestamp=None)
            waits.append(await self._producer.send_batch(batch, self._prefix + name, partition=partition))
        return waits


def _checked(record: Append) -> bytes:
    value = record.value
    if len(value) > _MAX_RECORD_BYTES:
        raise RecordTooLarge(f"{record.topic.name}: {len(value)} bytes, at most {_MAX_RECORD_BYTES}")
    return value


@cache
def _appended(name: str) -> Counter:
    return telemetry.APPENDED.labels(name)


def partition_of(key: bytes | None, partitions: Sequence[int], _available: Sequence[int]) -> int:
    """By CRC-32: the client's own murmur2 is pure Python and some fifty times dearer (DECISIONS 9)."""
    return crc32(key or b"") % len(partitions)  # others may write records without a key


@asynccontextmanager
async def opened_log(settings: Settings) -> AsyncIterator[Log]:
    """The producer of this process: idempotent, acks=all, no lingering."""
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap,
        enable_idempotence=True,
        acks="all",
        partitioner=partition_of,
        max_batch_size=256 * 1024,
        max_request_size=_MAX_RECORD_BYTES + 10_000,
        request_timeout_ms=10_000,
        retry_backoff_ms=100,
    )
    await producer.start()
    try:
        yield Log(producer, settings.kafka_topic_prefix, settings.append_timeout_s)
    finally:
        await producer.stop()


def consumer(settings: Settings, names: Iterable[Topic], group: str, *, together: bool = False) -> AIOKafkaConsumer:
    """A group's consumer, not started. `together` gives equal partition numbers of all topics to one member."""
    prefix = settings.kafka_topic_prefix
    return AIOKafkaConsumer(
        *(prefix + topic.name for topic in names),
        bootstrap_servers=settings.kafka_bootstrap,
        group_id=prefix + group,
        group_instance_id=f"{prefix}{group}-{settings.instance}",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        session_timeout_ms=45_000,
        heartbeat_interval_ms=3_000,
        max_poll_interval_ms=300_000,
        partition_assignment_strategy=(RangePartitionAssignor if together else RoundRobinPartitionAssignor,),
        fetch_max_wait_ms=FETCH_WAIT_MS,
        fetch_max_bytes=_FETCH_BYTES,
        max_partition_fetch_bytes=_PARTITION_BYTES,
        metadata_max_age_ms=60_000,
    )


def hold_fetches(consumer: AIOKafkaConsumer) -> None:
    """Pause what is assigned, while a batch is in hand; resume it right before the next `getmany`.

    Otherwise the client asks the broker, a tenth of a second after a record came that nobody has taken yet, for all
    partitions but that one: the next record of that one then waits until this long poll is over.
    """
    consumer.pause(*(consumer.assignment() - consumer.paused()))


async def follow(
    settings: Settings, topic: Topic, apply: Callable[[str, bytes], None], caught_up: asyncio.Event
) -> None:
    """Give every record of `topic` to `apply(key, value)`, from the start, for ever.

    Sets `caught_up` at the end that the topic had when this began. Raises UNAVAILABLE when the log is away at start.
    """
    reader = AIOKafkaConsumer(
        settings.kafka_topic_prefix + topic.name,
        bootstrap_servers=settings.kafka_bootstrap,
        group_id=None,  # every partition, and no commit
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=FETCH_WAIT_MS,
    )
    await reader.start()
    try:
        places = sorted(reader.assignment())
        if not places:
            raise LogUnavailable(f"topic {topic.name} does not exist")
        ends = await reader.end_offsets(places)
        while True:
            if not caught_up.is_set():
                positions = [await reader.position(place) >= ends[place] for place in places]
                if all(positions):
                    caught_up.set()
            for records in (await reader.getmany(timeout_ms=250)).values():
                for record in records:
                    if record.value is not None:
                        apply((record.key or b"").decode(errors="replace"), record.value)
    finally:
        await reader.stop()


async def read_through(settings: Settings, names: Sequence[str], apply: Callable[[str, bytes], None]) -> None:
    """Give every record that topics, by name, hold now to `apply(topic, value)`. Raises UNAVAILABLE."""
    prefix = settings.kafka_topic_prefix
    reader = AIOKafkaConsumer(
        *(prefix + name for name in names),
        bootstrap_servers=settings.kafka_bootstrap,
        group_id=None,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=FETCH_WAIT_MS,
    )
    await reader.start()
    try:
        ends = await reader.end_offsets(sorted(reader.assignment()))
        while any([await reader.position(place) < end for place, end in ends.items()]):
            for place, records in (await reader.getmany(timeout_ms=250)).items():
                for record in records:
                    if record.value is not None:
                        apply(place.topic.removeprefix(prefix), record.value)
    finally:
        await reader.stop()


async def create_topics(settings: Settings, wanted: Iterable[Topic] | None = None) -> None:
    """Create what is missing, dead-letter twins included. Any process may call it, several at once."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap, request_timeout_ms=30_000)
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        missing = [
            topic
            for topic in _new_topics(settings, topics.all_topics() if wanted is None else list(wanted))
            if topic.name not in existing
        ]
        if missing:
            answer = await admin.create_topics(missing)
            for name, code, *_ in answer.topic_errors:
                if code and for_code(code) is not TopicAlreadyExistsError:
                    raise for_code(code)(name)
    finally:
        await admin.close()


def _new_topics(settings: Settings, wanted: list[Topic]) -> list[NewTopic]:
    made = []
    for topic in wanted:
        config = (
            {"cleanup.policy": "compact"} if topic.retention_ms is None else {"retention.ms": str(topic.retention_ms)}
        )
        config["min.insync.replicas"] = "2" if settings.kafka_replication >= 3 else "1"
        config["unclean.leader.election.enable"] = "false"
        partitions = topic.partitions or settings.kafka_partitions
        name = settings.kafka_topic_prefix + topic.name
        made.append(NewTopic(name, partitions, settings.kafka_replication, topic_configs=config))
        if topic.dead_letters:
            twin = config | {"retention.ms": str(topics.MESSAGE_RETENTION_MS)}
            made.append(NewTopic(name + topics.DEAD_LETTER, 1, settings.kafka_replication, topic_configs=twin))
    return made
