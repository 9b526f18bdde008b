"""Looks for installations by what they have: an owner, a device, a token."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import msgspec
from pymongo import DESCENDING

from schemas.device_events import DeviceEvent, TokenRegistered
from services.registry.devices.fold.owners import OwnerRecord
from services.registry.devices.fold.same_device import is_same_person
from services.registry.devices.fold.shared import token_key
from services.registry.devices.fold.state import Device, Owner
from services.registry.devices.versioned_store import read_form
from services.runtime.mongo import Collection, Document
from services.runtime.mongo.upkeep.unreadable import Shown

_MOST_OF_A_DEVICE = 50


class ShownDevices(NamedTuple):
    """Installations for people to see; of others the ids: a newer release has stored them, or they are damaged."""

    devices: list[Device]
    newer: list[str]
    damaged: list[str]


class DeviceSearch:
    """Reads collection `installations`, by its indexes."""

    def __init__(self, installations: Collection) -> None:
        self._installations, self._reading = installations, Shown("installations")

    async def prepare(self) -> None:
        """Create the indexes."""
        for field in ("owner.external_user_id", "owner.phone", "token.digest"):
            await self._index(field, ("application_id", 1), (field, 1), ("last_used_at", DESCENDING))
        for field in ("owner.external_user_id", "owner.phone"):
            await self._index(field, (field, 1))
        for field in ("claim.card", "live.token.owner"):
            await self._index(field, ("application_id", 1), (field, 1))
        await self._installations.create_index([("application_id", 1), ("_id", 1)])  # segments go through it

    async def _index(self, field: str, *keys: tuple[str, int]) -> None:
        await self._installations.create_index(list(keys), partialFilterExpression={field: {"$exists": True}})

    async def with_tokens(self, application_id: str, digests: Sequence[str]) -> dict[str, str]:
        """Which installations have these tokens now, by `token_key`."""
        query = {"application_id": application_id, "token.digest": {"$in": list(digests)}}
        documents = await self._installations.find(query, {"token.digest": 1}).to_list(None)
        return {token_key(application_id, document["token"]["digest"]): document["_id"] for document in documents}

    async def owned(self, field: str, value: str, applications: Sequence[str], most: int) -> ShownDevices:
        """The installations whose owner has that `external_user_id` or `phone`, the last used first.

        Where there are more, those whose owner was proved stay: others can be made without end.
        """
        query: Document = {f"owner.{field}": value, "application_id": {"$in": list(applications)}}
        found: list[Document] = []
        for proof in ({"$ne": None}, None):
            documents = self._installations.find({**query, "proof": proof}).sort("last_used_at", DESCENDING)
            found += await documents.limit(most).to_list(None)
        return self._shown(found[:most])

    async def readable(self, ids: Iterable[str]) -> ShownDevices:
        """The installations that exist, the last used first."""
        return self._shown(await self._installations.find({"_id": {"$in": list(ids)}}).to_list(None))

    def _shown(self, documents: Iterable[Document]) -> ShownDevices:
        shown = ShownDevices([], [], [])
        for document in documents:
            found = self._reading.of(document["_id"], partial(device_of, document))
            if isinstance(found, Device):
                shown.devices.append(found)
            else:
                (shown.newer if found == "newer" else shown.damaged).append(document["_id"])
        shown.devices.sort(key=lambda device: (-device.last_used_at, device.installation_id))
        return shown

    async def proved(self, field: str, value: str, applications: Sequence[str]) -> list[Device]:
        """The installations whose owner has that `external_user_id` or `phone`, and was proved."""
        query: Document = {
            f"owner.{field}": value,
            "application_id": {"$in": list(applications)},
            "proof": {"$ne": None},
        }
        return [device_of(document) async for document in self._installations.find(query)]

    async def of_same_device(self, device: Device, owner: Owner) -> list[Device]:
        """Other installations of this device, by what it says of itself, that this owner is logged in on."""
        query: Document = {
            "application_id": device.application_id,
            "device_id": device.device_id,
            "platform": device.platform,
            "_id": {"$ne": device.installation_id},
        }
        found: dict[str, Device] = {}
        for field, value in msgspec.structs.asdict(owner).items():
            if value is not None:
                documents = self._installations.find({**query, f"owner.{field}": value}).limit(_MOST_OF_A_DEVICE)
                found |= {document["_id"]: device_of(document) async for document in documents}
        return [other for other in found.values() if other.owner is not None and is_same_person(other.owner, owner)]

    async def concerning(
        self, application_id: str, users: list[str], phones: list[str], record_ids: list[str], owner_keys: list[str]
    ) -> list[Device]:
        """Installations that belong to any of these, claim their primary marks, or show their activities."""
        wanted = {
            "owner.external_user_id": users,
            "owner.phone": phones,
            "claim.card": record_ids,
            "live.token.owner": owner_keys,
        }
        found: dict[str, Device] = {}
        for field, values in wanted.items():
            query: Document = {"application_id": application_id, field: {"$in": values}}
            async for document in self._installations.find(query):
                found[document["_id"]] = device_of(document)
        return list(found.values())

    async def displaced(self, events: Sequence[DeviceEvent], claimed: Mapping[str, OwnerRecord]) -> set[str]:
        """Installations that may have lost a token to these events, or the primary mark of a `claimed` record."""
        tokens: dict[str, list[str]] = {}
        for event in events:
            if isinstance(event, TokenRegistered):
                tokens.setdefault(event.application_id, []).extend([event.digest, *event.former_digests])
        owners: dict[tuple[str, str], list[str | None]] = {}
        for record in claimed.values():
            field, name = ("phone", record.phone) if record.phone else ("external_user_id", record.external_user_id)
            owners.setdefault((record.application_id, f"owner.{field}"), []).append(name)
        queries: list[Document] = [
            {"application_id": app, "token.digest": {"$in": digests}} for app, digests in tokens.items()
        ]
        queries += [
            {"application_id": app, field: {"$in": names}, "primary": True} for (app, field), names in owners.items()
        ]
        found: set[str] = set()
        for query in queries:
            found |= {document["_id"] async for document in self._installations.find(query, {"_id": 1})}
        return found


def device_of(document: Document) -> Device:
    """The installation that a document of `installations` holds. Raises Newer, Damaged."""
    return read_form(document, lambda stored: Device.stored({**stored, "installation_id": stored["_id"]}))
