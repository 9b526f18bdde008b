"""The simulated lock screen: what is applied, what is too old, when an activity goes away."""

import time
from typing import Any

import pytest

from deploy.sandbox.phone.activities import LONGEST_SHOWN_S, Activities, Activity
from deploy.sandbox.phone.device import Device
from tests.unit.deploy.test_sandbox_device import Carrier

NOW = 1_800_000_000


@pytest.fixture
def carrier() -> Carrier:
    return Carrier()


@pytest.fixture
def activities(carrier: Carrier) -> Activities:
    return Device("ios", carrier).activities


def push(event: str, at: int, **aps: Any) -> dict[str, Any]:
    return {"event": event, "timestamp": at} | {name.replace("_", "-"): value for name, value in aps.items()}


def test_what_is_older_than_what_is_shown_is_ignored() -> None:
    activity = Activity("a", "T", {}, {})
    assert activity.apply(push("update", 2, content_state={"n": 2}), NOW)
    assert not activity.apply(push("update", 1, content_state={"n": 1}), NOW)
    assert activity.apply(push("update", 2, content_state={"n": 3}, alert={"body": "!"}), NOW)
    assert (activity.state, activity.ignored, activity.alerts) == ({"n": 3}, 1, [{"body": "!"}])


@pytest.mark.parametrize(
    ("dismissal", "shown_until"),
    [(NOW + 60, NOW + 60), (NOW + 10 * 3600, NOW + LONGEST_SHOWN_S), (None, NOW + LONGEST_SHOWN_S)],
)
def test_an_ended_activity_is_shown_until_its_dismissal_at_most_four_hours(
    dismissal: int | None, shown_until: int
) -> None:
    activity = Activity("a", "T", {}, {})
    activity.apply(push("end", 1, **({} if dismissal is None else {"dismissal_date": dismissal})), NOW)
    assert (activity.phase, activity.is_shown(shown_until - 1), activity.is_shown(shown_until)) == (
        "ended",
        True,
        False,
    )
    assert not activity.apply(push("update", 2, content_state={}), NOW)


def test_a_dismissal_in_the_past_closes_at_once() -> None:
    activity = Activity("a", "T", {}, {})
    activity.apply(push("end", 1, dismissal_date=NOW - 1), NOW)
    assert (activity.phase, activity.is_shown(NOW)) == ("dismissed", False)


def test_an_activity_on_a_channel_follows_it(activities: Activities, carrier: Carrier) -> None:
    activity = activities.follow("T", {}, "c1")
    at = int(time.time())
    carrier.routes["channel/c1"].take("channel/c1", {"aps": push("update", at, content_state={"goals": 1})})
    assert activity.state == {"goals": 1}
    carrier.routes["channel/c1"].take("channel/c1", {"aps": push("end", at)})
    assert activity.phase == "ended"
    assert carrier.spawned == 0  # the platform never knew it
