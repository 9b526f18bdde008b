"""A running APNs sandbox, and requests for it that are right unless a test changes something."""

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jwt
import orjson

from deploy.sandbox.apns.auth import Environment
from deploy.sandbox.apns.keys import ApnsCredentials
from deploy.sandbox.apns.server import ApnsServer
from deploy.sandbox.faults.orders import Faults
from deploy.sandbox.inbox import Inbox
from deploy.sandbox.tls.authority import server_context
from tests.support.frame_client import Fields, FrameClient, Response

TOPIC = "app.rpns.demo"
TOKEN = "ab" * 32
APNS_ID = "0193c5f0-aaaa-4bbb-8ccc-000000000001"
LIVE = {"timestamp": 1, "event": "update", "content-state": {"eta": 3}}
ALERT = {"aps": {"alert": {"title": "Code", "body": "123456"}}, "link": "x1"}
REFUSED_STREAM = 7
PROTOCOL_ERROR = 1
CANCEL = 8
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


class Clock:
    def __init__(self) -> None:
        self.now_s = time.time()

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Sandbox:
    """One server, what steers it, and what it has received."""

    ca: Path
    credentials: ApnsCredentials
    environment: Environment = "development"
    inbox: Inbox = field(default_factory=Inbox)
    faults: Faults = field(default_factory=Faults)
    clock: Clock = field(default_factory=Clock)
    port: int = 0
    signed: dict[str, str] = field(default_factory=dict)
    server: ApnsServer = field(init=False)

    def __post_init__(self) -> None:
        context = server_context(self.ca.parent, ("h2",))
        self.server = ApnsServer(
            self.inbox, self.faults, self.credentials, context, environment=self.environment, clock=self.clock
        )

    def jwt(
        self,
        credentials: ApnsCredentials | None = None,
        headers: dict[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        key = credentials or self.credentials
        payload = {"iss": key.team_id, "iat": int(self.clock.now_s), **claims}
        payload = {name: value for name, value in payload.items() if value is not None}
        header = {"kid": key.key_id, **(headers or {})}
        same = repr((key.key_id, payload, header))
        if same not in self.signed:  # ECDSA signs differently every time, and a new token is an update
            self.signed[same] = jwt.encode(payload, key.private_key, "ES256", headers=header)
        return self.signed[same]

    def fields(self, token: str = TOKEN, **changes: str | None) -> Fields:
        """An ordinary alert's headers; `apns_topic=…` changes one, None leaves it out."""
        headers: dict[str, str | None] = {
            ":method": "POST",
            ":scheme": "https",
            ":authority": "localhost",
            ":path": f"/3/device/{token}",
            "authorization": f"bearer {self.jwt()}",
            "apns-topic": TOPIC,
            "apns-push-type": "alert",
        }
        for name, value in changes.items():
            headers[f":{name}" if f":{name}" in headers else name.replace("_", "-")] = value
        return [(name, value) for name, value in headers.items() if value is not None]

    @asynccontextmanager
    async def client(self) -> AsyncIterator[FrameClient]:
        client = await FrameClient.connect(self.port, self.ca)
        try:
            yield client
        finally:
            await client.close()

    async def push(
        self, payload: object = ALERT, token: str = TOKEN, fields: Fields | None = None, **changes: str | None
    ) -> Response:
        """One request on a connection of its own."""
        body = payload if isinstance(payload, bytes) else orjson.dumps(payload)
        async with self.client() as client:
            return await client.request(self.fields(token, **changes) if fields is None else fields, body)

    async def __aenter__(self) -> "Sandbox":
        self.port = await self.server.start("127.0.0.1", 0)
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.server.stop()


def outcome(answer: Response) -> str:
    return f"{answer.status} {answer.reason}" if answer.body else str(answer.status)
