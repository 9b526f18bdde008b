"""The consumer of traces: records with a `traceparent` to spans, and spans to the collector.

    getmany, for a second ─▶ by their times ─▶ spans ─▶ collector ─▶ commit
                                                          └ not taken: again for 5 minutes, then counted as lost

It appends nothing and opens nothing that is sealed. What cannot be read is somebody else's dead letter. Its group
begins at the end of the topics: nobody wants spans of what was over before traces were switched on.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from schemas import codec, ids, topics
from schemas.events import MessageEvent
from schemas.topics import MESSAGE_REQUESTED, PROVIDER_DISPATCHED, STATUS_EVENTS, Topic
from services.runtime import telemetry
from services.runtime.faults import TRANSIENT_ERRORS, backoff_s
from services.runtime.log import kafka
from services.runtime.log.traced import PARTNER, TRACEPARENT
from services.runtime.loops import pause
from services.runtime.settings import Settings
from services.traces.export import MOST_AT_ONCE, Collector
from services.traces.spans import Span, Spans

log = telemetry.logger("traces")
GROUP = "traces"
READ: tuple[Topic, ...] = (
    *MESSAGE_REQUESTED.values(),
    *PROVIDER_DISPATCHED.values(),
    *STATUS_EVENTS.values(),
)
GIVE_UP_S = 300.0
_GATHER_S = 1.0
_MOST_RECORDS = 5_000


@dataclass
class Follower:
    """Follows the messages that are traced. `run()` returns after `stop` was set."""

    settings: Settings
    collector: Collector
    stop: asyncio.Event
    give_up_s: float = GIVE_UP_S
    is_ready: bool = False

    async def run(self) -> None:
        self._spans = Spans()
        consumer = kafka.consumer(self.settings, READ, GROUP, together=True, begins_at_end=True)
        failures = 0
        try:
            await consumer.start()
            while not self.stop.is_set():
                try:
                    if await self._exported(self._spans_of(await self._gathered(consumer))):
                        await consumer.commit()  # where it stands, of all partitions: a new one's end as well
                    self.is_ready, failures = self.is_ready or bool(consumer.assignment()), 0
                except TRANSIENT_ERRORS as error:
                    failures += 1
                    telemetry.PAUSES.labels(GROUP).inc()
                    log.warning("paused: the log is away", error=repr(error), attempt=failures)
                    await pause(self.stop, backoff_s(failures))
        finally:
            await consumer.stop()

    async def _gathered(self, consumer: Any) -> list[Any]:
        """What comes in a second: several topics are read, and what belongs together comes in any order."""
        found: list[Any] = []
        until = time.monotonic() + _GATHER_S
        while (left_s := until - time.monotonic()) > 0 and len(found) < _MOST_RECORDS and not self.stop.is_set():
            for records in (await consumer.getmany(timeout_ms=int(left_s * 1000) + 1)).values():
                telemetry.RECORDS.labels(records[0].topic).inc(len(records))
                found += [record for record in records if any(name == TRACEPARENT for name, _ in record.headers)]
        return sorted(found, key=lambda record: record.timestamp)

    def _spans_of(self, records: Sequence[Any]) -> list[Span]:
        found = []
        for record in records:
            if (event := self._event(record)) is not None:
                partners = next((value for name, value in record.headers if name == PARTNER), b"")
                found += self._spans.of(event, record.timestamp, partners)
        return found

    def _event(self, record: Any) -> MessageEvent | None:
        """Without what is personal, which stays sealed."""
        topic = topics.topic_named(record.topic.removeprefix(self.settings.kafka_topic_prefix))
        try:
            event = codec.decode(topic, record.value)
        except (codec.Newer, codec.Undecodable):  # it may be a trace with a gap; nothing waits for it
            return None
        return event if isinstance(event, MessageEvent) and ids.is_uuid(event.message_id) else None

    async def _exported(self, spans: Sequence[Span]) -> bool:
        """Whether they are done with: False when the process is to stop before."""
        parts = [spans[at : at + MOST_AT_ONCE] for at in range(0, len(spans), MOST_AT_ONCE)]
        return all([await self._is_done(part) for part in parts])

    async def _is_done(self, spans: Sequence[Span]) -> bool:
        until, attempt = time.monotonic() + self.give_up_s, 0
        while not await self.collector.take(spans):
            attempt += 1
            if self.stop.is_set():
                return False
            if time.monotonic() >= until:
                telemetry.SPANS.labels("lost").inc(len(spans))
                log.warning("spans are lost: the collector has not taken them", spans=len(spans), attempts=attempt)
                return True
            await pause(self.stop, backoff_s(attempt))
        telemetry.SPANS.labels("taken").inc(len(spans))
        return True
