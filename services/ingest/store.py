"""Claims: which requests of partners who refuse duplicates were accepted.

    claims: {_id: message id, confirmed, at}

A claim is made before the append and confirmed after it, so one left unconfirmed by a crash is appended again. Claims
live as long as the message topics.
"""

from datetime import UTC, datetime

from schemas.topics import MESSAGE_RETENTION_MS
from services.mongo import Collection, durable


class Claims:
    """Every method raises mongo.UNAVAILABLE."""

    def __init__(self, collection: Collection) -> None:
        self._collection = durable(collection)

    async def prepare(self) -> None:
        """Create the index by which old claims go."""
        await self._collection.create_index("at", expireAfterSeconds=MESSAGE_RETENTION_MS // 1000)

    async def claim(self, message_id: str, now_ms: int) -> bool:
        """False when a request with this id was accepted before."""
        fresh = {"confirmed": False, "at": datetime.fromtimestamp(now_ms / 1000, UTC)}
        before = await self._collection.find_one_and_update({"_id": message_id}, {"$setOnInsert": fresh}, upsert=True)
        return before is None or not before["confirmed"]

    async def confirm(self, message_id: str) -> None:
        """The request lies in the log."""
        await self._collection.update_one({"_id": message_id}, {"$set": {"confirmed": True}})
