"""Changes of states in the order in which each partner sees them. Collection `changes`, kept for a week.

    {_id: "<message>/<link>/<state>", partner_id, seq, kept_until, event}        seq: 1, 2, 3 … for each partner

A writer takes a range of numbers and inserts under them; the `_id` makes a repeated change one. Several writers may
finish in another order than they took their numbers: a reader that sees a hole waits, and when it stays, closes it with
a marker under the same number. A writer that is later still runs into the marker and takes a new number. So a reader
that goes on behind a number has seen everything before it, and nothing comes twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.runtime.mongo import Database, Document, Unavailable, durable

KEPT = timedelta(days=7)
_ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class StoredChange:
    """A change under its number; `event` None closes a hole."""

    seq: int
    event: Mapping[str, Any] | None


class ChangeStore:
    """The changes of this deployment."""

    def __init__(self, database: Database) -> None:
        self._changes = durable(database["changes"])
        self._counters = durable(database["change_counters"])

    async def prepare(self) -> None:
        """Create the index that gives each number once, and the one that ends changes after a week."""
        by_number = IndexModel([("partner_id", ASCENDING), ("seq", ASCENDING)], unique=True)
        await self._changes.create_indexes([by_number, IndexModel([("kept_until", ASCENDING)], expireAfterSeconds=0)])

    async def add(self, partner_id: str, changes: Mapping[str, Mapping[str, Any]]) -> None:
        """Number and store changes by their ids, in their order; those that are stored already stay as they are."""
        left = list(changes.items())
        for _ in range(_ATTEMPTS):
            if not left:
                return
            left = await self._add(partner_id, left)
        raise Unavailable(f"{len(left)} changes found no number")  # the batch is done again after a pause

    async def known(self, keys: Sequence[str]) -> set[str]:
        """The keys that are stored: a repeated event takes no number."""
        if not keys:
            return set()
        found = await self._changes.find({"_id": {"$in": list(keys)}}, {"_id": 1}).to_list(None)
        return {document["_id"] for document in found}

    async def _add(
        self, partner_id: str, changes: Sequence[tuple[str, Mapping[str, Any]]]
    ) -> list[tuple[str, Mapping[str, Any]]]:
        """Insert the changes, and give those that must try again under a new number."""
        last = await self._take(partner_id, len(changes))
        first = last - len(changes) + 1
        kept_until = datetime.now(UTC) + KEPT
        documents: list[Document] = [
            {"_id": key, "partner_id": partner_id, "seq": seq, "kept_until": kept_until, "event": event}
            for seq, (key, event) in enumerate(changes, first)
        ]
        late, unused = [], []
        for taken in (await self._changes.insert(documents)).taken:
            if "seq" in taken.fields:
                late.append(changes[taken.index])
            else:
                unused.append(first + taken.index)
        await self.close(partner_id, unused)
        return late

    async def _take(self, partner_id: str, count: int) -> int:
        counter = await self._counters.find_one_and_update(
            {"_id": partner_id}, {"$inc": {"seq": count}}, upsert=True, after=True
        )
        assert counter is not None  # it is made when it is missing
        return int(counter["seq"])

    async def close(self, partner_id: str, numbers: Sequence[int]) -> None:
        """Close holes; a number that has been used meanwhile stays as it is."""
        kept_until = datetime.now(UTC) + KEPT
        documents: list[Document] = [
            {"_id": f"hole/{partner_id}/{seq}", "partner_id": partner_id, "seq": seq, "kept_until": kept_until}
            for seq in numbers
        ]
        await self._changes.insert(documents)

    async def after(self, partner_id: str, seq: int, limit: int) -> list[StoredChange]:
        """The changes behind a number, in order; there may be holes."""
        query = {"partner_id": partner_id, "seq": {"$gt": seq}}
        found = self._changes.find(query, {"seq": 1, "event": 1}).sort("seq", ASCENDING).limit(limit)
        return [StoredChange(document["seq"], document.get("event")) for document in await found.to_list(None)]

    async def bounds(self, partner_id: str) -> tuple[int, int, int]:
        """The lowest and the highest number stored, and the highest taken; where none is stored, that one for all."""
        counter = await self._counters.find_one({"_id": partner_id})
        taken = int(counter["seq"]) if counter is not None else 0
        return await self._edge(partner_id, ASCENDING, taken), await self._edge(partner_id, DESCENDING, taken), taken

    async def _edge(self, partner_id: str, direction: int, default: int) -> int:
        found = await self._changes.find_one({"partner_id": partner_id}, {"seq": 1}, sort=[("seq", direction)])
        return int(found["seq"]) if found is not None else default
