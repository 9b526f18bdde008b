"""From the bank's POST to a read receipt and back, over all four providers."""

import pytest

from deploy.sandbox.phone.device import Habits
from deploy.sandbox.phone.kinds import PROVIDERS, Platform
from deploy.sandbox.phone.sdk_push import Push
from tests.support.waiting import eventually
from tests.support.world import DELIVERED, PLATFORMS, QUICK, READ, SENT, World

BUTTONS = [
    {"title": "Open", "action": "open-app"},
    {"title": "Pay", "action": "link", "options": "https://bank.example/pay"},
]


async def test_a_one_time_password_reaches_all_four_kinds_of_phone_and_comes_back_as_read(world: World) -> None:
    phone = world.new_phone()
    devices = [await world.enrol(platform, phone) for platform in PLATFORMS]
    ref = await world.send(phone)
    reports = await world.reported(ref, READ)
    await world.fleet.until(lambda: all(len(device.shown) == 1 for device in devices))

    async def has_four_attempts() -> bool:
        attempts = {attempt["provider"]: attempt["status"] for attempt in await world.attempts(ref)}
        return attempts == {PROVIDERS[platform]: 200 for platform in PLATFORMS}

    await eventually(has_four_attempts, "an attempt over each provider, answered 200")
    assert {report["destAddr"] for report in reports} == {phone}
    assert {report["text"] for report in reports} == {devices[0].shown[0].text}
    assert {report["errorCode"] for report in reports} == {"0"}


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_the_receipts_of_one_phone_are_reported_in_order(world: World, platform: Platform) -> None:
    phone = world.new_phone()
    device = await world.enrol(platform, phone, Habits(None))
    ref = await world.send(phone)
    await world.reported(ref, DELIVERED)
    assert (await world.trace(ref))["state"] == "DELIVERED"
    device.report("read", device.shown[0])
    reports = await world.reported(ref, READ)
    assert [report["status"] for report in reports if report["status"] != SENT] == [DELIVERED, READ]
    message = await world.trace(ref)
    assert message["state"] == "READ"
    assert [change["state"] for change in message["links"][0]["changes"]][-2:] == ["DELIVERED", "READ"]
    steps = [entry["what"] for entry in message["trace"]]
    assert steps.index("planned") < steps.index("attempt") < steps.index("receipt")
    # a phone may answer before its attempt has been noted
    times = [entry["at"] for entry in message["trace"] if entry["what"] != "attempt"]
    assert times == sorted(times)


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_a_rich_push_arrives_whole(world: World, platform: Platform) -> None:
    phone = world.new_phone()
    device = await world.enrol(platform, phone, Habits("clicked", after_s=0.05, action="link"))
    content = {"contentCategory": "IMAGE", "contentUrl": "https://bank.example/1.png", "actions": BUTTONS}
    custom = {"screen": "cards", "ids": [1, 2]}
    ref = await world.send(phone, title="Statement", content=content, customPayload=custom)
    await world.reported(ref, READ)
    push = device.shown[0]
    assert (push.title, push.category, push.url) == ("Statement", "IMAGE", "https://bank.example/1.png")
    assert [(action.title, action.action, action.options) for action in push.actions] == [
        ("Open", "open-app", None),
        ("Pay", "link", "https://bank.example/pay"),
    ]
    assert push.custom_payload == '{"screen":"cards","ids":[1,2]}'
    assert not push.more
    assert [entry["detail"] for entry in (await world.trace(ref))["trace"] if entry["what"] == "receipt"] == [
        "delivered",
        "clicked: link",
    ]


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_what_does_not_fit_a_push_is_cut_and_fetched_by_the_sdk(world: World, platform: Platform) -> None:
    phone = world.new_phone()
    cut: list[Push] = []
    device = await world.enrol(platform, phone)
    world.fleet.listeners.append(lambda happening: cut.append(happening.push) if happening.device is device else None)
    text = "Ваш платёж принят. " * 50
    answer = await world.bank.send(text, phone=phone, ref=(ref := world.new_ref()), customPayload="x" * 6000)
    assert answer.http_status == 200, answer
    await world.reported(ref, READ)
    await world.fleet.until(lambda: not device.shown[0].more)
    world.fleet.listeners.pop()
    assert cut[0].more
    assert text.startswith(cut[0].text.rstrip("…"))
    assert (device.shown[0].text, device.shown[0].custom_payload) == (text, f'"{"x" * 6000}"')
    assert (await world.trace(ref))["text"] == text


async def test_only_the_primary_phone_gets_what_is_meant_for_it(world: World) -> None:
    phone = world.new_phone()
    first, primary = [await world.enrol(platform, phone) for platform in ("ios", "android")]
    await primary.start_session(primary=True)
    ref = await world.send(phone, primaryOn=True)
    await world.reported(ref, READ)
    link = (await world.trace(ref))["links"][0]
    assert [delivery["installationId"] for delivery in link["deliveries"]] == [primary.installation_id]
    assert [(skipped["installationId"], skipped["reason"]["name"]) for skipped in link["skipped"]] == [
        (first.installation_id, "not-primary")
    ]
    assert list(first.shown) == []


async def test_the_primary_mark_moves_to_the_phone_that_claimed_it_last(world: World) -> None:
    phone = world.new_phone()
    old, new = [await world.enrol(platform, phone) for platform in ("huawei", "rustore")]
    await old.start_session(primary=True)
    await new.change_settings(primary=True)
    await world.reported(await world.send(phone, primaryOn=True), READ)
    assert (len(old.shown), len(new.shown)) == (0, 1)


async def test_only_the_wanted_providers_are_used(world: World) -> None:
    phone = world.new_phone()
    devices = {platform: await world.enrol(platform, phone) for platform in PLATFORMS}
    options = [{"param_name": "SENDING_PLATFORMS", "param_value": ["Ios", "RuStore"]}]
    ref = await world.send(phone, extraOptions=options)
    await world.reported(ref, READ)
    await world.fleet.until(lambda: len(devices["ios"].shown) == len(devices["rustore"].shown) == 1)
    assert len(devices["android"].shown) == len(devices["huawei"].shown) == 0


async def test_a_user_is_found_by_the_banks_own_id(world: World) -> None:
    user = world.new_ref()
    device = await world.fleet.enrol("android", user=user, habits=QUICK)
    answer = await world.bank.send(world.new_text(), user=user, ref=(ref := world.new_ref()))
    assert answer.http_status == 200, answer
    await world.reported(ref, READ)
    assert len(device.shown) == 1


async def test_receipts_that_come_twice_count_once(world: World) -> None:
    phone = world.new_phone()
    await world.enrol("ios", phone, Habits("read", after_s=0.05, receipts_sent=3))
    ref = await world.send(phone)
    await world.reported(ref, READ)
    await world.fleet.drained()
    receipts = [entry["detail"] for entry in (await world.trace(ref))["trace"] if entry["what"] == "receipt"]
    assert receipts == ["delivered", "read"]
