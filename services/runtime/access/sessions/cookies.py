"""The session's cookie: out of reach of scripts, sent to this address alone, and by no other site's page. Pure.

    https        __Host-rpns-session    with Secure: no page of a neighbouring name can set it in its place
    plain http   rpns-session           which browsers take for a name with `__Host-` only over https

Over https is what came so itself, what a trusted proxy says came so (`X-Forwarded-Proto`), and what the browser says
it has asked for so (`Origin`, of this address).
"""

from collections.abc import Sequence
from typing import Literal

from starlette.types import Scope

from services.runtime.access.callers import Network, is_within

NAME = "rpns-session"
_HOST = "__Host-"
_MOST = 1024


def is_https(scope: Scope, trusted: Sequence[Network]) -> bool:
    """Whether the browser has asked for it over https, as far as can be told."""
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    own_origin = f"https://{headers.get(b'host', '')}"
    if scope.get("scheme") == "https" or headers.get(b"origin", "").lower() == own_origin.lower():
        return True
    client = scope.get("client")
    scheme = headers.get(b"x-forwarded-proto", "").split(",")[-1].strip().lower()
    return scheme == "https" and client is not None and is_within(client[0], tuple(trusted))


def named(name: str, https: bool) -> str:
    """The cookie of this name, as it is called there."""
    return _HOST + name if https else name


def cookie_of(scope: Scope, https: bool, name: str = NAME) -> str | None:
    """The value that came with a request; the one that only https can set before the other."""
    found = _cookies(scope)
    value = found.get(_HOST + name) or (None if https else found.get(name))
    return value if value and len(value) <= _MOST else None


def set_cookie(
    value: str,
    https: bool,
    *,
    name: str = NAME,
    max_age_s: int | None = None,
    same_site: Literal["Strict", "Lax"] = "Strict",
) -> str:
    """The header Set-Cookie that gives it to the browser.

    `max_age_s` None: until the browser closes; 0: it is taken away.
    """
    parts = [f"{named(name, https)}={value}", "Path=/", "HttpOnly", f"SameSite={same_site}"]
    if https:
        parts.append("Secure")
    if max_age_s is not None:
        parts.append(f"Max-Age={max_age_s}")
    return "; ".join(parts)


def _cookies(scope: Scope) -> dict[str, str]:
    """By name; the first of a name, which browsers send as the one of the longest path."""
    found: dict[str, str] = {}
    for header, value in scope["headers"]:
        if header == b"cookie":
            for pair in value.decode("latin-1").split(";"):
                name, _, text = pair.strip().partition("=")
                found.setdefault(name, text)
    return found
