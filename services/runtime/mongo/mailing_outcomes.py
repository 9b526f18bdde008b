"""How many messages of a mailing have reached which state: written by status, read by ingest. Collection `outcomes`.

    {_id: mailing id, changes, stale, counts: [[state, reason, n]], at, counted, course: [[at, {state: n}, cancelled]]}

`changes` grows whenever a message of the mailing has changed, and `stale` remains until they were counted after the
last. So a crash between the two counts again, a replay changes nothing, and a mailing that rests costs nothing.
`counted` is what `changes` was when the count was begun: two instances may count side by side, when one of them takes
longer than its lease, and the later count stays.
`course` are counts of before, at most `MOST_OF_COURSE`, for a plot: a rebuild, which counts what is there, begins anew.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from pymongo import UpdateOne

from schemas.reasons import Reason
from services.runtime.mongo import Database, Document, durable

MOST_OF_COURSE = 100
"""A plot shows no more, and the page of a mailing that runs asks for all of them every second."""


class Count(NamedTuple):
    """Messages by state at a time (UTC ms), and how many of the failed ones were cancelled."""

    at: int
    states: dict[str, int]
    cancelled: int


class Outcomes(NamedTuple):
    """Messages by state, and failed ones by reason. `at` (UTC ms): when they were counted; 0 for never. `course`: the
    same at earlier times, the oldest first."""

    states: dict[str, int]
    failed: dict[str, int]
    at: int
    course: Sequence[Count] = ()


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
        """Store a count that was begun after `changes` changes, unless there is one that was begun later."""
        fresh = _outcomes({"counts": counts})
        before = await self._outcomes.find_one({"_id": mailing_id}, {"course": 1})
        course = grown(_course(before), Count(now, fresh.states, fresh.failed.get(Reason.CANCELLED, 0)))
        fresh_fields = {
            "counts": [list(count) for count in counts],
            "at": now,
            "counted": changes,
            "course": list(map(list, course)),
        }
        not_later = {"_id": mailing_id, "counted": {"$not": {"$gt": changes}}}
        await self._outcomes.update_one(not_later, {"$set": fresh_fields})
        await self._outcomes.update_one({"_id": mailing_id, "changes": changes}, {"$unset": {"stale": ""}})

    async def of(self, mailing_id: str) -> Outcomes:
        return _outcomes(await self._outcomes.find_one({"_id": mailing_id}))

    async def latest(self, mailing_ids: Collection[str]) -> dict[str, Outcomes]:
        """Those of each of these, without the course, which is by far the most of a document."""
        found = self._outcomes.find({"_id": {"$in": list(mailing_ids)}}, {"course": 0})
        counted = {document["_id"]: _outcomes(document) async for document in found}
        return {mailing_id: counted.get(mailing_id) or _outcomes(None) for mailing_id in mailing_ids}


def grown(course: Sequence[Count], count: Count) -> list[Count]:
    """With this count, unless nothing differs. Where that is one too many, the one goes whose neighbours are nearest to
    each other in time: so what is left shows the whole time alike."""
    if course and course[-1][1:] == count[1:]:
        return list(course)
    longer = [*course, count]
    if len(longer) > MOST_OF_COURSE:
        del longer[min(range(1, len(longer) - 1), key=lambda place: longer[place + 1].at - longer[place - 1].at)]
    return longer


def _outcomes(document: Document | None) -> Outcomes:
    found = document or {}
    states: dict[str, int] = {}
    failed: dict[str, int] = {}
    for state, reason, count in found.get("counts", ()):
        states[state] = states.get(state, 0) + count
        if reason:
            failed[reason] = failed.get(reason, 0) + count
    return Outcomes(states, failed, found.get("at", 0), _course(document))


def _course(document: Document | None) -> list[Count]:
    return [Count(*count) for count in (document or {}).get("course", ())]
