"""What browsers are told of the device API, so that pages of the allowed origins can use it (Fetch standard, CORS).

    OPTIONS, asked before a page's request ─▶ 204 when any application allows the origin, else 403
    any other request with an Origin       ─▶ its answer, readable by the page when any application allows the origin

Before its request a browser does not say which application a page speaks for (the key is a header of the request), so
here an origin of any is enough. The request itself is held to its own application's list (`refusal.py`), before
anything is done: what a page of another application may read is that it was refused. Credentials of the browser
(cookies) are never asked for. All of this looks into memory once: a preflight costs less than refusing it for being
one too many would.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.runtime.cross_origin.refusal import origin_in, refusal_of
from services.runtime.directory import Directory
from services.runtime.http.server import problem_response

PREFIX = "/sdk/api/v1/"
MAX_AGE_S = 600
"""For how long a browser may keep the answer: an origin that is allowed no longer is refused by the request itself."""
Header = tuple[bytes, bytes]
_ASKS = b"access-control-request-method"
_VARY: Header = (b"vary", b"Origin")
_READABLE: Header = (b"access-control-expose-headers", b"Retry-After")
_PREFLIGHT: list[Header] = [
    (b"access-control-allow-methods", b"GET, POST, PUT, DELETE"),
    (b"access-control-allow-headers", b"Authorization, Content-Type, X-Api-Key"),
    (b"access-control-max-age", b"%d" % MAX_AGE_S),
]


class CrossOrigin:
    """ASGI middleware around all that everybody may reach; it touches device routes only."""

    def __init__(self, app: ASGIApp, directory: Directory) -> None:
        self._app, self._directory = app, directory

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = origin_in(scope) if scope["type"] == "http" and scope["path"].startswith(PREFIX) else None
        if origin is None:
            await self._app(scope, receive, send)
            return
        told = [_VARY]
        if self._directory.is_allowed_origin(origin):
            told.append((b"access-control-allow-origin", origin.encode("latin-1")))
        if scope["method"] == "OPTIONS" and any(name == _ASKS for name, _ in scope["headers"]):
            await self._preflight(told, scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *told, _READABLE]}
            await send(message)

        await self._app(scope, receive, send_with_headers)

    async def _preflight(self, told: list[Header], scope: Scope, receive: Receive, send: Send) -> None:
        if len(told) == 1:
            refusal = problem_response(refusal_of("no application allows this origin").body)
            refusal.raw_headers += told
            await refusal(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 204, "headers": [*told, *_PREFLIGHT]})
        await send({"type": "http.response.body", "body": b""})
