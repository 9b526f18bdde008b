"""The projection of device events: collections `installations`, `cards` and `tokens`.

    installations   the document of `services/runtime/installations/reader.py`, with the registers of `fold/fold.py`
    cards           records of owners (`owners_store.py`)
    tokens, revocations     what installations share (`registers_store.py`)
    installs        {_id: installation id, by, at}: who is installing a new id; kept for an hour

`apply` may be called twice, late, in any order and by several processes at once; the documents come out the same:

    tokens, owners, revocations ─▶ read installations ─▶ fold ─▶ read the registers ─▶ write if the revision is the same
                                        ▲                                                  │ somebody else changed it,
                                        └───────────────────── again ◀─────────────────────┘ or the registers moved

A process that moves a register looks for installations that lost by it afterwards; one that writes an installation
looks at its registers afterwards. So one of two that race sees the other. Source: docs/design.md §6.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from pymongo import UpdateOne

from schemas.device_events import DeviceEvent, OwnerProofsRevoked
from services.registry.devices.fold.fold import fold, stamp_of
from services.registry.devices.fold.owners import primary_record_id, record_ids, records_changed_by
from services.registry.devices.fold.shared import (
    Registers,
    installation_of,
    needs_revocations,
    revocation_key,
    settled_by,
    token_holders,
    token_key,
)
from services.registry.devices.fold.state import Device
from services.registry.devices.owners_store import OwnerStore
from services.registry.devices.registers_store import RegisterStore
from services.registry.devices.search_store import DeviceSearch, device_of
from services.registry.devices.versioned_store import VersionedStore
from services.runtime.mongo import Database, Document, Duplicate, durable

_INSTALLS_KEPT_S = 3600


class DeviceStore:
    """The registry's documents. `changed` is set whenever an installation was written."""

    def __init__(self, database: Database) -> None:
        self.installations = durable(database["installations"])
        self.tokens = RegisterStore(durable(database["tokens"]), "holder")
        self.revocations = RegisterStore(durable(database["revocations"]), "stamp")
        self.owners = OwnerStore(database, self.revocations)
        self.search = DeviceSearch(self.installations)
        self._installs = durable(database["installs"])
        self._devices = VersionedStore(self.installations, Device, device_of, _document)
        self.changed = asyncio.Event()

    async def prepare(self) -> None:
        """Create the indexes."""
        await self.search.prepare()
        await self.installations.create_index("unpublished", partialFilterExpression={"unpublished": True})
        await self._installs.create_index("at", expireAfterSeconds=_INSTALLS_KEPT_S)
        await self.tokens.prepare()
        await self.revocations.prepare()

    async def may_install(self, installation_id: str, by: str) -> bool:
        """True for the first who asks for a new id, and for the same one again: two at once must not both have it."""
        try:
            await self._installs.insert_one({"_id": installation_id, "by": by, "at": datetime.now(UTC)})
        except Duplicate:
            first = await self._installs.find_one({"_id": installation_id})
            return first is not None and first["by"] == by
        return True

    async def load(self, ids: Iterable[str]) -> dict[str, Device]:
        """The installations that exist, by id."""
        return await self._devices.load(ids)

    async def with_unproven_tokens(self, ids: Iterable[str]) -> list[Device]:
        """Those of these installations whose token is not known to work."""
        query: Document = {"_id": {"$in": list(ids)}, "token.worked": False}
        return [device_of(document) async for document in self.installations.find(query).batch_size(1000)]

    async def holders(self, application_id: str, digests: Sequence[str]) -> dict[str, str]:
        """Which installations have these tokens now, or registered them last, by `token_key`."""
        registered = await self.tokens.read(token_key(application_id, digest) for digest in digests)
        having = await self.search.with_tokens(application_id, digests)
        return having | {key: installation_of(holder) for key, holder in registered.items()}

    async def apply(self, events: Sequence[DeviceEvent]) -> dict[str, Device]:
        """The installations after `events`, durable when this returns. Raises mongo.TRANSIENT_ERRORS."""
        by_installation: dict[str, list[DeviceEvent]] = {}
        for event in events:
            by_installation.setdefault(event.installation_id, []).append(event)
        await self._register_tokens(events)
        await self.owners.fold(events)
        claimed = {record_id for event in events for record_id in records_changed_by(event)}
        displaced = await self.search.displaced(events, await self.owners.load(claimed) if claimed else {})
        return await self._settle_all(set(by_installation) | displaced, by_installation)

    async def revoke(self, events: Sequence[OwnerProofsRevoked]) -> dict[str, Device]:
        """What these end, as it is afterwards: the installations that were proved, and are not any more.

        An event whose owner cannot be decrypted any more names nobody.
        """
        await self.revocations.write(
            {record_id: stamp_of(event) for event in sorted(events, key=stamp_of) for record_id in _revoked_by(event)}
        )
        proved, records = set[str](), set[str]()
        for event in events:
            records |= set(_revoked_by(event))
            for field, value in (("external_user_id", event.external_user_id), ("phone", event.phone)):
                found = await self.search.proved(field, value, [event.application_id]) if value is not None else []
                proved |= {device.installation_id for device in found}
                records |= {
                    record_id
                    for device in found
                    for record_id in record_ids(device.application_id, device.external_user_id, None)
                }
        await self.owners.unlink_revoked(records)
        devices = await self._settle_all(proved, {})
        return {key: device for key, device in devices.items() if device.proof is None}

    async def unpublished(self, most: int) -> list[tuple[int, Device]]:
        """Revision and state of installations that were written since they were published."""
        documents = await self.installations.find({"unpublished": True}).limit(most).to_list(None)
        return [(document["revision"], device_of(document)) for document in documents]

    async def published(self, revisions: Sequence[tuple[str, int]]) -> None:
        """Take the mark from installations that are still as they were published; mark the others again."""
        changes = []
        for key, revision in revisions:
            changes.append(UpdateOne({"_id": key, "revision": revision}, {"$unset": {"unpublished": ""}}))
            changes.append(UpdateOne({"_id": key, "revision": {"$ne": revision}}, {"$set": {"unpublished": True}}))
        await self.installations.write(changes)

    async def _register_tokens(self, events: Sequence[DeviceEvent]) -> None:
        holders = token_holders(events)
        known = await self.tokens.read(holders) if holders else {}
        await self.tokens.write({key: holder for key, holder in holders.items() if holder > known.get(key, "")})

    async def _settle_all(self, ids: set[str], events: dict[str, list[DeviceEvent]]) -> dict[str, Device]:
        done: dict[str, Device] = {}
        while ids:
            settled, ids = await self._settle(ids, events)
            done |= settled
        return done

    async def _settle(self, ids: set[str], events: dict[str, list[DeviceEvent]]) -> tuple[dict[str, Device], set[str]]:
        """Fold and write; what is done, and what must be done again."""
        found = await self._devices.read(ids)
        folded = {key: _folded(found[key].value if key in found else None, events.get(key, ())) for key in ids}
        devices = {key: device for key, device in folded.items() if device is not None}
        maybe_revoked = {key for key in ids if needs_revocations(events.get(key))}
        registers = await self._registers(devices.values(), maybe_revoked)
        after = {key: settled_by(device, registers) for key, device in devices.items()}
        changed = {key for key, device in after.items() if key not in found or found[key].value != device}
        again = await self._devices.replace(found, after)
        if changed - again:
            self.changed.set()
            written = [after[key] for key in changed - again]
            now = await self._registers(written, maybe_revoked)
            again |= {device.installation_id for device in written if settled_by(device, now) != device}
        return {key: device for key, device in after.items() if key not in again}, again

    async def _registers(self, devices: Iterable[Device], maybe_revoked: set[str]) -> Registers:
        """The registers that these installations depend on: tokens, primary marks and revocations.

        `maybe_revoked`: the installations whose owners' revocations are read.
        """
        tokens, marks, revocations = set[str](), set[str](), set[str]()
        for device in devices:
            if device.proof is not None and device.installation_id in maybe_revoked:
                revocations |= set(record_ids(device.application_id, device.external_user_id, device.phone))
            if device.token is not None:
                tokens.add(token_key(device.application_id, device.token.digest))
            record_id = primary_record_id(device.application_id, device.owner)
            if record_id is not None and (device.claim is not None or device.primary):
                marks.add(record_id)
        found = await self.tokens.read(tokens) if tokens else {}
        if marks:
            found |= await self.owners.primary_marks(marks)
        if revocations:
            found |= {revocation_key(key): stamp for key, stamp in (await self.revocations.read(revocations)).items()}
        return found


def _revoked_by(event: OwnerProofsRevoked) -> list[str]:
    return record_ids(event.application_id, event.external_user_id, event.phone)


def _folded(device: Device | None, events: Sequence[DeviceEvent]) -> Device | None:
    for event in events:
        device = fold(device, event)
    return device


def _document(device: Device) -> Document:
    document = device.document()
    return {"_id": document.pop("installation_id"), **document, "unpublished": True}
