"""How many messages of a mailing have reached which state: written by status, read by ingest. Collection `outcomes`.

    {_id: mailing id, changes, stale, counts: [[state, reason, n]], at}

`changes` grows whenever a message of the mailing has changed, and `stale` remains until they were counted after the
last. So a crash between the two counts again, a replay changes nothing, and a mailing that rests costs nothing.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pymongo import UpdateOne

from services.runtime.mongo import Database, durable


class Outcomes(NamedTuple):
    """Messages by state, and failed ones by reason. `at` (UTC ms): when they were counted; 0 for never."""

    states: dict[str, int]
    failed: dict[str, int]
    at: int


class OutcomesStore:
    """Every method raises mongo.TRANSIENT_ERRORS."""

    def __init__(self, database: Database) -> None:
        self._outcomes = durable(database["outcomes"])

    async def prepare(self) -> None:
        """Create the index that finds what is to be counted."""
        await self._outcomes.create_index("stale", partialFilterExpression={"stale": True})

    async def changed(self, mailing_ids: Iterable[str]) -> None:
        """Messages of these have changed."""
        update = {"$inc": {"changes": 1}, "$set": {"stale": True}}
        changes = [UpdateOne({"_id": mailing_id}, update, upsert=True) for mailing_id in mailing_ids]
        while changes:  # two upserts of one id may meet; the one that lost is done again
            changes = [changes[index] for index in (await self._outcomes.write(changes)).taken_indexes]

    async def stale(self) -> list[tuple[str, int]]:
        """Mailings to count again, and how many changes will be counted then."""
        return [(stale["_id"], stale["changes"]) async for stale in self._outcomes.find({"stale": True}).limit(100)]

    async def put(self, mailing_id: str, changes: int, counts: Sequence[tuple[str, str, int]], now: int) -> None:
        """Store a count that was begun after `changes` changes."""
        fresh = {"counts": [list(count) for count in counts], "at": now}
        await self._outcomes.update_one({"_id": mailing_id}, {"$set": fresh})
        await self._outcomes.update_one({"_id": mailing_id, "changes": changes}, {"$unset": {"stale": ""}})

    async def of(self, mailing_id: str) -> Outcomes:
        document = await self._outcomes.find_one({"_id": mailing_id})
        states: dict[str, int] = {}
        failed: dict[str, int] = {}
        for state, reason, count in (document or {}).get("counts", ()):
            states[state] = states.get(state, 0) + count
            if reason:
                failed[reason] = failed.get(reason, 0) + count
        return Outcomes(states, failed, (document or {}).get("at", 0))
