"""Which Live Activities have been ended, known from the moment that an `end` is planned. Collection `ended_activities`.

    end planned   ─▶ mark {_id: "<installation>/<slot>", delivery_id, at, until: when the end itself is too old to go}
    end accepted  ─▶ `until` is when no token of an activity counts any more
    end failed    ─▶ the mark goes: the activity is still there, and an update may follow; unless an end before it was
                     accepted, whose mark comes back

The router marks before it appends the end, and router and dispatch look before an update, so one that follows at once
goes nowhere, whichever instance plans it; a provider's answer needs longer to travel back. A token that was registered
after the mark is of another activity. Looked up for Live Activities only, and nothing here outlives their 12 hours.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from schemas.live import LONGEST_ACTIVITY_MS
from services.runtime.mongo import Database, Document, durable

TRAVEL_MS = 60_000
"""Beyond the lifetime of an `end`, for what became of it."""


@dataclass(frozen=True, slots=True)
class Ended:
    """`at`, `until`: UTC ms. The `end` of this delivery was planned at `at`."""

    installation_id: str
    slot: str
    delivery_id: str
    at: int
    until: int

    @property
    def key(self) -> str:
        return key_of(self.installation_id, self.slot)

    def covers(self, registered_at: int, now: int) -> bool:
        """Whether a token of the slot is that of the activity that has been ended."""
        return registered_at <= self.at and now < self.until


def key_of(installation_id: str, slot: str) -> str:
    return f"{installation_id}/{slot}"


class EndedActivities:
    """The marks of this deployment. Few at a time, so each is a write of its own."""

    def __init__(self, database: Database) -> None:
        self._collection = durable(database["ended_activities"])

    async def prepare(self) -> None:
        """Create the index that lets marks go with the tokens they are about."""
        await self._collection.create_index("kept_until", expireAfterSeconds=0)

    async def among(self, keys: Iterable[str]) -> dict[str, Ended]:
        """The marks of these, by key."""
        wanted = list(set(keys))
        if not wanted:
            return {}
        found = await self._collection.find({"_id": {"$in": wanted}}).to_list(None)
        return {document["_id"]: _ended(document) for document in found}

    async def mark(self, ends: Iterable[Ended]) -> None:
        """Ends that are planned, or planned again; what is known for longer stays so."""
        for end in ends:
            newest = {"at": end.at, "until": end.until, "kept_until": datetime.fromtimestamp(end.until / 1000, UTC)}
            update = {"$max": newest, "$set": {"delivery_id": end.delivery_id}}
            await self._collection.update_one({"_id": end.key}, update, upsert=True)

    async def concluded(self, ends: Iterable[Ended], *, accepted: bool) -> None:
        """What became of an end. Of one that went nowhere the mark goes, unless another end has made it since."""
        for end in ends:
            mine = {"_id": end.key, "delivery_id": end.delivery_id}
            if accepted:
                await self.mark([replace(end, until=end.at + LONGEST_ACTIVITY_MS)])
                await self._collection.update_one({"_id": end.key}, {"$max": {"taken_at": end.at}})
            elif not await self._collection.delete_one({**mine, "taken_at": None}):
                await self._restore(mine)

    async def _restore(self, mine: Document) -> None:
        """The mark of the end that was accepted before this one."""
        found = await self._collection.find_one(mine)
        if found is not None:
            taken = found["taken_at"]
            kept = {"at": taken, "until": taken + LONGEST_ACTIVITY_MS}
            await self._collection.update_one({**mine, "taken_at": taken}, {"$set": kept})


def _ended(document: Document) -> Ended:
    installation_id, _, slot = document["_id"].partition("/")
    return Ended(installation_id, slot, document["delivery_id"], document["at"], document["until"])
