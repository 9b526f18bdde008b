"""The store of the stream's changes, whoever is killed or late: each change once, under numbers without a hole."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, Self

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymongo import InsertOne

from services.runtime.clock import now_ms
from services.runtime.mongo import Taken, Unavailable, Written
from services.status.stream import packs, store
from services.status.stream.packs import NewChange, pack_of
from services.status.stream.store import ChangeStore

ORIGINS = ("status-events/0", "status-events/1")
LENGTH = 30
"""Records of each origin, each of which brings a change."""


class Found:
    """What a search has found; sorted and cut like a cursor."""

    def __init__(self, documents: list[dict[str, Any]]) -> None:
        self._documents = documents

    def sort(self, field: str, direction: int) -> Self:
        self._documents.sort(key=lambda document: document[field], reverse=direction < 0)
        return self

    def limit(self, most: int) -> Self:
        del self._documents[most:]
        return self

    async def to_list(self, _: None) -> list[dict[str, Any]]:
        return self._documents


class Collection:
    """Documents of one partner, each number once; it fails when `fails_in` operations more were asked for."""

    def __init__(self) -> None:
        self.documents: list[dict[str, Any]] = []
        self.counted = 0
        self.fails_in = 1_000_000

    def _asked(self) -> None:
        self.fails_in -= 1
        if self.fails_in < 0:
            self.fails_in = 1_000_000
            raise Unavailable("away")

    async def write(self, operations: Sequence[InsertOne[Any]], *, ordered: bool) -> Written:
        assert ordered
        for index, operation in enumerate(operations):
            self._asked()
            await asyncio.sleep(0)
            document = operation._doc
            if any(document["seq"] == stored["seq"] for stored in self.documents):
                return Written((Taken(index, ("partner_id", "seq")),))
            self.documents.append(dict(document))
        return Written()

    def find(self, query: Mapping[str, Any], _: object = None) -> Found:
        self._asked()
        return Found([document for document in self.documents if _fits(document, query)])

    async def find_one(self, query: Mapping[str, Any], _: object = None, sort: Any = None) -> dict[str, Any] | None:
        if query.keys() == {"_id"}:
            return {"seq": self.counted}
        found = self.find(query)
        ((field, direction),) = sort
        await asyncio.sleep(0)
        return next(iter(await found.sort(field, direction).limit(1).to_list(None)), None)

    async def update_one(self, _: object, update: Mapping[str, Any], upsert: bool) -> None:
        self._asked()
        assert upsert
        self.counted = max(self.counted, update["$max"]["seq"])


def _fits(document: Mapping[str, Any], query: Mapping[str, Any]) -> bool:
    seq = query.get("seq", {})
    if "_id" in query:
        return document.get("_id") in query["_id"]["$in"]
    return bool(seq.get("$gt", -1) < document["seq"] <= seq.get("$lte", 10**9))


class Status:
    """One partition: what is saved, and how far it is committed; and the instance that has it now."""

    def __init__(self, changes: Collection, origin: str) -> None:
        self.collection, self.origin = changes, origin
        self.saved: set[str] = set()
        self.committed = 0
        self.store = store_on(changes)

    def killed(self) -> None:
        self.store = store_on(self.collection)

    def batch(self, length: int) -> list[NewChange]:
        """Fold and save records from the last commit on, and give their changes."""
        made = []
        for offset in range(self.committed, min(LENGTH, self.committed + length)):
            name = f"{self.origin.replace('/', '-')}-{offset}"
            line = orjson.dumps({"message_id": name, "link": 0, "state": "SENT"})
            full = f"{name}/0/SENT"
            again = full in self.saved
            made.append(NewChange(full, line, f"{self.origin}/{offset}", now_ms(), again))
        self.saved |= {change.name for change in made}
        return made[::-1] if length % 2 else made  # the changes of a batch lie in the order of messages, not of records


def store_on(collection: Collection) -> ChangeStore:
    return ChangeStore({"changes": collection, "change_counters": collection})  # type: ignore[arg-type]


Turn = tuple[int, int, Literal["commit", "killed", "fails", "late"], int]
turns = st.tuples(
    st.integers(0, 1), st.integers(1, 9), st.sampled_from(["commit", "killed", "fails", "late"]), st.integers(0, 6)
)


@pytest.fixture(autouse=True, scope="module")
def small() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "durable", lambda collection: collection)
        patch.setattr(store, "_AGAIN_S", 0.0)
        patch.setattr(store, "_PAGE", 2)
        patch.setattr(store, "IN_A_PACK", 3)
        yield


@settings(deadline=None)
@given(st.lists(turns, max_size=25))
async def test_each_change_is_stored_once_and_none_is_lost(turns: list[Turn]) -> None:
    """Each turn one of two instances takes a batch from its last commit on. It commits, is killed between the store and
    the commit, finds the database away in the middle, or has lost its partition and stores its changes only later."""
    collection = Collection()
    instances = [Status(collection, origin) for origin in ORIGINS]
    late: list[tuple[ChangeStore, list[NewChange]]] = []
    for which, length, end, after in turns:
        status = instances[which]
        changes = status.batch(length)
        if end == "late":
            late.append((status.store, changes))
            status.killed()  # its successor
            continue
        if end == "fails":
            collection.fails_in = after
        try:
            await status.store.add("bank", changes)
        except Unavailable:
            continue
        collection.fails_in = 1_000_000
        if end == "killed":
            status.killed()
        else:
            status.committed += len(changes)
        while late and after % 2:
            zombie, behind = late.pop()
            await zombie.add("bank", behind)
    for zombie, behind in late:
        await zombie.add("bank", behind)
    await asyncio.gather(*(status.store.add("bank", status.batch(LENGTH)) for status in instances))
    found = [pack_of(document) for document in sorted(collection.documents, key=lambda document: document["seq"])]
    numbered = [number for pack in found for number in range(pack.first, pack.last + 1)]
    names = [orjson.loads(line)["message_id"] for pack in found for line in pack.lines]
    assert numbered == list(range(1, 2 * LENGTH + 1))
    assert len(names) == len(set(names)) == 2 * LENGTH
    assert collection.counted == 2 * LENGTH
    assert max(len(pack.lines) for pack in found) <= 3 < packs.IN_A_PACK
