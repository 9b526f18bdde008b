"""The two agents on Faust, and the workarounds that Faust needs.

    delivery-counted ─▶ `gather`: take, parts ─▶ statistic-parts ─▶ `tell`: windowed table ─▶ delivery-statistics

Faust acknowledges an event though its agent raised or was cancelled. So what is in hand holds one more reference to its
record than Faust knows of, given back when everything that follows was appended: an offset is committed only behind
finished work. Before it commits, Faust waits for the table's changelog. A table cannot be changed inside `take`, which
is why there are two agents. Only this module imports Faust.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import faust
from faust.exceptions import PartitionsMismatch

from schemas import codec
from schemas.events import Event
from schemas.statistic_events import MINUTE_MS, DeliveryCounted, StatisticPart, key_of
from schemas.topics import DELIVERY_COUNTED, DELIVERY_STATISTICS, STATISTIC_PARTS, Topic
from services.runtime import faults, telemetry
from services.runtime.clock import now_ms
from services.runtime.faults import Suspect, Suspects
from services.runtime.log import connection
from services.runtime.log.dead_letters import DeadLetters
from services.runtime.log.kafka import Append, Log
from services.runtime.settings import Settings
from services.statistics.merge import changed, merged, parts_of, restored, stored

log = telemetry.logger("statistics")
KEPT = timedelta(days=1)
"""How long the table keeps a minute: what comes later than this cannot be added to it any more."""
CHANGELOG = Topic("statistics-rows-changelog", "entity", (), retention_ms=None, dead_letters=False)
"""Of Faust's table. Made before Faust starts: it takes its partitions from the first metadata that it sees."""
_BATCH, _WITHIN_S, _LOOK_S = 2_000, 0.5, 0.5


class Worker:
    """The Faust application; `start` and `stop` run on the loop of the process."""

    def __init__(self, settings: Settings, sink: Log) -> None:
        self._prefix, self._sink = settings.kafka_topic_prefix, sink
        self._broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._dead_letters, self._suspects = DeadLetters(sink), Suspects("statistics")
        self.app = _app(settings)
        window = self.app.Table("rows", default=list, partitions=settings.kafka_partitions, key_type=str)
        relative = window.tumbling(MINUTE_MS / 1000, expires=KEPT, key_index=False)
        self._rows = relative.relative_to(_begin)
        self.app.agent(self._topic(DELIVERY_COUNTED), name="gather")(self._gather)
        self.app.agent(self._topic(STATISTIC_PARTS), name="tell")(self._publish)

    async def start(self) -> None:
        """Returns when Faust has joined its group and recovered the table, or not at all."""
        self.app.finalize()
        await self.app.start()

    async def is_ready(self) -> bool:
        """True once partitions are assigned and the table has been recovered."""
        return bool(self.app.started and self.app.rebalancing is False and self.app.tables.recovery.completed.is_set())

    async def until_crashed(self) -> None:
        """Raises when Faust has given up, or an agent: its records would lie unfinished, and nobody would know."""
        ended = asyncio.ensure_future(self.app.wait_until_stopped())
        await asyncio.wait({ended, self._broken}, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if self._broken.done():
            self._broken.result()
        raise RuntimeError("Faust has ended") from self.app.crash_reason

    async def stop(self) -> None:
        await self.app.stop()

    @contextmanager
    def _in_hand(self, events: Sequence[Any]) -> Iterator[None]:
        """Keep the records unfinished while this runs, whatever Faust acknowledges, and for good when it fails.

        A failure ends the process, because Faust would only start the agent again."""
        for event in events:
            event.message.incref()
        try:
            yield
        except Exception as error:
            if not self._broken.done():
                self._broken.set_exception(error)
            raise
        for event in events:
            event.message.decref()

    def _topic(self, topic: Topic) -> Any:
        name = self._prefix + topic.name
        return self.app.topic(name, key_serializer="raw", value_serializer="raw", key_type=bytes, value_type=bytes)

    async def _gather(self, stream: Any) -> None:
        """Turn batches into parts: the records of one statistic, a hundred or one, become one record."""
        async for events in stream.take_events(_BATCH, within=_WITHIN_S):
            with self._in_hand(events):
                batch = []
                for event in events:
                    counted = await self._decoded(DELIVERY_COUNTED, event)
                    if isinstance(counted, DeliveryCounted):
                        batch.append((event.message.partition, counted))
                parts = [Append(STATISTIC_PARTS, key_of(part.statistic), part) for part in parts_of(batch)]
                await _insist(partial(self._sink.append, parts))
                telemetry.RECORDS.labels(DELIVERY_COUNTED.name).inc(len(events))

    async def _publish(self, stream: Any) -> None:
        """Merge each part into the table, and publish the statistic that it changes."""
        async for event in stream.events():
            with self._in_hand([event]):
                part = await self._decoded(STATISTIC_PARTS, event)
                if isinstance(part, StatisticPart):
                    await self._merged(event, part)
                telemetry.RECORDS.labels(STATISTIC_PARTS.name).inc()

    async def _merged(self, event: Any, part: StatisticPart) -> None:
        suspect: Suspect | None = None
        while True:
            try:
                await self._merge(event, part)
                self._suspects.succeeded(1)
                if suspect is not None:
                    self._suspects.cleared(suspect)
                return
            except PartitionsMismatch:  # of the worker's own view of the log: no fault of the record
                log.warning("paused: the table's changelog is not known yet")
                await asyncio.sleep(_LOOK_S)
            except Exception as error:  # Faust would acknowledge it and start the agent again
                origin = f"{STATISTIC_PARTS.name}/{event.message.partition}/{event.message.offset}"
                suspect = await self._suspects.failed(origin, error, suspect)
                if self._suspects.is_convicted(suspect):
                    await self._dead_letter(STATISTIC_PARTS, event, repr(error))
                    self._suspects.put_aside(suspect)
                    return
                await asyncio.sleep(suspect.wait_s)

    async def _merge(self, event: Any, part: StatisticPart) -> None:
        statistic, now = part.statistic, now_ms()
        kept_ms = KEPT // timedelta(milliseconds=1)
        if statistic.minute + kept_ms <= now:
            await self._dead_letter(STATISTIC_PARTS, event, "too late: the table does not keep that minute any more")
            return
        if (
            statistic.minute > now + kept_ms
        ):  # it would be kept until then; an absurd timestamp would create unbounded windows
            await self._dead_letter(STATISTIC_PARTS, event, "too early: nobody's clock is that far ahead")
            return
        key = key_of(statistic)
        rows = self._rows[key]
        row = restored(rows.value())
        if merged(row, part):
            self._rows[key] = stored(row)
        publication = Append(DELIVERY_STATISTICS, key, changed(statistic, row, now))
        await _insist(partial(self._sink.append, [publication]))

    async def _decoded(self, topic: Topic, event: Any) -> Event | None:
        try:
            found = codec.decode(topic, event.value)
        except codec.Undecodable as error:
            await self._dead_letter(topic, event, str(error))
            return None
        if found is None:
            telemetry.UNKNOWN.labels(topic.name).inc()
        return found

    async def _dead_letter(self, topic: Topic, event: Any, reason: str) -> None:
        message = event.message
        place = f"{message.partition}/{message.offset}"
        await _insist(partial(self._dead_letters.put, topic, message.key, message.value, place, reason=reason))


async def _insist(do: Callable[[], Awaitable[None]]) -> None:
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


def _begin(event: Any) -> float:
    """The minute of a part, in seconds: it selects the window of the table."""
    part = codec.decode(STATISTIC_PARTS, event.value)
    return part.statistic.minute / 1000 if isinstance(part, StatisticPart) else 0.0


class _Diskless(faust.App):
    def _create_directories(self) -> None:
        """Faust would make folders for its tables below the working directory; this one's table is in memory."""


def _credentials(options: connection.Options) -> Any:
    """How the brokers are reached, in Faust's words; None where they ask for nothing."""
    context, mechanism = options.get("ssl_context"), options.get("sasl_mechanism")
    if mechanism is None:
        return None if context is None else faust.SSLCredentials(context)
    if "sasl_oauth_token_provider" in options:
        return faust.OAuthCredentials(oauth_cb=options["sasl_oauth_token_provider"], ssl_context=context)
    return faust.SASLCredentials(
        username=options["sasl_plain_username"],
        password=options["sasl_plain_password"],
        ssl_context=context,
        mechanism=mechanism,
    )


def _app(settings: Settings) -> Any:
    """The application without Faust's web server, command line, discovery and log set-up."""
    return _Diskless(
        f"{settings.kafka_topic_prefix}statistics",
        broker=f"kafka://{settings.kafka_bootstrap.replace(',', ';')}",
        loop=asyncio.get_running_loop(),
        store="memory://",
        web_enabled=False,
        autodiscover=False,
        topic_partitions=settings.kafka_partitions,
        topic_replication_factor=settings.kafka_replication,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        consumer_group_instance_id=f"{settings.kafka_topic_prefix}statistics-{settings.instance}",
        consumer_metadata_max_age_ms=10_000,
        broker_credentials=_credentials(connection.options(settings)),
        broker_session_timeout=45.0,
        broker_heartbeat_interval=3.0,
        broker_commit_interval=1.0,
        stream_wait_empty=False,
        stream_recovery_delay=0.0,
    )
