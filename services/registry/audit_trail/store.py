"""The audit trail, stored: collections `audit_trail` (`document.py`), `audit_places` (`places.py`), and
`audit_trail_reading`, how far the log was read.

    audit-events ─▶ audit_places: what each hour has places of         before the records that it speaks of
                 ├▶ audit_trail: a document for each record            twice is once: by the event's id
                 └▶ audit_trail_reading: {_id: partition, offset, at}  behind the documents that it speaks of

Every method raises mongo.TRANSIENT_ERRORS.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple, TypeVar

from pymongo import ASCENDING, DESCENDING, IndexModel, InsertOne, UpdateOne

from schemas import codec
from schemas.audit_events import Audited
from schemas.topics import AUDIT_EVENTS
from services.registry.audit_trail.document import LATEST_MS, document_of
from services.registry.audit_trail.places import Span, additions, may_have, spans_of
from services.registry.audit_trail.wanted import Query, Wanted
from services.runtime import mongo, telemetry
from services.runtime.crypto import record_encryption
from services.runtime.log.batch_consumer import Record, StepResult
from services.runtime.mongo import Database, Document, durable

log = telemetry.logger("audit-trail")
MOST_COUNTED = 1_000
"""Of what is counted and not listed: to count all of a year takes longer than the page itself."""
_MOST_MS = 10_000
_MOST_AT_ONCE = 16
"""Spans of time that are asked for side by side, once the first few were not enough."""
_NEWEST_FIRST = [("at", DESCENDING), ("_id", DESCENDING)]

Answer = TypeVar("Answer")


class Place(NamedTuple):
    """Of a record among all."""

    at: int
    event_id: str


class Position(NamedTuple):
    """How far a partition was read: the first offset that was not, and the time of the record before it (UTC ms)."""

    offset: int
    at: int


@dataclass(frozen=True)
class Page:
    """`records`: the newest last. `left_out` older ones are behind `behind`; `unread`: what only a newer release
    understands."""

    records: list[Audited] = field(default_factory=list)
    behind: Place | None = None
    left_out: int = 0
    unread: int = 0


class AuditTrail:
    """The trail of this deployment."""

    def __init__(self, database: Database) -> None:
        self._trail, self._places = durable(database["audit_trail"]), durable(database["audit_places"])
        self._reading = durable(database["audit_trail_reading"])

    async def prepare(self) -> None:
        """Create the indexes: for a time, with the places in it, so that a part of them is looked for in the index
        alone; for callers; for people and messages; for looks at nobody knows whom; and the end after a year."""
        await self._trail.create_indexes(
            [
                IndexModel([*_NEWEST_FIRST, ("places", ASCENDING)]),
                IndexModel([("callers", ASCENDING), *_NEWEST_FIRST]),
                IndexModel([("about", ASCENDING), *_NEWEST_FIRST]),
                IndexModel([("is_wide", ASCENDING), *_NEWEST_FIRST], partialFilterExpression={"is_wide": True}),
                IndexModel([("kept_until", ASCENDING)], expireAfterSeconds=0),
            ]
        )
        await self._places.create_indexes([IndexModel([("kept_until", ASCENDING)], expireAfterSeconds=0)])

    # -- written

    async def step(self, records: Sequence[Record]) -> StepResult:
        """Of a consumer of `audit-events`. Raises mongo.Invalid for a time that no date has."""
        made = [document_of(_storable(record.event), record.raw) for record in records]
        ends = {record.partition: Position(record.offset + 1, record.event.at) for record in records}

        async def project() -> None:
            await self._add_places([(document["at"], document["places"]) for document in made])
            await self._trail.write([InsertOne(document) for document in made])  # whose id is taken is there
            await self._reading.write(
                [UpdateOne({"_id": part}, {"$set": end._asdict()}, upsert=True) for part, end in ends.items()]
            )

        return StepResult(project=project if made else None)

    async def _add_places(self, places: Sequence[tuple[int, str]]) -> None:
        """Another member of the group may make the document of the same hour meanwhile; ours is then tried again."""
        rest = [UpdateOne({"_id": hour}, update, upsert=True) for hour, update in additions(places).items()]
        while rest:
            taken = (await self._places.write(rest)).taken_indexes
            rest = [rest[index] for index in taken]

    # -- read

    async def positions(self) -> Mapping[int, Position]:
        """By partition."""
        found = await self._reading.find({}).to_list()
        return {document["_id"]: Position(document["offset"], document["at"]) for document in found}

    async def page(self, wanted: Wanted, limit: int, behind: Place | None = None) -> Page:
        """The newest `limit` that are listed, of those older than `behind`.

        Of a millisecond that has no room there is nothing, unless it alone is more than that: so older ones are found
        by their time too. Raises OutOfTime.
        """
        query, spans = wanted.listed(), await self._spans(wanted)
        documents = await self._found(_older(query, behind), _before(spans, behind), limit + 1)
        if len(documents) <= limit:
            return _page(documents)
        rest = documents.pop()["at"]
        documents = [document for document in documents if document["at"] > rest] or documents
        last = Place(documents[-1]["at"], documents[-1]["_id"])
        return _page(documents, last, await self._count(_older(query, last), _before(spans, last)))

    async def count_beside(self, wanted: Wanted) -> int:
        """How many are not listed, and may have shown the customer all the same; `MOST_COUNTED`: or more. Raises
        OutOfTime."""
        query = wanted.beside()
        return 0 if query is None else await self._count(query, await self._spans(wanted))

    async def _spans(self, wanted: Wanted) -> Sequence[Span]:
        """Where there may be any, the newest first."""
        hours = None if wanted.what is None else may_have(wanted.what, wanted.since, wanted.until)
        if hours is None:
            return [(wanted.since, wanted.until)]
        found = await self._places.find(hours, {"_id": 1}).sort("_id", DESCENDING).max_time_ms(_MOST_MS).to_list()
        return spans_of([document["_id"] for document in found], wanted.since, wanted.until)

    async def _found(self, query: Query, spans: Sequence[Span], most: int) -> list[Document]:
        """The newest `most` of these spans."""

        async def ask(span: Span, most_ms: int) -> list[Document]:
            found = self._trail.find(_within(query, span), {"at": 1, "record": 1}).sort(_NEWEST_FIRST)
            return await found.limit(most).max_time_ms(most_ms).to_list()

        documents: list[Document] = []
        async for found in _answers(spans, ask):
            documents += found
            if len(documents) >= most:
                break
        return documents[:most]

    async def _count(self, query: Query, spans: Sequence[Span]) -> int:
        async def ask(span: Span, most_ms: int) -> int:
            steps: list[Document] = [{"$match": _within(query, span)}, {"$limit": MOST_COUNTED}, {"$count": "count"}]
            found = await self._trail.aggregate(steps, maxTimeMS=most_ms).to_list()
            return int(found[0]["count"]) if found else 0

        count = 0
        async for found in _answers(spans, ask):
            count += found
            if count >= MOST_COUNTED:
                break
        return min(count, MOST_COUNTED)


async def _answers(spans: Sequence[Span], ask: Callable[[Span, int], Awaitable[Answer]]) -> AsyncIterator[Answer]:
    """Of one span after the other, for whoever has enough at some time: so of the first alone, then of more and more
    side by side. `ask` has as many ms as are left. Raises OutOfTime."""
    ends_s, rest, at_once = time.monotonic() + _MOST_MS / 1000, iter(spans), 1
    while some := list(islice(rest, at_once)):
        if (left_ms := int((ends_s - time.monotonic()) * 1000)) <= 0:
            raise mongo.OutOfTime(f"{_MOST_MS} ms were not enough")
        for answer in await asyncio.gather(*(ask(span, left_ms) for span in some)):
            yield answer
        at_once = min(2 * at_once, _MOST_AT_ONCE)


def _storable(event: object) -> Audited:
    assert isinstance(event, Audited)  # the topic has no other
    if not 0 <= event.at <= LATEST_MS:
        raise mongo.Invalid("at: no time of a record")
    return event


def _older(query: Query, place: Place | None) -> Query:
    """Without those of the same time that are not behind it; `_before` leaves out those of later times."""
    if place is None:
        return query
    same = {"at": place.at, "_id": {"$gte": place.event_id}}
    return query | {"$nor": [*query.get("$nor", ()), same]}


def _before(spans: Sequence[Span], place: Place | None) -> Sequence[Span]:
    if place is None:
        return spans
    return [(since, min(until, place.at + 1)) for since, until in spans if since <= place.at]


def _within(query: Query, span: Span) -> Query:
    return query | {"at": {"$gte": span[0], "$lt": span[1]}}


def _page(documents: Sequence[Document], behind: Place | None = None, left_out: int = 0) -> Page:
    records = list(filter(None, (_record(document) for document in reversed(documents))))
    return Page(records, behind, left_out, len(documents) - len(records))


def _record(document: Document) -> Audited | None:
    try:
        found = record_encryption.decode(AUDIT_EVENTS, document["record"])
    except (codec.Undecodable, codec.Newer) as error:
        log.warning("a record of the audit trail cannot be read", event_id=document["_id"], error=repr(error))
        return None
    return found if isinstance(found, Audited) else None
