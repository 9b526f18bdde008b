"""Indexes that a release before has made, and nothing uses any more: dropped when no instance runs that might use them.

    each instance tells in `instances` how many of UNUSED it does without; releases from before this list tell nothing
    all that are heard of do without the n-th ─▶ it is dropped, where it is

An older release that is put back makes it again at its start, and the newer one drops it at its next.
"""

import asyncio
from collections.abc import Sequence

from services.runtime import telemetry
from services.runtime.clock import now_ms
from services.runtime.loops import keep_on
from services.runtime.mongo import Database, read_only
from services.runtime.mongo.instances import Instances
from services.runtime.mongo.upkeep.unused import UNUSED, Unused

log = telemetry.logger("indexes")
EVERY_S = 30.0
_AGAIN_S = 3_600.0
"""When none is left: an older release may be put back."""


async def drop_unused(
    database: Database, service: str, stop: asyncio.Event, unused: Sequence[Unused] = UNUSED, every_s: float = EVERY_S
) -> None:
    """Until `stop`. Infrastructure that is away is waited for."""

    async def turn() -> float:
        return every_s if await _left(database, service, unused) else _AGAIN_S

    await keep_on("indexes", turn, stop, every_s)


async def _left(database: Database, service: str, unused: Sequence[Unused]) -> int:
    """How many are there still, since somebody may use them. Raises mongo.TRANSIENT_ERRORS."""
    now = now_ms()
    known = [found for found in await Instances(database).all() if found.service == service]
    running = [found for found in known if not found.is_silent(now)]
    left = 0
    for number, index in enumerate(unused, 1):
        collection = read_only(database[index.collection])
        if index.service != service or index.name not in await collection.index_names():
            continue
        if running and all(found.does_without >= number for found in running):
            await collection.drop_index(index.name)
            log.info("an index that nothing uses any more is dropped", collection=index.collection, index=index.name)
        else:
            left += 1
    return left
