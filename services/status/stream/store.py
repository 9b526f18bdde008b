"""Changes of states in the order in which each partner sees them, a pack for each batch. Collection `changes`, kept
for a week.

    {_id, partner_id, seq, last, kept_until, keys: […], lines}      the changes seq, seq + 1 … last of the partner

A writer takes a range of numbers and inserts packs under them. Each change has a key, and no two packs hold the same
one: a pack with a change that is stored already is refused, and goes in without it. Several writers may finish in
another order than they took their numbers: a reader that sees a hole waits, and when it stays, closes it with markers,
which are packs of one number without lines. A pack that is later still runs into the marker of its first number and
takes new ones. So a reader that goes on behind a number has seen everything before it, and nothing comes twice.

Former releases stored each change by itself: {_id: "<message>/<link>/<state>", partner_id, seq, kept_until, event}.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson
from pymongo import ASCENDING, DESCENDING, IndexModel, InsertOne

from services.runtime.mongo import Database, Document, Unavailable, durable

KEPT = timedelta(days=7)
IN_A_PACK = 100
"""Changes: some 30 KB. A reader holds pages of several packs, and one that is slow holds its page for long."""
_ATTEMPTS = 10
_KEY_BYTES = 12
"""Of a change's key: shorter ones cost the index less; these meet by chance in no 10^14 changes."""


@dataclass(frozen=True, slots=True)
class Pack:
    """Changes under their numbers, `first` and those behind it: a line of JSON for each; none closes a hole."""

    first: int
    last: int
    lines: Sequence[bytes] = ()

    def behind(self, seq: int) -> list[tuple[int, bytes]]:
        """The changes whose number is higher, each with its number."""
        skipped = max(0, seq + 1 - self.first)
        return list(enumerate(self.lines[skipped:], self.first + skipped))


class ChangeStore:
    """The changes of this deployment."""

    def __init__(self, database: Database) -> None:
        self._changes = durable(database["changes"])
        self._counters = durable(database["change_counters"])

    async def prepare(self) -> None:
        """Create the indexes that give each number and each change once, and the one that ends them after a week."""
        await self._changes.create_indexes(
            [
                IndexModel([("partner_id", ASCENDING), ("seq", ASCENDING)], unique=True),
                IndexModel([("keys", ASCENDING)], unique=True, sparse=True),
                IndexModel([("kept_until", ASCENDING)], expireAfterSeconds=0),
            ]
        )

    async def add(self, partner_id: str, changes: Mapping[str, bytes]) -> None:
        """Number and store changes by their names, in their order; those that are stored already stay as they are."""
        left = list(changes.items())
        for _ in range(_ATTEMPTS):
            if not left:
                return
            left = await self._add(partner_id, left)
        raise Unavailable(f"{len(left)} changes found no number")  # the batch is done again after a pause

    async def known(self, names: Sequence[str]) -> set[str]:
        """The names of changes that are stored: a repeated event takes no number."""
        if not names:
            return set()
        by_key = {key_of(name): name for name in names}
        query = {"$or": [{"keys": {"$in": list(by_key)}}, {"_id": {"$in": list(names)}}]}
        found = await self._changes.find(query, {"keys": 1}).to_list(None)
        known = {by_key[key] for document in found for key in document.get("keys", ()) if key in by_key}
        return known | {document["_id"] for document in found if "keys" not in document}

    async def _add(self, partner_id: str, changes: Sequence[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
        """Insert the changes, and give those that must try again under new numbers."""
        last = await self._take(partner_id, len(changes))
        begun = last - len(changes) + 1
        packs = {begun + start: changes[start : start + IN_A_PACK] for start in range(0, len(changes), IN_A_PACK)}
        documents = [_document(partner_id, first, pack) for first, pack in packs.items()]
        refused = (await self._changes.insert(documents)).taken
        again, repeated = list[tuple[str, bytes]](), list[tuple[str, bytes]]()
        for taken in refused:
            first = int(documents[taken.index]["seq"])
            if "seq" in taken.fields:  # a reader has waited no longer
                again += packs[first]
            else:
                repeated += packs[first]
                await self._give_up(partner_id, first, first + len(packs[first]) - 1)
        known = await self.known([name for name, _ in repeated])
        return again + [change for change in repeated if change[0] not in known]

    async def _take(self, partner_id: str, count: int) -> int:
        counter = await self._counters.find_one_and_update(
            {"_id": partner_id}, {"$inc": {"seq": count}}, upsert=True, after=True
        )
        assert counter is not None  # it is made when it is missing
        return int(counter["seq"])

    async def _give_up(self, partner_id: str, first: int, last: int) -> None:
        """Close numbers that this writer has taken and does not use."""
        await self._changes.insert([_hole(partner_id, first, last)])

    async def close(self, partner_id: str, numbers: Sequence[int]) -> None:
        """Close holes from the first number on, up to one that has been used meanwhile."""
        markers = [InsertOne(_hole(partner_id, seq, seq)) for seq in numbers]
        await self._changes.write(markers, ordered=True)

    async def after(self, partner_id: str, seq: int, limit: int) -> list[Pack]:
        """The packs that begin behind a number, in order; there may be holes."""
        query = {"partner_id": partner_id, "seq": {"$gt": seq}}
        found = self._changes.find(query, {"seq": 1, "last": 1, "lines": 1, "event": 1}).sort("seq", ASCENDING)
        return [_pack(document) for document in await found.limit(limit).to_list(None)]

    async def around(self, partner_id: str, seq: int) -> Pack | None:
        """The pack that begins before this number or with it, and goes on behind it."""
        begins = {"$gt": seq - IN_A_PACK, "$lte": seq}
        found = await self._changes.find_one(
            {"partner_id": partner_id, "seq": begins, "last": {"$gt": seq}}, {"seq": 1, "last": 1, "lines": 1}
        )
        return _pack(found) if found is not None else None

    async def bounds(self, partner_id: str) -> tuple[int, int, int]:
        """The lowest and the highest number stored, and the highest taken; where none is stored, that one for all."""
        counter = await self._counters.find_one({"_id": partner_id})
        taken = int(counter["seq"]) if counter is not None else 0
        lowest, highest = await self._edge(partner_id, ASCENDING), await self._edge(partner_id, DESCENDING)
        return lowest.first if lowest else taken, highest.last if highest else taken, taken

    async def _edge(self, partner_id: str, direction: int) -> Pack | None:
        query, fields = {"partner_id": partner_id}, {"seq": 1, "last": 1}
        found = await self._changes.find_one(query, fields, sort=[("seq", direction)])
        return _pack(found) if found is not None else None


def key_of(name: str) -> bytes:
    return hashlib.blake2b(name.encode(), digest_size=_KEY_BYTES).digest()


def _document(partner_id: str, first: int, changes: Sequence[tuple[str, bytes]]) -> Document:
    return {
        "partner_id": partner_id,
        "seq": first,
        "last": first + len(changes) - 1,
        "kept_until": datetime.now(UTC) + KEPT,
        "keys": [key_of(name) for name, _ in changes],
        "lines": b"\n".join(line for _, line in changes),
    }


def _hole(partner_id: str, first: int, last: int) -> Document:
    return {"partner_id": partner_id, "seq": first, "last": last, "kept_until": datetime.now(UTC) + KEPT}


def _pack(document: Document) -> Pack:
    first = int(document["seq"])
    if "last" not in document:  # of a former release
        return Pack(first, first, (orjson.dumps(document["event"]),) if "event" in document else ())
    return Pack(first, int(document["last"]), document["lines"].split(b"\n") if "lines" in document else ())
