"""No cloud, topic, collection, log, report or metric ever holds a SECURE value. Runs late (`conftest.py`).

What is looked through was written by all tests before; a value is looked for in every way that it takes here.
"""

import secrets

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from deploy.sandbox.phone.device import Habits
from tests.support.everything_written import everything
from tests.support.world import PLATFORMS, READ, World

NAMES = ("code", "card")
TEXT = "Leak test: code %code%, card %card%"
PLACES = (
    "opened topic message-requested",
    "opened topic target-resolved.fcm",
    "collection rpns.messages",
    "providers",
    "partner",
)
"""Where the text with its placeholders must be found, or the search itself is broken."""


def _values(world: World) -> dict[str, str]:
    values = {name: secrets.token_hex(10) for name in NAMES}
    world.sensitive |= set(values.values())
    return values


async def _fetched_and_sealed(world: World) -> None:
    """On every kind of phone, once fetched and once inside the push."""
    phone, keyed = world.new_phone(), world.new_phone()
    devices = [await world.enrol(platform, phone) for platform in PLATFORMS]
    for platform in PLATFORMS:
        key = generate_private_key(SECP256R1())
        devices.append(await world.enrol(platform, keyed, Habits("read", after_s=0.05, fetches=False), private_key=key))
    values = _values(world)
    for owner in (phone, keyed):
        ref = await world.put(TEXT, owner, {"SECURE": values}, title="%code%")
        await world.reported(ref, READ)
    whole = f"Leak test: code {values['code']}, card {values['card']}"
    await world.fleet.until(lambda: all(device.shown and device.shown[0].text == whole for device in devices))


async def _tried_again(world: World) -> None:
    """A push whose provider is busy waits in a timer."""
    phone = world.new_phone()
    device = await world.enrol("android", phone, private_key=generate_private_key(SECP256R1()))
    await world.control.order("fcm", "status", reason="UNAVAILABLE", token=device.token, times=1)
    await world.reported(await world.put(TEXT, phone, {"SECURE": _values(world)}), READ)


async def _refused(world: World) -> None:
    """A request without a value for each placeholder, one for nobody, and one that names its values badly."""
    values = _values(world)
    for text, given in ((TEXT, {"code": values["code"]}), ("%code%", {"code!": values["code"]}), ("x", values["card"])):
        option = {"param_name": "SECURE", "param_value": given}
        answer = await world.bank.send(text, phone=world.new_phone(), ref=world.new_ref(), extraOptions=[option])
        assert answer.error_code == 4
        assert not any(value in str(answer.body) for value in values.values())
    assert await world.refused(await world.put(TEXT, world.new_phone(), {"SECURE": values})) == 20


async def test_nothing_that_was_written_holds_a_secure_value(world: World) -> None:
    await _fetched_and_sealed(world)
    await _tried_again(world)
    await _refused(world)
    await world.fleet.drained()
    assert len(world.sensitive) >= 6
    found, seen = set(), set()
    needles = [value.encode() for value in world.sensitive]
    async for place, content in everything(world):
        if TEXT.encode() in content:
            seen.add(place)
        if any(needle in content for needle in needles):
            found.add(place)
    assert found == set()
    assert set(PLACES) <= seen
