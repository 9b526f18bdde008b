"""Publishes folded installations to the compacted topic `installations`, for readers outside.

Every write of an installation marks it unpublished; this takes what is marked, appends `InstallationChanged`, and
takes the mark away if the document is still the one that was published. A crash anywhere publishes it again.
"""

import asyncio
import uuid

from schemas import ids
from schemas.device_events import InstallationChanged
from schemas.topics import INSTALLATIONS
from services.registry.devices.fold.state import Device
from services.registry.devices.store import DeviceStore
from services.runtime import telemetry
from services.runtime.log.kafka import Append, Log
from services.runtime.loops import keep_on, pause

log = telemetry.logger("publish")
_BATCH = 500
_IDLE_S = 1.0
"""How long a mark made by another instance, or before a crash, may wait."""


class InstallationPublisher:
    """One loop in each process; several at once do no harm."""

    def __init__(self, devices: DeviceStore, sink: Log) -> None:
        self._devices = devices
        self._sink = sink

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until stopped."""

        async def turn() -> float:
            await pause(self._devices.changed, _IDLE_S)  # then look anyway: another process may have made the mark
            self._devices.changed.clear()
            while await self.publish() == _BATCH and not stop.is_set():
                pass
            return 0.0

        await keep_on("publish", turn, stop, _IDLE_S)

    async def publish(self) -> int:
        """Publish up to 500 installations; returns how many."""
        marked = await self._devices.unpublished(_BATCH)
        appends = [
            Append(INSTALLATIONS, device.installation_id, _event(revision, device))
            for revision, device in marked
            if device.platform is not None and _is_uuid(device.installation_id)
        ]
        await self._sink.append(appends)
        await self._devices.published([(device.installation_id, revision) for revision, device in marked])
        return len(marked)


def _is_uuid(installation_id: str) -> bool:
    """False for what a foreign record in the log has made: no event id can be derived from such a name."""
    try:
        uuid.UUID(installation_id)
    except ValueError:
        log.warning("an installation whose id is no UUID is not published")
        return False
    return True


def _event(revision: int, device: Device) -> InstallationChanged:
    assert device.platform is not None
    return InstallationChanged(
        event_id=ids.event_id_of(device.installation_id, f"revision/{revision}"),
        at=device.updated_at,
        installation_id=device.installation_id,
        application_id=device.application_id,
        platform=device.platform,
        app_version=device.app_version,
        provider=device.token.provider if device.token else None,
        external_user_id=device.owner.external_user_id if device.owner else None,
        phone=device.owner.phone if device.owner else None,
        primary=device.primary,
        push_enabled=device.push_enabled,
        push_os_enabled=device.push_os_enabled,
        subscriptions=tuple(subscription.reported() for subscription in device.subscriptions),
        time_zone=device.time_zone,
        installed_at=device.installed_at or device.updated_at,
        last_used_at=device.last_used_at,
        proof=device.proof,
        replaced_by=device.replaced_by,
    )
