"""A request that is repeated is one message."""

import asyncio

from tests.support.waiting import eventually
from tests.support.world import PLATFORMS, READ, World

REPEATS = 20


async def test_twenty_equal_requests_at_once_are_one_message_and_one_push_for_each_phone(world: World) -> None:
    phone, ref = world.new_phone(), world.new_ref()
    devices = [await world.enrol(platform, phone) for platform in PLATFORMS]
    request = world.bank.request(world.new_text(), phone=phone, ref=ref)
    answers = await asyncio.gather(*(world.bank.post(request) for _ in range(REPEATS)))
    assert {answer.http_status for answer in answers} == {200}
    assert len({answer.mt_num for answer in answers}) == 1
    await world.reported(ref, READ)

    async def has_dropped_the_rest() -> bool:
        entries = [entry["what"] for entry in (await world.trace(ref))["trace"]]
        return entries.count("repeated") == REPEATS - 1

    await eventually(has_dropped_the_rest, f"{REPEATS - 1} requests are dropped")
    await world.fleet.until(lambda: all(len(device.shown) == 1 for device in devices))
    for device in devices:
        assert len(await world.control.inbox(device.provider, device.token)) == 1


async def test_a_repetition_after_the_message_was_read_changes_nothing(world: World) -> None:
    phone = world.new_phone()
    device = await world.enrol("ios", phone)
    ref = await world.send(phone)
    await world.reported(ref, READ)
    mt_num = (await world.trace(ref))["mtNum"]
    answer = await world.bank.send(world.new_text(), phone=phone, ref=ref)
    assert answer.mt_num == mt_num
    last = await world.send(phone)  # once this one is read, the repetition has been dealt with
    await world.reported(last, READ)
    assert [push.message_id for push in device.shown] == [
        (await world.trace(ref))["messageId"],
        (await world.trace(last))["messageId"],
    ]
