"""Schedules on the real stack: a message waits for its hour, whatever is killed meanwhile, and goes once, in time."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from tests.support.waiting import eventually
from tests.support.world import READ, Json, World

MOSCOW = timezone(timedelta(hours=3))
KATHMANDU = ZoneInfo("Asia/Kathmandu")
TIMEOUT = 7
LATER = timedelta(hours=2)
LATE = timedelta(seconds=40)
"""After which a message of these tests would not go any more: who arrives was in time."""


async def send_scheduled(world: World, phone: str, schedule: Json, **about: object) -> str:
    ref = world.new_ref()
    request = world.bank.request(ref, phone=phone, ref=ref) | {"scheduleInfo": schedule, **about}
    answer = await world.bank.post(request)
    assert answer.http_status == 200, answer

    async def waits() -> bool:
        return any(entry["what"] == "scheduled" for entry in (await world.trace(ref))["trace"])

    await eventually(waits, f"{ref} is scheduled")
    return ref


def from_to(opens: datetime, length: timedelta, deadline: datetime | None = None) -> Json:
    window: Json = {"timeBegin": f"{opens:%H:%M}", "timeEnd": f"{opens + length:%H:%M}"}
    return window | ({"deadline": deadline.isoformat(timespec="seconds")} if deadline else {})


def next_minute(least: timedelta) -> datetime:
    """The next full minute that is so far ahead at least."""
    return (datetime.now(UTC) + least + timedelta(minutes=1)).replace(second=0, microsecond=0)


async def test_a_scheduled_message_survives_the_routers_death_and_arrives_once_in_its_window(world: World) -> None:
    at_home, abroad = world.new_phone(), world.new_phone()
    devices = [
        await world.enrol("android", at_home),
        await world.enrol("ios", abroad, time_zone=str(KATHMANDU)),
    ]
    opens = next_minute(timedelta(seconds=6))
    refs = [
        await send_scheduled(world, at_home, from_to(opens.astimezone(MOSCOW), LATER, opens + LATE)),
        await send_scheduled(
            world, abroad, from_to(opens.astimezone(KATHMANDU), LATER, opens + LATE), useTimeDiff=True
        ),
    ]
    assert not any(device.shown for device in devices)
    world.stack.kill("router")
    await world.restart("router")
    for ref, device in zip(refs, devices, strict=True):
        await world.reported(ref, READ, timeout_s=120)
        assert [push.text for push in device.shown] == [ref]
        (push,) = await world.control.inbox(device.provider, device.token)
        assert push["at_ms"] >= opens.timestamp() * 1000


async def test_a_window_that_opens_behind_the_deadline_is_expired_once(world: World) -> None:
    phone = world.new_phone()
    device = await world.enrol("android", phone)
    opens = datetime.now(MOSCOW) + LATER
    deadline = datetime.now(UTC) + timedelta(seconds=3)
    ref = await send_scheduled(world, phone, from_to(opens, LATER, deadline))
    assert await world.refused(ref) == TIMEOUT
    assert not device.shown
    assert len(await world.control.reports(ref)) == 1


async def test_a_window_that_is_open_holds_nothing_up(world: World) -> None:
    phone, ref = world.new_phone(), world.new_ref()
    await world.enrol("android", phone)
    opened = datetime.now(MOSCOW) - timedelta(hours=1)
    request = world.bank.request(ref, phone=phone, ref=ref) | {"scheduleInfo": from_to(opened, LATER)}
    assert (await world.bank.post(request)).http_status == 200
    await world.reported(ref, READ)
