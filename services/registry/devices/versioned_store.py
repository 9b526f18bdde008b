"""Documents that are replaced by compare-and-set on their `revision`: a zombie cannot overwrite its successor."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pymongo import ReplaceOne

from services.runtime.mongo import Collection, Document

Versioned = dict[str, tuple[int, Any]]
"""By id: the revision that was read, and the value."""


async def read(collection: Collection, ids: Iterable[str], parse: Callable[[Document], Any]) -> Versioned:
    documents = await collection.find({"_id": {"$in": list(ids)}}).to_list(None)
    return {document["_id"]: (document["revision"], parse(document)) for document in documents}


async def write(
    collection: Collection, found: Versioned, values: dict[str, Any], document: Callable[[Any], Document]
) -> set[str]:
    """Replace documents whose revision is still the one that was read; the ids of those that somebody else changed."""
    wanted = [key for key, value in values.items() if key not in found or found[key][1] != value]
    changes = []
    for key in wanted:
        revision = found[key][0] if key in found else 0
        replaced = {**document(values[key]), "revision": revision + 1}
        # no match means another revision or no document: an insert then fails, or is what is wanted
        changes.append(ReplaceOne({"_id": key, "revision": revision}, replaced, upsert=True))
    return {wanted[index] for index in await losers(collection, changes)}


async def losers(collection: Collection, changes: Sequence[Any]) -> list[int]:
    """Write; the places of those that met another document with their id."""
    return (await collection.write(changes)).taken_indexes
