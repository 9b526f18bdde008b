"""The log boundary: one factory makes every consumer and producer. Only this folder imports a Kafka library.

    Log.append      acks=all, awaited, in order, bounded in time; concurrent ones in one batch (`appends.py`)
    consumer        from the start, no auto-commit, a session by lane, static membership
    follow          a whole topic from its start, without a group, for tables kept in memory
    create_topics   what schemas/topics.py knows (`topics.py`)
    connection      addresses, TLS and login of all of them (`connection.py`)

`batch_consumer.py` runs the consumers that go batch by batch, `concurrent_consumer.py` the one of dispatch, whose
work ends out of order.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.consumer import consumer as client
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import KafkaError
from prometheus_client import Counter

from schemas import topics
from schemas.events import Event
from schemas.topics import Topic, partition_of
from schemas.values import Lane
from services.runtime import telemetry
from services.runtime.crypto import record_encryption
from services.runtime.log import connection
from services.runtime.log import topics as kafka_topics
from services.runtime.log.appends import TOO_LARGE, Gathering, RawRecord
from services.runtime.log.committed import CarefulCoordinator
from services.runtime.log.traced import NO_HEADERS, Headers, Traced
from services.runtime.settings import Settings

log = telemetry.logger("kafka")
_MAX_RECORD_BYTES = 1_000_000
_FETCH_BYTES, _PARTITION_BYTES = 4 * 1024 * 1024, 1024 * 1024
"""Of one answer: what a consumer holds while it works on a batch, however far it is behind."""
client.GroupCoordinator = CarefulCoordinator
"""For every consumer of the process, Faust's too: the client can be given one in no other way."""
create_topics = kafka_topics.create_topics
FETCH_WAIT_MS = 500
"""How long the broker lets an idle consumer wait; what comes is answered at once."""
LONG_FETCH_WAIT_MS = 2_000
"""Of those whose fetch always asks for all that they read (`fetches.py`): four times fewer requests when idle. A longer
one would hold up the first fetch after a rebalance, which stands behind it on the same connection."""
_BULK_FETCH_WAIT_MS = 5_000
"""The bulk lane has time for that."""
_FOLLOW_WAIT_MS = 5_000
"""Of those that follow a topic: they have no group, so nothing stands behind their fetch."""
_LOOK_MS = 2_000
"""How often the client looks by itself whether there is something to fetch; what happens wakes it before."""
HEARTBEATS = 5
"""In a session. A rebalance is noticed by the next one: after 3 s in the lane of single messages, 9 s in the other."""
MOST_BETWEEN_POLLS_S = 300
SESSION_S: dict[Lane, int] = {"single": 15, "bulk": 45}
"""By lane. So long an instance that is killed, and does not come back, keeps its partitions. A single message lives for
30 s or longer, so half of that is left to the others. The broker allows 6 s to 30 min (`group.min.session.timeout.ms`,
`group.max.session.timeout.ms`). The bulk lane has time."""
_KEPT_BYTES = 100_000
"""Of a poisoned record that is too large for its dead-letter topic."""


class LogUnavailable(Exception):
    """Kafka did not take a record within the time allowed. It may still have been written."""


class RecordTooLarge(ValueError):
    """One event is larger than a record may be: a fault of its content, not of the log."""


TRANSIENT_ERRORS: tuple[type[Exception], ...] = (LogUnavailable, KafkaError)


class Append(NamedTuple):
    """A record to append. `event` may be encoded already (a stored plan, a timer)."""

    topic: Topic
    key: str
    event: Event | bytes

    @property
    def value(self) -> bytes:
        return self.event if isinstance(self.event, bytes) else record_encryption.encode(self.event)


class Log:
    """Appends to topics. One for each process; safe to share among its tasks."""

    def __init__(self, producer: AIOKafkaProducer, prefix: str, timeout_s: float, traced: Traced | None = None) -> None:
        self._producer, self._gathering = producer, Gathering(producer)
        self._prefix = prefix
        self._timeout_s = timeout_s
        self._headers = _no_headers if traced is None else traced.headers

    async def append(self, records: Sequence[Append], timeout_s: float | None = None) -> None:
        """Return when all replicas in sync hold all records. Raises LogUnavailable, RecordTooLarge.

        One that is too large keeps all of this call out of the log, and nothing of any other call.
        """
        if not records:
            return
        prefix, headers = self._prefix, self._headers
        raw: list[RawRecord] = [
            (prefix + record.topic.name, record.key.encode(), value := _checked(record), headers(value))
            for record in records
        ]
        for record in records:
            _appended(record.topic.name).inc()
        await self._gather(raw, timeout_s or self._timeout_s)

    async def end(self, topic: Topic, keys: Sequence[str]) -> None:
        """Append a record without a value for each key, which ends it in a compacted topic. Raises LogUnavailable."""
        if keys:
            name = self._prefix + topic.name
            await self._gather([(name, key.encode(), None, NO_HEADERS) for key in keys], self._timeout_s)

    async def _gather(self, records: Sequence[RawRecord], timeout_s: float) -> None:
        try:
            await self._gathering.append(records, timeout_s)
        except TimeoutError:
            raise LogUnavailable("no acknowledgement in time") from None
        except TOO_LARGE as error:
            raise RecordTooLarge(str(error)) from error
        except KafkaError as error:
            raise LogUnavailable(repr(error)) from error

    async def dead_letter(self, topic: Topic, key: bytes | None, value: bytes | None, headers: dict[str, str]) -> None:
        """Move a record, as it was read, to the dead-letter twin of its topic. Raises LogUnavailable.

        One that is too large to be written again is cut, and its headers say how long it was: the original stays
        where it was read. One without key and value gets an empty value, because the client takes nothing else.
        """
        try:
            await self._produce_dead_letter(topic, key, b"" if key is None and value is None else value, headers)
        except TOO_LARGE:
            size = str(len(key or b"") + len(value or b""))
            await self._produce_dead_letter(
                topic, (key or b"")[:_KEPT_BYTES], (value or b"")[:_KEPT_BYTES], headers | {"size": size}
            )

    async def _produce_dead_letter(
        self, topic: Topic, key: bytes | None, value: bytes | None, headers: dict[str, str]
    ) -> None:
        pairs = [(name, text.encode()) for name, text in headers.items()]
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._producer.send_and_wait(
                    self._prefix + topic.name + topics.DEAD_LETTER, value, key=key, headers=pairs
                )
        except TOO_LARGE:
            raise
        except (TimeoutError, KafkaError) as error:
            raise LogUnavailable(repr(error)) from error


def _no_headers(_: bytes) -> Headers:
    return NO_HEADERS


def _checked(record: Append) -> bytes:
    value = record.value
    if len(value) > _MAX_RECORD_BYTES:
        raise RecordTooLarge(f"{record.topic.name}: {len(value)} bytes, at most {_MAX_RECORD_BYTES}")
    return value


@cache
def _appended(name: str) -> Counter:
    return telemetry.APPENDED.labels(name)


def _partition_of(key: bytes | None, partitions: Sequence[int], _available: Sequence[int]) -> int:
    """For the client. Others may write records without a key."""
    return partition_of(key or b"", len(partitions))


@asynccontextmanager
async def opened_log(settings: Settings) -> AsyncIterator[Log]:
    """The producer of this process: idempotent, acks=all, no lingering."""
    producer = AIOKafkaProducer(
        **connection.options(settings),
        enable_idempotence=True,
        acks="all",
        partitioner=_partition_of,
        max_batch_size=256 * 1024,
        max_request_size=_MAX_RECORD_BYTES + 10_000,
        request_timeout_ms=10_000,
        retry_backoff_ms=100,
    )
    try:  # stopped also when its start fails
        await producer.start()
        traced = Traced(settings.traces_share) if settings.traces_share else None
        yield Log(producer, settings.kafka_topic_prefix, settings.append_timeout_s, traced)
    finally:
        await producer.stop()


def session_s(read: Iterable[Topic]) -> int:
    """How long the broker waits for a sign of life from who reads these topics, seconds."""
    return min((SESSION_S[topics.lane_of(topic.name)] for topic in read), default=SESSION_S["bulk"])


def long_fetch_wait_ms(read: Iterable[Topic]) -> int:
    """How long the broker may let a consumer of these topics wait whose fetch always asks for all of them."""
    is_bulk = all(topics.lane_of(topic.name) == "bulk" for topic in read)
    return _BULK_FETCH_WAIT_MS if is_bulk else LONG_FETCH_WAIT_MS


def consumer(
    settings: Settings,
    names: Iterable[Topic],
    group: str,
    *,
    together: bool = False,
    session: int = SESSION_S["bulk"],
    fetch_wait_ms: int = FETCH_WAIT_MS,
    begins_at_end: bool = False,
) -> AIOKafkaConsumer:
    """A group's consumer, not started. `together` gives equal partition numbers of all topics to one member; `session`
    is that of `session_s`; `begins_at_end`: what was there before the group is not read."""
    prefix = settings.kafka_topic_prefix
    return AIOKafkaConsumer(
        *(prefix + topic.name for topic in names),
        **connection.options(settings),
        group_id=prefix + group,
        group_instance_id=f"{prefix}{group}-{settings.instance}",
        auto_offset_reset="latest" if begins_at_end else "earliest",
        enable_auto_commit=False,
        session_timeout_ms=1000 * session,
        heartbeat_interval_ms=1000 * session // HEARTBEATS,
        max_poll_interval_ms=1000 * MOST_BETWEEN_POLLS_S,
        partition_assignment_strategy=(RangePartitionAssignor if together else RoundRobinPartitionAssignor,),
        fetch_max_wait_ms=fetch_wait_ms,
        consumer_timeout_ms=_LOOK_MS,
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


def let_fetches_wait(consumer: AIOKafkaConsumer, wait_ms: int) -> None:
    """How long the broker may let fetches wait from now on. (The client reads it each time; there is no other way.)"""
    consumer._fetcher._fetch_max_wait_ms = wait_ms


async def follow(
    settings: Settings, topic: Topic, apply: Callable[[str, bytes | None], None], caught_up: asyncio.Event
) -> None:
    """Give every record of `topic` to `apply(key, value)`, from the start, for ever; a value of None ends the key.

    Sets `caught_up` at the end that the topic had when this began. Raises TRANSIENT_ERRORS if the log is away at start.
    """
    reader = AIOKafkaConsumer(
        settings.kafka_topic_prefix + topic.name,
        **connection.options(settings),
        group_id=None,  # every partition, and no commit
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=_FOLLOW_WAIT_MS,
        consumer_timeout_ms=_LOOK_MS,
    )
    try:
        await reader.start()
        places = sorted(reader.assignment())
        if not places:
            raise LogUnavailable(f"topic {topic.name} does not exist")
        ends = await reader.end_offsets(places)
        while True:
            if not caught_up.is_set():
                positions = [await reader.position(place) >= ends[place] for place in places]
                if all(positions):
                    caught_up.set()
            turn_ms = _FOLLOW_WAIT_MS if caught_up.is_set() else 250
            for records in (await reader.getmany(timeout_ms=turn_ms)).values():
                for record in records:
                    apply((record.key or b"").decode(errors="replace"), record.value)
    finally:
        await reader.stop()


async def read_through(settings: Settings, names: Sequence[str], apply: Callable[[str, bytes], None]) -> None:
    """Give every record that topics, by name, hold now to `apply(topic, value)`. Raises TRANSIENT_ERRORS."""
    prefix = settings.kafka_topic_prefix
    reader = AIOKafkaConsumer(
        *(prefix + name for name in names),
        **connection.options(settings),
        group_id=None,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=FETCH_WAIT_MS,
    )
    try:
        await reader.start()
        ends = await reader.end_offsets(sorted(reader.assignment()))
        while any([await reader.position(place) < end for place, end in ends.items()]):
            for place, records in (await reader.getmany(timeout_ms=250)).items():
                for record in records:
                    if record.value is not None:
                        apply(place.topic.removeprefix(prefix), record.value)
    finally:
        await reader.stop()
