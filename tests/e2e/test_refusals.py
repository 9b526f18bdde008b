"""Who does not get it, and why: the code that the bank is told."""

import pytest

from deploy.sandbox.phone.device import Habits
from deploy.sandbox.phone.sdk_api import RefusedError
from tests.support.waiting import eventually
from tests.support.world import QUICK, READ, UNDELIVERED, World


async def test_an_unknown_phone_is_code_20(world: World) -> None:
    assert await world.refused(await world.send(world.new_phone())) == 20


async def test_an_unknown_user_is_code_19(world: World) -> None:
    answer = await world.bank.send(world.new_text(), user=world.new_ref(), ref=(ref := world.new_ref()))
    assert answer.http_status == 200, answer
    assert await world.refused(ref) == 19


async def test_a_phone_whose_system_forbids_pushes_is_code_24(world: World) -> None:
    phone = world.new_phone()
    device = await world.enrol("ios", phone, Habits(allows_pushes=False))
    ref = await world.send(phone)
    assert await world.refused(ref) == 24
    assert await world.attempts(ref) == []
    assert list(device.shown) == []


async def test_pushes_switched_off_in_the_app_are_code_23(world: World) -> None:
    phone = world.new_phone()
    device = await world.enrol("android", phone)
    await device.change_settings(pushEnabled=False)
    assert await world.refused(await world.send(phone)) == 23


async def test_no_primary_phone_is_code_21(world: World) -> None:
    phone = world.new_phone()
    await world.enrol("android", phone)
    assert await world.refused(await world.send(phone, primaryOn=True)) == 21


async def test_a_subscription_that_is_off_is_code_25(world: World) -> None:
    phone = world.new_phone()
    device = await world.enrol("huawei", phone)
    await device.change_settings(subscriptions=[{"id": "s-1", "name": "weather", "value": False}])
    assert await world.refused(await world.send(phone, deviceSubscriptions=["weather"])) == 25


async def test_a_push_that_nobody_confirms_in_its_lifetime_is_code_7(world: World, unconfirmed: str) -> None:
    reports = await world.reported(unconfirmed, UNDELIVERED, timeout_s=60)
    assert reports[-1]["errorCode"] == "7"


async def test_what_has_expired_is_fetched_by_nobody(world: World, unconfirmed: str) -> None:
    await world.reported(unconfirmed, UNDELIVERED, timeout_s=60)
    message = await world.trace(unconfirmed)
    (target,) = message["links"][0]["deliveries"]
    (device,) = [device for device in world.fleet.devices if device.installation_id == target["installationId"]]
    with pytest.raises(RefusedError) as refused:
        await world.fleet.api.content(device.who, message["messageId"], 0)
    assert refused.value.status == 410


async def test_a_dead_token_is_retired_and_the_next_message_does_not_try(world: World) -> None:
    phone = world.new_phone()
    device = await world.enrol("ios", phone)
    await world.control.apns_device(device.token, "dead")
    assert await world.refused(await world.send(phone)) == 28

    async def is_retired() -> bool:
        await device.refresh()
        return device.view["token"] is None

    await eventually(is_retired, "the token is retired")
    second = await world.send(phone)
    assert await world.refused(second) == 22
    assert await world.attempts(second) == []
    await world.new_token(device)
    await world.reported(await world.send(phone), READ)


async def test_a_retry_follows_a_token_that_was_rotated_meanwhile(world: World) -> None:
    phone = world.new_phone()
    device = await world.enrol("ios", phone)
    old = device.token
    await world.control.order("apns", "status", reason="ServiceUnavailable", token=old)
    ref = await world.send(phone)
    await eventually(lambda: _has_tried(world, ref), "the first attempt")
    await world.new_token(device)
    await world.reported(ref, READ)
    assert await world.control.inbox("apns", old) == []
    assert len(await world.control.inbox("apns", device.token)) == 1


async def test_a_user_who_logs_out_before_the_push_is_sent_does_not_get_it(world: World) -> None:
    phone = world.new_phone()
    device = await world.enrol("rustore", phone)
    await world.control.order("rustore", "status", reason="UNAVAILABLE", token=device.token, times=1)
    ref = await world.send(phone)
    await eventually(lambda: _has_tried(world, ref), "the first attempt")
    await device.depersonalize()
    assert await world.refused(ref) == 22
    assert (await world.trace(ref))["links"][0]["deliveries"][0]["state"] == "SUPPRESSED"
    assert await world.control.inbox("rustore", device.token) == []


async def test_a_push_in_flight_is_dropped_by_the_phone_that_has_another_owner_by_then(world: World) -> None:
    phone = world.new_phone()
    device = await world.enrol("huawei", phone, QUICK)
    device.go_offline()
    await world.send(phone)
    await world.control.inbox("hms", device.token, count=1)
    await world.fleet.until(lambda: device.has_waiting)
    await device.personalize(phone=world.new_phone())
    before = world.fleet.counts["foreign"]
    device.go_online()
    assert world.fleet.counts["foreign"] == before + 1
    assert list(device.shown) == []


async def _has_tried(world: World, ref: str) -> bool:
    return bool(await world.attempts(ref))
