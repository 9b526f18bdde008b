"""What a device tells of its Live Activities, as events; `commands.py` appends and folds them."""

from dataclasses import dataclass
from typing import Any

from schemas import ids
from schemas.device_events import (
    ActivityEnded,
    ActivityTokenRegistered,
    PushToStartTokenRegistered,
    PushToStartTokenRemoved,
)
from schemas.live import activity_slot, start_slot
from services.registry.bodies import BadField
from services.registry.device_api.commands import DeviceCommands, about_new
from services.registry.device_api.live_bodies import StartTokenBody
from services.registry.device_api.tokens import apns_token
from services.registry.devices.fold.state import Device, LiveToken


@dataclass(frozen=True)
class LiveCommands:
    """Keeps nothing between calls."""

    commands: DeviceCommands

    async def register(
        self, device: Device, body: StartTokenBody, *, activity_id: str | None, attributes_type: str
    ) -> Device:
        """A token of an activity, or of a type to start. Raises BadField."""
        if device.platform != "ios":
            raise BadField("installationId", "Live Activities are for platform ios")
        text, secrets = apns_token(body.token), self.commands.secrets
        application = self.commands.directory.applications[device.application_id]
        facts: dict[str, Any] = {
            "digest": secrets.digests(f"apns/{text}", "token")[0],
            "environment": body.environment,
            "bundle": body.bundle or application.bundle,
            "attributes_type": attributes_type,
        }
        if activity_id is not None:
            owner = device.owner
            user, phone = (owner.external_user_id, owner.phone) if owner is not None else (None, None)
            facts["owner"] = ids.owner_key_of(device.application_id, user, phone)
        slot = start_slot(attributes_type) if activity_id is None else activity_slot(activity_id)
        held = _held(device, slot)
        if held is not None and all(getattr(held, name) == value for name, value in facts.items()):
            return device
        about = {**about_new(device), **facts, "sealed": secrets.seal(text.encode(), b"token")}
        if activity_id is None:
            return await self.commands.change(PushToStartTokenRegistered.model_validate(about))
        return await self.commands.change(ActivityTokenRegistered.model_validate({**about, "activity_id": activity_id}))

    async def ended(self, device: Device, activity_id: str) -> Device:
        """Nothing is appended for an activity that is not known, or known to have ended."""
        if _held(device, activity_slot(activity_id)) is None:
            return device
        return await self.commands.change(ActivityEnded(**about_new(device), activity_id=activity_id))

    async def start_removed(self, device: Device, attributes_type: str) -> Device:
        if _held(device, start_slot(attributes_type)) is None:
            return device
        return await self.commands.change(PushToStartTokenRemoved(**about_new(device), attributes_type=attributes_type))


def _held(device: Device, slot: str) -> LiveToken | None:
    return next((one.token for one in device.live if one.slot == slot), None)
