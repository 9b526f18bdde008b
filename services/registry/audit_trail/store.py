"""The audit trail, stored: collections `audit_trail` (`document.py`), and `audit_reading`, how far the log was read.

    audit-events ─▶ audit_trail: a document for each record     twice is once: by the event's id
                 └▶ audit_reading: {_id: partition, offset, at}  behind the documents that it speaks of

Every method raises mongo.TRANSIENT_ERRORS.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pymongo import ASCENDING, DESCENDING, IndexModel, InsertOne, UpdateOne

from schemas import codec
from schemas.audit_events import Audited
from schemas.topics import AUDIT_EVENTS
from services.registry.audit_trail.document import LATEST_MS, document_of
from services.registry.audit_trail.wanted import Query, Wanted
from services.runtime import mongo, telemetry
from services.runtime.crypto import record_encryption
from services.runtime.log.batch_consumer import Record, StepResult
from services.runtime.mongo import Database, Document, durable

log = telemetry.logger("audit-trail")
MOST_COUNTED = 1_000
"""Of what is counted and not listed: to count all of a year takes longer than the page itself."""
_MOST_MS = 10_000
_NEWEST_FIRST = [("at", DESCENDING), ("_id", DESCENDING)]


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

    @property
    def cursor(self) -> str | None:
        """What asks for the page behind this one; None: there is none."""
        return None if self.behind is None else f"{self.behind.at}.{self.behind.event_id}"


class AuditTrail:
    """The trail of this deployment."""

    def __init__(self, database: Database) -> None:
        self._trail, self._reading = durable(database["audit_trail"]), durable(database["audit_reading"])

    async def prepare(self) -> None:
        """Create the indexes: for a time, with the places in it, so that a part of them is looked for in the index
        alone; for callers; for people and messages; for kinds; for looks at nobody knows whom; and the end after a
        year."""
        await self._trail.create_indexes(
            [
                IndexModel([*_NEWEST_FIRST, ("places", ASCENDING)]),
                IndexModel([("callers", ASCENDING), *_NEWEST_FIRST]),
                IndexModel([("about", ASCENDING), *_NEWEST_FIRST]),
                IndexModel([("kinds", ASCENDING), *_NEWEST_FIRST]),
                IndexModel([("is_wide", ASCENDING), *_NEWEST_FIRST], partialFilterExpression={"is_wide": True}),
                IndexModel([("kept_until", ASCENDING)], expireAfterSeconds=0),
            ]
        )

    # -- written

    async def step(self, records: Sequence[Record]) -> StepResult:
        """Of a consumer of `audit-events`. Raises mongo.Invalid for a time that no date has."""
        made = [document_of(_storable(record.event), record.raw) for record in records]
        ends = {record.partition: Position(record.offset + 1, record.event.at) for record in records}

        async def project() -> None:
            await self._trail.write([InsertOne(document) for document in made])  # whose id is taken is there
            await self._reading.write(
                [UpdateOne({"_id": part}, {"$set": end._asdict()}, upsert=True) for part, end in ends.items()]
            )

        return StepResult(project=project if made else None)

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
        query = wanted.listed()
        found = self._trail.find(_older(query, behind), {"at": 1, "record": 1}).sort(_NEWEST_FIRST)
        documents = await found.limit(limit + 1).max_time_ms(_MOST_MS).to_list()
        if len(documents) <= limit:
            return _page(documents)
        rest = documents.pop()["at"]
        documents = [document for document in documents if document["at"] > rest] or documents
        last = Place(documents[-1]["at"], documents[-1]["_id"])
        return _page(documents, last, await self._count(_older(query, last)))

    async def count_beside(self, wanted: Wanted) -> int:
        """How many are not listed, and may have shown the customer all the same; `MOST_COUNTED`: or more."""
        query = wanted.beside()
        return 0 if query is None else await self._count(query)

    async def _count(self, query: Query) -> int:
        steps: list[Document] = [{"$match": query}, {"$limit": MOST_COUNTED}, {"$count": "count"}]
        found = await self._trail.aggregate(steps, maxTimeMS=_MOST_MS).to_list()
        return int(found[0]["count"]) if found else 0


def _storable(event: object) -> Audited:
    assert isinstance(event, Audited)  # the topic has no other
    if not 0 <= event.at <= LATEST_MS:
        raise mongo.Invalid("at: no time of a record")
    return event


def _older(query: Query, place: Place | None) -> Query:
    if place is None:
        return query
    among = query["at"] | {"$lt": min(query["at"]["$lt"], place.at + 1)}
    same = {"at": place.at, "_id": {"$gte": place.event_id}}
    return query | {"at": among, "$nor": [*query.get("$nor", ()), same]}


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
