"""What differs between two databases, by collection and id. Names fields, never shows what is in them.

Both are read in the order of their ids, so little is held at a time. Fields that may differ between two that say the
same (revisions, when something was noted) do not count, nor the order of what has none (`inventory.py`).

A receipt and the outcome of its push lie in two topics, and which of them is read first is chance; where a link ends is
not. So of the states that it went through only the one that it is in has to be there, and of the outcomes that were
counted that there are all, once, and not which record had them counted, or after what time.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from deploy.repair.inventory import Held, of_kind
from schemas import DeliveryState
from services.runtime.mongo import Database, Document, durable
from services.status.fold import OUTCOMES
from services.status.message import Delivery, Link

MOST_NAMED = 1_000
_STATE, _DELIVERIES, _CHANGES, _COUNTS = (
    Link.__slots__.index(name) for name in ("state", "deliveries", "changes", "counts")
)
_PLANNED, _OF_DELIVERY, _COUNTED = (Delivery.__slots__.index(name) for name in ("planned", "state", "counted"))
_FAILURES = {outcome: bit for bit, outcome in OUTCOMES.items() if DeliveryState(outcome.upper()).is_failure}


@dataclass
class Difference:
    """Of one collection. `missing`: only the first has it; `extra`: only the second."""

    collection: str
    equal: int = 0
    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    different: dict[str, list[str]] = field(default_factory=dict)  # by id, the fields
    unnamed: int = 0  # more than are listed

    @property
    def count(self) -> int:
        return len(self.missing) + len(self.extra) + len(self.different) + self.unnamed


async def compared(first: Database, second: Database) -> list[Difference]:
    """The folded collections of both, whole. Raises mongo.TRANSIENT_ERRORS."""
    return [await _compared(first, second, collection) for collection in of_kind("folded")]


async def _compared(first: Database, second: Database, collection: Held) -> Difference:
    found = Difference(collection.name)
    lefts, rights = _documents(first, collection), _documents(second, collection)
    left, right = await _next(lefts), await _next(rights)
    while left is not None or right is not None:
        if right is None or (left is not None and left["_id"] < right["_id"]):
            assert left is not None
            _note(found, found.missing, left["_id"])
            left = await _next(lefts)
        elif left is None or right["_id"] < left["_id"]:
            _note(found, found.extra, right["_id"])
            right = await _next(rights)
        else:
            _note_fields(found, left, right)
            left, right = await _next(lefts), await _next(rights)
    return found


def _note_fields(found: Difference, left: Document, right: Document) -> None:
    is_behind = left.pop("stale", False) or right.pop("stale", False)  # its mailing is to be counted anew
    names = (left.keys() | right.keys()) - ({"counts"} if is_behind else set())
    fields = sorted(name for name in names if left.get(name) != right.get(name))
    if not fields:
        found.equal += 1
    elif len(found.different) < MOST_NAMED:
        found.different[str(left["_id"])] = fields
    else:
        found.unnamed += 1


def _note(found: Difference, into: list[str], key: Any) -> None:
    if len(into) < MOST_NAMED:
        into.append(str(key))
    else:
        found.unnamed += 1


async def _documents(database: Database, collection: Held) -> AsyncIterator[Document]:
    async for document in durable(database[collection.name]).find({}).sort("_id", 1).batch_size(1_000):
        yield canonical(document, collection)


async def _next(documents: AsyncIterator[Document]) -> Document | None:
    return await anext(documents, None)


def canonical(document: Document, collection: Held) -> Document:
    """Without what may differ; of messages, links and trace in an order of their own."""
    kept = {name: value for name, value in document.items() if name not in collection.unlike}
    if collection.name == "messages":
        for link in orjson.loads(kept.pop("links")):
            named = zip(Link.__slots__, _as_it_ends(link), strict=False)  # an older release has stored fewer
            kept |= {f"links.{link[0]}.{name}": _sorted(value) for name, value in named}
        kept["trace"] = sorted(bytes(kept["trace"]).splitlines())
    if collection.name == "outcomes":
        kept["counts"] = sorted(map(tuple, kept.get("counts", ())))
    return kept


def _as_it_ends(link: list[Any]) -> list[Any]:
    """The link without what depends on the order in which two topics were read."""
    made = [*link]
    targets = [delivery for delivery in made[_DELIVERIES].values() if delivery[_PLANNED]]
    made[_DELIVERIES] = {
        key: [*delivery[:_COUNTED], _lasting(delivery[_COUNTED], delivery), *delivery[_COUNTED + 1 :]]
        if len(delivery) > _COUNTED
        else delivery
        for key, delivery in made[_DELIVERIES].items()
    }
    made[_CHANGES] = [state for state, *_ in made[_CHANGES] if state == made[_STATE]]
    if len(made) > _COUNTS:
        counts = ((outcome, target) for outcome, target, *_ in made[_COUNTS])
        made[_COUNTS] = [
            [outcome, target]
            for outcome, target in counts
            if target < 0 or _lasting(outcome, targets[target] if target < len(targets) else None)
        ]
    return made


def _lasting(outcomes: int, delivery: list[Any] | None) -> int:
    """The bits of outcomes without failures that another state has overtaken."""
    state = "" if delivery is None else delivery[_OF_DELIVERY].lower()
    return outcomes & ~sum(bit for failure, bit in _FAILURES.items() if failure != state)


def _sorted(value: Any) -> Any:
    """Lists of lists sorted: what a message knows of, and not the order in which it heard of it."""
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    if not isinstance(value, list):
        return value
    inner = [_sorted(entry) for entry in value]
    are_lists = bool(inner) and all(isinstance(entry, list) for entry in inner)
    return sorted(inner, key=orjson.dumps) if are_lists else inner
