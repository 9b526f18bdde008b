"""What the registry cleans of those who were forgotten: installations belong to nobody any more, their cards go.

By events, as if they had logged out: so a rebuild, and every other service, comes to the same.
"""

from schemas import ids
from schemas.device_events import ActivityEnded, Depersonalized, SettingsChanged
from schemas.live import ACTIVITY
from services.registry.device_api.commands import DeviceCommands, about_new
from services.registry.devices.fold.shared import phone_card, user_card
from services.registry.devices.fold.state import Device
from services.runtime.directory import Directory
from services.runtime.mongo.erasures import Counts, Erasure

_APPLICATION = "application/"


class DeviceErasure:
    """`clean` is what `erasing.clean_after` calls."""

    def __init__(self, commands: DeviceCommands, directory: Directory) -> None:
        self._devicing = commands
        self._devices = commands.devices
        self._directory = directory

    async def clean(self, erasure: Erasure) -> Counts:
        """Raises TRANSIENT_ERRORS."""
        unlinked, cards = 0, 0
        for application_id in self._applications(erasure):
            users = _named(erasure, "user", application_id)
            phones = _named(erasure, "phone", application_id)
            names = [user_card(application_id, user) for user in users]
            names += [phone_card(application_id, phone) for phone in phones]
            owners = [ids.owner_key_of(application_id, user, None) for user in users]
            owners += [ids.owner_key_of(application_id, None, phone) for phone in phones]
            for device in await self._devices.concerning(application_id, users, phones, names, owners):
                await self._unlink(device, users, phones, names, owners)
                unlinked += 1
            cards += await self._devices.drop_cards(application_id, names, phones)
        return {"installations": unlinked, "cards": cards}

    def _applications(self, erasure: Erasure) -> list[str]:
        scopes = {one.scope for one in erasure.subjects}
        if "" in scopes:
            return sorted(self._directory.applications)
        return sorted(scope.removeprefix(_APPLICATION) for scope in scopes if scope.startswith(_APPLICATION))

    async def _unlink(
        self, device: Device, users: list[str], phones: list[str], cards: list[str], owners: list[str]
    ) -> None:
        owner = device.owner
        if owner is not None and (owner.external_user_id in users or owner.phone in phones):
            device = await self._devicing.change(Depersonalized(**about_new(device)))
        if device.claim is not None and device.claim.card in cards:
            device = await self._devicing.change(SettingsChanged(**about_new(device), primary=False))
        for slot in device.live:
            if slot.token is not None and slot.token.owner in owners:
                ended = ActivityEnded(**about_new(device), activity_id=slot.slot.removeprefix(ACTIVITY))
                device = await self._devicing.change(ended)


def _named(erasure: Erasure, kind: str, application_id: str) -> list[str]:
    scopes = ("", _APPLICATION + application_id)
    return sorted({one.value for one in erasure.subjects if one.kind == kind and one.scope in scopes})
