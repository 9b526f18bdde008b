"""Numbers of the event stream that listeners may have been given since a backup are not given to other changes.

    … 400 │ 401 … 10400 held free │ 10401 …: the changes since the backup, numbered anew      per partner

Who goes on behind a number of the free ones gets every change since the backup, some of them again, and misses none.
The free numbers are packs without changes, as those that close holes (`services/status/stream/store.py`).
"""

import asyncio
from datetime import UTC, datetime

from pymongo import InsertOne

from deploy.repair.archive import Manifest
from deploy.repair.opened import Opened
from schemas import topics
from schemas.values import Lane
from services.runtime.log.batch_consumer import group_of
from services.runtime.log.upkeep.replay import Spans
from services.runtime.mongo import durable
from services.status.stream.packs import IN_A_PACK
from services.status.stream.store import KEPT, ChangeStore
from services.status.stream.stream import Streams

_LANES: tuple[Lane, ...] = ("single", "bulk")
_MOST = 10_000
"""Packs at once."""


async def reserved_numbers(work: Opened, manifest: Manifest, spans: Spans) -> Streams:
    """What numbers the changes of a fold, behind numbers that are held free. Raises mongo.TRANSIENT_ERRORS."""
    changes = ChangeStore(work.database)
    await changes.prepare()
    count = _records_since(manifest, spans)
    if count:
        for partner_id in sorted(work.directory.partners):
            await _hold_free(work, changes, partner_id, count)
    return Streams(changes, asyncio.Event())


def _records_since(manifest: Manifest, spans: Spans) -> int:
    """Each record brings one change at most."""
    count = 0
    for lane in _LANES:
        begins = manifest.starts(group_of("status", lane))
        for topic in (topics.MESSAGE_REQUESTED[lane], topics.PROVIDER_DISPATCHED[lane], topics.STATUS_EVENTS[lane]):
            own = [(place, span) for place, span in spans.items() if place.topic == topic.name]
            count += sum(span.stop - max(span.start, begins.get(place, span.start)) for place, span in own)
    return count


async def _hold_free(work: Opened, changes: ChangeStore, partner_id: str, count: int) -> None:
    _, last = await changes.bounds(partner_id)
    if not last:
        return  # nobody was ever given a number
    first, until, collection = last + 1, datetime.now(UTC) + KEPT, durable(work.database["changes"])
    numbers = range(first, first + count, IN_A_PACK)
    for start in range(0, len(numbers), _MOST):
        packs = [
            {"partner_id": partner_id, "seq": seq, "last": seq + IN_A_PACK - 1, "kept_until": until}
            for seq in numbers[start : start + _MOST]
        ]
        await collection.write([InsertOne(pack) for pack in packs])
