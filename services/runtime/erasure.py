"""What every process does when a recipient is forgotten: it drops the keys, and cleans what it keeps in the clear.

    registry: destroys the keys, then says so ─▶ application-events: RecipientForgotten
    every process: reads it ─▶ looks at what is left of the keys in the database ─▶ its copy and its caches are dropped
    registry, status, ingest: clean their collections, twice: what was decoded before the keys went, may be written
                              after the first time

Progress is kept in `erasures` (`mongo/erasures.py`): a process that dies continues when it is back.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from schemas.application_events import RecipientForgotten
from services.runtime import faults, mongo, telemetry
from services.runtime.clock import now_ms
from services.runtime.crypto import record_encryption
from services.runtime.crypto.master_key import Secrets
from services.runtime.crypto.recipient_keys import RecipientKeys
from services.runtime.directory import Directory
from services.runtime.faults import kind_of
from services.runtime.log.upkeep.offsets import has_read_before
from services.runtime.loops import pause
from services.runtime.mongo.erasures import Counts, Erasure, Erasures
from services.runtime.mongo.recipient_keys import RecipientKeysStore
from services.runtime.pacing.erasures_in_turn import ErasuresInTurn
from services.runtime.settings import BadSettings, Settings

if TYPE_CHECKING:
    from services.runtime.process import Process

log = telemetry.logger("erasure")
_AGAIN_S = 1.0
_LOOK_S = 30.0
_SETTLED_S = 2.0
"""A batch that was decoded before the keys were dropped has been written by then, unless infrastructure was away."""

Clean = Callable[[Erasure], Awaitable[Counts]]
"""Empties what a service keeps in the clear of the subjects; counts it by kind. Done again, it finds nothing."""


def erasures_of(process: "Process", database: mongo.Database) -> Erasures:
    """The erasures of this deployment, opened with this process's master keys."""
    return Erasures(database, Secrets(process.settings.master_key, process.settings.old_master_keys))


async def open_keys(process: "Process", database: mongo.Database, directory: Directory) -> RecipientKeys:
    """Load the keys, before anything is read or written, and follow what becomes of them.

    The directory comes first: what it had read by then was destroyed before the keys were loaded.
    Raises mongo.TRANSIENT_ERRORS, and BadSettings for a database that is not that of this log.
    """
    store = RecipientKeysStore(database, Secrets(process.settings.master_key, process.settings.old_master_keys))
    await refuse_another(store, process.settings, process.name)
    known = set(directory.forgotten)
    keys = await store.load()
    record_encryption.use(keys)
    dropping = _Dropping(store, keys, erasures_of(process, database), _name(process))
    process.spawn(_follow(dropping, directory, known), "recipient-keys")
    return keys


async def refuse_another(store: RecipientKeysStore, settings: Settings, service: str) -> None:
    """Raises BadSettings for a database that is not that of this log, mongo.TRANSIENT_ERRORS, KafkaError.

    The keys are looked for again behind the groups: a first instance may have made them, and have read, in between.
    """
    if await store.is_empty() and await has_read_before(settings, service) and await store.is_empty():
        # keys that were made now would seal what nobody opens once the right ones are back
        raise BadSettings(
            f"MONGO_DATABASE: {settings.mongo_database} holds no keys of recipients, and yet {service} has read this "
            "log before: it is another database, or it was lost. See docs/operations.md, Restore"
        )


def _name(process: "Process") -> str:
    """The name of this process among all; without dots, because it becomes the name of a field."""
    instance = process.settings.instance
    return (instance if instance.startswith(process.name) else f"{process.name}-{instance}").replace(".", "_")


def clean_after(process: "Process", database: mongo.Database, directory: Directory, clean: Clean) -> None:
    """Call `clean` for every recipient who is or will be forgotten."""
    process.spawn(_cleaning(process.name, erasures_of(process, database), directory, clean), "cleaning")


@dataclass(frozen=True)
class _Dropping:
    """How this process drops destroyed keys, and says so under its `name`."""

    store: RecipientKeysStore
    keys: RecipientKeys
    erasures: Erasures
    name: str

    async def drop(self, event: RecipientForgotten) -> None:
        for path in event.destroyed:
            generation, _, digits = path.partition("/")
            await self.store.refresh(self.keys, int(generation), digits)
        log.info("keys dropped", erasure=event.erasure_id)
        await self.erasures.dropped(event.erasure_id, self.name, now_ms())


async def _follow(dropping: _Dropping, directory: Directory, known: set[str]) -> None:
    while True:
        arrived = directory.next_erasure()
        for event in [event for key, event in directory.forgotten.items() if key not in known]:
            await _until_done(partial(dropping.drop, event), event.erasure_id)
            known.add(event.erasure_id)
        await arrived.wait()


async def _cleaning(service: str, erasures: Erasures, directory: Directory, clean: Clean) -> None:
    """Clean after every erasure, also after those that an earlier process did not see or could not finish."""
    in_turn = ErasuresInTurn(service, erasures)

    async def work(erasure: Erasure) -> None:
        if erasure.state == "forgotten" and service not in erasure.cleaned:
            await _clean_twice(service, erasures, erasure, clean)

    while True:
        arrived = directory.next_erasure()
        try:
            await in_turn.each(work)
            wait_s = _LOOK_S
        except faults.TRANSIENT_ERRORS as error:
            log.warning("cleaning waits: infrastructure is away", error=repr(error))
            wait_s = _AGAIN_S
        except Exception as error:
            telemetry.LOOP_FAILURES.labels("cleaning").inc()
            report = log.error  # without a traceback: that may name somebody
            report("cleaning failed and is tried again", error=kind_of(error))
            wait_s = _LOOK_S
        await pause(arrived, wait_s)


async def _clean_twice(service: str, erasures: Erasures, erasure: Erasure, clean: Clean) -> None:
    first = await clean(erasure)
    await asyncio.sleep(_SETTLED_S)
    second = await clean(erasure)
    counts = {name: first.get(name, 0) + second.get(name, 0) for name in {**first, **second}}
    await erasures.cleaned(erasure.erasure_id, service, counts)
    log.info("cleaned", erasure=erasure.erasure_id, **counts)


async def _until_done(work: Callable[[], Awaitable[None]], erasure_id: str) -> None:
    while True:
        try:
            return await work()
        except mongo.TRANSIENT_ERRORS as error:
            log.warning("destroyed keys cannot be dropped yet", erasure=erasure_id, error=repr(error))
            await asyncio.sleep(_AGAIN_S)
