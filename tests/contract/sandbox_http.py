"""What the tests of the sandbox's HTTP servers share: a running sandbox, and a client that trusts it."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from deploy.sandbox.process import PARTS, Sandbox

TOKEN = "cXq3v9TnQk2:APA91bHPRgkF3JUikC4ENAHEeMrd41Zxv3hVZjC9KtT8OvPVGJ"


@dataclass
class Bench:
    """A sandbox in this process and an HTTP session for it."""

    sandbox: Sandbox
    session: aiohttp.ClientSession

    @property
    def urls(self) -> dict[str, Any]:
        return self.sandbox.description

    def reset(self) -> None:
        self.sandbox.faults.clear()
        self.sandbox.inbox.clear()
        self.sandbox.reports.clear()

    async def post(
        self, url: str, body: Any, bearer: str | None = None, **headers: str
    ) -> tuple[int, Any, dict[str, str]]:
        """Status, body (JSON where it is JSON, else bytes) and headers of a JSON POST; bytes go as they are."""
        if bearer is not None:
            headers["Authorization"] = f"Bearer {bearer}"
        headers = {"Content-Type": "application/json", **headers}
        data = body if isinstance(body, bytes) else orjson.dumps(body)
        async with self.session.post(url, data=data, headers=headers) as response:
            content = await response.read()
            is_json = response.content_type == "application/json" and content
            return response.status, orjson.loads(content) if is_json else content, dict(response.headers)


@asynccontextmanager
async def running(data_dir: Path) -> AsyncIterator[Bench]:
    sandbox = Sandbox(data_dir)
    await sandbox.start("127.0.0.1", dict.fromkeys(PARTS, 0))
    try:
        tls = ssl.create_default_context(cafile=sandbox.description["ca_file"])
        connector = aiohttp.TCPConnector(ssl=tls, family=2)
        async with aiohttp.ClientSession(connector=connector) as session:
            yield Bench(sandbox, session)
    finally:
        await sandbox.stop()
