"""What the tests of mailings share: the bank's calls of `/v1/mailings`."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

import aiohttp
import orjson

from tests.support.waiting import eventually
from tests.support.world import Json, World

NDJSON = "application/x-ndjson"
END = ("done", "cancelled")


class Mailings:
    """Use as an async context manager."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def __aenter__(self) -> "Mailings":
        self._session = aiohttp.ClientSession(self._world.stack.public_url, headers=self._world.bank.auth)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._session.close()

    async def call(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, Json]:
        async with self._session.request(method, f"/v1/mailings{path}", json=body, params=query) as response:
            content = await response.read()
            return response.status, orjson.loads(content) if content else {}

    async def ok(self, method: str, path: str, body: Any = None, **query: Any) -> Json:
        status, answer = await self.call(method, path, body, **query)
        assert status in (200, 201), (status, answer)
        return answer

    async def problems(self, mailing: str, language: str = "en") -> list[Json]:
        """The broken lines, their rules in that language."""
        path, headers = f"/v1/mailings/{mailing}/problems", {"Accept-Language": language}
        async with self._session.get(path, headers=headers) as response:
            found: list[Json] = orjson.loads(await response.read())["problems"]
            return found

    async def draft(self, message: Json, **about: Any) -> str:
        """The id of a new mailing."""
        ref = self._world.new_ref()
        await self.ok("POST", "", {"id": ref, "name": "autumn", "message": message, "ratePerS": 100_000, **about})
        return ref

    async def upload(
        self, mailing: str, lines: Iterable[Json] | bytes | AsyncIterator[bytes], kind: str = NDJSON, **query: Any
    ) -> Json:
        body = (
            lines
            if isinstance(lines, bytes | AsyncIterator)
            else b"".join(orjson.dumps(line) + b"\n" for line in lines)
        )
        path = f"/v1/mailings/{mailing}/recipients"
        async with self._session.put(path, data=body, headers={"Content-Type": kind}, params=query) as response:
            answer: Json = orjson.loads(await response.read())
            assert response.status == 200, answer
            return answer

    async def ended(self, mailing: str, timeout_s: float = 30) -> Json:
        """The mailing, as soon as everybody is planned."""
        found: Json = {}

        async def has_ended() -> bool:
            found.update(await self.ok("GET", f"/{mailing}"))
            return found["state"] in END

        await eventually(has_ended, lambda: f"the mailing ends; it is {found}", timeout_s)
        return found

    async def counted(self, mailing: str, timeout_s: float = 30, **wanted: int) -> Json:
        """The mailing, as soon as its progress has these figures."""
        found: Json = {}

        async def fits() -> bool:
            found.update(await self.ok("GET", f"/{mailing}"))
            return all(found["progress"].get(name) == value for name, value in wanted.items())

        await eventually(fits, lambda: f"{wanted}; so far {found}", timeout_s)
        return found


def push(world: World, **data: Any) -> Json:
    """A message with a placeholder."""
    content = {"serviceNumber": "E2eBank", "text": "Dear {{name}}", "ttl": 60, "ttlUnit": "SECONDS"}
    return {"type": "PUSH", "data": content | data}
