"""A mailing on one machine, and single messages beside it.

    list ─▶ upload ─▶ planner ─▶ five services, Kafka, MongoDB ─▶ four providers ─▶ SENT ─▶ the partner's receiver
    ten single POSTs a second beside it ─▶ provider

The bulk lane has processes of its own (`RPNS_LANES`), which give way to the others (`RPNS_NICENESS`).
Everything shares the machine: servers, services, the sandbox, and this process. Single messages are timed from the
start of the POST to the provider's acceptance, first on the idle platform, then while the mailing runs. Every message
of the mailing is reported as sent, and it ends with the last of these reports. Phones send no receipts: they would cost
more than the platform. With `--planning` the list is read and planned into the log, and nothing runs behind it.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import uvloop

from deploy.bench.measure import Row, cpu_seconds, memory_mib, show
from deploy.bench.whole.lifecycle import PLATFORMS, phone, watch_memory
from deploy.local import Stack
from deploy.local.provision import (
    API_KEY,
    LOGIN,
    PARTNER_ID,
    PASSWORD,
    SERVICE_NUMBER,
    admin_of,
    await_read,
    backend,
    provision,
)
from deploy.local.services import BULK, SERVICES
from deploy.play.bank import Bank
from deploy.sandbox.control.client import Control
from deploy.sandbox.http.messages import Answer, Request
from deploy.sandbox.http.server import HttpServer
from deploy.sandbox.phone.device import Device, Habits
from deploy.sandbox.phone.fleet import Fleet
from deploy.sandbox.phone.sdk_push import read_push

SILENT = Habits(None, receipts_sent=0)
PHONES, SINGLES, EVERY_S = 200, 100, 0.1
WARM_UP = 40
COLLECT_EVERY = 100
RATE_PER_S = 100_000
DEADLINE_S = 3_600.0
LOOK_S = 0.5
AIM_TIMES = 2
AIM_PER_S = 1_000


class Singles:
    """Single messages at a steady pace, whatever becomes of the ones before."""

    def __init__(self, bank: Bank, control: Control, devices: list[Device]) -> None:
        self._bank, self._control, self._devices = bank, control, devices
        self._began_ms: dict[str, int] = {}

    async def send(self, name: str, count: int, until: "asyncio.Task[Any] | None" = None) -> list[int]:
        """Latencies in ms, sorted; `count` at least, and on until the task has ended."""
        sending: list[asyncio.Task[None]] = []
        number, found = 0, dict[str, int]()
        while number < count or (until is not None and not until.done()):
            sending.append(asyncio.create_task(self._one(f"{name}-{number}", number)))
            number += 1
            await asyncio.sleep(EVERY_S)
            if number % COLLECT_EVERY == 0:  # the sandbox keeps the last ones only
                await self._collect(name, found)
        await asyncio.gather(*sending)
        async with asyncio.timeout(60):
            while len(found) < number:
                await self._collect(name, found)
                await asyncio.sleep(LOOK_S)
        return sorted(found.values())

    async def _one(self, text: str, number: int) -> None:
        self._began_ms[text] = time.time_ns() // 1_000_000
        answer = await self._bank.send(text, phone=phone(number % len(self._devices)), registeredDelivery=0)
        if answer.http_status != 200:
            raise RuntimeError(f"a single message was answered {answer.http_status}: {answer.body}")

    async def _collect(self, name: str, found: dict[str, int]) -> None:
        """Add those that the providers have taken, in ms from the start of the POST."""
        for device in self._devices:
            for push in await self._control.inbox(device.provider, device.token):
                text = read_push(push["provider"], push["payload"]).text
                if text.startswith(f"{name}-"):
                    found.setdefault(text, push["at_ms"] - self._began_ms[text])


class Receiver(HttpServer):
    """The partner's receiver: counts the messages that are reported as sent. A report that comes twice counts once."""

    def __init__(self) -> None:
        super().__init__(None)
        self._reported: set[int] = set()
        self._awaited, self._are_all = 0, asyncio.Event()

    def answer(self, request: Request) -> Answer:
        self._reported.add(int(orjson.loads(request.body)["mtNum"]))
        if len(self._reported) == self._awaited:
            self._are_all.set()
        return Answer(200, b"{}")

    async def until(self, messages: int) -> None:
        """Returns when so many are reported."""
        self._awaited = messages
        if len(self._reported) < messages:
            async with asyncio.timeout(DEADLINE_S):
                await self._are_all.wait()


class Mailing:
    """One mailing over HTTP."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session, self.path = session, ""

    async def call(self, method: str, path: str, **about: Any) -> dict[str, Any]:
        async with self._session.request(method, path, **about) as response:
            answer: dict[str, Any] = await response.json()
            if response.status >= 400:
                raise RuntimeError(f"{method} {path} was answered {response.status}: {answer}")
            return answer

    async def create(self, rate_per_s: int, **about: Any) -> None:
        data = {
            "serviceNumber": SERVICE_NUMBER,
            "text": "Dear {{name}}, {{sum}} are due",
            "ttl": 24,
            "ttlUnit": "HOURS",
        }
        body = {"name": "bench", "message": {"type": "PUSH", "data": data}, "registeredDelivery": 1}
        made = await self.call(
            "POST", "/v1/mailings", json=body | {"ratePerS": rate_per_s, "onRepeated": "send"} | about
        )
        self.path = f"/v1/mailings/{made['mailingId']}"

    async def upload(self, recipients: int) -> None:
        async def lines() -> AsyncIterator[bytes]:
            for start in range(0, recipients, 1_000):
                part = range(start, min(recipients, start + 1_000))
                yield b"".join(b'{"to":"%s","name":"N%d","sum":%d}\n' % (_to(n), n, n) for n in part)

        headers = {"Content-Type": "application/x-ndjson"}
        answer = await self.call("PUT", f"{self.path}/recipients", data=lines(), headers=headers)
        if answer["accepted"] != recipients:
            raise RuntimeError(f"{recipients} lines were taken as {answer}")

    async def until(self, name: str, recipients: int) -> float:
        """Seconds until so many are `planned` or `sent`."""
        began = time.monotonic()
        while (await self.call("GET", self.path))["progress"][name] < recipients:
            if time.monotonic() - began > DEADLINE_S:
                raise TimeoutError(f"not {recipients} {name} within {DEADLINE_S:.0f} s")
            await asyncio.sleep(LOOK_S)
        return time.monotonic() - began


def _to(number: int) -> bytes:
    return phone(len(PLATFORMS) + number % PHONES).encode()


async def observe(stack: Stack, recipients: int) -> list[Row]:
    receiver = Receiver()
    await asyncio.to_thread(admit, stack.describe(), await receiver.start())
    auth = {"Authorization": aiohttp.encode_basic_auth(LOGIN, PASSWORD, "utf-8")}
    async with (
        Bank(stack.public_url, LOGIN, PASSWORD, SERVICE_NUMBER) as bank,
        Control(stack.sandbox["control"]) as control,
        aiohttp.ClientSession(stack.public_url, headers=auth, timeout=aiohttp.ClientTimeout(DEADLINE_S)) as session,
    ):
        async with Fleet(stack.public_url, stack.sandbox["control"], API_KEY, backend(stack.describe())) as fleet:
            kinds = [(PLATFORMS[number % 4], number) for number in range(len(PLATFORMS) + PHONES)]
            devices = [await fleet.enrol(kind, phone=phone(number), habits=SILENT) for kind, number in kinds]
        singles, mailing, pids = Singles(bank, control, devices[: len(PLATFORMS)]), Mailing(session), stack.pids
        await singles.send("warm", WARM_UP)
        idle = await singles.send("idle", SINGLES)
        before = {name: memory_mib(pids[name]) for name in BULK}
        await mailing.create(RATE_PER_S)
        upload_s, used = time.monotonic(), cpu_seconds(pids["ingest-bulk"])
        await mailing.upload(recipients)
        upload_s, upload_cpu_s = time.monotonic() - upload_s, cpu_seconds(pids["ingest-bulk"]) - used
        peaks = dict.fromkeys(BULK, 0.0)
        watching = asyncio.create_task(watch_memory(stack, peaks))
        used, whole = cpu_seconds(pids["ingest-bulk"]), {name: cpu_seconds(pid) for name, pid in pids.items()}
        began = time.monotonic()
        await mailing.call("POST", f"{mailing.path}/start")
        planning = asyncio.create_task(mailing.until("planned", recipients))
        sending = asyncio.create_task(mailing.until("sent", recipients))
        busy_task = asyncio.create_task(singles.send("busy", SINGLES, sending))
        plan_s = await planning
        plan_cpu_s = cpu_seconds(pids["ingest-bulk"]) - used
        await sending
        sent_s = time.monotonic() - began
        await receiver.until(recipients)
        reported_s = time.monotonic() - began
        shares = {name: cpu_seconds(pid) - whole[name] for name, pid in pids.items()}
        busy = await busy_task
        watching.cancel()
    await receiver.stop()
    note = "ms of processor time for each: " + ", ".join(
        f"{name} {used / recipients * 1e3:.2f}" for name, used in sorted(shares.items(), key=lambda item: -item[1])
    )
    times = f"{_at(busy, 0.99) / max(1, _at(idle, 0.99)):.1f} times idle"
    memory = [
        Row(
            f"mailing: {name}",
            peaks[name],
            "MiB at most",
            "constant",
            limit=f"{before[name]:.0f} before it",
            note="",
            memory_mib=peaks[name],
        )
        for name in BULK
    ]
    return [
        Row(
            "mailing: list read", recipients / upload_cpu_s, "lines/CPU-s", "", f"{recipients / upload_s:,.0f} a second"
        ),
        Row("mailing: planned", recipients / plan_cpu_s, "messages/CPU-s", "", f"{recipients / plan_s:,.0f} a second"),
        Row("mailing: sent", recipients / sent_s, "per second", "", limit=f"{recipients:,} recipients"),
        Row(
            what="mailing: to the last report",
            figure=recipients / reported_s,
            unit="per second",
            aim=f"{AIM_PER_S:,}",
            limit=f"{recipients:,} recipients",
            note=note,
        ),
        Row("single, idle, p50", _at(idle, 0.5), "ms"),
        Row("single, idle, p99", _at(idle, 0.99), "ms"),
        Row("single beside it, p50", _at(busy, 0.5), "ms"),
        Row("single beside it, p99", _at(busy, 0.99), "ms", f"{AIM_TIMES} times idle", times),
        *memory,
    ]


async def plan(stack: Stack, recipients: int) -> list[Row]:
    """Read and plan, with nobody to send."""
    await asyncio.to_thread(admit, stack.describe())
    auth = {"Authorization": aiohttp.encode_basic_auth(LOGIN, PASSWORD, "utf-8")}
    pid = stack.pids["ingest"]
    before, peaks = memory_mib(pid), {"ingest": 0.0}
    timeout = aiohttp.ClientTimeout(DEADLINE_S)
    async with aiohttp.ClientSession(stack.public_url, headers=auth, timeout=timeout) as session:
        watching = asyncio.create_task(watch_memory(stack, peaks))
        mailing, used, began = Mailing(session), cpu_seconds(pid), time.monotonic()
        await mailing.create(RATE_PER_S)
        await mailing.upload(recipients)
        read_s, read_cpu_s = time.monotonic() - began, cpu_seconds(pid) - used
        used, at_read = cpu_seconds(pid), peaks["ingest"]
        await mailing.call("POST", f"{mailing.path}/start")
        plan_s = await mailing.until("planned", recipients)
        plan_cpu_s = cpu_seconds(pid) - used
        watching.cancel()
    memory = f"{before:.0f} before it, {at_read:.0f} when the list was read"
    return [
        Row("mailing: list read", recipients / read_cpu_s, "lines/CPU-s", "", f"{recipients / read_s:,.0f} a second"),
        Row("mailing: planned", recipients / plan_cpu_s, "messages/CPU-s", "", f"{recipients / plan_s:,.0f} a second"),
        Row(
            "mailing: ingest",
            peaks["ingest"],
            "MiB at most",
            "constant",
            limit=memory,
            note="",
            memory_mib=peaks["ingest"],
        ),
    ]


def _at(latencies: list[int], share: float) -> int:
    return latencies[min(len(latencies) - 1, int(share * len(latencies)))]


def admit(stack: dict[str, Any], reports_port: int | None = None) -> None:
    """The demo's partner and application, with no limit on the partner; its reports go to this port of the machine."""
    provision(stack)
    admin = admin_of(stack)
    about: dict[str, Any] = {"maxConnections": 10_000, "maxRatePerS": 100_000}
    if reports_port is not None:
        about["reportUrl"] = f"http://127.0.0.1:{reports_port}/"
    await_read(stack, admin.call("PATCH", f"/v1/partners/{PARTNER_ID}", about)["changedAt"])


def planned(recipients: int) -> list[Row]:
    """What reading and planning cost ingest."""
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder), services=("ingest", "registry")) as stack:
        return uvloop.run(plan(stack, recipients))


def measured(recipients: int = 100_000) -> list[Row]:
    """The rates, the latencies of single messages, and the most memory of each service meanwhile."""
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder), services=(*SERVICES, *BULK)) as stack:
        return uvloop.run(observe(stack, recipients))


def main() -> None:
    """Print the rows."""
    parser = argparse.ArgumentParser(prog="python -m deploy.bench.whole.mailing")
    parser.add_argument("recipients", nargs="?", type=int, default=100_000)
    parser.add_argument("--planning", action="store_true", help="read and plan the list; nobody sends")
    given = parser.parse_args()
    show((planned if given.planning else measured)(given.recipients))


if __name__ == "__main__":
    main()
