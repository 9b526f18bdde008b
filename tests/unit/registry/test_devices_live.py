"""The tokens of Live Activities: what the fold keeps of them, and what a provider's answer does to one."""

from collections.abc import Sequence

from schemas.device_events import DeviceEvent, TokenRetired
from schemas.events import ProviderDispatched
from schemas.live import LONGEST_ACTIVITY_MS
from schemas.providers import Provider
from services.registry.device_api.live_bodies import LiveView
from services.registry.devices.consumers import learnt_of
from services.registry.devices.fold.fold import fold
from services.registry.devices.fold.live import REMEMBERED
from services.registry.devices.fold.state import Device
from services.runtime.installations.reader import from_document
from tests.support.device_events import AppEvents

NOW = 1_764_000_000_000
app = AppEvents("i-1", NOW)


def folded(events: Sequence[DeviceEvent]) -> Device:
    device = None
    for event in events:
        device = fold(device, event)
    assert device is not None
    return device


def digests(device: Device) -> dict[str, str]:
    return {slot.slot: slot.token.digest for slot in device.live if slot.token is not None}


def test_the_latest_token_of_an_activity_wins_and_its_neighbours_stay() -> None:
    history = [app.activity(5, "a", "new"), app.activity(3, "a", "old"), app.activity(4, "b", "other")]
    assert digests(folded(history)) == {"activity/a": "new", "activity/b": "other"}


def test_an_activity_that_has_ended_is_gone_until_it_is_started_again() -> None:
    history: list[DeviceEvent] = [app.activity(1, "a", "x"), app.activity_ended(2, "a")]
    assert digests(folded(history)) == digests(folded(history[::-1])) == {}
    assert digests(folded([*history, app.activity(3, "a", "y")])) == {"activity/a": "y"}


def test_a_type_can_be_started_until_its_token_is_removed() -> None:
    assert digests(folded([app.startable(1, "T", "s")])) == {"start/T": "s"}
    assert digests(folded([app.startable(1, "T", "s"), app.not_startable(2, "T")])) == {}


def test_a_dead_token_of_an_activity_retires_nothing_else() -> None:
    history = [app.installed(0), app.token(1, "x"), app.activity(1, "a", "x"), app.activity(1, "b", "y")]
    device = folded([*history, app.retired(2, "x", slot="activity/a")])
    assert digests(device) == {"activity/b": "y"}
    assert device.token is not None
    assert digests(folded([*history, app.retired(2, "x")])) == {"activity/a": "x", "activity/b": "y"}


def test_the_newest_slots_are_kept_whatever_the_order() -> None:
    history = [app.activity(n, f"a{n}", "x") for n in range(REMEMBERED + 5)]
    assert folded(history).live == folded(history[::-1]).live
    assert "activity/a4" not in digests(folded(history))


def test_an_activity_counts_for_twelve_hours_by_our_clock() -> None:
    device = folded([app.installed(0), app.activity(0, "a", "x"), app.startable(0, "T", "s")])
    last = NOW + LONGEST_ACTIVITY_MS - 1
    read = from_document({"_id": "i-1", **device.document()})
    assert read.token_of("activity/a", last) is not None
    assert read.token_of("activity/a", last + 1) is None
    assert read.token_of("start/T", last + 1) is not None
    assert [activity.activity_id for activity in LiveView.of(device, last).activities] == ["a"]
    assert LiveView.of(device, last + 1).activities == []


def answered(digest: str | None, at: int, slot: str = "activity/a") -> ProviderDispatched:
    return ProviderDispatched(
        event_id="6ba7b811-9dad-11d1-80b4-00c04fd430c8", at=NOW + at, message_id="m", partner_id="p", delivery_id="d",
        installation_id="i-1", application_id="app", provider=Provider.APNS, attempt=1, dead_token=digest, slot=slot,
        outcome="accepted" if digest is None else "refused",
    )  # fmt: skip


def test_the_answer_about_an_activity_s_token_is_about_that_token_only() -> None:
    device = folded([app.installed(0), app.token(1, "push"), app.activity(5, "a", "x")])
    learnt = learnt_of(answered("x", 6), device)
    assert isinstance(learnt, TokenRetired)
    assert (learnt.slot, learnt.digest) == ("activity/a", "x")
    assert learnt_of(answered("x", 4), device) is None  # it was registered since
    assert learnt_of(answered("older", 6), device) is None
    assert learnt_of(answered(None, 6), device) is None  # 200 is no proof of life
