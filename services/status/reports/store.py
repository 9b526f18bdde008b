"""Reports that could not be sent at once: one for each (message, link). Collection `reports`.

    _id "<message>/<link>", message_id, partner_id, link, lane, host
    rank, status, error_code, body            the newest state; it replaces an older one that was not taken
    due_at                                    absent when nothing is to be sent
    lease, leased_until                       the process that is sending it
    attempt                                   over all states; tries, first_tried_at: of this state
    closed                                    a final report was taken: nothing follows
    resend, resent                            the resend that it is sent for; the last one that it was taken for

A lower rank never replaces a higher one, so a repeated or late intent changes nothing.
"""

from collections.abc import Collection, Iterable, Sequence

from bson import Binary
from pymongo import ASCENDING, IndexModel

from schemas import ids
from schemas.values import Lane
from services.runtime.mongo import Database, Document, durable
from services.status.fold import redact
from services.status.message import Messages
from services.status.reports import updates_of_store as updates
from services.status.reports.model import AttemptResult, LeasedReport, ReportIntent

LEASE_MS = 30_000
"""Longer than an attempt (10 s) and its record take. The reports of a killed process wait this long."""


class ReportStore:
    """The reports of this deployment."""

    def __init__(self, database: Database) -> None:
        self._collection = durable(database["reports"])
        self._messages = Messages(database)

    async def prepare(self) -> None:
        """Create the index for what is due, and the one that ends old reports."""
        due = IndexModel(
            [("lane", ASCENDING), ("host", ASCENDING), ("due_at", ASCENDING)],
            partialFilterExpression={"due_at": {"$exists": True}},
        )
        await self._collection.create_indexes([due, IndexModel([("kept_until", ASCENDING)], expireAfterSeconds=0)])

    async def want(self, intents: Sequence[ReportIntent], now: int) -> None:
        """Store the reports owed, at most one for each id; one that is not newer changes nothing."""
        await self._collection.write(
            [updates.want(intent, now) for intent in intents]
        )  # a key that is taken: as new or newer

    async def want_again(self, intents: Sequence[ReportIntent], now: int) -> None:
        """Store reports that were sent before; a newer one of the link that waits here says more, and stays."""
        await self._collection.write([updates.want_again(intent, now) for intent in intents if intent.body is not None])

    async def put_off(self, intents: Sequence[ReportIntent], now: int) -> None:
        """Store what has waited in memory: meanwhile its recipient may have been erased."""
        await self.want(intents, now)
        await self._redact_erased({intent.message_id for intent in intents})

    async def keep(self, tried: Sequence[AttemptResult]) -> None:
        """Store reports from memory that were not taken; those of which a newer state is here change nothing."""
        await self._collection.write([updates.keep(result) for result in tried if result.due_at is not None])
        await self._redact_erased({result.report.message_id for result in tried})

    async def hold(self, reports: Sequence[LeasedReport], now: int) -> None:
        """Store that reports from memory are under way, with a lease: these attempts cannot be recorded yet."""
        await self._collection.write([updates.hold(report, now + LEASE_MS) for report in reports])
        await self._redact_erased({report.message_id for report in reports})

    async def _redact_erased(self, message_ids: Collection[str]) -> None:
        """Redact the reports on messages of which nothing personal is left."""
        loaded = await self._messages.load(message_ids) if message_ids else {}
        await self.redact([message_id for message_id, message in loaded.items() if not redact(message)])

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
        return [updates.leased(document, now) for document in mine]

    async def renew(self, reports: Sequence[LeasedReport], now: int) -> None:
        """Keep the leases: these attempts cannot be recorded yet, and must not be made again."""
        mine = {
            "_id": {"$in": [report.report_id for report in reports]},
            "lease": {"$in": [report.lease for report in reports]},
        }
        await self._collection.update_many(mine, {"$set": {"leased_until": now + LEASE_MS}})

    async def finish(self, tried: Sequence[AttemptResult]) -> None:
        """Store the results of attempts and give up their leases; a newer state that came meanwhile stays due."""
        await self._collection.write([update for result in tried for update in updates.finish(result)], ordered=True)

    async def redact(self, message_ids: Iterable[str]) -> int:
        """Remove number and text from the waiting reports on these messages, and give the number of reports."""
        ranges: list[Document] = [
            {"_id": {"$gte": f"{message_id}/", "$lt": f"{message_id}0"}} for message_id in message_ids
        ]
        changed = 0
        for found in await self._collection.find({"$or": ranges}).to_list(None) if ranges else []:
            document: Document | None = found
            while document is not None and document.get("body") is not None:
                redacted = updates.redacted(bytes(document["body"]))
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
