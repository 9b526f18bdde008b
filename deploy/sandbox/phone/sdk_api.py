"""The device API as the SDK calls it: plain HTTP through the one public address, `/sdk/api/v1`.

One `DeviceApi` serves any number of installations; each call but `install` proves itself with the installation's own
credential. Source: `docs/device-api.md`.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import aiohttp
import orjson

PATH = "/sdk/api/v1/installations"
WEB_PUSH_PATH = "/sdk/api/v1/web-push"
TIMEOUT_S = 15.0
PATIENCE = 5  # how often a call waits for Retry-After
Answer = dict[str, Any]


class RefusedError(Exception):
    """The platform answered with an error; `status` is HTTP's, `retry_after_s` the wait that a 429 asks for, else 0."""

    def __init__(self, status: int, text: str, retry_after_s: int = 0) -> None:
        super().__init__(f"{status}: {text}")
        self.status, self.retry_after_s = status, retry_after_s

    @property
    def is_passing(self) -> bool:
        """Worth another try."""
        return self.status >= 500 or self.status in (408, 429)


UNREACHABLE = (aiohttp.ClientError, TimeoutError)
"""Raised by every call when no answer came."""


@dataclass(frozen=True)
class Installation:
    """Who calls: the id, and the credential that install answered."""

    installation_id: str
    credential: str


class DeviceApi:
    """Use as an async context manager. `connections` bounds the calls under way."""

    def __init__(self, base_url: str, api_key: str, connections: int = 32) -> None:
        self._base = base_url.rstrip("/") + PATH
        self._web_push = base_url.rstrip("/") + WEB_PUSH_PATH
        self._api_key = api_key
        self._connections = connections

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections),
            timeout=aiohttp.ClientTimeout(total=None, sock_read=TIMEOUT_S, sock_connect=TIMEOUT_S),
        )
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._session.close()

    async def install(self, body: Answer) -> tuple[Installation, Answer]:
        """The caller that later calls need, and the installation as it is now."""
        answer = await self._call("POST", self._base, {"X-Api-Key": self._api_key}, body)
        view: Answer = answer["installation"]
        return Installation(view["installationId"], answer["credential"]), view

    async def web_push_key(self) -> str:
        """The key that browsers subscribe with."""
        answer = await self._call("GET", self._web_push, {"X-Api-Key": self._api_key}, None)
        return str(answer["applicationServerKey"])

    async def read(self, who: Installation) -> Answer:
        return await self._own("GET", who, "")

    async def register_token(self, who: Installation, body: Answer) -> Answer:
        return await self._own("PUT", who, "/token", body)

    async def personalize(self, who: Installation, body: Answer) -> Answer:
        return await self._own("POST", who, "/personalize", body)

    async def depersonalize(self, who: Installation) -> Answer:
        return await self._own("POST", who, "/depersonalize")

    async def change_settings(self, who: Installation, body: Answer) -> Answer:
        return await self._own("PUT", who, "/settings", body)

    async def start_session(self, who: Installation, body: Answer) -> Answer:
        return await self._own("POST", who, "/sessions", body)

    async def send_receipts(self, who: Installation, receipts: Sequence[Answer], sent_at_ms: int) -> list[Answer]:
        """One result for each, in order."""
        body = {"sentAt": sent_at_ms, "receipts": list(receipts)}
        results: list[Answer] = (await self._own("POST", who, "/receipts", body))["results"]
        return results

    async def content(self, who: Installation, message_id: str, link: int) -> Answer:
        """The whole of a message that was pushed."""
        return await self._own("GET", who, f"/messages/{message_id}/content?link={link}")

    async def history(self, who: Installation, **query: str | int) -> Answer:
        """A page of the in-app history: {entries, cursor}. Query as in the API: status, limit, cursor, to; from_."""
        parts = "&".join(f"{name.rstrip('_')}={value}" for name, value in query.items())
        return await self._own("GET", who, f"/history?{parts}")

    async def history_entry(self, who: Installation, message_id: str, link: int = 0) -> Answer:
        return await self._own("GET", who, f"/history/{message_id}?link={link}")

    async def mark_history(self, who: Installation, status: str, message_ids: Sequence[str]) -> list[bool]:
        """New or Seen; whether each was found."""
        body = {"status": status, "entries": [{"messageId": message_id} for message_id in message_ids]}
        return [result["found"] for result in (await self._own("POST", who, "/history/status", body))["results"]]

    async def delete_history(self, who: Installation, message_ids: Sequence[str]) -> list[bool]:
        """Whether each was found."""
        body = {"entries": [{"messageId": message_id} for message_id in message_ids]}
        return [result["found"] for result in (await self._own("POST", who, "/history/delete", body))["results"]]

    async def put_start_token(self, who: Installation, attributes_type: str, body: Answer) -> Answer:
        return await self._own("PUT", who, f"/activity-types/{attributes_type}/start-token", body)

    async def put_activity_token(self, who: Installation, activity_id: str, body: Answer) -> Answer:
        return await self._own("PUT", who, f"/activities/{activity_id}/token", body)

    async def delete_activity(self, who: Installation, activity_id: str) -> Answer:
        return await self._own("DELETE", who, f"/activities/{activity_id}")

    async def activities(self, who: Installation) -> Answer:
        """What the platform knows of this installation's Live Activities."""
        return await self._own("GET", who, "/activities")

    async def _own(self, method: str, who: Installation, what: str, body: Answer | None = None) -> Answer:
        headers = {"Authorization": f"Bearer {who.credential}"}
        return await self._call(method, f"{self._base}/{who.installation_id}{what}", headers, body)

    async def _call(self, method: str, url: str, headers: dict[str, str], body: Answer | None) -> Answer:
        """A call that is answered 429 waits and is made again, a few times."""
        data = None if body is None else orjson.dumps(body)
        headers = {"Content-Type": "application/json", **headers}
        for _ in range(PATIENCE):
            try:
                return await self._once(method, url, headers, data)
            except RefusedError as error:
                if not error.retry_after_s:
                    raise
                await asyncio.sleep(error.retry_after_s)
        return await self._once(method, url, headers, data)

    async def _once(self, method: str, url: str, headers: dict[str, str], data: bytes | None) -> Answer:
        async with self._session.request(method, url, headers=headers, data=data) as response:
            text = await response.read()
            if response.status >= 400:
                wait = response.headers.get("Retry-After", "") if response.status == 429 else ""
                later_s = int(wait) if wait.isdecimal() else 0
                raise RefusedError(response.status, text[:500].decode(errors="replace"), later_s)
            answer: Answer = orjson.loads(text)
            return answer
