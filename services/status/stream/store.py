"""Changes of states in the order in which each partner sees them, a pack for each batch. Collection `changes`, kept
for a week.

    {_id, partner_id, seq, last, kept_until, lines, until: {origin: offset}}   the changes seq, seq + 1 … last
    change_counters: {_id: partner id, seq}                                    so that numbers outlive the changes

A writer knows what lies behind the number that it has seen last, and puts its pack right behind that. When another
writer was faster its number is taken: it reads what came meanwhile, leaves out of its pack what is there already, and
tries again. So there are no holes, whoever goes on behind a number has seen everything before it, and a change that two
instances store, one of them late, is stored once.

A change that is brought again, because a batch is repeated, and whatever comes when nothing is known yet, is looked for
first: from the newest pack back to one that was the first to bring an earlier record of its origin, or is older.

Former releases stored each change by itself, {_id: "<message>/<link>/<state>", partner_id, seq, kept_until, event}, and
left holes, which readers close with packs that have no lines.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel, InsertOne

from services.runtime.mongo import Database, Document, Duplicate, Unavailable, durable
from services.status.stream.packs import (
    IN_A_PACK,
    NewChange,
    Pack,
    documents_of,
    hole_of,
    leaves_open,
    pack_of,
    until_of,
)

KEPT = timedelta(days=7)
_ATTEMPTS, _AGAIN_S = 20, 0.02
"""A pack that another writer has put there is seen when a majority holds it."""
_PAGE = 16
_READ: Document = {"seq": 1, "last": 1, "lines": 1, "event": 1}
Feed = tuple[str, str]
"""A partner and a lane: one consumer brings its changes, one batch after the other."""


class ChangeStore:
    """The changes of this deployment."""

    def __init__(self, database: Database) -> None:
        self._changes = durable(database["changes"])
        self._counters = durable(database["change_counters"])
        self._seen: dict[Feed, int] = {}  # the last number whose change is known to each feed
        self._turns: defaultdict[Feed, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def prepare(self) -> None:
        """Create the index that gives each number once, and the one that ends changes after a week."""
        by_number = IndexModel([("partner_id", ASCENDING), ("seq", ASCENDING)], unique=True)
        await self._changes.create_indexes([by_number, IndexModel([("kept_until", ASCENDING)], expireAfterSeconds=0)])

    async def add(self, partner_id: str, changes: Sequence[NewChange], lane: str = "single") -> None:
        """Number and store changes, in their order; those that are stored already stay as they are."""
        feed = partner_id, lane
        async with self._turns[feed]:
            seen = self._seen.pop(feed, None)  # what fails leaves nothing known
            if seen is None:
                seen, until, doubtful = await self.last(partner_id), {}, list(changes)
            else:
                until, doubtful = until_of(changes), [change for change in changes if change.again]
            stored = await self._stored(partner_id, seen, doubtful)
            left = [change for change in changes if change.name not in stored]
            self._seen[feed] = await self._add(partner_id, left, seen, until)

    async def _add(self, partner_id: str, left: list[NewChange], seen: int, until: dict[str, int]) -> int:
        """Store the changes behind the number that was seen last, and give the last number then."""
        for attempt in range(_ATTEMPTS):
            packs = [left[start : start + IN_A_PACK] for start in range(0, len(left), IN_A_PACK)]
            documents = documents_of(partner_id, seen + 1, packs, until, datetime.now(UTC) + KEPT)
            written = await self._changes.write([InsertOne(document) for document in documents], ordered=True)
            done = written.taken[0].index if written.taken else len(packs)
            for pack in packs[:done]:
                seen += len(pack)
                del left[: len(pack)]
            if not left:
                await self._count(partner_id, seen)
                return seen
            await asyncio.sleep(_AGAIN_S * attempt)
            news = await self._news(partner_id, seen)
            seen = news[-1].last if news else seen
            until = {} if news else until  # of the same origin there may be later records among them
            known = set[str]().union(*(pack.names for pack in news))
            left = [change for change in left if change.name not in known]
        raise Unavailable(f"{len(left)} changes found no number")  # the batch is done again after a pause

    async def _news(self, partner_id: str, seen: int) -> list[Pack]:
        """The packs that were stored behind the number that was seen last."""
        news: list[Pack] = []
        while page := await self.after(partner_id, seen, _PAGE):
            news += page
            seen = page[-1].last
        return news

    async def _stored(self, partner_id: str, seen: int, doubtful: Sequence[NewChange]) -> set[str]:
        """The names of those that are stored up to the number."""
        if not doubtful:
            return set()
        former = self._changes.find({"_id": {"$in": [change.name for change in doubtful]}}, {"_id": 1})
        found = {document["_id"] for document in await former.to_list(None)}
        left = [change for change in doubtful if not change.is_former and change.name not in found]
        async for pack in self._backwards(partner_id, seen):
            left = [change for change in left if leaves_open(pack, change, KEPT)]
            if not left:
                break
            found |= pack.names & {change.name for change in left}
            left = [change for change in left if change.name not in found]
        return found

    async def _backwards(self, partner_id: str, seq: int) -> AsyncIterator[Pack]:
        while seq > 0:
            query = {"partner_id": partner_id, "seq": {"$lte": seq}, "last": {"$exists": True}}
            found = await self._changes.find(query).sort("seq", DESCENDING).limit(_PAGE).to_list(None)
            for document in found:
                yield pack_of(document)
            seq = int(found[-1]["seq"]) - 1 if found else 0

    async def _count(self, partner_id: str, seq: int) -> None:
        for _ in range(_ATTEMPTS):
            try:
                await self._counters.update_one({"_id": partner_id}, {"$max": {"seq": seq}}, upsert=True)
                return
            except Duplicate:  # two have begun to count for one partner
                continue

    async def close(self, partner_id: str, numbers: Sequence[int]) -> None:
        """Close holes from the first number on, up to one that has been used meanwhile."""
        until = datetime.now(UTC) + KEPT
        markers = [InsertOne(hole_of(partner_id, seq, until)) for seq in numbers]
        await self._changes.write(markers, ordered=True)

    async def after(self, partner_id: str, seq: int, limit: int) -> list[Pack]:
        """The packs that begin behind a number, in order; there may be holes."""
        query = {"partner_id": partner_id, "seq": {"$gt": seq}}
        found = self._changes.find(query, _READ).sort("seq", ASCENDING).limit(limit)
        return [pack_of(document) for document in await found.to_list(None)]

    async def around(self, partner_id: str, seq: int) -> Pack | None:
        """The pack that begins before this number or with it, and goes on behind it."""
        begins = {"$gt": seq - IN_A_PACK, "$lte": seq}
        query = {"partner_id": partner_id, "seq": begins, "last": {"$gt": seq}}
        found = await self._changes.find_one(query, _READ)
        return pack_of(found) if found is not None else None

    async def bounds(self, partner_id: str) -> tuple[int, int]:
        """The lowest and the highest number; where nothing is stored any more, the highest that there was for both."""
        last = await self.last(partner_id)
        lowest = await self._edge(partner_id, ASCENDING)
        return (int(lowest["seq"]) if lowest is not None else last), last

    async def last(self, partner_id: str) -> int:
        """The highest number that there was."""
        counter = await self._counters.find_one({"_id": partner_id})
        newest = await self._edge(partner_id, DESCENDING)
        counted = int(counter["seq"]) if counter is not None else 0
        return max(counted, int(newest.get("last", newest["seq"])) if newest is not None else 0)

    async def _edge(self, partner_id: str, direction: int) -> dict[str, Any] | None:
        query, fields = {"partner_id": partner_id}, {"seq": 1, "last": 1}
        return await self._changes.find_one(query, fields, sort=[("seq", direction)])
