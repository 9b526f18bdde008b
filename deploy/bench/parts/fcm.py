"""How much CPU one push over FCM, HMS and RuStore costs, rendering and outcome included.

python -m deploy.bench.parts.fcm [pushes] [in flight]

Each sender is measured by the CPU time of this process; the sandbox, over TLS and with every check that it makes, runs
in a process of its own. The limit is the same body posted by the bare client in turns with it.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import uvloop

from deploy.bench.measure import Row, memory_mib, show
from deploy.waiting import eventually
from schemas.application_events import ApplicationChanged
from schemas.values import Content
from services.dispatch.provider import Accepted, Opening, Push, Sender
from services.dispatch.providers.fcm import sender as fcm
from services.dispatch.providers.hms import sender as hms
from services.dispatch.providers.http.client import bearer_headers, provider_pool
from services.dispatch.providers.http.oauth import Grant
from services.dispatch.providers.rustore import sender as rustore
from services.runtime.http_client import Answer, target_of
from services.runtime.settings import Settings

AIM = "0.5 of the bare client"
TURN = 2_000
MANY_S = 30.0


def push() -> Push:
    """A message as partners send it: 100 letters of text, a picture, some custom data."""
    content = Content(
        text="Перевод 1500 ₽ от Марии П. Доступно: 12 345,67 ₽. Подробности — в приложении, раздел «История».",
        title="Зачисление",
        content_category="IMAGE",
        content_url="https://example.org/pictures/transfer.png",
        custom_payload='{"screen":"history","id":"7390612217"}',
    )
    return Push(
        message_id="0193c5f0-0000-7000-8000-000000000001",
        delivery_id="0193c5f0-0000-5000-8000-000000000002",
        installation_id="0193c5f0-0000-4000-8000-000000000003",
        application_id="app",
        token="c" * 152,
        token_environment=None,
        bundle=None,
        variant=None,
        content=content,
        expires_at=4_000_000_000_000,
        recipient_mark="0123456789abcdef",
        attempt=1,
        lane="single",
        token_worked=True,
    )


@dataclass
class Spent:
    """What a number of requests has cost so far."""

    requests: int = 0
    cpu_s: float = 0.0
    wall_s: float = 0.0

    async def run(self, request: Callable[[int], Awaitable[bool]], count: int, in_flight: int) -> None:
        """`request` says whether it was answered as it should be."""
        left = iter(range(count))

        async def worker() -> None:
            for number in left:
                if not await request(number):
                    raise RuntimeError("a push was not accepted")

        cpu, wall = time.process_time(), time.perf_counter()
        await asyncio.gather(*(worker() for _ in range(in_flight)))
        self.requests += count
        self.cpu_s += time.process_time() - cpu
        self.wall_s += time.perf_counter() - wall

    @property
    def rate(self) -> float:
        return self.requests / self.cpu_s


class Case(NamedTuple):
    """A sender, and what it posts, to be posted bare."""

    name: str
    sender: Sender
    url: Any
    headers: bytes
    body: bytes


async def cases(sandbox: dict[str, Any]) -> AsyncIterator[Case]:
    """The senders of the providers that are plain HTTP."""
    names = {"FCM_URL": "fcm", "HMS_URL": "hms", "HMS_TOKEN_URL": "hms_token", "RUSTORE_URL": "rustore"}
    environment = {name: sandbox[key] for name, key in names.items()} | {"PROVIDER_CA_FILE": sandbox["ca_file"]}
    settings = Settings.from_environment(environment)
    application = ApplicationChanged(event_id="e-1", at=0, application_id="app", name="Demo", api_key_digests=())

    def opening(provider: str) -> Opening:
        return Opening(settings, application, sandbox["credentials"][provider])

    def headers(grant: object, content_type: str) -> bytes:
        if not isinstance(grant, Grant):
            raise RuntimeError(f"no access token: {grant}")
        return bearer_headers(grant.token, content_type)

    template = push()
    google = await fcm.open_sender(opening("fcm"))
    yield Case("FCM", google, google.url, headers(await google.fetch(), "application/json"), fcm.render(template, 0)[0])
    huawei = await hms.open_sender(opening("hms"))
    json = headers(await huawei.fetch(), "application/json; charset=UTF-8")
    yield Case("HMS", huawei, huawei.url, json, hms.render(template, 0, "Demo")[0])
    vk = await rustore.open_sender(opening("rustore"))
    json = bearer_headers(sandbox["credentials"]["rustore"]["service_token"], "application/json")
    yield Case("RuStore", vk, vk.native_url, json, rustore.render_native(template, 0)[0])


async def measure(case: Case, ca_file: str, pushes: int, in_flight: int) -> tuple[Spent, Spent]:
    """The sender and the bare client, in turns; the first turn of each opens the connections and does not count."""
    template = push()
    made = [template._replace(token=f"{number:0>152}") for number in range(1_000)]  # not the sender's cost
    target, pool = target_of(case.url), provider_pool(ca_file, in_flight)

    async def send(number: int) -> bool:
        return isinstance(await case.sender.send(made[number % len(made)]), Accepted)

    async def post(_: int) -> bool:
        answer = await pool.post(target, case.headers, case.body, timeout_s=MANY_S)
        return isinstance(answer, Answer) and answer.status == 200

    await Spent().run(send, TURN, in_flight)
    await Spent().run(post, TURN, in_flight)
    ours, bare = Spent(), Spent()
    while ours.requests < pushes:
        await ours.run(send, TURN, in_flight)
        await bare.run(post, TURN, in_flight)
    await case.sender.close()
    await pool.close()
    return ours, bare


@asynccontextmanager
async def sandbox_of(*parts: str) -> AsyncIterator[dict[str, Any]]:
    """A sandbox of these providers in a process of its own."""
    with tempfile.TemporaryDirectory() as directory:
        only = ",".join(parts)
        command = (sys.executable, "-m", "deploy.sandbox", "--data-dir", directory, "--only", only, "--no-payloads")
        process = await asyncio.create_subprocess_exec(*command)
        try:
            ready = Path(directory) / "sandbox.json"
            await eventually(ready.exists, "the sandbox", 20)
            yield orjson.loads(ready.read_bytes())
        finally:
            process.terminate()
            await process.wait()


async def rows(pushes: int, in_flight: int) -> list[Row]:
    """A row for each provider."""
    made = []
    async with sandbox_of("fcm", "hms", "rustore") as sandbox:
        async for case in cases(sandbox):
            ours, bare = await measure(case, sandbox["ca_file"], pushes, in_flight)
            each = f"{1e6 / ours.rate:.0f} µs each, {ours.rate / bare.rate:.2f} of the bare client"
            made.append(
                Row(
                    f"{case.name} send() over TLS",
                    ours.rate,
                    "pushes per CPU-second",
                    AIM,
                    limit=f"{bare.rate:,.0f} bare client",
                    note=f"{each}; {ours.requests / ours.wall_s:,.0f}/s, {in_flight} in flight",
                    memory_mib=memory_mib(os.getpid()),
                )
            )
    return made


def measured(pushes: int = 30_000, in_flight: int = 64) -> list[Row]:
    """The rows."""
    return uvloop.run(rows(pushes, in_flight))


def main() -> None:
    """Print the rows."""
    show(measured(*(int(given) for given in sys.argv[1:])))


if __name__ == "__main__":
    main()
