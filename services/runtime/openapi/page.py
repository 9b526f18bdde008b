"""What the page of the APIs at `/docs/` loads: Swagger UI from a package, and a little of our own.

The page itself stands at the gateway (`deploy/pages/docs.html`), which passes `/docs/assets/` on to a service.
"""

import asyncio
import gzip
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

ASSETS = "/docs/assets/"
_TYPES = MappingProxyType({"js": "text/javascript", "css": "text/css"})
_PLACES: Mapping[str, str] = MappingProxyType(
    {
        "swagger-ui-bundle.js": "fastapi_offline",
        "swagger-ui.css": "fastapi_offline",
        "page.js": "services.runtime.openapi",
        "page.css": "services.runtime.openapi",
    }
)


def asset_at(method: str, path: str) -> ASGIApp | None:
    """The answer with a file of the page, where the path names one."""
    name = path.removeprefix(ASSETS)
    return _Asset(name) if method == "GET" and path.startswith(ASSETS) and name in _PLACES else None


class _Asset:
    """Answers with a file, compressed for callers who can read that."""

    def __init__(self, name: str) -> None:
        self._name = name

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        plain, packed = await asyncio.to_thread(_read, self._name)
        kind = f"{_TYPES[self._name.rpartition('.')[2]]}; charset=utf-8"
        accepted = b",".join(value for name, value in scope["headers"] if name == b"accept-encoding")
        headers = {"Content-Type": kind, "Vary": "Accept-Encoding"}
        answer = Response(packed, 200, headers | {"Content-Encoding": "gzip"}) if b"gzip" in accepted else None
        await (answer or Response(plain, 200, headers))(scope, receive, send)


@cache
def _read(name: str) -> tuple[bytes, bytes]:
    """The file as it is, and compressed. Kept: there are four of them, of two megabytes together."""
    content = (files(_PLACES[name]) / "static" / name).read_bytes()
    return content, gzip.compress(content, 6, mtime=0)
