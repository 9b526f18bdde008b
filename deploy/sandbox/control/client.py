"""A client of the sandbox's control API, for the demo, the bench and the end-to-end tests.

Every method is one of the routes in `docs/sandbox.md`.
"""

from typing import Any, Self

import aiohttp
import orjson

TIMEOUT_S = 30.0
Json = dict[str, Any]


class Control:
    """Use as an async context manager. Raises aiohttp.ClientResponseError for a refusal."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=TIMEOUT_S), raise_for_status=True
        )
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._session.close()

    async def inbox(self, provider: str, token: str, count: int = 0, timeout_s: float = 10) -> list[Json]:
        """What the provider has accepted for the token; waits until there are `count`."""
        params = {"count": str(count), "timeout_s": str(timeout_s)}
        return list((await self._call("GET", f"/inbox/{provider}/{token}", params=params))["received"])

    async def received(self, limit: int = 100_000) -> list[Json]:
        """Everything that has been accepted, oldest first."""
        return list((await self._call("GET", "/received", params={"limit": str(limit)}))["received"])

    async def reports(
        self,
        message: str | None = None,
        count: int = 0,
        timeout_s: float = 10,
        *,
        path: str = "",
        accepted: bool = True,
    ) -> list[Json]:
        """Delivery reports, oldest first, also of one message (its id or mtNum) or path; waits until there are `count`.

        `accepted`: only those that the receiver took.
        """
        params = {"count": str(count), "timeout_s": str(timeout_s)}
        params |= {"message": message} if message else {}
        params |= {"path": path} if path else {}
        params |= {"accepted": "true"} if accepted else {}
        return list((await self._call("GET", "/partner/reports", params=params))["reports"])

    async def channel_messages(self, phone: str | None = None, count: int = 0, timeout_s: float = 10) -> list[Json]:
        """What the channel platform has taken, oldest first; waits until there are `count`."""
        params = {"count": str(count), "timeout_s": str(timeout_s)} | ({"phone": phone} if phone else {})
        return list((await self._call("GET", "/channels/messages", params=params))["messages"])

    async def channel_plan(self, phone: str | None, *reports: Json) -> None:
        """What the platform reports by itself on what is sent to a phone (None: to all that have no plan)."""
        await self._call("PUT", "/channels/plans", {"reports": list(reports)} | ({"phone": phone} if phone else {}))

    async def violations(self) -> list[Json]:
        """Delivery reports in bad form."""
        return list((await self._call("GET", "/partner/violations"))["reports"])

    async def order(self, provider: str, kind: str, **fault: Any) -> None:
        """Order a fault; fields as in `faults.Fault`."""
        await self._call("POST", f"/faults/{provider}", {"kind": kind, **fault})

    async def clear_faults(self, provider: str = "") -> None:
        """Withdraw the faults of one provider, or of all."""
        await self._call("DELETE", f"/faults/{provider}" if provider else "/faults")

    async def hms_receipt(self, url: str, token: str, status: int, **about: Any) -> Json:
        """Have Huawei send the receipt of the newest push to the token; what it was answered."""
        return await self._call("POST", "/hms/receipts", {"url": url, "token": token, "status": status, **about})

    async def web_subscription(self, server_key: str) -> Json:
        """What a browser gets when a page subscribes with this key: {subscription, endpoint}."""
        return await self._call("POST", "/web/subscriptions", {"applicationServerKey": server_key})

    async def apns_device(self, token: str, state: str, **about: Any) -> None:
        """live, dead, bad, assigned, offline or online."""
        await self._call("PUT", f"/apns/devices/{token}", {"state": state, **about})

    async def go_away(self, reason: str) -> None:
        """End every connection to APNs with GOAWAY."""
        await self._call("POST", "/apns/go-away", {"reason": reason})

    async def _call(self, method: str, path: str, body: Json | None = None, *, params: Json | None = None) -> Json:
        async with self._session.request(method, self._url + path, json=body, params=params) as response:
            content = await response.read()
            answer: Json = orjson.loads(content) if content else {}
            return answer
