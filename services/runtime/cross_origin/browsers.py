"""What browsers are told of the device API, so that pages of the allowed origins can use it (Fetch standard, CORS).

    OPTIONS, asked before a page's request ─▶ 204 when any application allows the origin, else 403
    any other request with an Origin       ─▶ its answer as ever, readable by the page when its application allows it

Before its request a browser does not say which application a page speaks for (the key is a header of the request), so
here an origin of any is enough, as it is for an answer to who names no application (401). Credentials of the browser
(cookies) are never asked for. All of this looks into memory once: a preflight costs less than refusing it for being
one too many would.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.runtime.cross_origin.page import Page, comes_from
from services.runtime.directory import Directory
from services.runtime.http.server import Problem, problem_response

PREFIX = "/sdk/api/v1/"
MAX_AGE_S = 600
"""For how long a browser may keep the answer: of an origin that is allowed no longer, no page can read what follows."""
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
        origin = _origin_in(scope) if scope["type"] == "http" and scope["path"].startswith(PREFIX) else None
        if origin is None:
            await self._app(scope, receive, send)
            return
        page = Page(origin, self._directory.is_allowed_origin(origin))
        if scope["method"] == "OPTIONS" and any(name == _ASKS for name, _ in scope["headers"]):
            await _preflight(page, scope, receive, send)
            return
        comes_from(scope, page)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                allowing = [*_allowing(page), _READABLE] if page.is_allowed else _allowing(page)
                message = {**message, "headers": [*message["headers"], *allowing]}
            await send(message)

        await self._app(scope, receive, send_with_headers)


async def _preflight(page: Page, scope: Scope, receive: Receive, send: Send) -> None:
    if not page.is_allowed:
        detail = "no application has the origin of this page among its allowedOrigins"
        problem = Problem(403, "Origin is not allowed", detail, kind="origin-not-allowed").body
        await problem_response(problem, {"Vary": "Origin"})(scope, receive, send)
        return
    await send({"type": "http.response.start", "status": 204, "headers": [*_allowing(page), *_PREFLIGHT]})
    await send({"type": "http.response.body", "body": b""})


def _allowing(page: Page) -> list[Header]:
    return [_VARY, (b"access-control-allow-origin", page.origin.encode("latin-1"))] if page.is_allowed else [_VARY]


def _origin_in(scope: Scope) -> str | None:
    """The Origin of a request; empty, which nobody allows, where there are several."""
    found = [value for name, value in scope["headers"] if name == b"origin"]
    if not found:
        return None
    origin: str = found[0].decode("latin-1") if len(found) == 1 else ""
    return origin
