"""The operators' routes and the scope that each needs, in one table. Pure.

    read       what is set up, what is stopped, what works and waits, counts: nothing about people
    support    messages, installations and broken lines of lists: what an answer to a customer needs
    operator   changes: partners, applications, credentials, stops, mailings, imports, erasures
    admin      the operators' tokens and accounts; holds every other scope, for it can give itself each

`support` and `operator` hold `read`. A route of this table exists on the operators' listener; on the public one only
if it is shared with partners. A route that does not stand here exists on the public listener alone; those of them that
change something are in `PARTNERS_OWN`, so that the audit trail has them.
"""

import re
from collections.abc import Collection, Iterable
from typing import NamedTuple

from schemas.values import OperatorScope

HELD: dict[OperatorScope, frozenset[OperatorScope]] = {
    "read": frozenset({"read"}),
    "support": frozenset({"read", "support"}),
    "operator": frozenset({"read", "operator"}),
    "admin": frozenset({"read", "support", "operator", "admin"}),
}
"""What a token with this scope may do."""

_APPLICATION = "/v1/applications/{application_id}"
_CHANNEL = _APPLICATION + "/broadcast-channels"
_PARTNER = "/v1/partners/{partner_id}"
_LETTER = "/v1/dead-letters/{topic}/{partition}/{offset}"
_MAILING = "/v1/mailings/{any_id}"
RENEWAL = "/v1/session/renewal"
"""Asked for every few minutes, of a session that goes on: it changes nothing that an audit would look for."""
WAYS = "/v1/session/ways"
LOGIN = "/v1/session/oidc"
LOGIN_CALLBACK = f"{LOGIN}/callback"
"""Where the company's login sends a browser back to: a GET that signs somebody in."""
_ACCOUNT = "/v1/accounts/{account_id}"
_RESEND = "/v1/report-resends/{resend_id}"


_READING = frozenset(("GET", "HEAD", "OPTIONS"))


class OperatorRoute(NamedTuple):
    """One method of one path, written as its service writes it."""

    method: str
    path: str
    scope: OperatorScope
    is_shared: bool  # with partners, on the public listener


def _rows(scope: OperatorScope, is_shared: bool, *routes: str) -> list[OperatorRoute]:
    split = (route.split(" ", 1) for route in routes)
    return [OperatorRoute(method, path, scope, is_shared) for methods, path in split for method in methods.split(",")]


ROUTES: tuple[OperatorRoute, ...] = (
    *_rows("read", True, "GET /v1/me", "GET /v1/refusals"),
    *_rows("read", False, "GET /v1/partners", f"GET {_PARTNER}", f"GET {_PARTNER}/senders"),
    *_rows("read", False, "GET /v1/applications", f"GET {_APPLICATION}", f"GET {_APPLICATION}/credentials"),
    *_rows("read", False, "GET /v1/erasures/{erasure_id}", "GET /v1/cluster", "GET /v1/cluster/live"),
    *_rows("read", False, "GET /v1/dead-letters", f"GET {_LETTER}"),
    *_rows("support", False, f"GET {_LETTER}/content"),
    *_rows("operator", False, f"POST {_LETTER}/redrive", f"POST {_LETTER}/discard"),
    *_rows("read", True, f"GET {_APPLICATION}/subscriptions", f"GET {_APPLICATION}/prohibitions"),
    *_rows("read", True, f"GET {_CHANNEL}", f"GET {_CHANNEL}/{{name}}"),
    *_rows("read", True, f"GET {_CHANNEL}/{{name}}/messages/{{broadcast_id}}"),
    *_rows("read", True, "GET /v1/stops", "GET /v1/statistics", "GET /v1/savings"),
    *_rows("read", True, "GET /v1/mailings", f"GET {_MAILING}", f"GET {_MAILING}/live", f"GET {_MAILING}/forecast"),
    *_rows("support", True, "GET /v1/messages", "GET /v1/messages/export", "GET /v1/messages/reasons"),
    *_rows("support", True, "GET /v1/messages/{any_id}", "GET /v1/messages/{any_id}/live"),
    *_rows("support", True, "GET /v1/events", f"GET {_MAILING}/problems"),
    *_rows("support", True, "GET /v1/installations", "GET /v1/installations/{installation_id}"),
    *_rows("read", True, "GET /v1/report-resends", f"GET {_RESEND}"),
    *_rows("operator", True, "POST /v1/report-resends", f"POST {_RESEND}/cancel"),
    *_rows("operator", False, "POST /v1/partners", f"PATCH {_PARTNER}"),
    *_rows("operator", False, *(f"POST {_PARTNER}/{secret}" for secret in ("password", "report-key", "batch-key"))),
    *_rows("operator", False, f"DELETE {_PARTNER}/report-key/old"),
    *_rows("operator", False, f"POST,DELETE {_PARTNER}/api-key"),
    *_rows("operator", False, f"PUT {_PARTNER}/senders/{{service_number}}"),
    *_rows("operator", False, "POST /v1/applications", f"PATCH {_APPLICATION}"),
    *_rows("operator", False, f"POST {_APPLICATION}/api-keys", f"DELETE {_APPLICATION}/api-keys/old"),
    *_rows("operator", False, f"PUT,PATCH {_APPLICATION}/credentials/{{provider}}"),
    *_rows("operator", False, f"POST,DELETE {_APPLICATION}/identity-keys"),
    *_rows("operator", True, "POST /v1/identities/revoke"),
    *_rows("operator", False, "POST /v1/installations/import", "POST /v1/test-pushes"),
    *_rows(
        "operator", False, "POST /v1/erasures", "POST /v1/erasures/preview", "GET /v1/erasures/{erasure_id}/records"
    ),
    *_rows("operator", True, "PUT /v1/stops/{scope}/{stop_id:path}", "POST /v1/messages/{any_id}/cancel"),
    *_rows("operator", True, f"PUT,DELETE {_CHANNEL}/{{name}}", f"POST {_CHANNEL}/{{name}}/messages"),
    *_rows("operator", True, f"GET {_MAILING}/definition"),
    *_rows("operator", True, "POST /v1/mailings", f"PATCH {_MAILING}", f"PUT,POST,DELETE {_MAILING}/recipients"),
    *_rows("operator", True, *(f"POST {_MAILING}/{move}" for move in ("start", "pause", "resume", "cancel"))),
    *_rows("admin", False, "GET /v1/audit", "GET,POST /v1/operators", "DELETE /v1/operators/{operator_id}"),
    *_rows("admin", False, "GET,POST /v1/accounts", f"PATCH,DELETE {_ACCOUNT}", f"POST {_ACCOUNT}/password"),
    *_rows("read", False, "GET,POST,DELETE /v1/session", "DELETE /v1/sessions"),
    *_rows("read", False, f"POST {RENEWAL}", "POST /v1/session/password"),
    *_rows("read", False, f"GET {WAYS}", f"GET {LOGIN}", f"GET {LOGIN_CALLBACK}"),
)

_RIGHTS_AT = ("/v1/operators", "/v1/accounts", "/v1/partners", "/v1/applications", "/v1/me/", "/v1/identities/")
_ENTRANCES = frozenset((*(("POST", path) for path in ("/v1/session", "/v1/session/password")), ("GET", LOGIN_CALLBACK)))

OPEN = frozenset({("POST", "/v1/session"), *(("GET", path) for path in ("/v1/session", WAYS, LOGIN, LOGIN_CALLBACK))})
"""How operators sign in: asked for before anybody is known. They see to it themselves who asks, and how often."""

PARTNERS_OWN: tuple[OperatorRoute, ...] = (
    *_rows("operator", True, "GET,PATCH /v1/me/settings", "POST,DELETE /v1/me/api-key", "POST /v1/me/batch-key"),
    *_rows("operator", True, "POST /v1/me/report-key", "DELETE /v1/me/report-key/old"),
)
"""Of a partner's own settings, on the public listener alone: no token has a scope for them."""


def may(scopes: Iterable[OperatorScope], needed: OperatorScope) -> bool:
    """Whether a token with these scopes may do what needs that one."""
    return any(needed in HELD[scope] for scope in scopes)


def held_scopes(scopes: Collection[OperatorScope]) -> list[OperatorScope]:
    """All scopes that these hold, from the least to the greatest."""
    return [scope for scope in HELD if may(scopes, scope)]


def gives_rights(method: str, path: str) -> bool:
    """Whether who may do this, or gets in by it, may then do more: tokens, accounts, secrets, who is let in. `path` as
    the table writes it, and of a method that is not there too."""
    if (method, path) in _ENTRANCES:
        return True
    return method not in _READING and path.startswith(_RIGHTS_AT) and not path.startswith(_CHANNEL)


def routes_at(path: str) -> tuple[OperatorRoute, ...]:
    """Every method at this path of a request; none: the path is not an operator's.

    With slashes at the end or without: the services send one to the other. With a line feed at the end or without: to
    Starlette's `$` they are one. Of two routes that fit, the one with fewer
    places to fill in comes first, as `import` before an id.
    """
    if not path.startswith("/v1/"):
        return ()
    asked = path.removesuffix("\n") if path.endswith("\n") else path.rstrip("/")
    found = [route for pattern, route in _PATTERNS if pattern.fullmatch(asked)]
    return tuple(sorted(found, key=lambda route: route.path.count("{")))


def route_of(method: str, path: str) -> OperatorRoute | None:
    """The route that a request asks for."""
    return next((route for route in routes_at(path) if route.method == method), None)


def audited_route_of(method: str, path: str) -> OperatorRoute | None:
    """The route that a request asks for, of operators or of a partner's own."""
    return route_of(method, path) or _OWN.get((method, path.removesuffix("\n")))


def is_open(method: str, path: str) -> bool:
    """Whether it is asked for without a token or session."""
    route = route_of(method, path)
    return route is not None and (route.method, route.path) in OPEN


def is_operators_alone(method: str, path: str) -> bool:
    """Whether nothing is there for anybody else, whatever the method."""
    if not path.startswith("/v1/"):  # most requests
        return False
    found = routes_at(path)
    named = [route for route in found if route.method == method] or found
    return bool(named) and not any(route.is_shared for route in named)


def _pattern(path: str) -> re.Pattern[str]:
    """As Starlette matches: a part between slashes, or with `:path` the rest."""
    parts = re.split(r"(\{[a-z_]+(?::path)?\})", path)
    return re.compile(
        "".join((".*" if ":" in part else "[^/]+") if part.startswith("{") else re.escape(part) for part in parts),
        re.DOTALL,
    )


_PATTERNS = [(_pattern(route.path), route) for route in ROUTES]
_OWN = {(route.method, route.path): route for route in PARTNERS_OWN}
