"""Documents that are replaced by compare-and-set on their `revision`: a zombie cannot overwrite its successor."""

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

from pymongo import ReplaceOne

from services.runtime.mongo import Collection, Document

Value = TypeVar("Value")
Versioned = dict[str, tuple[int, Value]]
"""By id: the revision that was read, and the value."""


class VersionedStore(Generic[Value]):
    """The documents of one collection as values."""

    def __init__(
        self, collection: Collection, parse: Callable[[Document], Value], document: Callable[[Value], Document]
    ) -> None:
        self._collection, self._parse, self._document = collection, parse, document

    async def read(self, ids: Iterable[str]) -> Versioned[Value]:
        """The documents that exist."""
        wanted = list(ids)
        documents = await self._collection.find({"_id": {"$in": wanted}}).to_list(None) if wanted else []
        return {document["_id"]: (document["revision"], self._parse(document)) for document in documents}

    async def load(self, ids: Iterable[str]) -> dict[str, Value]:
        """The documents that exist, without their revisions."""
        return {key: value for key, (_, value) in (await self.read(ids)).items()}

    async def replace(self, found: Versioned[Value], values: Mapping[str, Value]) -> set[str]:
        """Write the values that differ from those found; the ids of the documents that somebody else changed."""
        wanted = [key for key, value in values.items() if key not in found or found[key][1] != value]
        changes = []
        for key in wanted:
            revision = found[key][0] if key in found else 0
            replaced = {**self._document(values[key]), "revision": revision + 1}
            # no match means another revision or no document: an insert then fails, or is what is wanted
            changes.append(ReplaceOne({"_id": key, "revision": revision}, replaced, upsert=True))
        return {wanted[index] for index in (await self._collection.write(changes)).taken_indexes}
