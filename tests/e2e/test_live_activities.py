"""Live Activities from the bank's POST to the lock screen: start, update one and all, end, and nobody to update."""

from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.sandbox.phone.activities import Activity
from tests.support.waiting import eventually
from tests.support.world import SENT, World

TYPE = "DeliveryAttributes"
NO_ACTIVITY = 22


def aps(event: str, state: dict[str, Any] | None = None, after_s: float = 0, **about: Any) -> dict[str, Any]:
    moment = (datetime.now(UTC) + timedelta(seconds=after_s)).isoformat()
    made = {"event": event, "timestamp": moment, **({} if state is None else {"content-state": state})}
    return made | {name.replace("_", "-"): value for name, value in about.items()}


async def until_state(world: World, activity: Activity, state: dict[str, Any]) -> None:
    await world.fleet.until(lambda: activity.state == state)


async def test_an_activity_is_started_updated_and_ended_by_the_bank(world: World) -> None:
    phone = world.new_phone()
    device = await world.enrol("ios", phone)
    world.secret.add(await device.activities.allow_start(TYPE))
    start = aps("start", {"stage": "packed"}, attributes_type=TYPE, attributes={"order": 7})
    ref = await world.put("Your parcel is packed", phone, {"LIVE_ACTIVITY": start}, title="Parcel")
    await world.fleet.until(lambda: any(activity.token for activity in device.activities.active))
    (activity,) = device.activities.active
    assert (activity.attributes, activity.state) == ({"order": 7}, {"stage": "packed"})
    assert activity.alerts == [{"title": "Parcel", "body": "Your parcel is packed"}]
    assert (await world.reported(ref, SENT))[-1]["status"] == SENT

    async def is_known() -> bool:
        known = await world.fleet.api.activities(device.who)
        return [entry["activityId"] for entry in known["activities"]] == [activity.activity_id]

    await eventually(is_known, "the platform knows the activity")
    update = aps("update", {"stage": "on its way"}, 1, activity_id=activity.activity_id)
    await world.put("-", phone, {"LIVE_ACTIVITY": update})
    await until_state(world, activity, {"stage": "on its way"})
    closing = aps("end", {"stage": "here"}, 2, dismissal_date="2020-01-01T00:00:00+0300")
    await world.put("-", phone, {"LIVE_ACTIVITY": closing})
    await world.fleet.until(lambda: activity.phase == "dismissed")
    assert activity.state == {"stage": "here"}

    async def is_gone() -> bool:
        known = await world.fleet.api.activities(device.who)
        return not known["activities"]

    await eventually(is_gone, "the platform knows that it has ended")
    late = await world.put("-", phone, {"LIVE_ACTIVITY": aps("update", {"stage": "?"}, 3)})
    assert await world.refused(late) == NO_ACTIVITY


async def test_one_activity_or_all_of_the_recipient_s_are_updated_in_hyphens_or_underscores(world: World) -> None:
    phone = world.new_phone()
    devices = [await world.enrol("ios", phone) for _ in range(2)]
    taxi = await devices[0].activities.start(TYPE, {}, "taxi-1")
    food, other = [await device.activities.start(TYPE, {}) for device in devices]
    world.secret |= {taxi.token, food.token, other.token}
    await world.enrol("android", phone)
    start = {
        "activity_id": "taxi-1",
        "content_state": {"minutes": 5},
        "event": "UPDATE",
        "timestamp": aps("update")["timestamp"],
    }
    ref = await world.put("-", phone, {"LIVE_ACTIVITY": {"aps": start}})
    await until_state(world, taxi, {"minutes": 5})
    every = await world.put("-", phone, {"LIVE_ACTIVITY": aps("update", {"minutes": 1}, 1)})
    for activity in (taxi, food, other):
        await until_state(world, activity, {"minutes": 1})
    await world.reported(every, SENT)
    deliveries = [entry["liveActivity"] for entry in (await world.trace(ref))["links"][0]["deliveries"]]
    assert deliveries == ["activity/taxi-1"]
    link = (await world.trace(every))["links"][0]
    assert len({entry["deliveryId"] for entry in link["deliveries"]}) == 3
    assert [(entry["provider"], entry["reason"]["errorCode"]) for entry in link["skipped"]] == [(None, NO_ACTIVITY)]
    old = await world.put("-", phone, {"LIVE_ACTIVITY": aps("update", {"minutes": 9}, -60, activity_id="taxi-1")})
    await world.reported(old, SENT)
    await world.fleet.until(lambda: taxi.ignored == 1)
    assert taxi.state == {"minutes": 1}


async def test_a_dead_activity_token_ends_that_activity_only(world: World) -> None:
    phone = world.new_phone()
    device = await world.enrol("ios", phone)
    dead, alive = [await device.activities.start(TYPE, {}) for _ in range(2)]
    await world.control.apns_device(dead.token, "dead")
    await world.put("-", phone, {"LIVE_ACTIVITY": aps("update", {"minutes": 1})})
    await until_state(world, alive, {"minutes": 1})

    async def is_retired() -> bool:
        known = await world.fleet.api.activities(device.who)
        return [entry["activityId"] for entry in known["activities"]] == [alive.activity_id]

    await eventually(is_retired, "only the other activity is left")
    await device.refresh()
    assert device.view["token"] is not None


async def test_an_activity_of_whoever_was_logged_in_before_is_not_updated(world: World) -> None:
    first, second = world.new_phone(), world.new_phone()
    device = await world.enrol("ios", first)
    await device.activities.start(TYPE, {"of": "first"})
    await device.personalize(phone=second)
    ref = await world.put("-", second, {"LIVE_ACTIVITY": aps("update", {"of": "second"})})
    assert await world.refused(ref) == NO_ACTIVITY
