"""Others are away for a while: a provider, the bank's receiver of reports."""

import asyncio

import pytest

from tests.support.waiting import eventually
from tests.support.world import PLATFORMS, READ, World

MESSAGES = 10


async def test_while_a_provider_is_down_the_others_go_on_and_afterwards_everything_arrives(world: World) -> None:
    phone_of = {}
    device_of = {}
    for platform in PLATFORMS:
        phone_of[platform] = world.new_phone()
        device_of[platform] = await world.enrol(platform, phone_of[platform])
    world.alerts.add(("provider is away: its partitions are paused", "rustore"))  # once enough were refused
    await world.control.order("rustore", "status", reason="UNAVAILABLE")
    refs = [await world.send(phone_of["rustore"], ttl=120) for _ in range(MESSAGES)]
    await eventually(lambda: _was_refused(world, refs[0]), "RuStore refuses")
    others = [await world.send(phone_of[platform]) for platform in PLATFORMS[:3] for _ in range(MESSAGES)]
    await asyncio.gather(*(world.reported(ref, READ) for ref in others))
    assert len(device_of["rustore"].shown) == 0
    await world.control.clear_faults("rustore")
    await asyncio.gather(*(world.reported(ref, READ, timeout_s=60) for ref in refs))
    assert len(device_of["rustore"].shown) == MESSAGES


@pytest.mark.parametrize("kind", ["reset", "drop-after-write"])
async def test_a_provider_that_breaks_connections_costs_no_push_where_a_resend_is_absorbed(
    world: World, kind: str
) -> None:
    devices = {}
    refs = []
    for platform in PLATFORMS[:3]:
        phone = world.new_phone()
        devices[platform] = await world.enrol(platform, phone)
        await world.control.order(devices[platform].provider, kind, token=devices[platform].token, times=1)
        refs.append(await world.send(phone))
    await asyncio.gather(*(world.reported(ref, READ) for ref in refs))
    assert [len(device.shown) for device in devices.values()] == [1, 1, 1]


async def test_a_receiver_of_reports_that_was_away_gets_what_is_still_true(world: World) -> None:
    phone, ref = world.new_phone(), world.new_ref()
    url = f"{world.stack.sandbox['partner']}/reports/away"
    await world.enrol("android", phone)
    await world.control.order("partner", "status", status=503, token=ref)
    answer = await world.bank.post(world.bank.request(world.new_text(), phone=phone, ref=ref) | {"notifyUrl": url})
    assert answer.http_status == 200, answer
    await eventually(lambda: _is_read(world, ref), "the message is read")
    tried = await world.control.reports(ref, count=2, accepted=False)
    assert {attempt["answered"] for attempt in tried} == {503}
    await world.control.clear_faults("partner")
    reports = await world.reported(ref, READ, timeout_s=60)
    assert [report["status"] for report in reports] == [READ], "DELIVERED was no news any more"
    assert {entry["path"] for entry in await world.control.reports(ref)} == {"/reports/away"}


async def test_every_report_was_in_good_form(world: World) -> None:
    phone = world.new_phone()
    await world.enrol("huawei", phone)
    await world.reported(await world.send(phone), READ)
    assert await world.control.violations() == []


async def _was_refused(world: World, ref: str) -> bool:
    return any(attempt["status"] == 503 for attempt in await world.attempts(ref))


async def _is_read(world: World, ref: str) -> bool:
    return bool((await world.trace(ref))["state"] == "READ")
