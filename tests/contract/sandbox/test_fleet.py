"""The fleet of simulated devices against a real sandbox; the platform's device API is played by a few lines here."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from yarl import URL

from deploy.sandbox.inbox import Received
from deploy.sandbox.phone.device import Device, Habits
from deploy.sandbox.phone.fleet import Fleet
from deploy.sandbox.process import Sandbox
from tests.support.pushes import DELIVERY_ID, MESSAGE_ID

PARTS = ("partner", "control")


@dataclass
class DeviceApiPlayed:
    """Takes every call; answers receipts with `statuses` first, one for each request."""

    receipts: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)

    async def answer(self, request: web.Request) -> web.Response:
        body = orjson.loads(await request.read() or b"{}")
        what = request.path.rpartition("/")[2]
        self.calls[what] += 1
        if what == "installations":
            view = {"installationId": body["installationId"], "recipientMark": ""}
            return web.json_response({"credential": "c", "installation": view}, status=201)
        if what != "receipts":
            return web.json_response({"recipientMark": "mark" if what == "personalize" else ""})
        status = self.statuses.pop(0) if self.statuses else 200
        if status != 200:
            return web.json_response({}, status=status)
        self.receipts += body["receipts"]
        accepted = [{"accepted": receipt["messageId"] == MESSAGE_ID} for receipt in body["receipts"]]
        return web.json_response({"results": accepted})


@dataclass
class World:
    sandbox: Sandbox
    api: DeviceApiPlayed
    fleet: Fleet

    def push(self, device: Device, token: str = "", **own: Any) -> None:
        """Put a push into the sandbox's inbox, as a provider server does it."""
        envelope = {"v": 1, "id": MESSAGE_ID, "delivery": DELIVERY_ID, "text": "hello", **own}
        payload = {"message": {"data": {"rpns": orjson.dumps(envelope).decode()}}}
        self.sandbox.inbox.put(Received("fcm", token or device.token, MESSAGE_ID, {}, payload))


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Making certificates and credentials takes longer than a test."""
    return tmp_path_factory.mktemp("sandbox")


@pytest.fixture
async def world(data_dir: Path) -> AsyncIterator[World]:
    sandbox, api = Sandbox(data_dir), DeviceApiPlayed()
    await sandbox.start("127.0.0.1", dict.fromkeys(PARTS, 0))
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", api.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        async with Fleet(site_url(runner), sandbox.description["control"], "key") as fleet:
            yield World(sandbox, api, fleet)
    finally:
        await runner.cleanup()
        await sandbox.stop()


def site_url(runner: web.AppRunner) -> str:
    host, port = runner.addresses[0][:2]
    return f"http://{host}:{port}"


async def test_a_push_is_shown_and_its_receipts_reach_the_platform(world: World) -> None:
    device = await world.fleet.enrol("android", phone="79000000001", habits=Habits(after_s=0.01))
    world.push(device, mark="mark")
    await world.fleet.until(lambda: world.fleet.counts["read"] == 1)
    await world.fleet.drained()
    assert [receipt["kind"] for receipt in world.api.receipts] == ["delivered", "read"]
    assert world.fleet.faults == []


async def test_receipts_are_sent_again_until_the_platform_takes_them(world: World) -> None:
    world.api.statuses = [503, 502, 429]
    device = await world.fleet.enrol("android", habits=Habits(None))
    world.push(device)
    await world.fleet.until(lambda: len(device.shown) == 1)
    await world.fleet.drained()
    assert [receipt["kind"] for receipt in world.api.receipts] == ["delivered"]
    assert world.fleet.counts["receipts sent again"] == 3


async def test_a_receipt_that_is_refused_is_a_fault(world: World) -> None:
    device = await world.fleet.enrol("android", habits=Habits(None))
    world.push(device, id="of nobody")
    await world.fleet.until(lambda: bool(world.fleet.faults))
    assert "receipts of android" in world.fleet.faults[0]


async def test_a_push_that_cannot_be_read_is_a_fault(world: World) -> None:
    device = await world.fleet.enrol("android")
    world.sandbox.inbox.put(Received("fcm", device.token, "m", {}, {"message": {"data": {}}}))
    await world.fleet.until(lambda: bool(world.fleet.faults))
    assert list(device.shown) == []


async def test_pushes_follow_a_new_token(world: World) -> None:
    device = await world.fleet.enrol("android", habits=Habits(None))
    old = device.token
    await device.register_token()
    world.push(device, token=old, delivery="to the old token")
    world.push(device)
    await world.fleet.until(lambda: len(device.shown) == 1)
    assert device.shown[0].delivery_id == DELIVERY_ID


async def test_what_came_while_the_stream_was_broken_is_read_afterwards(world: World) -> None:
    device = await world.fleet.enrol("android", habits=Habits(None))
    world.push(device)
    await world.fleet.until(lambda: len(device.shown) == 1)
    control = world.sandbox._started[-1]
    await control.stop()
    world.push(device, delivery="missed by the stream")
    await control.start("127.0.0.1", URL(world.sandbox.description["control"]).port or 0)
    await world.fleet.until(lambda: len(device.shown) == 2)
    assert world.fleet.counts["repeated"] == 0


async def test_a_thousand_devices_live_in_one_process(world: World) -> None:
    devices = [world.fleet.device("android", habits=Habits("read", 0.01)) for _ in range(1000)]
    await asyncio.gather(*(device.register_token() for device in devices))
    for number, device in enumerate(devices):
        world.push(device, delivery=f"d-{number}")
    await world.fleet.until(lambda: world.fleet.counts["read"] == 1000)
    await world.fleet.drained()
    assert Counter(receipt["kind"] for receipt in world.api.receipts) == {"delivered": 1000, "read": 1000}


async def test_a_fleet_without_a_sandbox_says_so_at_once() -> None:
    with pytest.raises(OSError, match="Cannot connect"):
        async with Fleet("http://127.0.0.1:9", "http://127.0.0.1:9", "key"):
            pass
