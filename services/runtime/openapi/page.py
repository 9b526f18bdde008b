"""What the page of the APIs at `/docs/` loads: Swagger UI from a package, and a little of our own.

The page itself stands at the gateway (`deploy/pages/docs.html`), which passes `/docs/assets/` on to a service.
"""

from collections.abc import Mapping
from functools import cache, partial
from importlib.resources import files
from types import MappingProxyType

from starlette.types import ASGIApp

from services.runtime.pages.asset import READING, Asset, Content

ASSETS = "/docs/assets/"
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
    is_there = method in READING and path.startswith(ASSETS) and name in _PLACES
    return Asset(name, partial(_read, name)) if is_there else None


@cache
def _read(name: str) -> Content:
    """Kept: there are four of them, of two megabytes together."""
    return Content.of((files(_PLACES[name]) / "static" / name).read_bytes())
