"""The audit trail, stored: collections `audit_trail` (`document.py`), and `audit_reading`, how far the log was read.

    audit-events ─▶ audit_trail: a document for each record     twice is once: by the event's id
                 └▶ audit_reading: {_id: partition, offset, at}  behind the documents that it speaks of

Every method raises mongo.TRANSIENT_ERRORS.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, NamedTuple

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
LOOK_S = 1.0
"""Longer a page does not look through records for what no index finds; what it has by then is told, and how far back
that goes."""
SLICE = 10_000
"""Records that are looked through by one query: some tenths of a second at most."""
_NEWEST_FIRST = [("at", DESCENDING), ("_id", DESCENDING)]
_INDEXES: Mapping[str, Sequence[tuple[str, int]]] = {
    "at": [*_NEWEST_FIRST, ("places", ASCENDING)],
    **{field: [(field, ASCENDING), *_NEWEST_FIRST] for field in ("callers", "about", "kinds", "is_wide")},
}
"""By the field that each begins with. That for a time has the places in it, so that a part of them is looked for in the
index alone."""


_SHOWN: Mapping[str, int] = {"at": 1, "record": 1}


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
    """`records`: the newest last. What is older is behind `behind`, `left_out` of it known to be there. What is older
    than `searched_since` (UTC ms) was not looked at yet; None: all was. `unread`: what only a newer release
    understands."""

    records: list[Audited] = field(default_factory=list)
    behind: Place | None = None
    left_out: int = 0
    searched_since: int | None = None
    unread: int = 0

    @property
    def cursor(self) -> str | None:
        """What asks for the page behind this one; None: there is none."""
        return None if self.behind is None else f"{self.behind.at}.{self.behind.event_id}"


class _Slice(NamedTuple):
    """Records that the index `by` finds, down to `edge`; None: to the last one."""

    by: str
    edge: Place | None


class AuditTrail:
    """The trail of this deployment."""

    def __init__(self, database: Database) -> None:
        self._trail, self._reading = durable(database["audit_trail"]), durable(database["audit_reading"])

    async def prepare(self) -> None:
        """Create the indexes: for a time; for callers; for people and messages; for kinds; for looks at nobody knows
        whom; for what a former release has stored; and the end after a year."""
        await self._trail.create_indexes(
            [
                *(IndexModel(keys) for field, keys in _INDEXES.items() if field != "is_wide"),
                IndexModel(_INDEXES["is_wide"], partialFilterExpression={"is_wide": True}),
                IndexModel([("form", ASCENDING)]),
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
        """The newest `limit` that are listed, of those older than `behind`; fewer where it takes longer than `LOOK_S`
        to find them.

        Of a millisecond that has no room there is nothing, unless it alone is more than that: so older ones are found
        by their time too. Raises OutOfTime.
        """
        query, gives_up_s = wanted.listed(), time.monotonic() + LOOK_S
        documents, begin = list[Document](), behind
        while True:
            index, edge = await self._slice(wanted, begin)
            documents += await self._found(_between(query, begin, edge), index, limit + 1 - len(documents))
            if len(documents) > limit:
                break
            if edge is None:
                return _page(documents)
            if time.monotonic() > gives_up_s:
                return _page(documents, behind=edge, searched_since=edge.at)
            begin = edge
        rest = documents.pop()["at"]
        documents = [document for document in documents if document["at"] > rest] or documents
        last = Place(documents[-1]["at"], documents[-1]["_id"])
        left_out = await self._count(_between(query, last, edge), hint=dict(_INDEXES[index]))
        return _page(documents, behind=last, left_out=left_out, searched_since=None if edge is None else edge.at)

    async def _slice(self, wanted: Wanted, begin: Place | None) -> _Slice:
        """Where to look next: by the index that goes back furthest within so many records."""
        by_index = wanted.by_index()
        if wanted.is_by_index():
            return _Slice(next(iter(by_index)), None)
        slices = list[tuple[str, Place]]()
        for index, query in by_index.items():
            edge = await self._found(_between(query, begin, None), index, 1, {"at": 1}, skip=SLICE - 1)
            if not edge:
                return _Slice(index, None)
            slices.append((index, Place(edge[0]["at"], edge[0]["_id"])))
        return _Slice(*min(slices, key=itemgetter(1)))

    async def _found(
        self, query: Query, index: str, limit: int, fields: Mapping[str, int] = _SHOWN, skip: int = 0
    ) -> list[Document]:
        steps: list[Document] = [{"$match": query}, {"$sort": dict(_NEWEST_FIRST)}, {"$skip": skip}]
        steps += [{"$limit": limit}, {"$project": fields}]
        found = self._trail.aggregate(steps, maxTimeMS=_MOST_MS, hint=dict(_INDEXES[index]))
        return await found.to_list()

    async def count_beside(self, wanted: Wanted) -> int:
        """How many are not listed, and may have shown the customer all the same; `MOST_COUNTED`: or more."""
        query = wanted.beside()
        return 0 if query is None else await self._count(query)

    async def _count(self, query: Query, **options: Any) -> int:
        steps: list[Document] = [{"$match": query}, {"$limit": MOST_COUNTED}, {"$count": "count"}]
        found = await self._trail.aggregate(steps, maxTimeMS=_MOST_MS, **options).to_list()
        return int(found[0]["count"]) if found else 0


def _storable(event: object) -> Audited:
    assert isinstance(event, Audited)  # the topic has no other
    if not 0 <= event.at <= LATEST_MS:
        raise mongo.Invalid("at: no time of a record")
    return event


def _between(query: Query, begin: Place | None, edge: Place | None) -> Query:
    """What is older than `begin`, and not older than `edge`."""
    among, without = dict(query["at"]), list(query.get("$nor", ()))
    if begin is not None:
        among["$lt"] = min(among["$lt"], begin.at + 1)
        without.append({"at": begin.at, "_id": {"$gte": begin.event_id}})
    if edge is not None:
        among["$gte"] = max(among["$gte"], edge.at)
        without.append({"at": edge.at, "_id": {"$lt": edge.event_id}})
    return query | {"at": among} | ({"$nor": without} if without else {})


def _page(
    documents: Sequence[Document], behind: Place | None = None, left_out: int = 0, searched_since: int | None = None
) -> Page:
    records = list(filter(None, (record_in(document) for document in reversed(documents))))
    return Page(records, behind, left_out, searched_since, len(documents) - len(records))


def record_in(document: Document) -> Audited | None:
    """None: this release cannot read it."""
    try:
        found = record_encryption.decode(AUDIT_EVENTS, document["record"])
    except (codec.Undecodable, codec.Newer) as error:
        log.warning("a record of the audit trail cannot be read", event_id=document["_id"], error=repr(error))
        return None
    return found if isinstance(found, Audited) else None
