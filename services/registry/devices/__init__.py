"""Installations: the fold of their events, the store of the documents, and the consumers that repair and publish them.

Read `fold/fold.py` first, then `store.py`.
"""

from services.registry.devices.fold.fold import REMEMBERED_PROOFS
from services.registry.devices.fold.imported import Forbidden, as_said, import_id, is_said
from services.registry.devices.fold.launches import Launches
from services.registry.devices.fold.owners import OwnerRecord, primary_record_id, record_ids, was_signed_before
from services.registry.devices.fold.same_device import tells_devices_apart
from services.registry.devices.fold.shared import installations_in, token_key
from services.registry.devices.fold.state import Device, Owner, Token
from services.registry.devices.next_event import next_event, next_time
from services.registry.devices.store import DeviceStore
from services.registry.devices.take_over import carried, taken_over
from services.registry.devices.wiring import open_devices

__all__ = [
    "REMEMBERED_PROOFS",
    "Device",
    "DeviceStore",
    "Forbidden",
    "Launches",
    "Owner",
    "OwnerRecord",
    "Token",
    "as_said",
    "carried",
    "import_id",
    "installations_in",
    "is_said",
    "next_event",
    "next_time",
    "open_devices",
    "primary_record_id",
    "record_ids",
    "taken_over",
    "tells_devices_apart",
    "token_key",
    "was_signed_before",
]
