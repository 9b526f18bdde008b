"""What the registry redacts of those who are erased: their installations get no owner, their records are deleted.

By events, as if they had logged out: so a rebuild, and every other service, reaches the same state.
"""

from schemas.device_events import ActivityEnded, Depersonalized, SettingsChanged
from schemas.live import ACTIVITY
from services.registry.device_api import DeviceCommands
from services.registry.devices import Device, next_event
from services.registry.erasure.linked import Persons
from services.runtime.directory import Directory
from services.runtime.mongo.erasures import Counts, Erasure

_APPLICATION = "application/"


class DeviceRedaction:
    """Its method `redact` is called for every erasure (`services/runtime/erasure.py`)."""

    def __init__(self, commands: DeviceCommands, directory: Directory) -> None:
        self._commands, self._directory = commands, directory

    async def redact(self, erasure: Erasure) -> Counts:
        """Returns how many of what were changed. Raises TRANSIENT_ERRORS."""
        devices, unlinked, records = self._commands.devices, 0, 0
        for application_id in self._applications(erasure):
            persons = _persons_in(erasure, application_id)
            users, phones = sorted(persons.users), sorted(persons.phones)
            record_ids, owner_keys = persons.record_ids(application_id), persons.owner_keys(application_id)
            for device in await devices.search.concerning(application_id, users, phones, record_ids, owner_keys):
                await self._unlink(device, persons)
                unlinked += 1
            records += await devices.owners.erase(application_id, record_ids, phones)
        return {"installations": unlinked, "cards": records}

    def _applications(self, erasure: Erasure) -> list[str]:
        scopes = {subject.scope for subject in erasure.subjects}
        if "" in scopes:
            return sorted(self._directory.applications)
        return sorted(scope.removeprefix(_APPLICATION) for scope in scopes if scope.startswith(_APPLICATION))

    async def _unlink(self, device: Device, persons: Persons) -> None:
        record_ids, owner_keys = persons.record_ids(device.application_id), persons.owner_keys(device.application_id)
        if device.external_user_id in persons.users or device.phone in persons.phones:
            device = await self._commands.change(next_event(Depersonalized, device))
        if device.claim is not None and device.claim.card in record_ids:
            device = await self._commands.change(next_event(SettingsChanged, device, primary=False))
        for slot in device.live:
            if slot.token is not None and slot.token.owner in owner_keys:
                activity_id = slot.slot.removeprefix(ACTIVITY)
                device = await self._commands.change(next_event(ActivityEnded, device, activity_id=activity_id))


def _persons_in(erasure: Erasure, application_id: str) -> Persons:
    scopes = ("", _APPLICATION + application_id)
    here = [subject for subject in erasure.subjects if subject.scope in scopes]
    return Persons(
        frozenset(subject.value for subject in here if subject.kind == "user"),
        frozenset(subject.value for subject in here if subject.kind == "phone"),
    )
