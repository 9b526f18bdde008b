"""The agent on Faust, and the workarounds that Faust needs.

    statistic-parts ─▶ `add-up`: windowed table ─▶ (within a second, `publication.py`) ─▶ delivery-statistics

Faust acknowledges an event though its agent raised or was cancelled. So what is in hand holds one more reference to its
record than Faust knows of, given back when everything that follows was appended: an offset is committed only behind
finished work. They are given back in their order, because a group that has never committed commits whatever is
acknowledged, though it be the last. Before it commits, Faust waits for the table's changelog. Only this module imports
Faust.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import faust
from faust.exceptions import PartitionsMismatch

from schemas import codec
from schemas.statistic_events import MINUTE_MS, StatisticPart, key_of
from schemas.topics import STATISTIC_PARTS, Topic
from services.runtime import telemetry
from services.runtime.clock import now_ms
from services.runtime.faults import Suspect, Suspects
from services.runtime.log import connection
from services.runtime.log.dead_letters import DeadLetters
from services.runtime.log.kafka import Log
from services.runtime.settings import Settings
from services.statistics.merge import Row, merged, restored, stored
from services.statistics.publication import Publication, insist

log = telemetry.logger("statistics")
KEPT = timedelta(days=1)
"""How long the table keeps a minute: what comes later than this cannot be added to it any more."""
_KEPT_MS = KEPT // timedelta(milliseconds=1)
_LOOK_S = 0.5


class Worker:
    """The Faust application; `start` and `stop` run on the loop of the process."""

    def __init__(self, settings: Settings, sink: Log) -> None:
        self._prefix = settings.kafka_topic_prefix
        self._broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._dead_letters, self._suspects = DeadLetters(sink), Suspects("statistics")
        self._publication = Publication(sink)
        self._publishing: asyncio.Task[None] | None = None
        self.app = _app(settings)
        window = self.app.Table("rows", default=list, partitions=settings.kafka_partitions, key_type=str)
        relative = window.tumbling(MINUTE_MS / 1000, expires=KEPT, key_index=False)
        self._minute_s = 0.0  # of the part that is merged
        self._rows = relative.relative_to(lambda event: self._minute_s)
        self.app.agent(self._topic(STATISTIC_PARTS), name="add-up")(self._add_up)
        self.app.on_partitions_revoked.connect(self._before_others_have_them)

    async def start(self) -> None:
        """Returns when Faust has joined its group and recovered the table, or not at all."""
        self.app.finalize()
        await self.app.start()
        self._publishing = asyncio.create_task(self._publication.run())

    async def is_ready(self) -> bool:
        """True once partitions are assigned and the table has been recovered."""
        return bool(self.app.started and self.app.rebalancing is False and self.app.tables.recovery.completed.is_set())

    async def until_crashed(self) -> None:
        """Raises when Faust has given up, the agent or what publishes: nothing would follow, and nobody would know."""
        assert self._publishing is not None  # it is started
        ended = asyncio.ensure_future(self.app.wait_until_stopped())
        await asyncio.wait({ended, self._broken, self._publishing}, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        for failed in (self._broken, self._publishing):
            if failed.done():
                failed.result()
        raise RuntimeError("Faust has ended") from self.app.crash_reason

    async def stop(self) -> None:
        await self._publication.flush_at_once()
        await self.app.stop()
        if self._publishing is not None:
            self._publishing.cancel()
            with suppress(asyncio.CancelledError):
                await self._publishing

    async def _before_others_have_them(self, *_: Any, **__: Any) -> None:
        await self._publication.flush_at_once()

    def _topic(self, topic: Topic) -> Any:
        name = self._prefix + topic.name
        return self.app.topic(name, key_serializer="raw", value_serializer="raw", key_type=bytes, value_type=bytes)

    async def _add_up(self, stream: Any) -> None:
        """Merge each part into the table, and note the statistic that it changes.

        A record stays unfinished while it is in hand, whatever Faust acknowledges, and for good when this fails: that
        ends the process, because Faust would only start the agent again."""
        async for event in stream.events():
            event.message.incref()
            try:
                part = await self._decoded(event)
                row = await self._merged(event, part) if part is not None else None
                if part is None or row is None:
                    await self._publication.finish(event)
                else:
                    await self._publication.note(part.statistic, row, event)
            except Exception as error:
                if not self._broken.done():
                    self._broken.set_exception(error)
                raise
            telemetry.RECORDS.labels(STATISTIC_PARTS.name).inc()

    async def _merged(self, event: Any, part: StatisticPart) -> Row | None:
        """The statistic with the part; None when that was put aside."""
        suspect: Suspect | None = None
        while True:
            try:
                row = await self._merge(event, part)
                self._suspects.succeeded(1)
                if suspect is not None:
                    self._suspects.cleared(suspect)
                return row
            except PartitionsMismatch:  # of the worker's own view of the log: no fault of the record
                log.warning("paused: the table's changelog is not known yet")
                await asyncio.sleep(_LOOK_S)
            except Exception as error:  # Faust would acknowledge it and start the agent again
                origin = f"{STATISTIC_PARTS.name}/{event.message.partition}/{event.message.offset}"
                suspect = await self._suspects.failed(origin, error, suspect)
                if self._suspects.is_convicted(suspect):
                    await self._dead_letter(event, repr(error))
                    self._suspects.put_aside(suspect)
                    return None
                await asyncio.sleep(suspect.wait_s)

    async def _merge(self, event: Any, part: StatisticPart) -> Row | None:
        minute, now = part.statistic.minute, now_ms()
        if minute + _KEPT_MS <= now:
            await self._dead_letter(event, "too late: the table does not keep that minute any more")
            return None
        if minute > now + _KEPT_MS:  # it would be kept until then; an absurd timestamp would create unbounded windows
            await self._dead_letter(event, "too early: nobody's clock is that far ahead")
            return None
        key, self._minute_s = key_of(part.statistic), minute / 1000
        rows = self._rows[key]
        row = restored(rows.value())
        if merged(row, part):
            self._rows[key] = stored(row)
        return row

    async def _decoded(self, event: Any) -> StatisticPart | None:
        try:
            found = codec.decode(STATISTIC_PARTS, event.value)
        except codec.Undecodable as error:
            await self._dead_letter(event, str(error))
            return None
        if found is None:
            telemetry.UNKNOWN.labels(STATISTIC_PARTS.name).inc()
        return found if isinstance(found, StatisticPart) else None

    async def _dead_letter(self, event: Any, reason: str) -> None:
        message = event.message
        place = f"{message.partition}/{message.offset}"
        key, value = message.key, message.value
        await insist(partial(self._dead_letters.put, STATISTIC_PARTS, key, value, place, reason=reason))


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
