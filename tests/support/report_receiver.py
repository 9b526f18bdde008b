"""A partner's report receiver whose answers a test sets."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

from tests.support.waiting import eventually


@dataclass
class Receiver:
    """`came` holds what was posted; `status` is what it answers with."""

    url: str = ""
    status: int = 200
    came: list[dict[str, Any]] = field(default_factory=list)
    raw: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)
    in_hand: int = 0
    most_in_hand: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.in_hand += 1
        self.most_in_hand = max(self.most_in_hand, self.in_hand)
        try:
            await self.gate.wait()
        finally:
            self.in_hand -= 1
        self.raw.append((body, dict(request.headers)))
        self.came.append(orjson.loads(body))
        return web.Response(status=self.status, headers={"Location": self.url} if self.status == 302 else None)

    def statuses(self) -> list[int]:
        return [report["status"] for report in self.came]

    async def until(self, holds: Callable[[], bool], what: str, timeout_s: float = 20) -> None:
        """Fails with what came."""
        await eventually(holds, lambda: f"{what}: {self.statuses()}", timeout_s)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/reports", receiver.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    receiver.url = f"http://{host}:{port}/reports"
    try:
        yield receiver
    finally:
        receiver.gate.set()
        await runner.cleanup()
