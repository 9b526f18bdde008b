"""Registers that several installations share: each keeps the greatest value that it was ever given.

    tokens        {_id: "<application>/<digest>", holder, seen_at}    which installation registered a token last
    revocations   {_id: an owner's record id, stamp, seen_at}         when all proofs of an owner were last revoked

A register is needed while an older event may still be replayed. Revocations are not in the owners' records: a record
says that somebody was ever seen, which is not known when proofs are revoked.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from pymongo import UpdateOne

from schemas.topics import DEVICE_RETENTION_MS
from services.runtime.mongo import Collection

_KEPT_S = DEVICE_RETENTION_MS // 1000 + 7 * 86_400


class RegisterStore:
    """One collection of registers; `field` holds the value."""

    def __init__(self, collection: Collection, field: str) -> None:
        self._collection, self._field = collection, field

    async def prepare(self) -> None:
        """Create the index."""
        await self._collection.create_index("seen_at", expireAfterSeconds=_KEPT_S)

    async def read(self, keys: Iterable[str]) -> dict[str, str]:
        """The values of those that exist, by key."""
        documents = await self._collection.find({"_id": {"$in": list(keys)}}).to_list(None)
        return {document["_id"]: document[self._field] for document in documents}

    async def write(self, values: Mapping[str, str]) -> None:
        """Give each register a value, which it keeps if it has none that is greater."""
        now = datetime.now(UTC)
        changes = [
            UpdateOne({"_id": key}, {"$max": {self._field: value, "seen_at": now}}, upsert=True)
            for key, value in values.items()
        ]
        while changes:  # two upserts of one id may meet; the one that lost is done again
            changes = [changes[index] for index in (await self._collection.write(changes)).taken_indexes]

    async def erase(self, keys: Sequence[str]) -> None:
        """Delete these registers."""
        await self._collection.delete_many({"_id": {"$in": list(keys)}})
