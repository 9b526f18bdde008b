"""What the tests of the sandbox's HTTP servers share: a running sandbox, and a client that trusts it."""

import asyncio
import json
import socket
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from hypothesis import strategies as st

from deploy.sandbox.faults import SWITCHES
from deploy.sandbox.process import PARTS, Sandbox

TOKEN = "cXq3v9TnQk2:APA91bHPRgkF3JUikC4ENAHEeMrd41Zxv3hVZjC9KtT8OvPVGJ"
CONTENT_TYPES = st.sampled_from(["application/json", "text/plain", "application/x-www-form-urlencoded", ""])


def json_like(names: list[str]) -> st.SearchStrategy[bytes]:
    """Bodies that are often JSON and often use these names: odd types, huge numbers, surrogates, deep nesting."""
    plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.characters(categories=["Cs"])
    tree = st.recursive(
        plain,
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(names) | st.text(max_size=3), inner)
        ),
        max_leaves=15,
    )
    deep = st.integers(90, 5000).map(lambda depth: b'{"message":' + b"[" * depth + b"]" * depth + b"}")
    return tree.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=200) | deep


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
        for name, values in SWITCHES.items():
            self.sandbox.faults.switch(name, values[0])
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
        connector = aiohttp.TCPConnector(ssl=tls, family=socket.AF_INET)
        async with aiohttp.ClientSession(connector=connector) as session:
            yield Bench(sandbox, session)
    finally:
        await sandbox.stop()


@asynccontextmanager
async def running_process(data_dir: Path) -> AsyncIterator[dict[str, Any]]:
    """`python -m deploy.sandbox` as users start it; gives the content of sandbox.json."""
    ready = data_dir / "sandbox.json"
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "deploy.sandbox", "--data-dir", str(data_dir))
    try:
        async with asyncio.timeout(15):
            while not ready.exists():
                assert process.returncode is None, "the sandbox has ended"
                await asyncio.sleep(0.05)
        yield orjson.loads(ready.read_bytes())
    finally:
        process.terminate()
        assert await process.wait() == 0
    assert not ready.exists()
