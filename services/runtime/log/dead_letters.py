"""Records that are put aside: into the dead-letter topic with the reason, and the end of their message is held back.

    record ─▶ <topic>.dead-letter (reason, topic, place, failure)
           ─▶ a timer: MessageFailed, due in RPNS_DEAD_LETTER_HOLD_S, or when the message's lifetime is over
                 │ fired by status ─▶ status-events ─▶ the message ends failed, unless it went on meanwhile
                 └ deleted by its id, the header `failure`, when the mended record is written into its topic again

So nothing stays pending for ever, and a mended record can still go. The timer's id is computed: putting aside twice is
putting aside once. It is set behind the dead letter; while the database is away, the consumer waits with it.
"""

from dataclasses import dataclass, field
from functools import partial

import orjson

from schemas import ids, topics
from schemas.events import (
    Event,
    MessageEvent,
    MessageFailed,
    MessageRequested,
    Planned,
    Scheduled,
    ScheduleDue,
    TargetResolved,
)
from schemas.topics import Topic
from services.runtime import telemetry
from services.runtime.clock import now_ms
from services.runtime.faults import Healthy, assumed_healthy
from services.runtime.log.kafka import Append, Log
from services.runtime.mongo import Database, takes_writes
from services.runtime.scheduling.timers import Timer, Timers
from services.runtime.settings import Settings

log = telemetry.logger("dead-letters")
COLLECTION = "failure_timers"
"""Set where a record is put aside, fired by status."""


def failure_id(message_id: str, topic: str, place: str) -> str:
    """The id of the event that ends the message of a record, and of its timer."""
    return ids.event_id_of(message_id, f"failed/{topic}/{place}")


@dataclass(frozen=True)
class DeadLetters:
    """Puts records of one process aside, and sees whether infrastructure is well.

    Without `timers` (a process that has no database) the message ends at once.
    """

    sink: Log
    timers: Timers | None = None
    hold_ms: int = 0
    is_healthy: Healthy = assumed_healthy
    _written: set[str] = field(default_factory=set)  # of those whose failure could not be recorded yet

    async def put(
        self,
        topic: Topic,
        key: bytes | None,
        value: bytes | None,
        place: str,
        *,
        reason: str,
        event: Event | None = None,
    ) -> None:
        """Put a record aside, and see to it that its message ends. Raises LogUnavailable, mongo.Unavailable."""
        failed = _failure(topic, _message_of(topic, key, value, event), place, reason, event)
        headers = {"reason": reason[:500], "topic": topic.name, "place": place}
        letter = f"{topic.name}/{place}"
        if letter not in self._written:
            await self.sink.dead_letter(topic, key, value, headers | ({"failure": failed.event_id} if failed else {}))
            telemetry.DEAD_LETTERS.labels(topic.name).inc()
            log.warning("dead-lettered", topic=topic.name, place=place)
            self._written.add(letter)
        if failed is not None:
            await self._hold(failed, event)
        self._written.discard(letter)

    async def _hold(self, failed: MessageFailed, event: Event | None) -> None:
        to = topics.STATUS_EVENTS[failed.lane]
        if self.timers is None or not self.hold_ms:
            await self.sink.append([Append(to, failed.message_id, failed)])
            return
        due_at = min(failed.at + self.hold_ms, max(failed.at, _lifetime_of(event, failed.at + self.hold_ms)))
        await self.timers.set([Timer(due_at, to, failed.message_id, failed)])


async def dead_letters(database: Database, sink: Log, settings: Settings) -> DeadLetters:
    """The dead letters of a process that has a database. Raises mongo.Unavailable."""
    timers = Timers(database[COLLECTION], sink, settings.instance, settings.lanes)
    await timers.prepare()
    return DeadLetters(sink, timers, int(settings.dead_letter_hold_s * 1000), partial(takes_writes, database))


def _failure(
    topic: Topic, message: tuple[str, str, int] | None, place: str, reason: str, event: Event | None
) -> MessageFailed | None:
    """The end of the message that the record belongs to, if it belongs to one."""
    if message is None or isinstance(event, MessageFailed):  # its own failure must not produce another for ever
        return None
    message_id, partner_id, link = message
    return MessageFailed(
        event_id=failure_id(message_id, topic.name, place),
        at=now_ms(),
        message_id=message_id,
        partner_id=partner_id,
        lane=topics.lane_of(topic.name),
        link=link,
        topic=topic.name,
        detail=reason[:500],
        record=str(getattr(event, "type", "")),
    )


def _lifetime_of(event: Event | None, otherwise: int) -> int:
    """When the link can go no more (UTC ms), as far as the record tells."""
    match event:
        case MessageRequested() if event.schedule is None:
            return event.at + event.chain[0].ttl_ms
        case ScheduleDue():  # at its hour; one that was held up comes with the time at which it would expire
            return event.at + event.request.chain[0].ttl_ms
        case TargetResolved() | Planned() | Scheduled():
            return event.expires_at
        case _:
            return otherwise


def _message_of(
    topic: Topic, key: bytes | None, value: bytes | None, event: Event | None
) -> tuple[str, str, int] | None:
    """Id, partner and link of the message, as far as the record tells."""
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
    if not isinstance(found, str) or not ids.is_uuid(found):  # nothing can be derived from another
        return None
    return found, partner if isinstance(partner, str) else "", 0
