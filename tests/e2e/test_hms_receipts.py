"""Huawei tells what the SDK does not: delivered, not installed, forbidden; signed, or not taken."""

import pytest

from deploy.local.provision import APPLICATION_ID
from deploy.sandbox.phone.device import Device
from tests.support.waiting import eventually
from tests.support.world import DELIVERED, World

DISCREET = 24
REFUSED = 28


async def pushed(world: World) -> tuple[str, str, Device]:
    """A phone that has got a push and keeps silent: its number, the bank's id of the push, the phone."""
    phone = world.new_phone()
    device = await world.enrol("huawei", phone)
    device.go_offline()
    ref = await world.send(phone)
    await world.control.inbox("hms", device.token, count=1)
    return phone, ref, device


def url(world: World, application: str = APPLICATION_ID) -> str:
    return f"{world.stack.public_url}/gateway/hms/receipts/{application}"


@pytest.mark.parametrize(("version", "key"), [(1, "decoded"), (2, "raw")])
async def test_a_receipt_of_huawei_makes_a_message_delivered_although_the_sdk_is_silent(
    world: World, version: int, key: str
) -> None:
    _, ref, device = await pushed(world)
    answer = await world.control.hms_receipt(url(world), device.token, 0, version=version, key=key)
    assert answer == {"status": 200, "answer": {"code": "0", "message": "success"}}
    await world.reported(ref, DELIVERED)
    receipts = [entry["detail"] for entry in (await world.trace(ref))["trace"] if entry["what"] == "receipt"]
    assert receipts == ["delivered: provider"]


async def test_notifications_that_are_off_end_the_message_and_are_known_of_the_installation(world: World) -> None:
    phone, ref, device = await pushed(world)
    await world.control.hms_receipt(url(world), device.token, 6)
    assert await world.refused(ref) == DISCREET
    entries = [entry for entry in (await world.trace(ref))["trace"] if entry["what"] == "told"]
    assert [(entry["provider"], entry["status"], entry["detail"]) for entry in entries] == [
        ("hms", 6, "notifications are off")
    ]
    await device.refresh()
    assert device.view["pushOsEnabled"] is False
    assert await world.refused(await world.send(phone)) == DISCREET
    await device.change_settings(pushOsEnabled=True)
    assert device.view["pushOsEnabled"] is True


async def test_an_app_that_is_gone_takes_its_token_with_it(world: World) -> None:
    phone, ref, device = await pushed(world)
    await world.control.hms_receipt(url(world), device.token, 2)
    assert await world.refused(ref) == REFUSED
    await device.refresh()
    assert device.view["token"] is None
    assert await world.refused(await world.send(phone)) == 22


async def test_what_only_explains_stands_in_the_trace(world: World) -> None:
    _, ref, device = await pushed(world)
    for status in (15, 102, 777):
        await world.control.hms_receipt(url(world), device.token, status)

    async def is_told() -> bool:
        trace = (await world.trace(ref))["trace"]
        return [entry["status"] for entry in trace if entry["what"] == "told"] == [15, 102, 777]

    await eventually(is_told, "three lines of the trace")
    assert (await world.trace(ref))["state"] == "SENT"


async def test_a_receipt_that_is_old_or_for_nobody_is_refused(world: World) -> None:
    _, _, device = await pushed(world)
    old = await world.control.hms_receipt(url(world), device.token, 0, age_ms=400_000)
    assert old["status"] == 401
    nobody = await world.control.hms_receipt(url(world, "no-such-application"), device.token, 0)
    assert nobody["status"] == 404
