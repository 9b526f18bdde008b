"""The operators' console at `/console/` of their listener: the files that `deploy/console` has built into `dist`.

They hold nothing of anybody, so no token is asked for; what the console shows it asks the API for, with its user's.
A package that was built before the console was holds none, and says so there.
"""

import re
from functools import partial
from pathlib import Path
from types import MappingProxyType

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp

from services.runtime.http import server
from services.runtime.pages.asset import READING, Asset, Content

BUILT = Path(__file__).resolve().parent / "dist"
START = "/console/"
INDEX = "index.html"
_FILE = re.compile(r"/console/(assets/[A-Za-z0-9_-]+\.(?:js|css))?")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Runs and loads what comes from here, no script or style within a page, and speaks to nobody else."""
HEADERS = MappingProxyType(
    {
        "Content-Security-Policy": POLICY,
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
)
_KEPT = "public, max-age=31536000, immutable"
"""Of a file whose name changes with its content."""
_NONE = server.ProblemBody(
    title="Not Found",
    status=404,
    detail="this installation holds no console: its package was built without one (docs/features/operators.md)",
)


def console_at(method: str, path: str) -> ASGIApp | None:
    """The answer with a file of the console, where the path names one."""
    if method not in READING or not path.startswith(START.rstrip("/")):
        return None
    if path == START.rstrip("/"):
        return RedirectResponse(START, 308)
    found = _FILE.fullmatch(path)
    if found is None:
        return None
    if name := found[1]:
        return Asset(name, partial(_read, BUILT / name), {**HEADERS, "Cache-Control": _KEPT})
    return Asset(INDEX, partial(_read, BUILT / INDEX), {**HEADERS, "Cache-Control": "no-cache"}, absent=_NONE)


def _read(path: Path) -> Content:
    return Content.of(path.read_bytes())
