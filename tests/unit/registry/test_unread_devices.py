"""An installation that cannot be read hides none of a customer's others, and is told by why."""

from typing import Any

import pytest

from schemas.codec import Damaged, Newer
from services.registry.devices.fold.state import Device
from services.registry.devices.search_store import DeviceSearch, device_of


def document(installation_id: str, last_used_at: int, **changes: Any) -> dict[str, Any]:
    stored = Device(installation_id=installation_id, application_id="app", last_used_at=last_used_at).document()
    return {**stored, "_id": installation_id, **changes}


NEWER = [document("b", 2, platform="glasses"), document("d", 2, v=2), document("e", 2, v=2, owner=7)]
DAMAGED = [document("f", 2, owner="olga"), document("g", 2, token={"sealed": 1}), document("h", 2, v="text", live=1)]


def test_it_is_named_and_the_others_are_shown_the_last_used_first() -> None:
    search = DeviceSearch(None)  # type: ignore[arg-type]
    shown = search._shown([document("a", 1), *NEWER, document("c", 3), *DAMAGED])
    assert [device.installation_id for device in shown.devices] == ["c", "a"]
    assert (shown.newer, shown.damaged) == (["b", "d", "e"], ["f", "g", "h"])


def test_whoever_has_to_know_it_is_told_why() -> None:
    for stored in NEWER:
        with pytest.raises(Newer):
            device_of(stored)
    for stored in DAMAGED:
        with pytest.raises(Damaged, match=f"{stored['_id']} is stored"):
            device_of(stored)
