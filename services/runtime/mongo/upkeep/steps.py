"""The steps by which stored documents get the form that this release wants, in their order. A step is never changed.

A step goes on where it was killed, so it may be taken twice; documents of either form are beside each other while it is
under way. The release before has to read both: where it cannot, `excludes_older` keeps it away, and the step belongs
into the release after the one that reads both. Services read what a step changes in either form until then.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.runtime.mongo import Database, durable

_BATCH = 1_000


@dataclass(frozen=True)
class Step:
    """`take` changes the documents, and gives the number of those that it changed."""

    name: str
    what: str
    take: Callable[[Database], Awaitable[int]]
    excludes_older: bool = False


async def in_batches(
    database: Database, name: str, query: Mapping[str, Any], update: Mapping[str, Any] | Sequence[Mapping[str, Any]]
) -> int:
    """Change all documents that fit, some at a time, so that no single question takes long. The change must end that
    they fit."""
    collection, changed = durable(database[name]), 0
    while True:
        found = await collection.find(query, {"_id": 1}).limit(_BATCH).to_list()
        if not found:
            return changed
        keys = {"_id": {"$in": [document["_id"] for document in found]}}
        changed += await collection.update_many({**keys, **query}, update)


async def _timers_by_lane(database: Database) -> int:
    """Timers of the first releases have no lane, and one tag by itself in place of a list."""
    changed = 0
    is_text = {"$expr": {"$eq": [{"$type": "$tag"}, "string"]}}
    for name in ("router_timers", "dispatch_timers", "failure_timers"):
        changed += await in_batches(database, name, {"bulk": {"$exists": False}}, {"$set": {"bulk": False}})
        changed += await in_batches(database, name, is_text, [{"$set": {"tag": ["$tag"]}}])
    return changed


STEPS: tuple[Step, ...] = (Step("timers-by-lane", "timers name their lane, and their tags in a list", _timers_by_lane),)
VERSION = len(STEPS)
"""The form that this release wants: so many steps were taken."""
