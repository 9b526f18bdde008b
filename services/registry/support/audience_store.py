"""Counts over all installations of an application: who has which subscription on, and whom the system forbids pushes.

Each is one aggregation over `installations`; nothing is kept, so the counts cannot be wrong. Bounded in time: a count
that takes longer is refused by the database and answered 503.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from schemas.application_events import SubscriptionKind
from services.registry.foundation import Foundation
from services.runtime.mongo import Database, read_only
from services.runtime.mongo.upkeep.unused_indexes import drop_unused

_MOST_MS = 30_000
_DAY_MS = 86_400_000
_COUNTED = {
    "platform": {"$ne": None},
    "$or": [{"replaced_by": {"$in": ["", None]}}, {"proof_hash": {"$ne": ""}}],
}
"""Installations, without those of an import that gave way to the app's own: they are one device with it."""


@dataclass(frozen=True, slots=True)
class Audience:
    """The audience of one subscription: devices with it on, with it off, and reporting nothing (the default counts)."""

    on: int
    off: int
    unsaid: int
    reachable: int  # on, by report or default, with a live token and pushes allowed


@dataclass(frozen=True, slots=True)
class ChangesOfDay:
    """How often the permission changed on one day. `day`: days since the epoch, UTC."""

    day: int
    allowed: bool
    source: str
    platform: str
    count: int


async def open_audiences(foundation: Foundation) -> "AudienceStore":
    audiences = AudienceStore(foundation.database)
    await audiences.prepare()
    process = foundation.process
    process.spawn(drop_unused(foundation.database, process.name, process.stop), "unused indexes", drains=True)
    return audiences


class AudienceStore:
    """Counts installations; reads only."""

    def __init__(self, database: Database) -> None:
        self._installations = read_only(database["installations"])

    async def prepare(self) -> None:
        """Create the indexes."""
        await self._installations.create_index(
            [("application_id", 1), ("os_changes.at", 1)],
            partialFilterExpression={"os_changes.at": {"$exists": True}},
        )
        counted = ("push_os_enabled", "platform", "replaced_by", "proof_hash")
        await self._installations.create_index([("application_id", 1), *((field, 1) for field in counted)])

    async def subscriptions(self, application_id: str, kinds: Sequence[SubscriptionKind]) -> dict[str, Audience]:
        """The audiences by id, of the catalogue and of every other subscription that a device has reported."""
        installed = {"application_id": application_id, **_COUNTED}
        totals = await self._counted([{"$match": installed}, _count(None)])
        installations, reachable = (totals[0]["count"], totals[0]["reachable"]) if totals else (0, 0)
        reported: dict[str, dict[bool, Any]] = {}
        unwound: list[dict[str, Any]] = [{"$match": installed}, {"$unwind": "$subscriptions"}]
        key = {"id": "$subscriptions.id", "value": "$subscriptions.value"}
        for row in await self._counted([*unwound, _count(key)]):
            reported.setdefault(row["_id"]["id"], {})[bool(row["_id"]["value"])] = row
        defaults = {kind.id: kind.default for kind in kinds}
        found: dict[str, Audience] = {}
        for name in {*defaults, *reported}:
            yes, no = (reported.get(name, {}).get(value, {"count": 0, "reachable": 0}) for value in (True, False))
            unsaid = installations - yes["count"] - no["count"]
            by_default = reachable - yes["reachable"] - no["reachable"] if defaults.get(name, False) else 0
            found[name] = Audience(yes["count"], no["count"], unsaid, yes["reachable"] + by_default)
        return found

    async def prohibited(self, application_id: str) -> dict[str, tuple[int, int]]:
        """Installations whose system forbids pushes now, and all, by platform."""
        installed = {"application_id": application_id, **_COUNTED}
        forbidden = {"$sum": {"$cond": [{"$eq": ["$push_os_enabled", False]}, 1, 0]}}
        group = {"$group": {"_id": "$platform", "count": {"$sum": 1}, "forbidden": forbidden}}
        rows = await self._counted([{"$match": installed}, group])
        return {row["_id"]: (row["forbidden"], row["count"]) for row in rows}

    async def changes(self, application_id: str, since_ms: int) -> list[ChangesOfDay]:
        """How often the permission changed on each day from `since_ms` on."""
        later = {"os_changes.at": {"$gte": since_ms}}
        day = {"$floor": {"$divide": ["$os_changes.at", _DAY_MS]}}
        key = {
            "day": day,
            "allowed": "$os_changes.allowed",
            "source": "$os_changes.source",
            "platform": "$platform",
        }
        rows = await self._counted(
            [
                {"$match": {"application_id": application_id, **_COUNTED, **later}},
                {"$unwind": "$os_changes"},
                {"$match": later},
                {"$group": {"_id": key, "count": {"$sum": 1}}},
            ]
        )
        return [
            ChangesOfDay(
                day=int(row["_id"]["day"]),
                allowed=row["_id"]["allowed"],
                source=row["_id"]["source"],
                platform=row["_id"]["platform"],
                count=row["count"],
            )
            for row in rows
        ]

    async def _counted(self, pipeline: list[dict[str, Any]]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = await self._installations.aggregate(pipeline, maxTimeMS=_MOST_MS).to_list(None)
        return rows


def _count(key: object) -> dict[str, Any]:
    is_reachable = {
        "$and": [
            {"$ne": [{"$ifNull": ["$token", None]}, None]},
            {"$ne": ["$push_enabled", False]},
            {"$ne": ["$push_os_enabled", False]},
        ]
    }
    reachable = {"$sum": {"$cond": [is_reachable, 1, 0]}}
    return {"$group": {"_id": key, "count": {"$sum": 1}, "reachable": reachable}}
