"""The partner's side: what a bank's own code does with the platform. Plain HTTP through the one public address."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Self

import aiohttp
import orjson

TIMEOUT_S = 20.0
Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What POST /v6/send answered: mtNum and id, or the error."""

    http_status: int
    body: Json

    @property
    def mt_num(self) -> str:
        """Raises AssertionError when the request was refused."""
        assert self.http_status == 200, f"refused: {self.http_status} {self.body}"
        return str(self.body["mtNum"])

    @property
    def error_code(self) -> int:
        """The error code of the partner protocol; 0 when there was no error."""
        return int(self.body.get("error", {}).get("code", 0))


@dataclass(frozen=True)
class StreamEvent:
    """One event of GET /v1/events; `id` is what resumes the stream."""

    id: int
    name: str
    data: Json


class Bank:
    """Use as an async context manager."""

    def __init__(self, gateway: str, login: str, password: str, service_number: str) -> None:
        self._gateway = gateway.rstrip("/")
        self._login, self._password, self._service_number = login, password, service_number
        self.auth = {"Authorization": aiohttp.encode_basic_auth(login, password, "utf-8")}

    @property
    def credentials(self) -> tuple[str, str, str]:
        """Login, password and service number: for another `Bank` of the same partner."""
        return self._login, self._password, self._service_number

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=100), timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)
        )
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._session.close()

    def request(
        self, text: str, *, phone: str | None = None, user: str | None = None, ref: str | None = None, **data: Any
    ) -> Json:
        """The body of a push. `data` goes into message.data, in the protocol's names."""
        content = {"serviceNumber": self._service_number, "text": text, "ttl": 60, "ttlUnit": "SECONDS"}
        if user is not None:
            content["externalUserId"] = user
        body: Json = {"login": self._login, "password": self._password}
        body |= {"message": {"type": "PUSH", "data": content | data}}
        body |= {"destAddr": phone} if phone is not None else {}
        return body | ({"id": ref} if ref is not None else {})

    async def send(self, text: str, **about: Any) -> Answer:
        """One push; `about` as in `request`."""
        return await self.post(self.request(text, **about))

    async def post(self, body: Json) -> Answer:
        async with self._session.post(f"{self._gateway}/v6/send", json=body) as response:
            content = await response.read()
            is_json = "json" in response.content_type
            return Answer(response.status, orjson.loads(content) if is_json else {"text": content.decode()})

    async def message(self, any_id: str) -> Json | None:
        """Everything that is known of a message, by message id, mtNum or the bank's own id; None when nothing is."""
        async with self._session.get(f"{self._gateway}/v1/messages/{any_id}", headers=self.auth) as response:
            if response.status == 404:
                return None
            response.raise_for_status()
            found: Json = orjson.loads(await response.read())
            return found

    async def savings(self) -> dict[str, int]:
        """Links of cascades that were not needed in the last 30 days, by channel."""
        async with self._session.get(f"{self._gateway}/v1/savings", headers=self.auth) as response:
            response.raise_for_status()
            return dict(orjson.loads(await response.read())["byChannel"])

    async def events(self, after: int | None = None) -> AsyncIterator[StreamEvent]:
        """The stream of status changes, from now on or from behind event `after`; ends when the stream does."""
        headers = self.auth | ({"Last-Event-ID": str(after)} if after is not None else {})
        timeout = aiohttp.ClientTimeout(total=None, sock_read=60)
        async with self._session.get(f"{self._gateway}/v1/events", headers=headers, timeout=timeout) as response:
            response.raise_for_status()
            fields: dict[str, str] = {}
            async for raw in response.content:
                name, _, value = raw.decode().rstrip("\n").partition(": ")
                if name.startswith(":"):
                    continue  # a comment, so that the connection stays open
                if name:
                    fields[name] = value
                elif fields:
                    data = orjson.loads(fields.get("data", "{}"))
                    yield StreamEvent(int(fields.get("id", 0)), fields.get("event", ""), data)
                    fields = {}
