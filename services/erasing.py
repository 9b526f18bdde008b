"""What every process does about those who were forgotten: it opens the recipients' keys at start, and lets go of keys
as they are destroyed.

    registry: destroys the key, then says so ─▶ application-events: RecipientForgotten
    every process: reads it ─▶ looks at what is left in the database ─▶ its own copy and its caches are dropped
"""

import asyncio
from typing import TYPE_CHECKING

from schemas.application_events import RecipientForgotten
from services import mongo, sealing, telemetry
from services.directory import Directory
from services.recipient_keys import RecipientKeys
from services.recipient_keys_store import RecipientKeysStore
from services.secrets import Secrets

if TYPE_CHECKING:
    from services.process import Process

log = telemetry.logger("erasing")
_AGAIN_S = 1.0


async def open_keys(process: "Process", database: mongo.Database, directory: Directory) -> RecipientKeys:
    """Load the keys, before anything is read or written, and follow what becomes of them.

    The directory comes first: what it had read by then was destroyed before the keys were loaded.
    Raises mongo.UNAVAILABLE.
    """
    store = RecipientKeysStore(database, Secrets(process.settings.master_key, process.settings.old_master_keys))
    known = set(directory.forgotten)
    keys = await store.load()
    sealing.use(keys)
    process.spawn(_follow(store, keys, directory, known), "recipient-keys")
    return keys


async def _follow(store: RecipientKeysStore, keys: RecipientKeys, directory: Directory, known: set[str]) -> None:
    while True:
        directory.erased.clear()
        for event in [one for key, one in directory.forgotten.items() if key not in known]:
            await _drop(store, keys, event)
            known.add(event.erasure_id)
        await directory.erased.wait()


async def _drop(store: RecipientKeysStore, keys: RecipientKeys, event: RecipientForgotten) -> None:
    while True:
        try:
            for path in event.destroyed:
                generation, _, digits = path.partition("/")
                await store.refresh(keys, int(generation), digits)
            log.info("keys dropped", erasure=event.erasure_id)
            return
        except mongo.UNAVAILABLE as error:
            log.warning("destroyed keys cannot be dropped yet", erasure=event.erasure_id, error=repr(error))
            await asyncio.sleep(_AGAIN_S)
