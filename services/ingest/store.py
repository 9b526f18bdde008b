"""Claims: which requests of partners who refuse duplicates were accepted.

    claims: {_id: message id, confirmed, at, by}     by: the line of a mailing that has it

A claim is made before the append and confirmed after it, so one left unconfirmed by a crash is appended again. What a
line of a mailing has claimed is in its hand for a minute: that line comes back after a crash, and nobody else takes it
meanwhile. Claims live as long as the message topics.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from pymongo import UpdateOne

from schemas.topics import MESSAGE_RETENTION_MS
from services.mongo import Document, RawCollection, durable

_IN_HAND_MS = 60_000


class Claims:
    """Every method raises mongo.UNAVAILABLE."""

    def __init__(self, collection: RawCollection) -> None:
        self._collection = durable(collection)

    async def prepare(self) -> None:
        """Create the index by which old claims go."""
        await self._collection.create_index("at", expireAfterSeconds=MESSAGE_RETENTION_MS // 1000)

    async def claim(self, message_id: str, now_ms: int) -> bool:
        """False when a request with this id was accepted before."""
        fresh = {"confirmed": False, "at": datetime.fromtimestamp(now_ms / 1000, UTC)}
        before = await self._collection.find_one_and_update({"_id": message_id}, {"$setOnInsert": fresh}, upsert=True)
        return before is None or not (before["confirmed"] or _is_in_hand(before, now_ms))

    async def claim_many(self, message_ids: Iterable[str], now_ms: int) -> set[str]:
        """Those that no request was accepted with before."""
        wanted = list(message_ids)
        if not wanted:
            return set()
        fresh = {"confirmed": False, "at": datetime.fromtimestamp(now_ms / 1000, UTC)}
        await self._collection.write([UpdateOne({"_id": one}, {"$setOnInsert": fresh}, upsert=True) for one in wanted])
        in_hand = {"by": {"$exists": True}, "at": {"$gt": _in_hand(now_ms)}}
        taken = {"_id": {"$in": wanted}, "$or": [{"confirmed": True}, in_hand]}
        found = self._collection.find(taken, {"_id": 1})
        return set(wanted) - {document["_id"] async for document in found}

    async def claim_as(self, owners: Mapping[str, str], now_ms: int) -> set[str]:
        """Like `claim_many`, for owners (by message id) who may ask again after a crash: what is theirs stays so."""
        if not owners:
            return set()
        left = {"confirmed": False, "at": {"$lte": _in_hand(now_ms)}}
        at, fresh = datetime.fromtimestamp(now_ms / 1000, UTC), {"confirmed": False}
        changes = [
            UpdateOne(
                {"_id": one, "$or": [{"by": owner}, left]},
                {"$set": {"by": owner, "at": at}, "$setOnInsert": fresh},
                upsert=True,
            )
            for one, owner in owners.items()
        ]
        await self._collection.write(changes)  # those that are confirmed, or in another hand, stay as they are
        found = self._collection.find({"_id": {"$in": list(owners)}}, {"by": 1})
        return {document["_id"] async for document in found if document.get("by") == owners[document["_id"]]}

    async def confirm_many(self, message_ids: Sequence[str]) -> None:
        """The requests lie in the log."""
        await self._collection.update_many({"_id": {"$in": list(message_ids)}}, {"$set": {"confirmed": True}})

    async def confirm(self, message_id: str) -> None:
        """The request lies in the log."""
        await self._collection.update_one({"_id": message_id}, {"$set": {"confirmed": True}})


def _in_hand(now_ms: int) -> datetime:
    """Claims that are newer may be about to be appended."""
    return datetime.fromtimestamp((now_ms - _IN_HAND_MS) / 1000, UTC)


def _is_in_hand(claim: Document, now_ms: int) -> bool:
    return "by" in claim and bool(claim["at"].replace(tzinfo=UTC) > _in_hand(now_ms))
