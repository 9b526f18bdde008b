"""A phone that says whatever it likes: nothing of it is stored, it is slowed down, and nobody else notices."""

import asyncio
from collections import Counter
from typing import Any

import aiohttp

from deploy.local.provision import API_KEY
from deploy.sandbox.phone.device import Device, Habits
from schemas import ids
from services.runtime import mongo
from services.runtime.settings import Settings
from tests.support.world import READ, World

CALLS, RECEIPTS = 500, 200
SILENT = Habits(None)


def made_up(message_id: str, first: int) -> list[dict[str, Any]]:
    """One message that never was, with ever other links and activities."""
    return [
        {
            "messageId": message_id,
            "deliveryId": ids.uuid7(),
            "kind": "read",
            "happenedAt": 1,
            "link": number % 1000,
            "activityId": f"{number % 100:03d}{'x' * 125}",
        }
        for number in range(first, first + RECEIPTS)
    ]


async def sent_receipts(
    world: World, http: aiohttp.ClientSession, device: Device, receipts: list[dict[str, Any]]
) -> Any:
    """Status, body, Retry-After."""
    url = f"{world.stack.public_url}/sdk/api/v1/installations/{device.installation_id}/receipts"
    headers = {"Authorization": f"Bearer {device.who.credential}"}
    async with http.post(url, json={"receipts": receipts}, headers=headers) as answer:
        return answer.status, await answer.json(content_type=None), answer.headers.get("Retry-After")


async def a_reader(world: World) -> str:
    """The number of somebody who opens what they get."""
    phone = world.new_phone()
    await world.enrol("android", phone)
    return phone


async def stored(world: World, message_ids: list[str]) -> list[str]:
    """Which of these the status service has made a message of."""
    settings = Settings.from_environment(world.stack.env)
    async with mongo.database(settings) as database:
        messages = mongo.Collection(database["messages"])
        return [document["_id"] async for document in messages.find({"_id": {"$in": message_ids}}, {"_id": 1})]


async def test_a_hundred_thousand_made_up_receipts_change_nothing_and_hold_up_nobody(world: World) -> None:
    attacker, victim, invented = await world.enrol("ios", world.new_phone()), await a_reader(world), ids.uuid7()
    async with aiohttp.ClientSession() as http:
        _, first, _ = await sent_receipts(world, http, attacker, made_up(invented, 0))
        calls = [sent_receipts(world, http, attacker, made_up(invented, RECEIPTS * number)) for number in range(CALLS)]
        answers = await asyncio.gather(*calls)
    counts = Counter(status for status, _, _ in answers)
    assert set(counts) == {200, 429}
    assert counts[429] > counts[200]
    assert not any(result["accepted"] for status, body, _ in answers if status == 200 for result in body["results"])
    assert {result["errors"][0]["field"] for result in first["results"]} == {"deliveryId", "link"}
    assert all(int(after) >= 1 for status, _, after in answers if status == 429)
    await world.reported(await world.send(victim), READ)
    assert await stored(world, [invented]) == []


async def test_messages_that_never_were_are_not_made(world: World) -> None:
    attacker = await world.enrol("ios", world.new_phone())
    ids_made_up = [ids.uuid7() for _ in range(RECEIPTS)]
    receipts = [
        {
            "messageId": message_id,
            "deliveryId": ids.uuid5(message_id, f"0/{attacker.installation_id}"),
            "kind": kind,
            "happenedAt": 1,
        }
        for message_id in ids_made_up
        for kind in ("delivered", "read")
    ]
    async with aiohttp.ClientSession() as http:
        status, body, _ = await sent_receipts(world, http, attacker, receipts)
    assert status == 200
    assert [result["errors"][0]["field"] for result in body["results"]] == ["deliveryId"] * len(receipts)
    await world.reported(await world.send(await a_reader(world)), READ)  # what was told before has been read by now
    assert await stored(world, ids_made_up) == []


async def test_a_recipient_adds_no_link_to_the_banks_message_and_speaks_for_no_other_phone(world: World) -> None:
    phone = world.new_phone()
    device, other = await world.enrol("android", phone, SILENT), await world.enrol("ios", phone, SILENT)
    ref = await world.send(phone)
    await world.fleet.until(lambda: bool(device.shown and other.shown))
    push = device.shown[-1]
    own = {"messageId": push.message_id, "deliveryId": push.delivery_id, "kind": "read", "happenedAt": 1}
    links = [own | {"link": number} for number in range(1, 128)]
    async with aiohttp.ClientSession() as http:
        status, body, _ = await sent_receipts(world, http, device, links)
        assert (status, {result["accepted"] for result in body["results"]}) == (200, {False})
        _, body, _ = await sent_receipts(world, http, other, [own])
        assert body["results"][0]["errors"][0]["field"] == "deliveryId"
        _, body, _ = await sent_receipts(world, http, device, [own])
        assert body["results"][0]["accepted"]
    await world.reported(ref, READ)
    message = await world.trace(ref)
    assert len(message["links"]) == 1
    read = {
        delivery["installationId"]: delivery["readAt"] is not None for delivery in message["links"][0]["deliveries"]
    }
    assert read == {device.installation_id: True, other.installation_id: False}


async def test_installations_without_end_are_slowed_down_and_told_until_when(world: World) -> None:
    """From a network of their own, as a trusted proxy would tell; the gateway drops what callers claim themselves."""
    body = {"proof": "x" * 32, "deviceId": "d", "platform": "ios", "appVersion": "1"}
    url = f"http://127.0.0.1:{world.stack.ports['registry'].api}/sdk/api/v1/installations"
    async with aiohttp.ClientSession() as http:
        for number in range(2_000):
            headers = {"X-Api-Key": API_KEY, "X-Forwarded-For": f"2001:db8:99::{number:x}"}
            async with http.post(url, json=body | {"installationId": ids.uuid7()}, headers=headers) as answer:
                assert answer.status in (201, 429)
                if answer.status == 429:
                    assert int(answer.headers["Retry-After"]) >= 1
                    return
    raise AssertionError("nobody slows down a network that installs without end")
