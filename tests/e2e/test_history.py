"""The in-app history: what a customer's phones list, change and pull, and what stays hidden from others."""

import secrets

import pytest

from deploy.sandbox.phone.device import Device, Habits
from deploy.sandbox.phone.sdk_api import RefusedError
from tests.support.waiting import eventually
from tests.support.world import DELIVERED, QUICK, READ, World

NOTHING = Habits(None)


async def entry_count(world: World, device: Device, count: int) -> None:
    async def is_there() -> bool:
        return len(await device.pull()) == count

    await eventually(is_there, f"{count} entries", look_s=0.5)


async def test_entries_are_listed_marked_and_deleted_on_all_phones_of_a_customer(world: World) -> None:
    phone = world.new_phone()
    device, other = await world.enrol("ios", phone, NOTHING), await world.enrol("android", phone, NOTHING)
    ids = [(await world.trace(await world.send(phone)))["messageId"] for _ in range(3)]
    await entry_count(world, device, 3)
    assert await world.fleet.api.mark_history(device.who, "Seen", ids[:2]) == [True, True]
    seen = await world.fleet.api.history(other.who, status="Seen")
    assert {entry["messageId"] for entry in seen["entries"]} == set(ids[:2])
    assert await world.fleet.api.delete_history(other.who, [ids[0], device.installation_id]) == [True, False]
    assert {push.message_id for push in await device.pull()} == set(ids[1:])
    page = await world.fleet.api.history(device.who, limit=1)
    rest = await world.fleet.api.history(device.who, limit=1, cursor=page["cursor"])
    assert {entry["messageId"] for entry in page["entries"] + rest["entries"]} == set(ids[1:])
    assert rest["cursor"] is None


async def test_the_history_survives_a_new_phone_and_is_hidden_after_logout(world: World) -> None:
    user, phone = world.new_ref(), world.new_phone()
    old = await world.fleet.enrol("ios", user=user, phone=phone, habits=QUICK)
    answer = await world.bank.send(text := world.new_text(), user=user, ref=(ref := world.new_ref()))
    assert answer.http_status == 200, answer
    await world.reported(ref, READ)
    new = await world.fleet.enrol("huawei", user=user, habits=NOTHING)
    await entry_count(world, new, 1)
    assert new.inbox[0].text == text

    async def is_read() -> bool:
        entry = await world.fleet.api.history_entry(new.who, new.inbox[0].message_id)
        return (entry["status"], entry["deliveryId"], bool(entry["readAt"])) == ("Seen", None, True)

    await eventually(is_read, "an entry that was read", look_s=0.5)
    for stranger in (None, world.new_ref()):
        await old.depersonalize()
        if stranger is not None:
            await old.personalize(stranger)
        assert await old.pull() == []
        with pytest.raises(RefusedError) as refused:
            await world.fleet.api.history_entry(old.who, new.inbox[0].message_id)
        assert refused.value.status == 404


async def test_what_a_phone_pulls_on_start_is_delivered(world: World) -> None:
    """APNs keeps one push for a phone that is off; the history has the others."""
    phone = world.new_phone()
    device = await world.enrol("ios", phone, Habits(None, pulls=True))
    device.go_offline()
    refs = [await world.send(phone) for _ in range(2)]

    async def are_planned() -> bool:
        return all([(await world.trace(ref))["links"][0]["deliveries"] for ref in refs])

    await eventually(are_planned, "two planned pushes")
    await device.start_session()
    for ref in refs:
        await world.reported(ref, DELIVERED)
    receipts = [entry for entry in (await world.trace(refs[0]))["trace"] if entry["what"] == "receipt"]
    assert [receipt["detail"] for receipt in receipts] == ["delivered: pull"]
    assert len(device.inbox) == 2
    assert list(device.shown) == []


async def test_secure_values_in_the_history_are_for_the_phones_that_they_were_sent_to(world: World) -> None:
    phone, value = world.new_phone(), secrets.token_hex(8)
    world.secret.add(value)
    world.sensitive.add(value)
    mine = await world.enrol("rustore", phone)
    ref = await world.put("Code %code%", phone, {"SECURE": {"code": value}})
    await world.reported(ref, READ)
    late = await world.enrol("ios", phone, NOTHING)
    await entry_count(world, mine, 1)
    await entry_count(world, late, 1)
    assert (mine.inbox[0].text, late.inbox[0].text) == (f"Code {value}", "Code •••")
