"""An installation that a newer release has stored hides none of a customer's others."""

from typing import Any

from services.registry.devices.fold.state import Device
from services.registry.devices.search_store import _shown


def document(installation_id: str, last_used_at: int, **changes: Any) -> dict[str, Any]:
    stored = Device(installation_id=installation_id, application_id="app", last_used_at=last_used_at).document()
    return {**stored, "_id": installation_id, **changes}


def test_it_is_named_and_the_others_are_shown_the_last_used_first() -> None:
    newer = document("b", 2, platform="glasses")
    shown = _shown([document("a", 1), newer, document("c", 3)])
    assert [device.installation_id for device in shown.devices] == ["c", "a"]
    assert shown.unread == ["b"]
