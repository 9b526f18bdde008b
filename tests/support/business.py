"""A bank in the middle of everything, and what it has under way when its database is rebuilt, or lost and restored.

mailings   done │ paused in the middle │ running │ to be started at an hour │ a draft whose list has come
messages   read │ waiting for their hour │ with a short link that was opened │ of somebody who was erased
besides    a broadcast channel, reports that were asked for again, devices that were imported
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import aiohttp

from deploy.local.provision import APPLICATION_ID, admin_of, await_read
from deploy.sandbox.phone.device import Device, Habits
from deploy.sandbox.phone.kinds import Platform
from services.runtime import mongo
from tests.e2e.test_live_activities import aps
from tests.e2e.test_schedule import MOSCOW, from_to, next_minute, send_scheduled
from tests.support.mailings import Mailings, push
from tests.support.opening import LOGIN
from tests.support.repairs import done, listed
from tests.support.waiting import WAIT_S, eventually
from tests.support.world import PLATFORMS, READ, Json, World

LONG = "https://www.bank.example/offers/2027?utm_source=push&utm_campaign=autumn&utm_content=of-an-address-worth-to-shorten"
RESENT = "x-rpns-resend"
SILENT = Habits(None, receipts_sent=0)
MANY, FEW, SLOW, AT_ONCE = 80, 3, 1, 100_000
"""Recipients of a mailing; how many of them have theirs when it is paused; how many get theirs in a second."""
TTL_S = 600
LATER = timedelta(minutes=2)


@dataclass
class Under:
    """A mailing that is under way, and the one phone that all of its recipients have."""

    ref: str
    device: Device
    texts: list[str]

    @property
    def shown(self) -> Counter[str]:
        return Counter(shown.text for shown in self.device.shown)


@dataclass
class Business:
    """`due_at`: when the mailing with an hour, and the message with one, are due; UTC ms."""

    world: World
    mailings: Mailings
    under: dict[str, Under] = field(default_factory=dict)
    refs: list[str] = field(default_factory=list)  # of messages that are read
    waiting: tuple[str, Device] | None = None
    due_at: int = 0
    short_link: str = ""
    forgotten: str = ""  # the message of somebody who was erased
    reports: dict[str, list[tuple[int, bool]]] = field(default_factory=dict)
    broadcast: str = ""
    channel: str = ""

    async def begin(self, folder: Path, due_in: timedelta) -> None:
        """All of it, but for the mailing that runs."""
        await self._single()
        await self._broadcast()
        await self._import(folder)
        await self._mailings()
        await self._wait_for(due_in)

    async def run(self, name: str = "running") -> None:
        """A mailing that runs."""
        mailing = await self._listed(name, name + " {n}", "rustore", rate=SLOW)
        await self.mailings.ok("POST", f"/{mailing.ref}/start")
        await self._some_are_shown(mailing)

    async def move_on(self) -> str:
        """Behind a backup: what was paused has gone further, one is paused, one cancelled, one has come. Its id."""
        paused = self.under["paused"]
        await self.mailings.ok("POST", f"/{paused.ref}/resume")
        await self._some_are_shown(paused, more=FEW)
        await self.mailings.ok("POST", f"/{paused.ref}/pause")
        await self.mailings.ok("POST", f"/{self.under['paused since'].ref}/pause")
        ended = self.under.pop("ended")
        await self.mailings.ok("POST", f"/{ended.ref}/cancel")
        phone = self.world.new_phone()
        await self.world.enrol("android", phone)
        self.refs.append(await self.world.send(phone))
        await self.world.reported(self.refs[-1], READ)
        self.reports = await self.reports_now()
        gone = await self._listed("gone", "g {n}", "android", rate=AT_ONCE)
        del self.under["gone"]
        return str((await self.mailings.ok("GET", f"/{gone.ref}"))["mailingId"])

    async def go_on(self) -> None:
        """Behind the repair: everything ends as if there had been none."""
        states = {name: (await self.state(name))["state"] for name in self.under}
        moved = {name: state for name, state in states.items() if not name.startswith(state)}
        assert moved.keys() <= {"later", "running"}, moved
        assert set(moved.values()) <= {"running", "done"}, moved
        for name, state in states.items():
            ref = self.under[name].ref
            if state != "done":
                await self.mailings.ok("PATCH", f"/{ref}", {"ratePerS": AT_ONCE})
            if state in (steps := {"paused": "resume", "draft": "start"}):
                await self.mailings.ok("POST", f"/{ref}/{steps[state]}")
        for mailing in self.under.values():
            await self.mailings.counted(mailing.ref, planned=len(mailing.texts), sent=len(mailing.texts), timeout_s=90)
        assert self.waiting is not None
        ref, device = self.waiting
        await self.world.reported(ref, READ, timeout_s=90)
        await self.world.fleet.drained()
        for name, mailing in self.under.items():
            assert mailing.shown == Counter(mailing.texts), (name, mailing.shown - Counter(mailing.texts))
            problems = (await self.mailings.ok("GET", f"/{mailing.ref}/problems", limit=1000))["problems"]
            used = [problem for problem in problems if problem["field"] == "id"]
            assert used == [], (name, used[:3])
        assert [shown.text for shown in device.shown] == [ref], device.shown
        for late in (device, self.under["later"].device):
            first = (await self.world.control.inbox(late.provider, late.token))[0]
            assert first["at_ms"] >= self.due_at, (first["at_ms"], self.due_at)

    async def check(self) -> None:
        """What was over is over, and can be read as before."""
        world = self.world
        for ref in self.refs:
            assert (await world.trace(ref))["state"] == "READ"
        reports = await self.reports_now()
        assert reports == self.reports, (reports, self.reports)
        forgotten = await world.bank.message(self.forgotten) or {}
        assert (forgotten.get("state"), forgotten.get("recipient")) == ("READ", None), forgotten
        async with aiohttp.ClientSession() as http, http.get(self.short_link, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (302, LONG)
        assert (await self._called("GET", self.broadcast))["state"] == "accepted"
        assert len(await world.control.inbox("apns", f"channel/{self.channel}")) == 1
        assert [resend["state"] for resend in await listed(world, "reports", "list")] == ["done"]

    async def reports_now(self) -> dict[str, list[tuple[int, bool]]]:
        """The reports on the messages that were read: status, and whether it was asked for again."""
        return {
            ref: [
                (entry["report"]["status"], RESENT in map(str.lower, entry["headers"]))
                for entry in await self.world.control.reports(ref)
            ]
            for ref in self.refs
        }

    async def stored_state(self, database: mongo.Database, name: str) -> str:
        """The state of a mailing, also while no service runs."""
        found = await database["mailings"].find_one({"ref": self.under[name].ref})
        return str((found or {}).get("state"))

    async def state(self, name: str) -> Json:
        return await self.mailings.ok("GET", f"/{self.under[name].ref}")

    async def sent(self) -> tuple[int, int]:
        """How much has gone out so far: pushes, reports."""
        return len(await self.world.control.received()), len(await self.world.control.reports())

    async def _single(self) -> None:
        world = self.world
        admin, about = admin_of(world.stack.describe()), {"linkShortener": True, "rejectDuplicates": True}
        changed = await asyncio.to_thread(admin.call, "PATCH", f"/v1/partners/{LOGIN}", about)
        await asyncio.to_thread(await_read, world.stack.describe(), changed["changedAt"])
        phones = [world.new_phone() for _ in PLATFORMS]
        devices = [await world.enrol(kind, phone) for kind, phone in zip(PLATFORMS, phones, strict=True)]
        self.refs = [await world.send(phone) for phone in phones]
        self.refs.append(await world.put(f"Our offer: {LONG}", phones[0], {}))
        erased = world.new_phone()
        await world.enrol("android", erased)
        self.forgotten = await world.send(erased)
        for ref in (*self.refs, self.forgotten):
            await world.reported(ref, READ)
        self.short_link = devices[0].shown[-1].text.removeprefix("Our offer: ")
        async with aiohttp.ClientSession() as http, http.get(self.short_link, allow_redirects=False) as answer:
            assert answer.status == 302, await answer.text()
        await done(world, "forget", "--phone", erased, "--yes")

    async def _broadcast(self) -> None:
        channels = f"/v1/applications/{APPLICATION_ID}/broadcast-channels/match"
        await self._called("PUT", channels)
        self.channel = (await self._until(channels, "open"))["channelId"]
        body = {"ttlS": 60, "aps": aps("update", {"goals": 1}, alert={"title": "Goal!"})}
        sent = await self._called("POST", f"{channels}/messages", body)
        self.broadcast = f"{channels}/messages/{sent['broadcastId']}"
        await self._until(self.broadcast, "accepted")

    async def _import(self, folder: Path) -> None:
        (folder / "tokens.csv").write_text("provider,token,phone\nhms,imported-1,79160000001\nfcm,imported-2,\n")
        found = await done(self.world, "import-devices", str(folder / "tokens.csv"), "--application", APPLICATION_ID)
        assert found["imported"] == 2

    async def _mailings(self) -> None:
        over = await self._listed("done", "d {n}", "android", rate=AT_ONCE)
        await self.mailings.ok("POST", f"/{over.ref}/start")
        await self.mailings.counted(over.ref, sent=MANY)
        paused = await self._listed("paused", "p {n}", "huawei", rate=SLOW)
        await self.mailings.ok("POST", f"/{paused.ref}/start")
        await self._some_are_shown(paused)
        await self.mailings.ok("POST", f"/{paused.ref}/pause")
        await self._listed("draft", "w {n}", "ios", rate=AT_ONCE)

    async def _wait_for(self, due_in: timedelta) -> None:
        world, opens = self.world, next_minute(due_in)
        self.due_at = int(opens.timestamp() * 1000)
        later = await self._listed("later", "l {n}", "android", rate=AT_ONCE)
        await self.mailings.ok("POST", f"/{later.ref}/start", at=opens.isoformat())
        phone = world.new_phone()
        device = await world.enrol("android", phone)
        window = from_to(opens.astimezone(MOSCOW), LATER)
        self.waiting = await send_scheduled(world, phone, window), device
        self.reports = await self.asked_again()

    async def asked_again(self) -> dict[str, list[tuple[int, bool]]]:
        """The reports, as soon as those have come that were asked for again."""
        await done(self.world, "reports", "resend", "--partner", LOGIN, "--since", "1h", "--per-second", "500", "--yes")
        found: dict[str, list[tuple[int, bool]]] = {}

        async def have_come() -> bool:
            found.update(await self.reports_now())
            return all(reports[-1] == (READ, True) for reports in found.values())

        await eventually(have_come, lambda: f"reports come again; so far {found}", WAIT_S)
        return found

    async def _listed(self, name: str, text: str, platform: Platform, *, rate: int) -> Under:
        """A draft with its list."""
        phone = self.world.new_phone()
        device = await self.world.enrol(platform, phone, SILENT)
        message = push(self.world, text=text.replace("{n}", "{{n}}"), ttl=TTL_S)
        ref = await self.mailings.draft(message, ratePerS=rate, onRepeated="send")
        await self.mailings.upload(ref, ({"to": phone, "n": n, "id": f"{ref}-{n}"} for n in range(MANY)))
        made = self.under[name] = Under(ref, device, [text.replace("{n}", str(n)) for n in range(MANY)])
        return made

    async def _some_are_shown(self, mailing: Under, more: int = FEW) -> None:
        wanted = len(mailing.device.shown) + more
        await eventually(lambda: len(mailing.device.shown) >= wanted, f"{wanted} of {mailing.ref} are shown")

    async def _called(self, method: str, path: str, body: Json | None = None) -> Json:
        return await asyncio.to_thread(admin_of(self.world.stack.describe()).call, method, path, body or {})

    async def _until(self, path: str, state: str) -> Json:
        found: Json = {}

        async def has_come() -> bool:
            found.update(await self._called("GET", path))
            return bool(found["state"] == state)

        await eventually(has_come, lambda: f"{state}; it is {found}")
        return found
