"""Documents that are replaced by compare-and-set on their `revision`: a zombie cannot overwrite its successor.

What a newer release has put into one stays in it: fields that this release does not know are written again as they
were read. Below its first level it changes nothing without raising `v`, which stops this release (`docs/upgrades.md`).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, NamedTuple, TypeVar

from pymongo import ReplaceOne

from schemas.codec import Newer
from schemas.values import Frozen
from services.runtime.mongo import Collection, Document
from services.runtime.mongo.upkeep.unreadable import read

Value = TypeVar("Value")
FORM = 1
_OURS = frozenset({"_id", "v", "revision", "unpublished"})


class Found(NamedTuple, Generic[Value]):
    """A document as it was read. `others`: its fields that this release does not know."""

    revision: int
    value: Value
    others: Document


Versioned = dict[str, Found[Value]]
"""By id."""


def read_form(document: Document, parse: Callable[[Document], Value]) -> Value:
    """The value of the document. Raises Newer, Damaged."""
    form = document.get("v", FORM)
    if isinstance(form, int) and form > FORM:
        raise Newer(f"a document of form {form}; this release knows up to {FORM}")
    return read(document["_id"], lambda: parse(document))


class VersionedStore(Generic[Value]):
    """The documents of one collection as values."""

    def __init__(
        self,
        collection: Collection,
        kind: type[Frozen],
        parse: Callable[[Document], Value],
        document: Callable[[Value], Document],
    ) -> None:
        self._collection, self._parse, self._document = collection, parse, document
        self._fields = frozenset(kind.__struct_fields__) | _OURS

    async def read(self, ids: Iterable[str]) -> Versioned[Value]:
        """The documents that exist. Raises Newer, Damaged."""
        wanted = list(ids)
        documents = await self._collection.find({"_id": {"$in": wanted}}).to_list(None) if wanted else []
        return {document["_id"]: self._found(document) for document in documents}

    def _found(self, document: Document) -> Found[Value]:
        value = read_form(document, self._parse)
        others = {name: document[name] for name in document.keys() - self._fields}
        return Found(read(document["_id"], lambda: document["revision"]), value, others)

    async def load(self, ids: Iterable[str]) -> dict[str, Value]:
        """The documents that exist, without their revisions."""
        return {key: found.value for key, found in (await self.read(ids)).items()}

    async def replace(self, found: Versioned[Value], values: Mapping[str, Value]) -> set[str]:
        """Write the values that differ from those found; the ids of the documents that somebody else changed."""
        wanted = [key for key, value in values.items() if key not in found or found[key].value != value]
        changes = []
        for key in wanted:
            revision, others = (found[key].revision, found[key].others) if key in found else (0, {})
            replaced = {**others, **self._document(values[key]), "revision": revision + 1}
            # no match means another revision or no document: an insert then fails, or is what is wanted
            changes.append(ReplaceOne({"_id": key, "revision": revision}, replaced, upsert=True))
        return {wanted[index] for index in (await self._collection.write(changes)).taken_indexes}
