"""RICH, SECURE and what did not fit: fetched by the phones it was sent to, and by nobody else."""

import secrets

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from deploy.sandbox.phone.device import Device, Habits
from deploy.sandbox.phone.kinds import Platform
from deploy.sandbox.phone.sdk_api import RefusedError
from tests.support.world import PLATFORMS, QUICK, READ, World

SECURE_TEXT = "Code %code%, card %card%"
RICH = {
    "title": "Your card is ready",
    "content-category": "IMAGE",
    "content-url": "https://bank.example/card.png",
    "custom-payload": {"screen": "cards"},
    "actions": [{"title": "Open", "action": "open-app"}],
}


def secure_values(world: World) -> dict[str, str]:
    values = {"code": secrets.token_hex(8), "card": secrets.token_hex(8)}
    world.secret |= set(values.values())
    world.sensitive |= set(values.values())
    return values


async def is_whole(world: World, device: Device) -> None:
    await world.fleet.until(lambda: bool(device.shown) and not device.shown[0].more)


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_rich_replaces_what_the_push_showed_and_keeps_the_rest(world: World, platform: Platform) -> None:
    phone = world.new_phone()
    device = await world.enrol(platform, phone)
    ref = await world.put(world.new_text(), phone, {"RICH": RICH}, title="Hello")
    text = (await world.trace(ref))["text"]
    await is_whole(world, device)
    push = device.shown[0]
    assert (push.title, push.text) == ("Your card is ready", text)
    assert (push.category, push.url) == ("IMAGE", "https://bank.example/card.png")
    assert (push.custom_payload, [action.title for action in push.actions]) == ('{"screen":"cards"}', ["Open"])


async def test_a_phone_that_cannot_fetch_shows_what_the_push_had(world: World) -> None:
    phone = world.new_phone()
    device = await world.enrol("android", phone, Habits("read", after_s=0.05, fetches=False))
    values = secure_values(world)
    ref = await world.put(SECURE_TEXT, phone, {"RICH": RICH, "SECURE": values}, title="Hello")
    await world.reported(ref, READ)
    assert (device.shown[0].title, device.shown[0].text) == ("Hello", "Code •••, card •••")


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_secure_values_are_fetched_and_filled_in(world: World, platform: Platform) -> None:
    phone = world.new_phone()
    device = await world.enrol(platform, phone)
    values = secure_values(world)
    ref = await world.put(SECURE_TEXT, phone, {"SECURE": values}, title="Hello %code%")
    await is_whole(world, device)
    push = device.shown[0]
    assert (push.title, push.text) == (f"Hello {values['code']}", f"Code {values['code']}, card {values['card']}")
    reports = await world.reported(ref, READ)
    assert {report["text"] for report in reports} == {SECURE_TEXT}
    assert (await world.trace(ref))["text"] == SECURE_TEXT


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_a_phone_with_a_key_of_its_own_gets_the_values_inside_the_push(world: World, platform: Platform) -> None:
    phone = world.new_phone()
    habits = Habits("read", after_s=0.05, fetches=False)
    device = await world.enrol(platform, phone, habits, private_key=generate_private_key(SECP256R1()))
    values = secure_values(world)
    ref = await world.put(SECURE_TEXT, phone, {"SECURE": values}, title="Hello %code%")
    reports = await world.reported(ref, READ)
    push = device.shown[0]
    assert (push.title, push.text) == (f"Hello {values['code']}", f"Code {values['code']}, card {values['card']}")
    assert not push.more
    assert {report["text"] for report in reports} == {SECURE_TEXT}


async def test_values_that_do_not_fit_the_push_are_fetched_also_with_a_key(world: World) -> None:
    phone = world.new_phone()
    device = await world.enrol("ios", phone, private_key=generate_private_key(SECP256R1()))
    values = secure_values(world)
    values["long"] = secrets.token_hex(2500)
    await world.put(SECURE_TEXT, phone, {"SECURE": values})
    await is_whole(world, device)
    assert device.shown[0].text == f"Code {values['code']}, card {values['card']}"
    assert device.shown[0].sealed is None


async def test_the_content_is_only_for_the_phones_that_it_was_sent_to(world: World) -> None:
    phone = world.new_phone()
    mine, late, foreign = await world.enrol("ios", phone), None, await world.enrol("ios", world.new_phone())
    ref = await world.put(SECURE_TEXT, phone, {"SECURE": secure_values(world)})
    message_id = (await world.trace(ref))["messageId"]
    await is_whole(world, mine)
    late = await world.enrol("android", phone)  # of the same owner, but not in the plan
    assert (await world.fleet.api.content(mine.who, message_id, 0))["messageId"] == message_id
    for device, asked, link in [(foreign, message_id, 0), (late, message_id, 0), (mine, message_id, 1)]:
        with pytest.raises(RefusedError) as refused:
            await world.fleet.api.content(device.who, asked, link)
        assert refused.value.status == 404
    with pytest.raises(RefusedError) as unknown:
        await world.fleet.api.content(mine.who, mine.installation_id, 0)
    assert str(unknown.value) == str(refused.value)


async def test_whoever_has_logged_out_gets_nothing_any_more(world: World) -> None:
    phone = world.new_phone()
    device = await world.enrol("huawei", phone, QUICK)
    ref = await world.put(SECURE_TEXT, phone, {"SECURE": secure_values(world)})
    message_id = (await world.trace(ref))["messageId"]
    await is_whole(world, device)
    await device.depersonalize()
    with pytest.raises(RefusedError) as refused:
        await world.fleet.api.content(device.who, message_id, 0)
    assert refused.value.status == 404
    await device.personalize(phone=phone)
    assert (await world.fleet.api.content(device.who, message_id, 0))["secure"]["values"]
