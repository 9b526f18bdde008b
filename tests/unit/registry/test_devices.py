"""The fold of device events: its rules, and that neither order nor repetition matters."""

from collections.abc import Sequence
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.device_events import DeviceEvent, Subscription
from services.registry.devices.fold.fold import REMEMBERED_DIGESTS, fold
from services.registry.devices.fold.launches import REMEMBERED
from services.registry.devices.fold.owners import (
    MAX_INSTALLATIONS,
    OwnerRecord,
    fold_owner,
    primary_record_id,
    records_changed_by,
)
from services.registry.devices.fold.shared import settled
from services.registry.devices.fold.state import Device, Owner, holder
from services.registry.support.bodies import Usage
from services.runtime.installations.model import Address
from tests.support.device_events import AppEvents, histories

NOW = 1_764_000_000_000
app = AppEvents("i-1", NOW)


def folded(events: Sequence[DeviceEvent]) -> Device:
    device = None
    for event in events:
        device = fold(device, event)
    assert device is not None
    return device


@settings(max_examples=300)
@given(st.data())
def test_neither_order_nor_repetition_of_events_matters(data: st.DataObject) -> None:
    history = data.draw(histories(installations=1))
    shuffled = data.draw(st.permutations([*history, *data.draw(st.lists(st.sampled_from(history), max_size=5))]))
    assert folded(shuffled) == folded(history)


@settings(max_examples=200)
@given(st.data())
def test_records_do_not_mind_order_or_repetition(data: st.DataObject) -> None:
    history = data.draw(histories(installations=3))
    shuffled = data.draw(st.permutations([*history, *data.draw(st.lists(st.sampled_from(history), max_size=5))]))
    assert records(shuffled) == records(history)


def records(events: Sequence[DeviceEvent]) -> dict[str, OwnerRecord]:
    found: dict[str, OwnerRecord] = {}
    for event in events:
        for record_id in records_changed_by(event):
            found[record_id] = fold_owner(found.get(record_id), record_id, event)
    return found


def test_the_latest_token_wins() -> None:
    device = folded([app.installed(0), app.token(5, "new"), app.token(3, "old")])
    assert device.token is not None
    assert device.token.digest == "new"


def test_a_removed_token_is_gone_until_the_next_one() -> None:
    history = [app.installed(0), app.token(1, "a"), app.removed(2)]
    assert folded(history).token is None
    assert folded([*history, app.token(3, "a")]).token is not None


def test_a_token_registered_after_the_provider_called_it_dead_stays() -> None:
    retired = app.retired(9, "a", dead_at=4)
    assert folded([app.token(5, "a"), retired]).token is not None
    assert folded([app.token(4, "a"), retired]).token is None
    assert folded([retired, app.token(4, "a")]).token is None


def test_retiring_one_token_leaves_another_alone() -> None:
    assert folded([app.token(1, "a"), app.token(2, "b"), app.retired(9, "a")]).token is not None


def test_more_retired_tokens_than_are_remembered_converge_too() -> None:
    retired = [app.retired(10 + n, f"d{n}") for n in range(REMEMBERED_DIGESTS + 4)]
    assert folded(retired) == folded(retired[::-1])
    assert len(folded(retired).retired) == REMEMBERED_DIGESTS


def test_a_token_seen_to_work_says_so_after_it_is_registered_again() -> None:
    token = folded([app.token(1, "a"), app.worked(2, "a"), app.token(3, "a")]).token
    assert token is not None
    assert token.worked
    other = folded([app.token(1, "a"), app.worked(2, "a"), app.token(3, "b")]).token
    assert other is not None
    assert not other.worked


def test_under_which_credentials_a_token_worked_is_the_last_that_a_provider_said() -> None:
    history = [app.token(1, "a"), app.worked(2, "a", "old"), app.worked(3, "a", "new"), app.worked(4, "a")]
    for events in (history, history[::-1], [*history, app.token(5, "a")]):
        token = folded(events).token
        assert token is not None
        assert (token.worked, token.worked_under) == (True, "new")
    other = folded([*history, app.token(6, "b")]).token
    assert other is not None
    assert other.worked_under == ""


def test_the_first_install_keeps_the_id_whatever_the_order() -> None:
    first, second = app.installed(1, proof="mine"), app.installed(2, proof="theirs")
    assert folded([second, first]).proof_hash == folded([first, second]).proof_hash == "mine"


def test_logging_out_unlinks() -> None:
    assert folded([app.personalized(1, "u"), app.depersonalized(2)]).owner is None
    assert folded([app.depersonalized(2), app.personalized(1, "u")]).owner is None


def test_subscriptions_replace_their_namesakes_and_only_these() -> None:
    on, off = Subscription(id="a", name="news"), Subscription(id="a", name="news", value=False)
    device = folded([app.subscribed(1, on, Subscription(id="b")), app.subscribed(2, off)])
    assert [(subscription.id, subscription.value) for subscription in device.subscriptions] == [
        ("a", False),
        ("b", True),
    ]


@given(st.randoms())
@settings(deadline=None, max_examples=20)
def test_the_newest_hundred_subscriptions_stay_whatever_the_order(random: Random) -> None:
    """Calls that come side by side do not see each other's, so the limit of the API alone does not hold."""
    phone = AppEvents("i-1")
    events = [phone.subscribed(after, Subscription(id=f"s-{after % 150}")) for after in range(200)]
    newest = {f"s-{after % 150}" for after in range(100, 200)}
    random.shuffle(events)
    device = None
    for event in events:
        device = fold(device, event)
    assert device is not None
    assert {subscription.id for subscription in device.subscriptions} == newest


def test_a_start_told_twice_counts_once() -> None:
    starts = [app.started(n, session_s=10) for n in range(5)]
    device = folded([*starts, *starts])
    assert (device.launches.total, device.launches.session_s) == (5, 50)


def test_starts_older_than_the_remembered_ones_are_taken_as_counted() -> None:
    starts = [app.started(n) for n in range(REMEMBERED * 3)]
    device = folded([*starts, *starts])
    assert device.launches.total == REMEMBERED * 3
    assert len(device.launches.recent) == REMEMBERED


def test_starts_are_counted_by_day_for_thirty_days() -> None:
    day_ms = 86_400_000
    device = folded([app.started(n * day_ms) for n in range(40)])
    assert len(device.launches.days) == 30
    assert device.launches.total == 40


def test_the_token_belongs_to_the_installation_that_registered_it_last() -> None:
    mine = folded([app.token(1, "a")])
    stamp = mine.stamps["token"]
    assert settled(mine, holder(stamp, "i-1"), None).token is not None
    assert settled(mine, holder("9" + stamp[1:], "i-2"), None).token is None
    assert settled(mine, holder("0" + stamp[1:], "i-2"), None).token is not None


def test_primary_is_who_claimed_last_and_did_not_release() -> None:
    claimed = folded([app.personalized(1, "u"), app.claimed(2, "app/u/u")])
    mark = records([app.claimed(2, "app/u/u")])["app/u/u"].primary
    assert settled(claimed, None, mark).primary
    assert not settled(fold(claimed, app.released(3)), None, mark).primary
    assert not settled(fold(claimed, app.depersonalized(3)), None, mark).primary
    later = AppEvents("i-2", NOW).claimed(3, "app/u/u")
    assert not settled(claimed, None, records([later, app.claimed(2, "app/u/u")])["app/u/u"].primary).primary


def test_a_record_lists_its_phones_and_installations() -> None:
    events = [app.personalized(1, "u", "79001112233"), AppEvents("i-2", NOW).personalized(2, "u", "79001112244")]
    record = records(events)["app/u/u"]
    assert set(record.phones) == {"79001112233", "79001112244"}
    assert set(record.installations) == {"i-1", "i-2"}
    assert set(records(events)) == {"app/u/u", "app/p/79001112233", "app/p/79001112244"}


def test_a_record_lists_no_more_than_it_can_hold() -> None:
    events = [AppEvents(f"i-{n}", NOW).personalized(n, "u") for n in range(MAX_INSTALLATIONS + 10)]
    record = records(events)["app/u/u"]
    assert len(record.installations) == MAX_INSTALLATIONS
    assert "i-0" not in record.installations
    assert record == records(events[::-1])["app/u/u"]


def test_records_have_the_ids_that_router_looks_for() -> None:
    for user, phone in (("u", "79001112233"), ("u/x", None), (None, "79001112233")):
        address = Address("app", user, phone if user is None else None)
        assert primary_record_id("app", Owner(external_user_id=user, phone=phone)) == address.record_id


def test_the_history_of_the_system_s_permission_tells_who_said_what_and_leaves_repeats_out() -> None:
    events = [
        app.installed(0),
        app.switched(10, None, False, "provider"),
        app.switched(20, None, False),
        app.switched(30, None, True),
        app.switched(40, None, True),
    ]
    changes = folded(events[::-1]).os_changes
    assert [(change.at - NOW, change.allowed, change.source) for change in changes] == [
        (10, False, "provider"),
        (30, True, "sdk"),
    ]


def test_the_length_of_sessions_is_averaged_over_those_that_ended() -> None:
    launches = folded([app.installed(0), app.started(1), app.started(2, session_s=30), app.started(3, session_s=50)])
    usage = Usage.of(launches.launches)
    assert (usage.launches, usage.session_s, usage.average_session_s) == (3, 80, 40)
    assert sum(usage.launches_by_week.values()) == sum(usage.launches_by_day.values()) == 3
    assert all(day.weekday() == 0 for day in usage.launches_by_week)
