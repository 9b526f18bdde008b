"""The partner and the phones of `lifecycle` with a lean HTTP client, so that the test itself costs little.

They send and read exactly what the usual ones do; only requests that no life makes go through the usual client.
"""

from typing import Any

import orjson
from yarl import URL

from deploy.play.bank import Answer, Bank
from deploy.sandbox.phone.sdk_api import DeviceApi, Installation, RefusedError
from services.runtime.http_client import Answer as HttpAnswer
from services.runtime.http_client import Direct, Pool, header_lines, target_of

TIMEOUT_S = 60.0
_JSON = {"Content-Type": "application/json"}
_JSON_LINES = header_lines(_JSON)


class NoAnswerError(RuntimeError):
    """A request that the platform did not answer: its fate is unknown, so the run is worth nothing."""


async def posted(pool: Pool, url: URL, headers: bytes, body: bytes) -> HttpAnswer:
    """The answer. Raises NoAnswerError."""
    result = await pool.post(target_of(url), headers, body, timeout_s=TIMEOUT_S)
    if not isinstance(result, HttpAnswer):
        raise NoAnswerError(result.detail)
    return result


class LeanBank(Bank):
    """Sends over `connections` at most."""

    def __init__(self, gateway: str, login: str, password: str, service_number: str, *, connections: int) -> None:
        super().__init__(gateway, login, password, service_number)
        self._url, self._connections = URL(f"{gateway.rstrip('/')}/v6/send"), connections

    async def __aenter__(self) -> "LeanBank":
        self._pool = Pool(Direct(None), limit=self._connections)
        await super().__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._pool.close()
        await super().__aexit__(*exc)

    async def post(self, body: dict[str, Any]) -> Answer:
        answer = await posted(self._pool, self._url, _JSON_LINES, orjson.dumps(body))
        return Answer(answer.status, orjson.loads(answer.body))


class LeanDeviceApi(DeviceApi):
    """Receipts go over connections of their own."""

    async def __aenter__(self) -> "LeanDeviceApi":
        self._pool = Pool(Direct(None), limit=self._connections)
        await super().__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._pool.close()
        await super().__aexit__(*exc)

    async def send_receipts(self, who: Installation, receipts: Any, sent_at_ms: int) -> list[dict[str, Any]]:
        headers = header_lines(_JSON | {"Authorization": f"Bearer {who.credential}"})
        body = orjson.dumps({"sentAt": sent_at_ms, "receipts": list(receipts)})
        answer = await posted(self._pool, URL(f"{self._base}/{who.installation_id}/receipts"), headers, body)
        if answer.status >= 400:
            raise RefusedError(answer.status, answer.body[:500].decode(errors="replace"))
        results: list[dict[str, Any]] = orjson.loads(answer.body)["results"]
        return results
