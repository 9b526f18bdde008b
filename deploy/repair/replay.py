"""Reads the log once more through folds, and remembers in the database how far it has come. Collection `repair`.

    {_id: "state", state, by, at}              what a database is in the midst of: `services/runtime/mongo/usable.py`
    {_id: "at/<topic>/<partition>", offset}    everything below it is in the projections

A process that is killed goes on where it was: positions are written behind the batch that they are about, and a batch
may be folded again.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pymongo import UpdateOne

from deploy.repair.fold import Family
from schemas.codec import Damaged
from services.runtime import faults, telemetry
from services.runtime.log.batch_consumer import Record
from services.runtime.log.upkeep.replay import Batch, Place, in_order, spans_of
from services.runtime.mongo import Database, durable
from services.runtime.settings import Settings

log = telemetry.logger("replay")
_MOST = 1_000
_REFUSED: tuple[type[Exception], ...] = (*faults.DECLARED, Damaged)
"""Of a record: it, or what a backup holds of its message, cannot be read. The others go on."""
_SIDE_BY_SIDE = 2
"""Partitions folded at the same time: while one waits for the database, the other computes."""


@dataclass
class Progress:
    """What has been done of a run, for whoever shows it."""

    total: int = 0
    done: int = 0
    unreadable: int = 0
    refused: int = 0  # records that a fold cannot take; live they are dead letters
    began_s: float = field(default_factory=time.monotonic)

    @property
    def rate(self) -> float:
        return self.done / max(0.001, time.monotonic() - self.began_s)


Show = Callable[[str, Progress], None]


class Positions:
    """How far a database has been brought."""

    def __init__(self, database: Database) -> None:
        self._collection = durable(database["repair"])

    async def read(self) -> dict[Place, int]:
        found: dict[Place, int] = {}
        async for document in self._collection.find({"_id": {"$regex": "^at/"}}):
            topic, _, partition = document["_id"].removeprefix("at/").rpartition("/")
            found[Place(topic, int(partition))] = int(document["offset"])
        return found

    async def forget(self) -> None:
        await self._collection.delete_many({"_id": {"$regex": "^at/"}})

    async def write(self, ends: Mapping[Place, int]) -> None:
        moved = [(f"at/{place}", {"$max": {"offset": offset}}) for place, offset in ends.items()]
        await self._collection.write([UpdateOne({"_id": key}, update, upsert=True) for key, update in moved])


async def replayed(
    settings: Settings,
    database: Database,
    families: Sequence[Family],
    *,
    begins: Mapping[Place, int],
    show: Show,
) -> Progress:
    """Fold what the log holds now, from where the database stands, or from `begins`. Raises KafkaError, Unavailable."""
    positions = Positions(database)
    known = await positions.read()
    progress = Progress()
    work: list[tuple[Family, dict[Place, range]]] = []
    for family in families:
        spans = await spans_of(settings, [topic.name for topic in family.topics])
        left = {
            place: range(min(max(span.start, known.get(place, begins.get(place, span.start))), span.stop), span.stop)
            for place, span in spans.items()
        }
        for partition in sorted({place.partition for place in left}):
            part = {place: span for place, span in left.items() if place.partition == partition}
            progress.total += sum(map(len, part.values()))
            work.append((family, part))
    gate = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def one(family: Family, part: Mapping[Place, range]) -> None:
        async with gate:
            async for batch in in_order(settings, part, _MOST):
                await _fold(family, batch, progress)
                await positions.write(batch.ends)
                show(family.name, progress)

    async with asyncio.TaskGroup() as group:
        for family, part in work:
            group.create_task(one(family, part))
    return progress


async def _fold(family: Family, batch: Batch, progress: Progress) -> None:
    progress.unreadable += batch.unreadable
    try:
        await _step(family, batch.records)
    except _REFUSED:
        for record in batch.records:
            try:
                await _step(family, [record])
            except _REFUSED:
                progress.refused += 1
    progress.done += len(batch.records) + batch.unreadable


async def _step(family: Family, records: Sequence[Record]) -> None:
    if not records:
        return
    result = await family.step(records)
    if result.appends:
        raise AssertionError(f"{family.name}: a fold would append to the log")
    if result.project is not None:
        await result.project()
