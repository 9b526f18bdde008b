"""Subscriptions by word and by default, prohibition by the system, and what support reads of devices."""

import asyncio
from typing import Any

import pytest

from deploy.local.provision import APPLICATION_ID, Admin, admin_of, await_read
from deploy.sandbox.phone.device import Habits
from tests.support.world import READ, World

CATALOGUE = [{"id": "e2e-news", "default": True}, {"id": "e2e-offers", "default": False}]


@pytest.fixture(scope="module")
def admin(world: World) -> Admin:
    return admin_of(world.stack.describe())


async def read(admin: Admin, path: str) -> Any:
    return await asyncio.to_thread(admin.call, "GET", path, {})


@pytest.fixture(scope="module")
async def catalogue(world: World, admin: Admin) -> None:
    about = {"subscriptions": CATALOGUE}
    changed = await asyncio.to_thread(admin.call, "PATCH", f"/v1/applications/{APPLICATION_ID}", about)
    await asyncio.to_thread(await_read, world.stack.describe(), changed["changedAt"])


@pytest.mark.usefixtures("catalogue")
async def test_a_message_goes_to_those_that_have_the_subscription_on(world: World) -> None:
    phone = world.new_phone()
    silent, declined = [await world.enrol("android", phone) for _ in range(2)]
    await declined.change_settings(subscriptions=[{"id": "e2e-news", "value": False}])
    await world.reported(await world.send(phone, deviceSubscriptions=["e2e-news"]), READ)
    assert (len(silent.shown), len(declined.shown)) == (1, 0)
    assert await world.refused(await world.send(phone, deviceSubscriptions=["e2e-offers", "nobody-knows"])) == 25
    await declined.change_settings(subscriptions=[{"id": "e2e-offers", "value": True}])
    await world.reported(await world.send(phone, deviceSubscriptions=["e2e-offers", "nobody-knows"]), READ)
    assert (len(silent.shown), len(declined.shown)) == (1, 1)


async def test_prohibition_by_the_system_is_code_24_and_counted(world: World, admin: Admin) -> None:
    path = f"/v1/applications/{APPLICATION_ID}/prohibitions"
    before = (await read(admin, path))["days"][-1]
    phone = world.new_phone()
    device = await world.enrol("ios", phone, Habits(allows_pushes=False))
    assert await world.refused(await world.send(phone)) == 24
    after = (await read(admin, path))["days"][-1]
    assert after["forbidden"] == before["forbidden"] + 1
    assert after["forbiddenBySdk"] == before["forbiddenBySdk"] + 1
    card = await read(admin, f"/v1/installations/{device.installation_id}")
    assert [(permission["allowed"], permission["source"]) for permission in card["osPermission"]] == [(False, "sdk")]
