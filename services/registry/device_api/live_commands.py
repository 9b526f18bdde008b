"""What a device reports of its Live Activities, as events; `commands.py` appends and folds them."""

from dataclasses import dataclass

from schemas import ids
from schemas.device_events import (
    ActivityEnded,
    ActivityTokenRegistered,
    LiveTokenRegistered,
    PushToStartTokenRegistered,
    PushToStartTokenRemoved,
)
from schemas.live import activity_slot, start_slot
from services.registry.bodies import BadField
from services.registry.device_api.commands import DeviceCommands
from services.registry.device_api.live_bodies import StartTokenBody
from services.registry.device_api.tokens import apns_token
from services.registry.devices import Device, next_event


@dataclass(frozen=True)
class LiveCommands:
    """Turns reports of Live Activities into events."""

    commands: DeviceCommands

    async def register(
        self, device: Device, body: StartTokenBody, *, activity_id: str | None, attributes_type: str
    ) -> Device:
        """Register a token of an activity, or of a type to start. Raises BadField."""
        if device.platform != "ios":
            raise BadField("installationId", "Live Activities are for platform ios")
        text, secrets = apns_token(body.token), self.commands.secrets
        digest = secrets.digests(f"apns/{text}", "token")[0]
        bundle = body.bundle or self.commands.directory.applications[device.application_id].bundle
        owner = ids.owner_key_of(device.application_id, device.external_user_id, device.phone) if activity_id else ""
        known = device.live_token(start_slot(attributes_type) if activity_id is None else activity_slot(activity_id))
        if known is not None and (
            (digest, body.environment, bundle, attributes_type, owner)
            == (known.digest, known.environment, known.bundle, known.attributes_type, known.owner)
        ):
            return device
        sealed = secrets.seal(text.encode(), b"token")
        registered: LiveTokenRegistered
        if activity_id is None:
            registered = next_event(
                PushToStartTokenRegistered,
                device,
                sealed=sealed,
                digest=digest,
                environment=body.environment,
                bundle=bundle,
                attributes_type=attributes_type,
            )
        else:
            registered = next_event(
                ActivityTokenRegistered,
                device,
                sealed=sealed,
                digest=digest,
                environment=body.environment,
                bundle=bundle,
                attributes_type=attributes_type,
                activity_id=activity_id,
                owner=owner,
            )
        return await self.commands.change(registered)

    async def ended(self, device: Device, activity_id: str) -> Device:
        """End an activity; nothing is appended for one that is not known, or known to have ended."""
        if device.live_token(activity_slot(activity_id)) is None:
            return device
        return await self.commands.change(next_event(ActivityEnded, device, activity_id=activity_id))

    async def start_removed(self, device: Device, attributes_type: str) -> Device:
        if device.live_token(start_slot(attributes_type)) is None:
            return device
        return await self.commands.change(next_event(PushToStartTokenRemoved, device, attributes_type=attributes_type))
