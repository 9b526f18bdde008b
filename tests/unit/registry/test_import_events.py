"""What an imported line makes of an installation: everything once, and nothing against a device's own word."""

import orjson
import pytest

from schemas.device_events import DeviceEvent, Installed, Personalized, SettingsChanged, TokenRegistered
from services.registry.bodies import BadField
from services.registry.device_api import TokenFacts
from services.registry.devices import Device, as_said
from services.registry.devices.fold.fold import fold
from services.registry.devices.fold.shared import installation_of, token_holders
from services.registry.support.import_events import Import, ParsedLine, events_of, parsed
from services.runtime.lists.lines import RawLine
from tests.support.device_events import AppEvents

IMPORT = Import("app", "operator:duty", 1_764_000_000_000)
FACTS = TokenFacts("production", "com.example.app", None, None)
APP_ID = "0f0e8c2e-0000-4000-8000-000000000001"
LINE = {"provider": "apns", "token": "AB" * 32, "phone": "+79001112233", "pushEnabled": False}


def line(**changes: object) -> ParsedLine:
    return parsed(RawLine(1, orjson.dumps(LINE | changes)))


def events(of_line: ParsedLine, device: Device | None = None) -> list[DeviceEvent]:
    return events_of(IMPORT, of_line, device, sealed="sealed", digests=["new", "old"], facts=FACTS)


def test_a_line_makes_an_installation_with_token_owner_and_settings() -> None:
    installed, registered, owned, settings = events(line())
    assert isinstance(installed, Installed)
    assert (installed.platform, installed.proof_hash, installed.by) == ("ios", "", "operator:duty")
    assert isinstance(registered, TokenRegistered)
    assert (registered.digest, registered.former_digests, registered.bundle) == ("new", ("old",), "com.example.app")
    assert isinstance(owned, Personalized)
    assert (owned.external_user_id, owned.phone, owned.proof) == (None, "79001112233", None)
    assert isinstance(settings, SettingsChanged)
    assert (settings.push_enabled, settings.push_os_enabled) == (False, None)
    assert len({event.event_id for event in events(line())}) == 4


def test_the_same_token_is_the_same_installation_and_a_second_import_says_nothing() -> None:
    device = None
    for event in events(line()):
        device = fold(device, event)
    assert device is not None
    assert device.installation_id == line(token="ab" * 32).installation_id("app")
    assert events(line(), device) == []


def app_of(*heard: DeviceEvent) -> Device:
    """An installation of the app, after what was told it."""
    device = Device(installation_id=APP_ID, application_id="app", proof_hash="p", installed_at=1, last_used_at=1)
    for event in heard:
        device = fold(device, event)
    return device


def test_an_installation_of_the_app_is_told_what_a_line_forbids_and_nothing_else() -> None:
    off, on = {"id": "news", "value": False}, {"id": "offers"}
    heard = IMPORT.events_for(line(externalUserId="u", subscriptions=[off, on]), None, [app_of()])
    device = app_of(*heard)
    assert (device.push_enabled, device.push_os_enabled, device.owner, device.last_used_at) == (False, True, None, 1)
    assert [(entry.id, entry.value) for entry in device.subscriptions] == [("news", False)]
    assert as_said(device).push_enabled
    assert IMPORT.events_for(line(subscriptions=[off]), None, [device]) == []


def test_an_imports_word_counts_less_than_the_apps_own_in_any_order() -> None:
    own = AppEvents(APP_ID, IMPORT.at - 1_000).switched(0, push=True)
    heard = IMPORT.events_for(line(), None, [app_of()])
    assert app_of(own, *heard).push_enabled
    assert app_of(*heard, own).push_enabled
    assert IMPORT.events_for(line(), None, [app_of(own)]) == []


def test_of_two_imports_the_one_that_forbids_counts() -> None:
    allows, forbids = events(line(pushEnabled=True)), events(line())
    for order in ([*allows, *forbids], [*forbids, *allows]):
        assert not app_of(*(event for event in order if isinstance(event, SettingsChanged))).push_enabled


def test_a_token_of_an_import_is_any_devices_whatever_the_time() -> None:
    mine = AppEvents(APP_ID, IMPORT.at - 1_000).token(0, "new")
    imported = next(event for event in events(line()) if isinstance(event, TokenRegistered))
    [register] = {*token_holders([imported, mine]).values()} - {*token_holders([imported]).values()}
    assert installation_of(register) == APP_ID


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"phone": "12"}, "phone"),
        ({"token": "xyz"}, "token"),
        ({"provider": "web", "token": None}, "subscription"),
    ],
)
def test_a_line_that_breaks_a_rule_is_refused_by_field(changes: dict[str, object], field: str) -> None:
    with pytest.raises(BadField) as caught:
        line(**changes)
    assert caught.value.field == field
