"""An application built with RuStore's universal SDK: its pushes go over the universal host, whoever carries them."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest

from deploy.local.provision import admin_of, await_read, backend
from deploy.sandbox.phone.fleet import Fleet
from tests.support.world import QUICK, READ, World

SENDER = "E2eUniversal"
VIA = {"via": "rustore-universal"}


@pytest.fixture(scope="module")
async def fleet(world: World) -> AsyncIterator[Fleet]:
    """Phones of an application that is configured universal, with its own sender at the bank."""
    stack, api_key = world.stack, f"universal-{secrets.token_hex(8)}"
    world.secret.add(api_key)
    admin = admin_of(stack.describe())
    credentials: dict[str, Any] = stack.sandbox["credentials"]
    others = {name: carrier for name, carrier in credentials["rustore_universal"].items() if name != "rustore"}
    admin.put_application("universal", api_key, {"name": "Universal Bank", "rustoreVariant": "universal"})
    admin.put_identity_key("universal", credentials["identity"])
    admin.put_sender("e2e-bank", SENDER, "universal")
    made = admin.put_credentials("universal", "rustore", {**credentials["rustore"], "universal": others})
    await asyncio.to_thread(await_read, stack.describe(), made["changedAt"])
    async with Fleet(
        stack.public_url, stack.sandbox["control"], api_key, backend(stack.describe(), "universal")
    ) as fleet:
        yield fleet
        assert fleet.faults == []


@pytest.mark.parametrize("token_of", ["rustore", "hms"])
async def test_an_application_configured_universal_is_pushed_to_over_the_universal_host(
    world: World, fleet: Fleet, token_of: str
) -> None:
    phone = world.new_phone()
    device = await fleet.enrol("rustore", phone=phone, habits=QUICK, variant=None, token_of=token_of)
    world.secret |= {device.token, device.who.credential, device.proof}
    ref = await world.send(phone, serviceNumber=SENDER)
    await world.reported(ref, READ)
    (received,) = await world.control.inbox(token_of, device.token)
    assert received["headers"] == VIA
    assert len(device.shown) == 1
    assert [attempt["provider"] for attempt in await world.attempts(ref)] == ["rustore"]


async def test_the_apps_own_word_comes_before_the_applications(world: World, fleet: Fleet) -> None:
    phone = world.new_phone()
    device = await fleet.enrol("rustore", phone=phone, habits=QUICK, variant="native")
    world.secret |= {device.token, device.who.credential, device.proof}
    await world.reported(await world.send(phone, serviceNumber=SENDER), READ)
    (received,) = await world.control.inbox("rustore", device.token)
    assert received["headers"] == {}
