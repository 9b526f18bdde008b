"""Collection `cards`: the records of owners (`fold/owners.py`), one for each user or phone that was ever seen."""

from collections.abc import Iterable, Sequence

from schemas import ids
from schemas.device_events import DeviceEvent, Personalized
from services.registry.devices.fold.owners import OwnerRecord, fold_owner, records_changed_by, without_revoked
from services.registry.devices.registers_store import RegisterStore
from services.registry.devices.versioned_store import VersionedStore
from services.runtime.mongo import Database, Document, durable


class OwnerStore:
    """Reads and folds them; `revocations` are the registers of their owners."""

    def __init__(self, database: Database, revocations: RegisterStore) -> None:
        self.collection = durable(database["cards"])
        self._records = VersionedStore(self.collection, OwnerRecord, _record, _document)
        self._revocations = revocations

    async def load(self, record_ids: Iterable[str]) -> dict[str, OwnerRecord]:
        """The records that exist, by id."""
        return await self._records.load(record_ids)

    async def primary_marks(self, record_ids: Iterable[str]) -> dict[str, str]:
        """The newest claims on these owners' primary marks, by record id."""
        documents = await self.collection.find({"_id": {"$in": list(record_ids)}}, {"primary": 1}).to_list(None)
        return {document["_id"]: document.get("primary", "") for document in documents}

    async def fold(self, events: Sequence[DeviceEvent]) -> None:
        """Fold these events into the records that they change."""
        changing: dict[str, list[DeviceEvent]] = {}
        for event in events:
            for record_id in records_changed_by(event):
                changing.setdefault(record_id, []).append(event)
        pending = set(changing)
        is_proving = any(isinstance(event, Personalized) and event.proof is not None for event in events)
        while pending:
            found = await self._records.read(pending)
            revoked = await self._revocations.read(changing) if is_proving else {}
            after: dict[str, OwnerRecord] = {}
            for key in pending:
                record = found[key].value if key in found else None
                for event in changing[key]:
                    record = fold_owner(record, key, event)
                if record is not None:
                    after[key] = without_revoked(record, revoked) if revoked else record
            pending = await self._records.replace(found, after)

    async def unlink_revoked(self, record_ids: set[str]) -> None:
        """Take out of these records what was linked by logins whose proofs have been revoked since."""
        while record_ids:
            known = await self._records.read(record_ids)
            phones = {
                ids.phone_record_id(record.application_id, phone)
                for record in (found.value for found in known.values())
                for phone in record.proved_phones
            }
            revoked = await self._revocations.read(phones | record_ids)
            after = {key: without_revoked(found.value, revoked) for key, found in known.items()}
            record_ids = await self._records.replace(known, after)

    async def erase(self, application_id: str, record_ids: list[str], phones: list[str]) -> int:
        """Delete these records, and take the phones out of all others; returns how many were changed. Reads all."""
        await self._revocations.erase(record_ids)
        changed = await self.collection.delete_many({"_id": {"$in": record_ids}})
        for phone in phones:
            query: Document = {"application_id": application_id, f"phones.{phone}": {"$exists": True}}
            update = {"$unset": {f"phones.{phone}": "", f"proved_phones.{phone}": ""}, "$inc": {"revision": 1}}
            changed += await self.collection.update_many(query, update)
        return changed


def _record(document: Document) -> OwnerRecord:
    return OwnerRecord.stored({**document, "record_id": document["_id"]})


def _document(record: OwnerRecord) -> Document:
    document = record.document()
    return {"_id": document.pop("record_id"), **document}
