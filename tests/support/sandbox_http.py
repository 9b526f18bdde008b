"""What the tests of the sandbox's HTTP servers share: a running sandbox, a client that trusts it, odd bodies."""

import asyncio
import json
import socket
import ssl
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import jwt
import orjson
from hypothesis import strategies as st

from deploy.sandbox.fcm.token_endpoint import GRANT_TYPE
from deploy.sandbox.process import Sandbox
from deploy.sandbox.providers import PARTS, SWITCHES
from tests.support.waiting import eventually

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
        await eventually(lambda: ready.exists() or process.returncode is not None)
        assert process.returncode is None, "the sandbox has ended"
        yield orjson.loads(ready.read_bytes())
    finally:
        process.terminate()
        assert await process.wait() == 0
    assert not ready.exists()


def google_assertion(bench: Bench, key: str | None = None, algorithm: str = "RS256", **claims: Any) -> str:
    account = bench.urls["credentials"]["fcm"]
    now = int(time.time())
    good = {
        "iss": account["client_email"],
        "scope": "https://www.googleapis.com/auth/firebase.messaging",
        "aud": bench.urls["fcm_token"],
        "iat": now,
        "exp": now + 3600,
    }
    kept = {name: value for name, value in {**good, **claims}.items() if value is not None}
    return jwt.encode(kept, key or account["private_key"], algorithm, {"kid": account["private_key_id"]})


async def google_exchange(bench: Bench, assertion: str, grant_type: str = GRANT_TYPE) -> tuple[int, Any]:
    form = urlencode({"grant_type": grant_type, "assertion": assertion}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    status, body, _ = await bench.post(bench.urls["fcm_token"], form, **headers)
    return status, body


async def fcm_bearer(bench: Bench) -> str:
    status, body = await google_exchange(bench, google_assertion(bench))
    assert status == 200
    token: str = body["access_token"]
    return token


def fcm_url(bench: Bench, project: str | None = None) -> str:
    project = project or bench.urls["credentials"]["fcm"]["project_id"]
    return f"{bench.urls['fcm']}/v1/projects/{project}/messages:send"
