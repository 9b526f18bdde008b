"""Whole lives of messages on one machine: `python -m deploy.bench.whole.lifecycle [messages]`.

    POST ─▶ gateway ─▶ five services, Kafka, MongoDB ─▶ the four providers ─▶ phones ─▶ receipts ─▶ two reports

Everything is included and shares the machine: servers, services, the sandbox, and this process, which is the partner
and all the phones. A life ends when its message is reported as read to the partner. First the platform is idle
and single messages are timed from the start of the POST to the provider's acceptance; then as many lives as it bears.
"""

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson
import uvloop

from deploy.bench.measure import Row, cpu_seconds, memory_mib, show
from deploy.bench.whole.lean_clients import LeanBank, LeanDeviceApi
from deploy.demo.scenes import READ
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
from deploy.local.services import SERVICES
from deploy.play.bank import Bank
from deploy.sandbox.control.client import Control
from deploy.sandbox.http.messages import Answer, Request
from deploy.sandbox.http.server import HttpServer
from deploy.sandbox.phone.device import Habits, Platform
from deploy.sandbox.phone.fleet import Fleet
from deploy.sandbox.phone.sdk_push import read_push

PLATFORMS: tuple[Platform, ...] = ("ios", "android", "huawei", "rustore")
PHONES = 200
READS = Habits("read", after_s=0.1)  # delivered and read go out apart, as they do in life
IN_FLIGHT = 800
CONNECTIONS = 100  # of the partner
SINGLES, PAUSE_S = 200, 0.05
WARM_UP = 800  # more than one message for every worker and phone
LIFE_AIM_MS, LIVES_AIM = 3.5, 520
IDLE_AIM_MS = {0.5: 14, 0.99: 30}
DEADLINE_S = 120.0
MEMORY_AIM_MIB, MEMORY_LOOK_S = 150, 0.5


class Receiver(HttpServer):
    """The partner's receiver of reports: remembers who waits for which message to be read."""

    def __init__(self) -> None:
        super().__init__(None)
        self._awaited: dict[str, asyncio.Future[None]] = {}

    def until_read(self, ref: str) -> asyncio.Future[None]:
        """Done when it is read. Ask before the message is sent: its report may overtake the answer to the POST."""
        return self._awaited.setdefault(ref, asyncio.get_running_loop().create_future())

    def answer(self, request: Request) -> Answer:
        report = orjson.loads(request.body)
        if report["status"] == READ and (waiting := self._awaited.pop(report["id"], None)):
            waiting.set_result(None)
        return Answer(200, b"{}")


class Partner:
    """Sends to one phone after the other."""

    def __init__(self, bank: Bank, receiver: Receiver) -> None:
        self._bank, self._receiver = bank, receiver

    async def live(self, name: str, number: int) -> None:
        """One message from its POST to the report that it was read; `name` makes it differ from earlier ones."""
        ref = f"{name}-{number}"
        is_read = self._receiver.until_read(ref)
        answer = await self._bank.send(ref, phone=phone(number % PHONES), ref=ref)
        if answer.http_status != 200:
            raise RuntimeError(f"a message was answered {answer.http_status}: {answer.body}")
        await is_read

    async def lives(self, name: str, count: int) -> float:
        """Lives per second, IN_FLIGHT at a time."""
        numbers = iter(range(count))

        async def worker() -> None:
            for number in numbers:
                await self.live(name, number)

        began = time.monotonic()
        async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
            for _ in range(IN_FLIGHT):
                group.create_task(worker())
        return count / (time.monotonic() - began)


def phone(number: int) -> str:
    return f"+7916{number:07}"


async def idle_latencies_ms(partner: Partner, control: Control, count: int) -> list[int]:
    """Latencies from the start of each POST to the provider's acceptance, sorted; one message at a time."""
    began_ms: dict[str, int] = {}
    for number in range(count):
        began_ms[f"single-{number}"] = time.time_ns() // 1_000_000
        async with asyncio.timeout(DEADLINE_S):
            await partner.live("single", number)
        await asyncio.sleep(PAUSE_S)
    pushes = [(push, read_push(push["provider"], push["payload"]).text) for push in await control.received()]
    taken = sorted(push["at_ms"] - began_ms[text] for push, text in pushes if text in began_ms)
    if len(taken) != count:
        raise RuntimeError(f"{count} messages were accepted {len(taken)} times")
    return taken


async def enrol(fleet: Fleet) -> None:
    async def one(number: int) -> None:
        await fleet.enrol(PLATFORMS[number % 4], phone=phone(number), habits=READS)

    await asyncio.gather(*(one(number) for number in range(PHONES)))


def admit(stack: dict[str, Any], reports_port: int) -> None:
    """The demo's partner and application, with no limit on the partner and its reports sent here."""
    provision(stack)
    admin = admin_of(stack)
    about = {"maxConnections": 10_000, "maxRatePerS": 100_000, "reportUrl": f"http://127.0.0.1:{reports_port}/"}
    await_read(stack, admin.call("PATCH", f"/v1/partners/{PARTNER_ID}", about)["changedAt"])


async def observe(stack: Stack, messages: int) -> list[Row]:
    receiver, described = Receiver(), stack.describe()
    port = await receiver.start()
    await asyncio.to_thread(admit, described, port)
    fleet = Fleet(stack.public_url, stack.sandbox["control"], API_KEY, backend(stack.describe()))
    fleet.api = LeanDeviceApi(stack.public_url, API_KEY)
    async with (
        LeanBank(stack.public_url, LOGIN, PASSWORD, SERVICE_NUMBER, connections=CONNECTIONS) as bank,
        Control(stack.sandbox["control"]) as control,
        fleet,
    ):
        await enrol(fleet)
        partner = Partner(bank, receiver)
        await partner.lives("warm-up", WARM_UP)
        latencies = await idle_latencies_ms(partner, control, min(SINGLES, messages // 20))
        before, peaks = processor_s(stack), dict.fromkeys(SERVICES, 0.0)
        watching = asyncio.create_task(watch_memory(stack, peaks))
        rate = await partner.lives("life", messages)
        watching.cancel()
        spent = {name: used - before[name] for name, used in processor_s(stack).items()}
        await fleet.drained()
        if fleet.faults:
            raise RuntimeError(f"{len(fleet.faults)} faults on phones, the first: {fleet.faults[0]}")
    await receiver.stop()
    memory = [
        Row(f"memory of {name}", peak, "MiB", str(MEMORY_AIM_MIB), memory_mib=peak) for name, peak in peaks.items()
    ]
    return [*lives_rows(rate, spent, messages), *latency_rows(latencies), *memory]


def processor_s(stack: Stack) -> dict[str, float]:
    """Processor time of every process that takes part, seconds so far."""
    return {name: cpu_seconds(pid) for name, pid in stack.pids.items()} | {"partner and phones": time.process_time()}


async def watch_memory(stack: Stack, peaks: dict[str, float]) -> None:
    """Keep the most that each service has had, until cancelled."""
    while True:
        peaks |= {name: max(peak, memory_mib(stack.pids[name])) for name, peak in peaks.items()}
        await asyncio.sleep(MEMORY_LOOK_S)


def lives_rows(rate: float, spent: dict[str, float], messages: int) -> list[Row]:
    """What a life costs, and how many there are in a second."""
    cores, whole_s = len(os.sched_getaffinity(0)), sum(spent.values())
    shares = sorted(spent.items(), key=lambda item: -item[1])
    note = "of it " + ", ".join(f"{name} {used / messages * 1e3:.2f}" for name, used in shares)
    ours = (whole_s - spent["partner and phones"] - spent["sandbox"]) / messages * 1e3
    limit = f"{cores * messages / whole_s:,.0f} if nothing else used the {cores} cores"
    return [
        Row(
            what="whole life",
            figure=whole_s / messages * 1e3,
            unit="ms of processor time",
            aim=f"{LIFE_AIM_MS}",
            limit=f"{ours:.2f} of the platform itself",
            note=note,
        ),
        Row("lifecycles, all on this machine", rate, "per second", f"{LIVES_AIM}", limit=limit),
    ]


def latency_rows(sorted_ms: list[int]) -> list[Row]:
    def at(share: float) -> int:
        return sorted_ms[min(len(sorted_ms) - 1, int(share * len(sorted_ms)))]

    what = "idle: POST to provider"
    return [Row(f"{what}, p{share:.0%}".rstrip("%"), at(share), "ms", f"{aim}") for share, aim in IDLE_AIM_MS.items()]


def measured(messages: int = 4_000) -> list[Row]:
    """The rate, the latencies, and the most memory of each service meanwhile."""
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder), env={"RPNS_DEVICE_PACE": "1000"}) as stack:
        return uvloop.run(observe(stack, messages))


def main() -> None:
    """Print the rows."""
    show(measured(int(sys.argv[1]) if len(sys.argv) > 1 else 4_000))


if __name__ == "__main__":
    main()
