"""Control of Huawei's receipts: sent when they are ordered, to the address that is named."""

import time

import aiohttp
from aiohttp import web

from deploy.sandbox.control.query import answer, read_body
from deploy.sandbox.hms.keys import HmsCredentials
from deploy.sandbox.hms.receipts import HEADER, Receipt, body_of, signature
from deploy.sandbox.http.json_form import MalformedError, choice, integer, record, text
from deploy.sandbox.inbox import Inbox

TIMEOUT = aiohttp.ClientTimeout(total=15)
_ORDER = record(
    {
        "url": text(1),
        "token": text(1),
        "status": integer(0, 1_000_000),
        "version": choice(1, 2),
        "key": choice("decoded", "raw"),
        "age_ms": integer(-86_400_000, 86_400_000),
    },
    ("url", "token", "status"),
)


class HmsControl:
    """Routes over the inbox of Huawei's pushes."""

    def __init__(self, inbox: Inbox, credentials: HmsCredentials) -> None:
        self._inbox, self._credentials = inbox, credentials

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/hms/receipts", self._send)]

    async def _send(self, request: web.Request) -> web.Response:
        """Sends the signed receipt of the newest push to `token`: `{url, token, status, version, key, age_ms}`; gives
        the answer."""
        order = await read_body(request)
        _ORDER(order)
        url, token = order.pop("url"), order.pop("token")
        pushes = self._inbox.by_token("hms", token)
        if not pushes:
            raise MalformedError("nothing was pushed to it", "token")
        receipt = Receipt(**order)
        signed = signature(self._credentials, receipt.key, time.time_ns() // 1_000_000 - receipt.age_ms)
        body = body_of(pushes[-1], receipt, self._credentials.app_id)
        async with (
            aiohttp.ClientSession(timeout=TIMEOUT) as session,
            session.post(url, json=body, headers={HEADER: signed}) as response,
        ):
            return answer({"status": response.status, "answer": await response.json(content_type=None)})
