"""The records since a backup, gathered by link and by delivery. Collections `repair_links`, `repair_deliveries`,
`repair_reports`, which are dropped again: so little is held in memory, however much there is.

    repair_links        {_id: "<message>/<link>", requests, causes: {event id: [origin, bytes]},
                         decided: {event id: bytes}, targets: {delivery id: [topic, key, bytes]}}
    repair_deliveries   {_id: delivery id, targets: {event id: [origin, bytes]}, done: {event id: bytes}}
    repair_reports      {_id: message id, links: {number: [taken, next attempt at]}}

Timers whose event lies in the log have been fired, and are deleted on the way.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from typing import cast

from pymongo import UpdateOne

from deploy.repair.archive import Manifest
from deploy.repair.opened import Opened
from deploy.repair.replay import Progress, Show
from schemas import ids, topics
from schemas.events import (
    CancelRequested,
    Held,
    MessageFailed,
    MessageRequested,
    Planned,
    ProviderDispatched,
    ReportAsked,
    ReportAttempted,
    Scheduled,
    ScheduleDue,
    TargetResolved,
)
from schemas.topics import Topic
from services.runtime.log.batch_consumer import Record, group_of
from services.runtime.log.dead_letters import COLLECTION as FAILURES
from services.runtime.log.kafka import Log
from services.runtime.log.upkeep.replay import in_order, spans_of
from services.runtime.mongo import Collection, Document, Operation, durable
from services.runtime.scheduling.timers import Timers

_MOST = 1_000
Stage = Callable[[Record], Iterable[tuple[str, Operation]]]
TIMERS = {"router": "router_timers", "dispatch": "dispatch_timers", "failures": FAILURES}


class Staged:
    """The records since the backup."""

    def __init__(self, work: Opened, manifest: Manifest) -> None:
        self._work, self._manifest = work, manifest
        self.links = durable(work.database["repair_links"])
        self.deliveries = durable(work.database["repair_deliveries"])
        self.reports = durable(work.database["repair_reports"])

    async def begin(self) -> None:
        await self.drop()

    async def drop(self) -> None:
        for name in ("repair_links", "repair_deliveries", "repair_reports"):
            await self._work.database.drop_collection(name)

    def timers(self, service: str) -> Timers:
        """Timers of a service, to be set and cancelled: nothing fires them here, so they need no log."""
        return Timers(self._work.database[TIMERS[service]], cast(Log, None))

    async def read(self, show: Show) -> None:
        """Gather everything. Raises KafkaError, mongo.TRANSIENT_ERRORS."""
        progress = Progress()
        for lane in ("single", "bulk"):
            router, status = group_of("router", lane), group_of("status", lane)
            await self._through(topics.MESSAGE_REQUESTED[lane], router, _of_request, progress, show)
            await self._through(topics.STATUS_EVENTS[lane], status, _of_status, progress, show)
            await self._through(topics.PROVIDER_DISPATCHED[lane], status, _of_outcome, progress, show)
            for provider, lanes in topics.TARGET_RESOLVED.items():
                group = group_of(f"dispatch-{provider.value}", lane)
                await self._through(lanes[lane], group, _of_target, progress, show)

    async def _through(self, topic: Topic, group: str, stage: Stage, progress: Progress, show: Show) -> None:
        begins = self._manifest.starts(group)
        for place, span in (await spans_of(self._work.settings, [topic.name])).items():
            left = range(min(max(span.start, begins.get(place, span.start)), span.stop), span.stop)
            progress.total += len(left)
            async for batch in in_order(self._work.settings, {place: left}, _MOST):
                await self._write(batch.records, stage)
                await self._fired(batch.records)
                progress.done += len(batch.records)
                show(topic.name, progress)

    async def _write(self, records: Sequence[Record], stage: Stage) -> None:
        writes: dict[str, list[Operation]] = {}
        for record in records:
            for collection, operation in stage(record):
                writes.setdefault(collection, []).append(operation)
        into: Mapping[str, Collection] = {
            "links": self.links,
            "deliveries": self.deliveries,
            "reports": self.reports,
        }
        for name, operations in writes.items():
            await into[name].write(operations, ordered=True)

    async def _fired(self, records: Sequence[Record]) -> None:
        fired: dict[str, list[str]] = {}
        for record in records:
            if isinstance(record.event, ScheduleDue):
                fired.setdefault("router", []).append(record.event.event_id)
            elif isinstance(record.event, TargetResolved):
                fired.setdefault("dispatch", []).append(record.event.event_id)
            elif isinstance(record.event, MessageFailed):
                fired.setdefault("failures", []).append(record.event.event_id)
        for name, event_ids in fired.items():
            await self.timers(name).cancel(event_ids)


async def pages(collection: Collection, most: int = 500) -> AsyncIterator[list[Document]]:
    """All documents of a collection, so many at a time."""
    page: list[Document] = []
    async for document in collection.find({}).batch_size(most):
        page.append(document)
        if len(page) == most:
            yield page
            page = []
    if page:
        yield page


def _of_request(record: Record) -> Iterable[tuple[str, Operation]]:
    event = record.event
    match event:
        case MessageRequested():
            field = f"requests.{event.event_id}"
        case ScheduleDue() | CancelRequested():
            field = f"causes.{event.event_id}"
        case _:
            return
    # the first one counts: an event that was appended twice has its claim from there
    yield "links", _unless_there(f"{event.message_id}/{event.link}", field, [record.origin, record.raw])


def _of_status(record: Record) -> Iterable[tuple[str, Operation]]:
    match record.event:
        case Planned() | Scheduled() | Held() as event:
            yield "links", _unless_there(f"{event.message_id}/{event.link}", f"decided.{event.event_id}", record.raw)
        case ReportAttempted() as event:
            tried = [event.delivered, event.next_attempt_at]
            update = {"$set": {f"links.{event.link}": tried}}
            yield "reports", UpdateOne({"_id": event.message_id}, update, upsert=True)
        case ReportAsked() as event:  # as one that is to be tried again; whether it is, the message says
            update = {"$set": {f"links.{event.link}": [False, event.at]}}
            yield "reports", UpdateOne({"_id": event.message_id}, update, upsert=True)


def _of_outcome(record: Record) -> Iterable[tuple[str, Operation]]:
    event = record.event
    if isinstance(event, ProviderDispatched):
        yield "deliveries", _unless_there(event.delivery_id, f"done.{event.event_id}", record.raw)


def _of_target(record: Record) -> Iterable[tuple[str, Operation]]:
    event = record.event
    if not isinstance(event, TargetResolved):
        return
    # the last one counts: it is the one that is still to be done
    update = {"$set": {f"targets.{event.event_id}": [record.origin, record.raw]}}
    yield "deliveries", UpdateOne({"_id": event.delivery_id}, update, upsert=True)
    if event.event_id == ids.event_id_of(event.delivery_id, "target-resolved/1"):
        planned = [record.topic.name, record.key, record.raw]
        yield "links", _unless_there(f"{event.message_id}/{event.link}", f"targets.{event.delivery_id}", planned)


def _unless_there(key: str, field: str, value: object) -> UpdateOne:
    """A field of a document that is made where it is missing; what is there stays."""
    kept = {"$ifNull": [f"${field}", {"$literal": value}]}
    return UpdateOne({"_id": key}, [{"$set": {field: kept}}], upsert=True)
