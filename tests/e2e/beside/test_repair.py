"""The database is rebuilt from the log, and restored from a backup after it was lost: nothing lost, nothing twice."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deploy.local import Stack
from deploy.sandbox.phone.device import Device, Habits
from services.runtime import mongo
from services.runtime.settings import Settings
from tests.support.opening import opened, stack_beside
from tests.support.repairs import differences, done, everything_is_folded, listed, ran, said_by_router, started
from tests.support.waiting import WAIT_S, eventually
from tests.support.world import PLATFORMS, READ, SERVICES, Json, World, assert_forward

READS = Habits("read", after_s=0.2)
SETTLED_S = 75.0
"""A report that nobody has in memory any more is missed after 30 s, and tried a second or two later."""
FEW = 10  # messages that are looked into one by one
NAME = "repair"


@dataclass
class Sent:
    """A message of the bank, and the phone that it is for."""

    ref: str
    text: str
    device: Device
    phone: str


@dataclass
class Load:
    """What was sent, and what came of it."""

    world: World
    path: str
    messages: list[Sent] = field(default_factory=list)

    async def send(self, device: Device, phone: str) -> None:
        message = Sent(self.world.new_ref(), self.world.new_text(), device, phone)
        request = self.world.bank.request(message.text, phone=phone, ref=message.ref, ttl=600)
        request["notifyUrl"] = self.world.stack.sandbox["partner"] + self.path
        answer = await self.world.bank.post(request)
        assert answer.http_status == 200, answer
        self.messages.append(message)

    async def until_some_wait(self) -> None:
        """Until pushes come again, and reports were refused."""

        async def do_wait() -> bool:
            refused = await self.world.control.reports(path=self.path, accepted=False)
            trace = await self.world.trace(self.messages[-7].ref)
            return bool(refused) and any(entry["what"] == "attempt" for entry in trace["trace"])

        await eventually(do_wait, "reports are refused", WAIT_S, 0.2)

    async def until_told(self) -> set[str]:
        """Until the partner was told of all that they were read; gives those of which nobody knows what became."""
        statuses: dict[str, int] = {}
        doubts: set[str] = set()

        async def all_are_told() -> bool:
            statuses.update({ref: reports[-1]["status"] for ref, reports in (await self.reports()).items()})
            left = [found.ref for found in self.messages if statuses.get(found.ref) != READ]
            if len(left) <= FEW:
                for ref in left:
                    attempts = await self.world.attempts(ref)
                    if any(attempt["detail"].startswith("uncertain") for attempt in attempts):
                        doubts.add(ref)
            return set(left) <= doubts

        def missing() -> str:
            left = {found.ref: statuses.get(found.ref) for found in self.messages if statuses.get(found.ref) != READ}
            return f"{len(left)} of {len(self.messages)} are not read: {left}"

        await eventually(all_are_told, missing, SETTLED_S, 0.3)
        return {ref for ref in doubts if statuses.get(ref) != READ}

    async def reports(self) -> dict[str, list[Json]]:
        found: dict[str, list[Json]] = {}
        for entry in await self.world.control.reports(path=self.path):
            found.setdefault(entry["report"]["id"], []).append(entry["report"])
        return found


@pytest.fixture(scope="module")
async def here(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A stack whose database may be lost, on the same servers. One lane: the broker forgets its members sooner."""
    folder, env = tmp_path_factory.mktemp(NAME), {"RPNS_LANES": "single"}
    with stack_beside(stack, folder, NAME, SERVICES, env) as beside:
        async with opened(beside) as world:
            yield world


async def test_a_lost_database_is_rebuilt_to_the_present_and_all_four_accounts_agree(
    here: World, tmp_path: Path
) -> None:
    """Killed in the middle of a load, with pushes that come again, and reports that were not taken."""
    backup, load = str(tmp_path / "backup"), Load(here, "/reports/lost")
    phones = [here.new_phone() for _ in range(8)]
    devices = [await here.enrol(PLATFORMS[place % 4], phone, READS) for place, phone in enumerate(phones)]
    erased = here.new_phone()
    await here.enrol("android", erased, READS)
    forgotten = await here.send(erased)

    async def sending(count: int) -> None:
        for place in range(count):
            await load.send(devices[place % len(devices)], phones[place % len(devices)])

    await sending(24)
    await here.reported(forgotten, READ)
    await done(here, "backup", backup)
    await done(here, "forget", "--phone", erased, "--yes")
    await sending(24)
    await here.control.order("fcm", kind="status", status=503)
    await here.control.order("partner", kind="status", status=503)
    await sending(24)
    await load.until_some_wait()
    for name in SERVICES:
        here.stack.kill(name)
    settings = Settings.from_environment(here.stack.env)
    async with mongo.database(settings) as database:
        await database.client.drop_database(settings.mongo_database)
    lost = await said_by_router(here)
    assert "it was lost" in lost, lost
    restored = await done(here, "restore", backup)
    async with mongo.database(settings) as database:
        assert await database["messages"].find_one({"phone": erased}) is None
        assert await database["cards"].find_one({"phone": erased}) is None
    refused = await ran(here, "restore", backup)
    assert (refused.code, "is not empty" in refused.err) == (1, True), refused
    await here.control.clear_faults()
    await started(here)
    await sending(8)
    doubts = await load.until_told()
    await here.fleet.drained()
    reports = await load.reports()
    assert len(doubts) <= restored["inDoubt"], "only what was under way at RuStore is in doubt"
    assert restored["lost"] == {}
    assert await listed(here, "audit", "--what", "erasure"), "what was changed since the backup is in the trail"
    assert restored["erased"] == 1
    assert min(restored["claims"], restored["comingAgain"], restored["reportsWaiting"]) > 0, restored
    for device in devices:
        await device.pull()
    for message in load.messages:
        statuses = [report["status"] for report in reports[message.ref]]
        assert_forward(reports[message.ref])
        assert len(statuses) == len(set(statuses)), "a partner was told the same twice"
        shown = sum(push.text == message.text for push in message.device.shown)
        assert shown == 1 or (shown == 0 and message.ref in doubts), f"{message.ref} was shown {shown} times"
        assert sum(push.text == message.text for push in message.device.inbox) == 1
    assert (await here.bank.message(forgotten) or {}).get("recipient") != erased


async def test_the_rebuilt_database_says_what_the_one_in_use_says_and_takes_its_place(here: World) -> None:
    load, phone = Load(here, "/reports/rebuilt"), here.new_phone()
    device = await here.enrol("android", phone, READS)
    for _ in range(10):
        await load.send(device, phone)
    await done(here, "rebuild")  # beside the services; it is finished when they have stopped
    for _ in range(10):
        await load.send(device, phone)
    assert not await load.until_told()
    await everything_is_folded(here)
    for name in SERVICES:
        await asyncio.to_thread(here.stack.end, name)
    made = await done(here, "rebuild", "--switch")
    assert made["compared"].keys() >= {"messages", "inbox", "installations", "cards", "tokens", "audit_trail"}
    assert made["compared"]["audit_trail"]["equal"] > 0
    assert made["compared"]["messages"]["equal"] >= len(load.messages)
    assert differences(made) == {}
    replaced = await said_by_router(here)
    assert f"was replaced by {NAME}-rebuilt" in replaced, replaced
    await started(here, MONGO_DATABASE=f"{NAME}-rebuilt")
    await load.send(device, phone)
    assert not await load.until_told()
    await here.fleet.drained()
    for message in load.messages:
        assert sum(push.text == message.text for push in device.shown) == 1
        assert (await here.trace(message.ref))["state"] == "READ"
