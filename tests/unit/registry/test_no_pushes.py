"""Why a device gets no pushes, in the words of the table that failures of messages are told by."""

from schemas.advice import ADVICE
from schemas.device_events import DeviceEvent
from schemas.language import Language
from schemas.reasons import Reason
from services.registry.devices.fold.fold import fold
from services.registry.devices.fold.state import Device
from services.registry.support.bodies import NoPushes, SupportInstallation
from services.runtime.looks import masked
from tests.support.device_events import AppEvents

APP = AppEvents("0d9ac4bd-6c3c-4d3c-8e6b-1d9d8a1d8c11")


def after(*events: DeviceEvent) -> Device:
    device: Device | None = None
    for event in events:
        device = fold(device, event)
    assert device is not None
    return device


def why(*events: DeviceEvent, language: Language = Language.ENGLISH) -> NoPushes | None:
    return NoPushes.of(after(APP.installed(0), *events), language)


def test_a_token_that_a_provider_ended_is_told_with_its_time_also_where_values_are_masked() -> None:
    device = after(APP.installed(0), APP.token(1, "a"), APP.retired(2, "a"))
    found = masked(SupportInstallation.of(device)).no_pushes
    assert found is not None
    assert (found.name, found.at) == ("app-gone", APP.epoch + 2)
    assert "no longer registered" in found.meaning
    assert found.remedy == "Open the app again, or install it anew, and log in."


def test_a_new_token_ends_it_and_a_token_that_the_app_removed_was_not_ended_by_a_provider() -> None:
    assert why(APP.token(1, "a"), APP.retired(2, "a"), APP.token(3, "b")) is None
    removed = why(APP.token(1, "a"), APP.retired(2, "a"), APP.token(3, "b"), APP.removed(4))
    assert removed is not None
    assert (removed.name, removed.at) == (Reason.NO_ACTIVE_INSTALLATION.value, None)
    never = why()
    assert never is not None
    assert never.name == Reason.NO_ACTIVE_INSTALLATION.value


def test_what_is_forbidden_is_told_in_the_language_that_is_asked_for() -> None:
    system = why(APP.token(1, "a"), APP.switched(2, None, system=False), language=Language.RUSSIAN)
    assert system is not None
    assert system.meaning == ADVICE[Reason.PUSH_OS_DISABLED].meaning.russian
    assert system.at == APP.epoch + 2
    application = why(APP.token(1, "a"), APP.switched(2, False))
    assert application is not None
    assert application.name == Reason.PUSH_DISABLED.value
