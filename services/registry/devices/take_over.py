"""What follows when an installation of the app takes over what another one had: its token, or its owner.

    an import forbade something there    ─▶ SettingsChanged here, with the word of an import (`fold/imported.py`)
    an import had made the other one     ─▶ InstallationReplaced there: it gives way, and is one device with this one

Nothing else comes along: neither what was allowed, for the next person on a phone has not agreed to it, nor the owner.
"""

from collections.abc import Iterable

from schemas.device_events import DeviceEvent, InstallationReplaced, SettingsChanged
from services.registry.devices.fold.imported import Forbidden
from services.registry.devices.fold.state import Device
from services.registry.devices.next_event import next_event


def taken_over(device: Device, others: Iterable[Device]) -> list[DeviceEvent]:
    """The events of taking over a token that the others had; none where they were told before."""
    found: list[DeviceEvent] = []
    for other in others:
        is_ours = other.replaced_by in ("", device.installation_id)
        if other.is_imported and other.token is None and not is_ours:
            continue  # its word went to another one, whose app may have said otherwise since
        found += carried(device, other)
        if other.is_imported and other.replaced_by != device.installation_id:
            found.append(next_event(InstallationReplaced, other, by_installation_id=device.installation_id))
    return found


def carried(device: Device, other: Device) -> list[SettingsChanged]:
    """What imports forbid on the other installation, told to this one: as of the time when it was imported."""
    forbidden = Forbidden.of(other)
    reports = [int(report.stamp[:15]) for report in other.os_said if not report.allowed]
    since = max(reports) if forbidden.system and reports else other.installed_at
    return forbidden.events_for(device, since or other.updated_at, f"installation:{other.installation_id}")
