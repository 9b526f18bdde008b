"""The console: the files that `deploy/console` has built into `dist`, at one path for each kind of user.

    /console/   the operators' listener    asks for an operator's token
    /portal/    everybody's listener       asks for a partner's login, and shows what is that partner's own

They hold nothing of anybody, so nothing is asked for here; what the console shows it asks the API for, with its user's
token or login, and by its own path it knows whose. A package that was built before the console was holds none, and
says so.
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
PORTAL = "/portal/"
INDEX = "index.html"
_FILE = re.compile(r"(?:assets/[A-Za-z0-9_-]+\.(?:js|css))?")
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
    """The answer with a file of the operators' console, where the path names one."""
    return _file_at(START, method, path)


def portal_at(method: str, path: str) -> ASGIApp | None:
    """The answer with a file of the partners' view, where the path names one."""
    return _file_at(PORTAL, method, path)


def _file_at(start: str, method: str, path: str) -> ASGIApp | None:
    if method not in READING or not path.startswith(start.rstrip("/")):
        return None
    if path == start.rstrip("/"):
        return RedirectResponse(start, 308)
    name = path.removeprefix(start)
    if not path.startswith(start) or _FILE.fullmatch(name) is None:
        return None
    if name:
        return Asset(name, partial(_read, BUILT / name), {**HEADERS, "Cache-Control": _KEPT})
    return Asset(INDEX, partial(_read, BUILT / INDEX), {**HEADERS, "Cache-Control": "no-cache"}, absent=_NONE)


def _read(path: Path) -> Content:
    return Content.of(path.read_bytes())
