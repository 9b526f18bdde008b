"""Makes the next event of an installation, later than all that it and what it shares with others have seen.

The time of an event is the server's, and two servers' clocks may differ: an event must not be older than the state that
it was decided on, or a logout would turn into a login. Source: docs/design.md §6.
"""

from collections.abc import Iterable
from typing import Any, TypeVar

from schemas import ids
from schemas.device_events import DeviceEvent
from services.registry.devices.fold.state import Device, Stamp
from services.runtime.clock import now_ms

Next = TypeVar("Next", bound=DeviceEvent)


def next_time(device: Device | None, registers: Iterable[Stamp] = ()) -> int:
    """Now, or just after what the installation and these registers have seen, should another clock be ahead."""
    seen = [int(stamp[:15]) + 1 for stamp in registers if stamp]
    return max(now_ms(), (device.updated_at if device else 0) + 1, *seen)


def next_event(
    kind: type[Next], device: Device, registers: Iterable[Stamp] = (), *, event_id: str | None = None, **facts: Any
) -> Next:
    """An event of this kind, with these facts; without an id one is drawn. Raises as `Frozen.checked` does."""
    return kind.checked(
        event_id=event_id or ids.uuid7(),
        at=next_time(device, registers),
        installation_id=device.installation_id,
        application_id=device.application_id,
        **facts,
    )
