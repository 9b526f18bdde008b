"""Statistics as `delivery-statistics` carries them: the projection that `GET /v1/statistics` reads. Kept for a year.

    {_id: key, minute, partner_id, application_id, channel, provider, outcome, error_code, count,
     sent: [buckets], sent_ms, delivered: [buckets], delivered_ms, kept_until}

The highest count of a key is the newest; an older or repeated one changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pymongo import ASCENDING, IndexModel, UpdateOne

from schemas.statistic_events import BOUNDS_MS, Histogram, StatisticChanged, key_of
from schemas.topics import HISTORY_RETENTION_MS
from services.runtime.log.batch_consumer import Record, StepResult
from services.runtime.mongo import Database, Document, durable
from services.status.message import MOST_MS

_BUCKETS = range(len(BOUNDS_MS) + 1)


@dataclass(frozen=True, slots=True)
class Group:
    """Statistics added up. `values` are those that the group has in common, by name."""

    values: Mapping[str, Any]
    count: int
    sent_after: Histogram
    delivered_after: Histogram


class Statistics:
    """The statistics of this deployment."""

    def __init__(self, database: Database) -> None:
        self._collection = durable(database["statistics"])

    async def prepare(self) -> None:
        """Create the indexes: by time, by partner and time, and the one that ends them after a year."""
        await self._collection.create_indexes(
            [
                IndexModel([("minute", ASCENDING)]),
                IndexModel([("partner_id", ASCENDING), ("minute", ASCENDING)]),
                IndexModel([("kept_until", ASCENDING)], expireAfterSeconds=0),
            ]
        )

    async def step(self, records: Sequence[Record]) -> StepResult:
        """The handler of the consumer: store the newest of each."""
        newest: dict[str, StatisticChanged] = {}
        for record in records:
            if isinstance(record.event, StatisticChanged):
                key = key_of(record.event.statistic)
                if key not in newest or record.event.count > newest[key].count:
                    newest[key] = record.event

        async def project() -> None:
            await self.save(newest)

        return StepResult(project=project)

    async def save(self, newest: Mapping[str, StatisticChanged]) -> None:
        """Store statistics by key; one that is stored with as high a count stays as it is."""
        if not newest:
            return
        writes = [
            UpdateOne({"_id": key, "count": {"$lt": statistic.count}}, {"$set": _document(statistic)}, upsert=True)
            for key, statistic in newest.items()
        ]
        await self._collection.write(writes)  # keys that are taken are those that were newer already

    async def grouped(self, query: Mapping[str, Any], by: Sequence[str], step_ms: int, limit: int) -> list[Group]:
        """The sums by these fields, of which `at` is the beginning of the step (ms). At most `limit` groups."""
        at = {"$subtract": ["$minute", {"$mod": ["$minute", step_ms]}]}
        sums: Document = {"count": {"$sum": "$count"}}
        for name in ("sent", "delivered"):
            sums[f"{name}_ms"] = {"$sum": f"${name}_ms"}
            for place in _BUCKETS:
                sums[f"{name}_{place}"] = {"$sum": {"$arrayElemAt": [f"${name}", place]}}
        found = self._collection.aggregate(
            [
                {"$match": dict(query)},
                {"$group": {"_id": {name: at if name == "at" else f"${name}" for name in by}, **sums}},
                {"$sort": {f"_id.{name}": 1 for name in by} or {"_id": 1}},
                {"$limit": limit},
            ],
            allowDiskUse=True,
            maxTimeMS=MOST_MS,
        )
        return [
            Group(dict(group["_id"]), group["count"], _histogram(group, "sent"), _histogram(group, "delivered"))
            for group in await found.to_list(None)
        ]


def _document(changed: StatisticChanged) -> Document:
    sent, delivered = changed.sent_after, changed.delivered_after
    return {
        **changed.statistic.document(),
        "count": changed.count,
        "sent": list(sent.buckets),
        "sent_ms": sent.sum_ms,
        "delivered": list(delivered.buckets),
        "delivered_ms": delivered.sum_ms,
        "kept_until": datetime.fromtimestamp((changed.statistic.minute + HISTORY_RETENTION_MS) / 1000, UTC),
    }


def _histogram(group: Document, name: str) -> Histogram:
    return Histogram(buckets=tuple(group[f"{name}_{place}"] for place in _BUCKETS), sum_ms=group[f"{name}_ms"])
