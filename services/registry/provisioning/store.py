"""One change of `application-events` at a time, whichever instance makes it. Collection `provisioning`.

    {_id: "turn", until, holder, entity, at}       who holds the lock until when; the last change that was appended

The log cannot compare and append. So a change takes the lock, waits until its directory has the last change, decides,
appends, and releases the lock. The lease of a crashed process runs out. What hangs together with nothing else takes
turns of its own, `{_id: "accounts"}`: nobody signs in more slowly for a change of a partner, and releases that know no
accounts do not wait for a change of one.
"""

import asyncio
from dataclasses import dataclass

from schemas import ids
from services.runtime import telemetry
from services.runtime.clock import now_ms
from services.runtime.mongo import Database, Duplicate, durable

LEASE_MS = 30_000
"""Longer than a change may take: append and waiting for the directory are bounded by a few seconds each."""
log = telemetry.logger("provisioning")


@dataclass(frozen=True, slots=True)
class LockLease:
    """The right to change; `entity` and `at` name the last change before it."""

    holder: str
    entity: str | None
    at: int


class ProvisioningLock:
    """The lock of this deployment, or one of those that are named."""

    def __init__(self, database: Database, name: str = "turn") -> None:
        self._name = name
        self._collection = durable(database["provisioning"])

    async def acquire(self, within_s: float) -> LockLease | None:
        """The lease; None if others kept the lock all the time."""
        deadline = now_ms() + int(within_s * 1000)
        while True:
            lease = await self._acquired()
            if lease is not None or now_ms() >= deadline:
                return lease
            await asyncio.sleep(0.02)

    async def _acquired(self) -> LockLease | None:
        holder, now = ids.uuid7(), now_ms()
        try:
            found = await self._collection.find_one_and_update(
                {"_id": self._name, "until": {"$lte": now}},
                {"$set": {"holder": holder, "until": now + LEASE_MS}},
                upsert=True,
                after=True,
            )
        except Duplicate:
            return None
        assert found is not None  # it is made when it is missing
        return LockLease(holder, found.get("entity"), found.get("at", 0))

    async def release(self, lease: LockLease, entity: str | None = None, at: int = 0) -> None:
        """End the lease; with `entity` after a change of it."""
        changed = {} if entity is None else {"entity": entity, "at": at}
        query = {"_id": self._name, "holder": lease.holder}
        if not (await self._collection.update_one(query, {"$set": {"until": 0, **changed}})).matched:
            log.warning("a change took longer than its lease; the next one may not have known of it", entity=entity)
