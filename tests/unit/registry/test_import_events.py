"""What an imported line makes of an installation: everything once, and nothing against a device's own word."""

import orjson
import pytest

from schemas.device_events import DeviceEvent, Installed, Personalized, SettingsChanged, TokenRegistered
from services.registry.bodies import BadField
from services.registry.device_api import TokenFacts
from services.registry.devices import Device
from services.registry.devices.fold.fold import fold
from services.registry.support.import_events import Import, ParsedLine, events_of, parsed
from services.runtime.lists.lines import RawLine

IMPORT = Import("app", "operator:ann", 1_764_000_000_000)
FACTS = TokenFacts("production", "com.example.app", None, None)
LINE = {"provider": "apns", "token": "AB" * 32, "phone": "+79001112233", "pushEnabled": False}


def line(**changes: object) -> ParsedLine:
    return parsed(RawLine(1, orjson.dumps(LINE | changes)))


def events(of_line: ParsedLine, device: Device | None = None) -> list[DeviceEvent]:
    return events_of(IMPORT, of_line, device, sealed="sealed", digests=["new", "old"], facts=FACTS)


def test_a_line_makes_an_installation_with_token_owner_and_settings() -> None:
    installed, registered, owned, settings = events(line())
    assert isinstance(installed, Installed)
    assert (installed.platform, installed.proof_hash, installed.by) == ("ios", "", "operator:ann")
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


def test_an_installation_of_a_device_is_left_alone() -> None:
    device = Device(installation_id=line().installation_id("app"), application_id="app", proof_hash="p")
    assert events(line(), device) == []


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
