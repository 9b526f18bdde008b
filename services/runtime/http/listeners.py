"""The two listeners of an HTTP service: everybody's, and the operators', which another network may keep to itself.

    RPNS_PORT             partners, devices, providers' receipts    what is an operator's alone is 404 for every caller;
                                                                    `/portal/`, where it is served, is for people
    RPNS_OPERATORS_PORT   operators                                 what is not in `access/operator_routes.py` is 404;
                                                                    then the token (401, 429), or the console's session
                                                                    (401; 403 from another site), then its scope (403);
                                                                    signing in needs neither;
                                                                    `/console/` is for people, and asks for none

So reaching the public port, past any gateway, with any token, is not enough. Each listener's `/openapi.json` tells of
what it serves.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from services.runtime.access.audit import NOBODY, OPERATOR_KEY, AuditedApp, Caller, Refused
from services.runtime.access.audit import Api as Api
from services.runtime.access.callers import Network
from services.runtime.access.operator_routes import is_open, is_operators_alone, may, route_of, routes_at
from services.runtime.access.operator_tokens import Operator, OperatorTokens
from services.runtime.access.refusals import Refusals
from services.runtime.access.sessions.admission import Admission, Refusal, beyond
from services.runtime.http import server
from services.runtime.http.security_schemes import OPERATOR, PARTNER
from services.runtime.log.kafka import Log
from services.runtime.openapi.page import asset_at
from services.runtime.pages.asset import READING
from services.runtime.pages.console import console_at, portal_at
from services.runtime.process import Process

OPENAPI_PATH = "/openapi.json"


def operator_of(request: Request) -> Operator | None:
    """Who came in by the operators' listener; None is everybody else."""
    found: Operator | None = request.scope.get(OPERATOR_KEY)
    return found


class PublicListener:
    """What everybody may reach. `direct`: hot paths by method and path, which need none of the application's layers.

    `has_portal`: the partners' page is here too.
    """

    def __init__(
        self,
        app: Api,
        direct: Mapping[tuple[str, str], ASGIApp] = MappingProxyType({}),
        *,
        has_portal: bool = False,
    ) -> None:
        self._app, self._direct, self._has_portal = app, direct, has_portal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif (endpoint := self._direct.get((scope["method"], scope["path"]))) is not None:
            await endpoint(scope, receive, send)
        elif scope["path"] == OPENAPI_PATH and scope["method"] in READING:
            served = described(self._app.openapi(), lambda method, path: not is_operators_alone(method, path))
            document = without_scheme(served, OPERATOR.scheme_name)
            await server.json_response(document)(scope, receive, send)
        elif (asset := asset_at(scope["method"], scope["path"])) is not None:
            await asset(scope, receive, send)
        elif self._has_portal and (file := portal_at(scope["method"], scope["path"])) is not None:
            await file(scope, receive, send)
        elif is_operators_alone(scope["method"], scope["path"]):
            await server.problem_response(server.nothing_at(scope["path"]))(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class OperatorsListener:
    """What operators may reach, once their token is right and has the scope."""

    def __init__(
        self,
        app: Api,
        tokens: OperatorTokens,
        trusted_proxies: Sequence[Network],
        refused: Refused | None = None,
    ) -> None:
        self._app, self._admission, self._refused = app, Admission(tokens, trusted_proxies), refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["path"] == OPENAPI_PATH and scope["method"] in READING:
            served = described(self._app.openapi(), lambda method, path: route_of(method, path) is not None)
            document = without_scheme(served, PARTNER.scheme_name)
            await server.json_response(document)(scope, receive, send)
        elif (file := _file_at(scope["method"], scope["path"])) is not None:
            await file(scope, receive, send)
        elif is_open(scope["method"], scope["path"]):
            await self._app(scope, receive, send)
        else:
            found = await self._admitted(scope)
            if isinstance(found, Operator):
                await self._app({**scope, OPERATOR_KEY: found}, receive, send)
            else:
                problem, headers = found
                await server.problem_response(problem, headers)(scope, receive, send)

    async def _admitted(self, scope: Scope) -> Operator | Refusal:
        """The operator, or the answer that says why not."""
        method, path = scope["method"], scope["path"]
        known = routes_at(path)
        if not known:
            return server.nothing_at(path), {}
        found = await self._admission.proved(scope)
        if not isinstance(found, Operator):
            self._note(NOBODY, scope, found[0].status)
            return found
        route = route_of(method, path)
        if route is None:
            allowed = ", ".join(sorted({route.method for route in known}))
            other = server.ProblemBody(title="Method Not Allowed", status=405, detail=f"allowed here: {allowed}")
            return other, {"Allow": allowed}
        if not may(found.scopes, route.scope):
            self._note(Caller(found.by, found.entity_key), scope, 403)
            return beyond(found, route.scope), {}
        return found

    def _note(self, caller: Caller, scope: Scope, status: int) -> None:
        if self._refused is not None:
            self._refused(caller, scope, status)


def _file_at(method: str, path: str) -> ASGIApp | None:
    """What operators may read without a token: nothing of anybody is in it."""
    return asset_at(method, path) or console_at(method, path)


def described(document: dict[str, Any], is_served: Callable[[str, str], bool]) -> dict[str, Any]:
    """The part of an OpenAPI document that a listener serves."""
    paths: dict[str, dict[str, Any]] = {}
    for path, item in document["paths"].items():
        kept = {method: operation for method, operation in item.items() if is_served(method.upper(), _filled(path))}
        if kept:
            paths[path] = kept
    return {**document, "paths": paths}


def without_scheme(document: dict[str, Any], scheme: str) -> dict[str, Any]:
    """The document of a listener at which nobody proves who calls in this way, though the routes are shared."""
    paths = {
        path: {method: _kept(operation, scheme) for method, operation in item.items()}
        for path, item in document["paths"].items()
    }
    parts = document.get("components", {})
    schemes = {name: about for name, about in parts.get("securitySchemes", {}).items() if name != scheme}
    return {**document, "paths": paths, "components": {**parts, "securitySchemes": schemes}}


def _kept(operation: dict[str, Any], scheme: str) -> dict[str, Any]:
    ways = operation.get("security")
    return {**operation, "security": [way for way in ways if scheme not in way]} if ways else operation


def _filled(path: str) -> str:
    """A path of a request that the template matches."""
    return path.replace("{", "").replace("}", "")


def serve(
    process: Process,
    app: Api,
    tokens: OperatorTokens,
    trusted: Sequence[Network],
    *,
    sink: Log,
    uploads: tuple[str, ...] = (),
    direct: Mapping[tuple[str, str], ASGIApp] = MappingProxyType({}),
    around: Callable[[ASGIApp], ASGIApp] | None = None,
    refusals: Refusals | None = None,
    has_portal: bool = False,
) -> None:
    """Serve `app` on both ports until the process stops; `uploads` as for `server.serve`, `direct` for everybody's.

    `has_portal`: everybody's listener has the partners' page, whose policy takes the place of the server's.

    What changes something is audited in `sink`. `around` is put around everybody's listener: a hot path whose address
    is not fixed. `refusals` are those that the hot paths note theirs in.
    """
    settings, refusals = process.settings, refusals or Refusals(sink, process.name, trusted)
    process.spawn(refusals.run(process.stop), "refusals", drains=True)
    app = AuditedApp(app, process.name, sink, trusted, fingerprint=tokens.fingerprint, refused=refusals.note)
    public: ASGIApp = PublicListener(app, direct, has_portal=has_portal)
    if around is not None:
        public = around(public)
    server.serve(process, public, "api", (settings.host, settings.port), uploads, gives_way=has_portal)
    operators = OperatorsListener(app, tokens, trusted, refusals.note)
    at = (settings.operators_host, settings.operators_port)
    server.serve(process, operators, "operators-api", at, uploads, gives_way=True)  # the console has another policy
