"""Reports owed to partners: one for each (message, link). Collection `reports`.

    _id "<message>/<link>", message_id, partner_id, link, lane, host
    rank, status, error_code, body            the newest state; it replaces an older one that was not taken
    due_at                                    absent when nothing is to be sent
    lease, leased_until                       the process that is sending it
    attempt                                   over all states; tries, first_tried_at: of this state
    closed                                    a final report was taken: nothing follows

A lower rank never replaces a higher one, so a repeated or late intent changes nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from bson import Binary
from pymongo import ASCENDING, IndexModel, UpdateOne

from schemas import ids
from schemas.reports import FINAL, ReportStatus
from schemas.values import Lane
from services.runtime.mongo import Database, Document, durable

LEASE_MS = 30_000
"""Longer than an attempt (10 s) and its record take. The reports of a killed process wait this long."""
_PERSONAL = {"destAddr", "text"}
_KEPT = timedelta(days=14)
"""After the last change; a report is given up long before."""


@dataclass(frozen=True, slots=True)
class ReportIntent:
    """A report that a state calls for. `body` None only takes back an unsent one: the partner wants none for it."""

    message_id: str
    link: int
    partner_id: str
    lane: Lane
    host: str  # of the receiver
    notify_url: str | None
    status: ReportStatus
    error_code: int
    body: bytes | None

    @property
    def report_id(self) -> str:
        return f"{self.message_id}/{self.link}"


@dataclass(frozen=True, slots=True)
class LeasedReport:
    """A report to send now. `attempt` counts this one."""

    report_id: str
    lease: str
    message_id: str
    link: int
    partner_id: str
    lane: Lane
    notify_url: str | None
    status: ReportStatus
    error_code: int
    body: bytes
    attempt: int
    tries: int  # of this state, this one included
    first_tried_at: int  # UTC ms


@dataclass(frozen=True, slots=True)
class AttemptResult:
    """The result of an attempt. `due_at` None: done or given up."""

    report: LeasedReport
    taken: bool
    due_at: int | None


class ReportStore:
    """The reports of this deployment."""

    def __init__(self, database: Database) -> None:
        self._collection = durable(database["reports"])

    async def prepare(self) -> None:
        """Create the index for what is due, and the one that ends old reports."""
        due = IndexModel(
            [("lane", ASCENDING), ("host", ASCENDING), ("due_at", ASCENDING)],
            partialFilterExpression={"due_at": {"$exists": True}},
        )
        await self._collection.create_indexes([due, IndexModel([("kept_until", ASCENDING)], expireAfterSeconds=0)])

    async def want(self, intents: Sequence[ReportIntent], now: int) -> None:
        """Store the reports owed, at most one for each id; one that is not newer changes nothing."""
        await self._collection.write([_want(intent, now) for intent in intents])  # a key that is taken: as new or newer

    async def lease(
        self, lane: Lane, host: str, limit: int, now: int, besides: Sequence[str] = ()
    ) -> list[LeasedReport]:
        """Take due reports of a receiver, the longest due first; none of `besides`, which are still under way."""
        due: Document = {"lane": lane, "host": host, "due_at": {"$lte": now}, "leased_until": {"$lte": now}}
        free = due | ({"_id": {"$nin": list(besides)}} if besides else {})
        found = await self._collection.find(free, {"_id": 1}).sort("due_at", ASCENDING).limit(limit).to_list(None)
        if not found:
            return []
        report_ids, lease = [document["_id"] for document in found], ids.uuid7()
        await self._collection.update_many(
            {"_id": {"$in": report_ids}, **due}, {"$set": {"lease": lease, "leased_until": now + LEASE_MS}}
        )
        mine = await self._collection.find(
            {"_id": {"$in": report_ids}, "lease": lease, "body": {"$exists": True}}
        ).to_list(None)
        return [_leased(document, now) for document in mine]

    async def renew(self, reports: Sequence[LeasedReport], now: int) -> None:
        """Keep the leases: these attempts cannot be recorded yet, and must not be made again."""
        mine = {
            "_id": {"$in": [report.report_id for report in reports]},
            "lease": {"$in": [report.lease for report in reports]},
        }
        await self._collection.update_many(mine, {"$set": {"leased_until": now + LEASE_MS}})

    async def finish(self, tried: Sequence[AttemptResult]) -> None:
        """Store the results of attempts and give up their leases; a newer state that came meanwhile stays due."""
        await self._collection.write([update for result in tried for update in _finish(result)], ordered=True)

    async def redact(self, message_ids: Iterable[str]) -> int:
        """Remove number and text from the waiting reports on these messages, and give the number of reports."""
        ranges: list[Document] = [
            {"_id": {"$gte": f"{message_id}/", "$lt": f"{message_id}0"}} for message_id in message_ids
        ]
        changed = 0
        for found in await self._collection.find({"$or": ranges}).to_list(None) if ranges else []:
            document: Document | None = found
            while document is not None and document.get("body") is not None:
                redacted = _redacted(bytes(document["body"]))
                if redacted == bytes(document["body"]):
                    break
                query = {"_id": document["_id"], "body": document["body"]}
                if (await self._collection.update_one(query, {"$set": {"body": Binary(redacted)}})).matched:
                    changed += 1
                    break
                document = await self._collection.find_one({"_id": found["_id"]})  # a newer state has come meanwhile
        return changed

    async def next_due(self, lane: Lane, host: str) -> int | None:
        """The time when a receiver's next report is due (UTC ms), leased ones included; None when there is none."""
        found = await self._collection.find_one(
            {"lane": lane, "host": host, "due_at": {"$exists": True}}, {"due_at": 1}, sort=[("due_at", ASCENDING)]
        )
        return int(found["due_at"]) if found is not None else None

    async def hasten(self, lane: Lane, host: str, now: int) -> None:
        """Make everything that waits for a receiver due now: it is back."""
        await self._collection.update_many(
            {"lane": lane, "host": host, "due_at": {"$gt": now}}, {"$set": {"due_at": now}}
        )

    async def due_hosts(self, lane: Lane, besides: Sequence[str], now: int) -> list[str]:
        """Receivers for which something is due, other than those named."""
        query = {"lane": lane, "host": {"$nin": list(besides)}, "due_at": {"$lte": now}}
        return [str(host) for host in await self._collection.distinct("host", query)]


def _redacted(body: bytes) -> bytes:
    report = orjson.loads(body)
    return orjson.dumps({name: "" if name in _PERSONAL else value for name, value in report.items()})


def _want(intent: ReportIntent, now: int) -> UpdateOne:
    rank = intent.status.rank
    lower = {"_id": intent.report_id, "rank": {"$lt": rank}, "closed": {"$ne": True}}
    common = {"rank": rank, "status": intent.status, "kept_until": datetime.now(UTC) + _KEPT}
    if intent.body is None:
        return UpdateOne(lower, {"$set": common, "$unset": {"due_at": "", "body": ""}})
    fields = common | {
        "error_code": intent.error_code,
        "body": Binary(intent.body),
        "host": intent.host,
        "notify_url": intent.notify_url,
        "due_at": now,
        "tries": 0,
        "first_tried_at": 0,
    }
    new = {
        "message_id": intent.message_id,
        "partner_id": intent.partner_id,
        "link": intent.link,
        "lane": intent.lane,
        "leased_until": 0,
        "attempt": 0,
    }
    return UpdateOne(lower, {"$set": fields, "$setOnInsert": new}, upsert=True)


def _leased(document: Mapping[str, Any], now: int) -> LeasedReport:
    return LeasedReport(
        report_id=document["_id"],
        lease=document["lease"],
        message_id=document["message_id"],
        link=document["link"],
        partner_id=document["partner_id"],
        lane=document["lane"],
        notify_url=document.get("notify_url"),
        status=ReportStatus(document["status"]),
        error_code=document["error_code"],
        body=bytes(document["body"]),
        attempt=document["attempt"] + 1,
        tries=document["tries"] + 1,
        first_tried_at=document["first_tried_at"] or now,
    )


def _finish(tried: AttemptResult) -> list[UpdateOne]:
    """The updates for the state that was sent, and for a newer one that has replaced it meanwhile."""
    report = tried.report
    mine = {"_id": report.report_id, "lease": report.lease}
    free: dict[str, Any] = {"leased_until": 0, "attempt": report.attempt}
    closed = {"closed": True} if tried.taken and report.status in FINAL else {}
    same = free | closed | {"tries": report.tries, "first_tried_at": report.first_tried_at}
    if tried.due_at is not None:
        change = {"$set": same | {"due_at": tried.due_at}, "$unset": {"lease": ""}}
    else:
        change = {"$set": same, "$unset": {"lease": "", "due_at": "", "body": ""}}
    newer = {"$set": free | closed, "$unset": {"lease": ""} | ({"due_at": "", "body": ""} if closed else {})}
    return [UpdateOne(mine | {"rank": report.status.rank}, change), UpdateOne(mine, newer)]
