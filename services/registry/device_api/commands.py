"""What a device may ask for, as events: append them (acks=all), fold them into Mongo, answer what was written."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from schemas import ids
from schemas.device_events import AppStarted, DeviceEvent, Installed, SettingsChanged
from schemas.topics import DEVICE_EVENTS
from services.registry.bodies import MAX_SUBSCRIPTIONS, BadField
from services.registry.device_api.bodies import InstallBody, SessionBody, SettingsBody
from services.registry.device_api.tokens import public_key
from services.registry.devices import (
    Device,
    DeviceStore,
    as_said,
    installations_in,
    is_said,
    next_event,
    next_time,
    primary_record_id,
)
from services.runtime.access.identity import is_trusted
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.log.kafka import Append, Log

_INSTALLED = ("device_id", "platform", "model", "public_key", "app_version", "os_version", "locale", "time_zone")


class InstallationTaken(Exception):
    """The installation id belongs to somebody who knows another proof."""


@dataclass(frozen=True)
class DeviceCommands:
    """Turns the requests of devices into events, and applies them. Keeps nothing between calls."""

    devices: DeviceStore
    sink: Log
    directory: Directory
    secrets: Secrets

    async def install(self, application_id: str, body: InstallBody) -> tuple[Device, str, bool]:
        """The installation, its credential, and whether it is new. Raises InstallationTaken, BadField."""
        installation_id, proof_hash = str(body.installation_id), hashlib.sha256(body.proof.encode()).hexdigest()
        known = (await self.devices.load([installation_id])).get(installation_id)
        is_new = known is None or known.installed_at is None
        if known is not None and not is_new and not _may_install(known, application_id, proof_hash):
            raise InstallationTaken
        if is_new and not await self.devices.may_install(installation_id, f"{application_id}/{proof_hash}"):
            raise InstallationTaken
        event = Installed(
            event_id=ids.uuid7(),
            at=next_time(known),
            installation_id=installation_id,
            application_id=application_id,
            proof_hash=proof_hash,
            device_id=body.device_id,
            platform=body.platform,
            app_version=body.app_version,
            os_version=body.os_version,
            model=body.model,
            locale=body.locale,
            time_zone=body.time_zone,
            public_key=public_key(body.public_key),
        )
        is_repeat = not is_new and all(getattr(known, name) == getattr(event, name) for name in _INSTALLED)
        device = known if known is not None and is_repeat else await self.change(event)
        if not _may_install(device, application_id, proof_hash):
            raise InstallationTaken
        return device, self.secrets.credential(installation_id, application_id), is_new

    def counts_as_proved(self, device: Device) -> bool:
        """Whether somebody is logged in, and is who the device says."""
        application = self.directory.applications.get(device.application_id)
        return device.owner is not None and is_trusted(device, application)

    async def claim_primary(self, device: Device) -> Device:
        """Claim the primary mark. Without a user, or against one that is proved, it waits for the next login."""
        if device.primary:
            return device
        record_id = primary_record_id(device.application_id, device.owner)
        marks = [*(await self.devices.owners.primary_marks([record_id])).values()] if record_id is not None else []
        if record_id is not None and await self._is_marked_by_proof(device, record_id, marks):
            record_id = None
        if record_id is None and device.waits_for_primary:
            return device
        return await self.change(next_event(SettingsChanged, device, marks, primary=True, claimed_for=record_id))

    async def _is_marked_by_proof(self, device: Device, record_id: str, marks: Sequence[str]) -> bool:
        """Whether a proved installation of the same owner has the mark, and this one is not proved."""
        if self.counts_as_proved(device):
            return False
        holders = (await self.devices.load(installations_in(marks))).values()
        return any(
            holder.is_proved and holder.primary and primary_record_id(holder.application_id, holder.owner) == record_id
            for holder in holders
        )

    async def settings(self, device: Device, body: SettingsBody) -> Device:
        """Change what the body names. Raises BadField."""
        known = as_said(device)
        reported = {entry.id: entry.reported() for entry in body.subscriptions or ()}
        kept = {subscription.id: subscription.reported() for subscription in known.subscriptions}
        if len(reported.keys() | kept.keys()) > MAX_SUBSCRIPTIONS:
            raise BadField("subscriptions", f"an installation has at most {MAX_SUBSCRIPTIONS}")
        subscriptions = [entry for entry in reported.values() if kept.get(entry.id) != entry]
        primary = False if body.primary is False and device.claims_primary else None
        push = body.push_enabled if _is_news(device, "push_enabled", body.push_enabled) else None
        system = body.push_os_enabled if _is_news(device, "push_os_enabled", body.push_os_enabled) else None
        if subscriptions or any(value is not None for value in (primary, push, system)):
            changed = next_event(
                SettingsChanged,
                device,
                primary=primary,
                push_enabled=push,
                push_os_enabled=system,
                subscriptions=subscriptions or None,
            )
            device = await self.change(changed)
        return await self.claim_primary(device) if body.primary else device

    async def session(self, device: Device, body: SessionBody) -> Device:
        """Count a start of the app."""
        event_id = ids.uuid7()
        if body.session_id is not None:
            event_id = ids.event_id_of(device.installation_id, f"session/{body.session_id}")
        if not any(stamp.endswith(event_id) for stamp in device.launches.recent):
            started = next_event(
                AppStarted,
                device,
                event_id=event_id,
                app_version=body.app_version,
                os_version=body.os_version,
                locale=body.locale,
                time_zone=body.time_zone,
                session_s=body.previous_session_s,
            )
            device = await self.change(started)
        return await self.claim_primary(device) if body.primary else device

    async def change(self, event: DeviceEvent) -> Device:
        """Append, fold, and read back. Raises LogUnavailable, mongo.TRANSIENT_ERRORS: the consumer folds it later."""
        return (await self.change_all([event]))[event.installation_id]

    async def change_all(self, events: Sequence[DeviceEvent]) -> dict[str, Device]:
        """The same for events of several installations; the installations by id."""
        await self.sink.append([Append(DEVICE_EVENTS, event.installation_id, event) for event in events])
        return await self.devices.apply(events) if events else {}


def _may_install(device: Device, application_id: str, proof_hash: str) -> bool:
    is_same_proof = hmac.compare_digest(device.proof_hash.encode(), proof_hash.encode())
    return is_same_proof and device.application_id == application_id


def _is_news(device: Device, register: str, value: bool | None) -> bool:
    """Whether the app says something else than before, or speaks for the first time: what it says beats an import."""
    return value is not None and not (is_said(device, register) and getattr(device, register) == value)
