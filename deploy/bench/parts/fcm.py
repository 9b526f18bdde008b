"""How much CPU one push over FCM costs, rendering and outcome included.

python -m deploy.bench.parts.fcm [pushes] [in flight]

The sender is measured by the CPU time of this process; the sandbox, over TLS and with every check that it makes, runs
in a process of its own. The limit is the same body posted by bare aiohttp in turns with it.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import uvloop

from deploy.bench.measure import Row, memory_mib, show
from deploy.waiting import eventually
from schemas.application_events import ApplicationChanged
from schemas.values import Content
from services.dispatch.provider import Accepted, Opening, Push
from services.dispatch.providers.fcm import sender as fcm
from services.dispatch.providers.http.client import bearer_headers, tls_context
from services.dispatch.providers.http.oauth import Grant
from services.runtime.settings import Settings

AIM = 5_000
TURN = 2_000


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
        installation_id="i-1",
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


async def measure(sandbox: dict[str, Any], pushes: int, in_flight: int) -> tuple[Spent, Spent]:
    """The sender and bare aiohttp, in turns; the first turn of each opens the connections and does not count."""
    environment = {"FCM_URL": sandbox["fcm"], "PROVIDER_CA_FILE": sandbox["ca_file"]}
    application = ApplicationChanged(event_id="e-1", at=0, application_id="app", name="Demo", api_key_digests=())
    opening = Opening(Settings.from_environment(environment), application, sandbox["credentials"]["fcm"])
    sender = await fcm.open_sender(opening)
    template = push()
    made = [template._replace(token=f"{number:0>152}") for number in range(1_000)]  # not the sender's cost
    grant = await sender.fetch()
    if not isinstance(grant, Grant):
        raise RuntimeError(f"no access token: {grant.detail}")
    headers = bearer_headers(grant.token, "application/json")
    body, _ = fcm.render(template, 0)

    async def send(number: int) -> bool:
        return isinstance(await sender.send(made[number % len(made)]), Accepted)

    connector = aiohttp.TCPConnector(ssl=tls_context(sandbox["ca_file"]), limit=in_flight)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:

        async def post(number: int) -> bool:
            async with session.post(sender.url, data=body, headers=headers) as response:
                await response.read()
                return response.status == 200

        await Spent().run(send, TURN, in_flight)
        await Spent().run(post, TURN, in_flight)
        ours, bare = Spent(), Spent()
        while ours.requests < pushes:
            await ours.run(send, TURN, in_flight)
            await bare.run(post, TURN, in_flight)
    await sender.close()
    return ours, bare


async def with_sandbox(pushes: int, in_flight: int) -> tuple[Spent, Spent]:
    """Start the sandbox, wait until it listens, measure, end it."""
    with tempfile.TemporaryDirectory() as directory:
        command = (sys.executable, "-m", "deploy.sandbox", "--data-dir", directory, "--only", "fcm", "--no-payloads")
        process = await asyncio.create_subprocess_exec(*command)
        try:
            ready = Path(directory) / "sandbox.json"
            await eventually(ready.exists, "the sandbox", 20)
            return await measure(orjson.loads(ready.read_bytes()), pushes, in_flight)
        finally:
            process.terminate()
            await process.wait()


def measured(pushes: int = 30_000, in_flight: int = 64) -> list[Row]:
    """The row."""
    ours, bare = uvloop.run(with_sandbox(pushes, in_flight))
    each = f"{ours.cpu_s / ours.requests * 1e6:.0f} µs each"
    return [
        Row(
            "FCM send() over TLS",
            ours.requests / ours.cpu_s,
            "pushes per CPU-second",
            f"{AIM:,}",
            limit=f"{bare.requests / bare.cpu_s:,.0f} bare aiohttp",
            note=f"{each}; {ours.requests / ours.wall_s:,.0f}/s, {in_flight} in flight",
            memory_mib=memory_mib(os.getpid()),
        )
    ]


def main() -> None:
    """Print the row."""
    show(measured(*(int(given) for given in sys.argv[1:])))


if __name__ == "__main__":
    main()
