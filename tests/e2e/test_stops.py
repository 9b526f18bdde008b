"""Stop buttons on the running platform: pause and resume, cancel, and what the trace says of it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from deploy.local.provision import APPLICATION_ID, PASSWORD, SERVICE_NUMBER
from deploy.local.provision import LOGIN as PARTNER
from tests.e2e.test_batch import ask
from tests.e2e.test_cli import done, rpns
from tests.support.opening import LOGIN
from tests.support.waiting import eventually
from tests.support.world import READ, UNDELIVERED, World


async def whats(world: World, ref: str) -> list[str]:
    return [entry["what"] for entry in (await world.trace(ref))["trace"]]


@pytest.mark.parametrize(("scope", "name"), [("partner", LOGIN), ("application", APPLICATION_ID)])
async def test_what_is_paused_goes_out_when_it_is_resumed(world: World, scope: str, name: str) -> None:
    phone = world.new_phone()
    device = await world.enrol("android", phone)
    await done(world, "pause", scope, name, "--reason", "a drill")
    try:
        await router_knows(world, f"{scope} {name}", phone)
        ref = await world.send(phone)

        async def is_held() -> bool:
            return "held" in await whats(world, ref)

        await eventually(is_held, "held up")
        assert f"{scope} {name} is paused" in (await world.trace(ref))["explanation"]
        shown = len(device.shown)
    finally:
        await done(world, "resume", scope, name)
    await world.reported(ref, READ)
    assert len(device.shown) > shown


async def router_knows(world: World, what: str, phone: str) -> None:
    """A stop is an event: wait until the router has read it, by sending until something is held."""

    async def is_held() -> bool:
        probe = await world.send(phone)

        async def is_decided() -> bool:
            return bool({"held", "planned"} & set(await whats(world, probe)))

        await eventually(is_decided, "decided")
        return "held" in await whats(world, probe)

    await eventually(is_held, f"{what} is paused for the router")


async def test_a_paused_provider_holds_up_its_own_phones_only(world: World) -> None:
    phone = world.new_phone()
    huawei, android = [await world.enrol(platform, phone) for platform in ("huawei", "android")]
    await done(world, "pause", "provider", "hms")
    try:

        async def is_parked() -> bool:
            ref = await world.send(phone)
            await world.reported(ref, READ)
            details = [attempt["detail"] for attempt in await world.attempts(ref) if attempt["provider"] == "hms"]
            return any("provider is paused" in detail for detail in details)

        await eventually(is_parked, "HMS is paused for dispatch")
        before = len(huawei.shown)
    finally:
        await done(world, "resume", "provider", "hms")

    async def goes_on() -> bool:
        return len(huawei.shown) > before

    await eventually(goes_on, "what was parked goes out")
    assert len(android.shown) >= 1


def tomorrow() -> dict[str, Any]:
    deadline = datetime.now(UTC) + timedelta(days=2)
    opens = datetime.now(UTC) + timedelta(hours=3 + 2)  # windows are in UTC+3
    return {
        "timeBegin": f"{opens:%H:%M}",
        "timeEnd": f"{opens + timedelta(hours=1):%H:%M}",
        "deadline": deadline.strftime("%Y-%m-%dT%H:%M:%S+0000"),
    }


async def test_a_scheduled_message_is_cancelled_and_reported_at_once(world: World) -> None:
    phone = world.new_phone()
    device = await world.enrol("android", phone)
    ref = world.new_ref()
    body = world.bank.request(world.new_text(), phone=phone, ref=ref) | {"scheduleInfo": tomorrow()}
    assert (await world.bank.post(body)).http_status == 200

    async def is_scheduled() -> bool:
        return "scheduled" in await whats(world, ref)

    await eventually(is_scheduled, "scheduled")
    message_id = (await world.trace(ref))["messageId"]
    await done(world, "cancel", "message", message_id)
    report = (await world.reported(ref, UNDELIVERED))[-1]
    assert report["errorCode"] == "7"
    trace = await world.trace(ref)
    assert "cancelled before it was sent" in trace["explanation"]
    assert [entry["detail"] for entry in trace["trace"] if entry["what"] == "cancel"] == ["asked for by operator"]
    assert (await rpns(world, "cancel", "message", message_id)).code == 1  # too late
    assert not device.shown


async def test_what_was_sent_cannot_be_cancelled(world: World) -> None:
    phone = world.new_phone()
    await world.enrol("android", phone)
    ref = await world.send(phone)
    await world.reported(ref, READ)
    refused = await rpns(world, "cancel", "message", ref)
    assert (refused.code, "Too late" in refused.err) == (1, True)


async def cancelled_packet(world: World, phone: str, waits_as: str) -> tuple[str, Any]:
    """Send a packet of one message, wait for `waits_as` in its trace, cancel it and wait until the partner is told.

    Gives the text, and the message with its trace.
    """
    text = world.new_text()
    message = {"from": SERVICE_NUMBER, "to": phone, "text": text, "type": "PUSH", "validity": 3600}
    _, body = await ask(world, "POST", "/v3/batch", {"messages": [message]})
    (sent,) = body["result"]
    basic = {"Authorization": aiohttp.encode_basic_auth(PARTNER, PASSWORD, "utf-8")}

    async def known() -> Any:
        return (await ask(world, "GET", f"/v1/messages/{sent['messageId']}", headers=basic))[1]

    async def waits() -> bool:
        return waits_as in [entry["what"] for entry in (await known()).get("trace", ())]

    await eventually(waits, f"it waits: {waits_as}")
    await done(world, "cancel", "packet", f"{PARTNER}/{sent['packetId']}")

    async def is_told() -> bool:
        reports = await world.control.reports(sent["messageId"])
        return [entry["report"]["status"] for entry in reports] == ["EXPIRED"]

    await eventually(is_told, "the partner is told, while the pause goes on")
    return text, await known()


async def test_a_packet_that_the_application_s_pause_holds_up_is_cancelled_at_once(world: World) -> None:
    phone = world.new_phone()
    device = await world.enrol("android", phone)
    await done(world, "pause", "application", APPLICATION_ID)
    try:
        await router_knows(world, f"application {APPLICATION_ID}", phone)
        text, known = await cancelled_packet(world, phone, "held")
        assert "cancelled before it was sent" in known["explanation"]
    finally:
        await done(world, "resume", "application", APPLICATION_ID)
    assert text not in [push.text for push in device.shown]


async def test_a_packet_that_waits_for_its_provider_is_cancelled_at_once(world: World) -> None:
    phone = world.new_phone()
    device = await world.enrol("huawei", phone)
    await done(world, "pause", "provider", "hms")
    try:

        async def is_parked() -> bool:
            attempts = await world.attempts(await world.send(phone))
            return any("provider is paused" in attempt["detail"] for attempt in attempts)

        await eventually(is_parked, "HMS is paused for dispatch")
        text, known = await cancelled_packet(world, phone, "attempt")
        assert "cancelled before it was sent" in known["explanation"]
        assert "refused: the packet was cancelled" in [entry["detail"] for entry in known["trace"]]
    finally:
        await done(world, "resume", "provider", "hms")
    last = await world.send(phone)
    await world.reported(last, READ)
    assert text not in [push.text for push in device.shown]
