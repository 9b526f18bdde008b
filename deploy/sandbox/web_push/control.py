"""Control of the Web Push service: what a browser does when a page subscribes, or takes its subscription back."""

from aiohttp import web

from deploy.sandbox.control.query import answer, read_body
from deploy.sandbox.http.json_form import record, text
from deploy.sandbox.web_push.server import WebPushServer

_SUBSCRIBING = record(
    {"applicationServerKey": text(pattern=r"[A-Za-z0-9_-]{87}=?", hint="65 bytes in base64url")},
    ("applicationServerKey",),
)


class WebControl:
    """Routes over one push service."""

    def __init__(self, server: WebPushServer) -> None:
        self._server = server

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/web/subscriptions", self._subscribe),
            web.delete("/web/subscriptions/{subscription}", self._unsubscribe),
        ]

    async def _subscribe(self, request: web.Request) -> web.Response:
        """Subscribes a page: `{applicationServerKey}` gives `{subscription, endpoint}`; the subscription is the token
        here."""
        body = await read_body(request)
        _SUBSCRIBING(body)
        subscription, endpoint = self._server.subscribed(body["applicationServerKey"])
        return answer({"subscription": subscription, "endpoint": endpoint}, 201)

    async def _unsubscribe(self, request: web.Request) -> web.Response:
        """Ends a subscription: its next push is answered 410."""
        self._server.unsubscribe(request.match_info["subscription"])
        return web.Response(status=204)
