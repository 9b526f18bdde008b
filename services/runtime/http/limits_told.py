"""Partners' limits at routes: a request is counted, and whatever is answered to it tells what is left.

route: enter(limits, partner, request)  ─▶  kept in the scope  ─▶  headers of the answer, be it a problem or a stream
"""

import time
from typing import Final

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schemas.application_events import PartnerChanged
from services.runtime.access.partner_limits import PartnerLimits
from services.runtime.http.server import Problem

_KEY: Final = "rpns.limits"


def enter(limits: PartnerLimits, partner: PartnerChanged, request: Request) -> None:
    """Count a request that begins; `limits.leave` counts its end. Raises Problem 429."""
    refused = limits.enter(partner, time.monotonic())
    request.scope[_KEY] = limits.headers(partner)
    if refused is not None:
        raise Problem(429, "Too many requests", refused.words, retry_after_s=refused.wait_s)


class TellsLimits:
    """ASGI middleware that adds the headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start" and (headers := scope.get(_KEY)):
                message = {**message, "headers": [*message["headers"], *headers]}
            await send(message)

        await self._app(scope, receive, send_with_headers)
