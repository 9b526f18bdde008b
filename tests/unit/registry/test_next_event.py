"""Events and answers are made with the fields that they have, and no others."""

import pytest
from msgspec import ValidationError

from schemas.device_events import Depersonalized, SettingsChanged
from schemas.device_events import Subscription as Reported
from services.registry.device_api.bodies import SubscriptionState
from services.registry.devices import Device, next_event, next_time

AHEAD = 4_000_000_000_000
DEVICE = Device(installation_id="i-1", application_id="app", updated_at=AHEAD)


def test_an_event_is_later_than_all_that_was_seen_whatever_the_clock_says() -> None:
    assert next_event(Depersonalized, DEVICE).at == AHEAD + 1
    assert next_time(DEVICE, [f"{AHEAD + 7:015d}/event", ""]) == AHEAD + 8
    assert next_time(None) < AHEAD


def test_an_event_has_its_installation_and_the_facts_of_its_kind() -> None:
    event = next_event(SettingsChanged, DEVICE, event_id="e", push_enabled=False)
    assert (event.event_id, event.installation_id, event.application_id) == ("e", "i-1", "app")
    assert event.push_enabled is False
    with pytest.raises(TypeError, match="has no field push_enable"):
        next_event(SettingsChanged, DEVICE, push_enable=False)
    with pytest.raises(ValidationError):
        next_event(SettingsChanged, DEVICE, push_enabled="perhaps")


def test_an_answer_shows_what_an_entity_has_and_what_is_derived() -> None:
    state = SubscriptionState.shown(Reported(id="ads", value=False), reported=True)
    assert state.model_dump(by_alias=True) == {
        "id": "ads",
        "type": "setting",
        "name": "",
        "title": "",
        "description": "",
        "value": False,
        "said": True,
    }
    with pytest.raises(TypeError, match="has no field report"):
        SubscriptionState.shown(Reported(id="ads"), report=True)
