"""Holds a page's request to the origins that its application allows.

Only browsers say an Origin, and no page can say another than its own. A page of this very address needs no permission:
the browser says so (`Sec-Fetch-Site`), or the origin is that of the address the request came to.
"""

from starlette.types import Scope

from schemas.application_events import ApplicationChanged
from services.runtime.http.server import Problem

KIND = "origin-not-allowed"
_SAME = b"same-origin"


def held_to_its_origins(scope: Scope, application: ApplicationChanged) -> None:
    """Raises Problem 403 for a page whose origin the application does not allow."""
    origin = origin_in(scope)
    if origin is None or origin in application.allowed_origins or _is_of_this_address(scope, origin):
        return
    raise refusal_of("the application's allowedOrigins do not have the origin of this page")


def refusal_of(detail: str) -> Problem:
    """403 for an origin, which is not repeated."""
    return Problem(403, "Origin is not allowed", detail, kind=KIND)


def origin_in(scope: Scope) -> str | None:
    """The Origin of a request; empty, which nobody allows, where there are several."""
    found = [value for name, value in scope["headers"] if name == b"origin"]
    if not found:
        return None
    origin: str = found[0].decode("latin-1") if len(found) == 1 else ""
    return origin


def _is_of_this_address(scope: Scope, origin: str) -> bool:
    headers = dict(scope["headers"])
    if (site := headers.get(b"sec-fetch-site")) is not None:
        return bool(site == _SAME)
    return origin.partition("://")[2].encode("latin-1") == headers.get(b"host", b"").lower() != b""
