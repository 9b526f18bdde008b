"""A packet from its POST to its states and callbacks; a packet that waits is cancelled."""

from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from deploy.local.provision import BATCH_KEY, LOGIN, PASSWORD, SERVICE_NUMBER
from tests.support.waiting import eventually
from tests.support.world import World

KEY = {"Authorization": f"Key {BATCH_KEY}"}


async def ask(world: World, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
    async with (
        aiohttp.ClientSession(headers=headers or KEY) as session,
        session.request(method, world.stack.public_url + path, json=body) as answer,
    ):
        return answer.status, await answer.json(content_type=None)


def push(world: World, phone: str, **more: Any) -> dict[str, Any]:
    return {"from": SERVICE_NUMBER, "to": phone, "text": world.new_text(), "type": "PUSH", "validity": 60, **more}


async def test_a_packet_reaches_its_phones_and_tells_of_each_message(world: World) -> None:
    read, absent = world.new_phone(), world.new_phone()
    device = await world.enrol("android", read)
    messages = [push(world, read, id=world.new_ref()), push(world, absent), push(world, "nonsense")]
    status, body = await ask(world, "POST", "/v3/batch", {"messages": messages})
    assert (status, [entry["code"] for entry in body["result"]]) == (200, ["OK", "OK", "REJECTED"])
    first, second, third = body["result"]
    assert third["reasons"] == [{"key": "invalid", "ref": "messages[2].to"}]

    async def is_told() -> bool:
        found, states = await ask(world, "GET", f"/v3/batch/{first['packetId']}")
        return bool(found == 200 and states["counts"] == {"READ": 1, "UNDELIVERABLE": 1})

    await eventually(is_told, "one is read, one cannot be delivered")
    assert [push.text for push in device.shown] == [messages[0]["text"]]
    asked = {"messageIds": [second["messageId"], first["messageId"], "nobody's"]}
    _, states = await ask(world, "POST", "/v3/batch/states", asked)
    assert [message["status"] for message in states["messages"]] == ["UNDELIVERABLE", "READ", "UNKNOWN"]
    assert states["messages"][0]["errorCode"] == 20

    async def is_called_back() -> bool:
        reports = [entry["report"]["status"] for entry in await world.control.reports(first["messageId"])]
        return reports[-1:] == ["READ"]

    await eventually(is_called_back, "the callback READ")
    failed = await world.control.reports(second["messageId"], count=1)
    assert (failed[-1]["report"]["status"], failed[-1]["report"]["errorCode"]) == ("UNDELIVERABLE", 20)
    assert await world.control.violations() == []


async def test_the_states_are_the_partner_s_own(world: World) -> None:
    phone = world.new_phone()
    _, body = await ask(world, "POST", "/v3/batch", {"messages": [push(world, phone)]})
    packet_id = body["result"][0]["packetId"]
    status, _ = await ask(world, "GET", f"/v3/batch/{packet_id}", headers={"Authorization": "Key wrong"})
    assert status == 401
    status, _ = await ask(world, "GET", "/v3/batch/1")
    assert status == 404


async def test_a_packet_that_waits_for_its_hour_is_cancelled_as_a_whole(world: World) -> None:
    phone = world.new_phone()
    device = await world.enrol("android", phone)
    opens = datetime.now(UTC) + timedelta(hours=3 + 2)  # windows are in UTC+3
    schedule = {"timeBegin": f"{opens:%H:%M}", "timeEnd": f"{opens + timedelta(hours=1):%H:%M}"}
    packet = {"messages": [push(world, phone) for _ in range(3)], "scheduleInfo": schedule}
    _, body = await ask(world, "POST", "/v3/batch", packet)
    packet_id = body["result"][0]["packetId"]

    async def counts() -> dict[str, int]:
        found, states = await ask(world, "GET", f"/v3/batch/{packet_id}")
        return dict(states["counts"]) if found == 200 else {}

    async def are_waiting() -> bool:
        return await counts() == {"ACCEPTED": 3}

    await eventually(are_waiting, "three messages wait")
    basic = {"Authorization": aiohttp.encode_basic_auth(LOGIN, PASSWORD, "utf-8")}
    status, _ = await ask(world, "PUT", f"/v1/stops/packet/{packet_id}", {"state": "cancelled"}, basic)
    assert status == 200

    async def are_cancelled() -> bool:
        return await counts() == {"EXPIRED": 3}

    await eventually(are_cancelled, "three messages have ended")
    assert not device.shown
