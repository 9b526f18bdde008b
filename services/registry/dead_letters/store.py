"""What has become of dead letters. Collection `dead_letter_marks`: {_id: topic/partition/offset, state, by, at}.

    none ──▶ redriving ──▶ redriven          the claim comes before the append, so two never send the same one at once
      └────▶ discarded                       a claim whose instance died is free again after a minute

The log cannot be changed, so the mark lies beside it. Without it (the collection is lost) a letter is open again; to
send it twice does nothing twice, as with any record.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from services.runtime.clock import now_ms
from services.runtime.mongo import Database, Document, Duplicate, durable

_CLAIM_MS = 60_000
State = Literal["open", "redriving", "redriven", "discarded", "unknown"]
"""unknown: only a newer release knows what became of it."""
_STATES: dict[str, State] = {state: state for state in get_args(State)}


@dataclass(frozen=True)
class Mark:
    """What somebody did with a letter."""

    state: State = "open"
    by: str = ""
    at: int = 0


class Marks:
    """Raises mongo.TRANSIENT_ERRORS."""

    def __init__(self, database: Database) -> None:
        self._collection = durable(database["dead_letter_marks"])

    async def of(self, letter_ids: Sequence[str]) -> dict[str, Mark]:
        """By id, without those that nobody has touched."""
        found = self._collection.find({"_id": {"$in": list(letter_ids)}})
        return {document["_id"]: _mark(document) async for document in found}

    async def claim(self, letter_id: str, by: str) -> bool:
        """The right to send it again; False when somebody did, is doing it, or has discarded it."""
        now = now_ms()
        free = {"_id": letter_id, "state": "redriving", "at": {"$lte": now - _CLAIM_MS}}
        try:
            await self._collection.update_one(free, {"$set": {"state": "redriving", "by": by, "at": now}}, upsert=True)
        except Duplicate:
            return False
        return True

    async def release(self, letter_id: str) -> None:
        """It was not sent after all."""
        await self._collection.delete_one({"_id": letter_id, "state": "redriving"})

    async def set(self, letter_id: str, state: State, by: str) -> None:
        """Of a letter that was claimed."""
        await self._collection.update_one(
            {"_id": letter_id}, {"$set": {"state": state, "by": by, "at": now_ms()}}, upsert=True
        )

    async def count_done(self, spans: Mapping[str, Mapping[int, range]]) -> dict[str, int]:
        """How many of the letters at these offsets (by topic and partition) are redriven or discarded, by topic."""
        counts: dict[str, int] = {}
        for topic, parts in spans.items():
            query = {"_id": {"$regex": f"^{re.escape(topic)}/"}, "state": {"$ne": "redriving"}}
            async for document in self._collection.find(query, {"_id": 1}):
                _, partition, offset = document["_id"].rsplit("/", 2)
                counts[topic] = counts.get(topic, 0) + (int(offset) in parts.get(int(partition), ()))
        return counts


def _mark(document: Document) -> Mark:
    return Mark(_STATES.get(document["state"], "unknown"), document["by"], document["at"])
