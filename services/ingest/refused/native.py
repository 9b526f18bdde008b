"""Notes what the native API has not accepted of a partner: whatever changes something and was answered by a problem.

partner_auth: who it is ─┐
server: the problem ─────┴▶ in the scope ─▶ here, once the answer has gone out ─▶ counted
"""

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from schemas.application_events import PartnerChanged
from services.ingest.refused.counts import Cause, RefusedRequests
from services.ingest.refused.kept import kept_rule
from services.runtime.access.operator_routes import audited_route_of
from services.runtime.access.partner_auth import PARTNER_KEY
from services.runtime.http.server import PROBLEM_KEY, ProblemBody
from services.runtime.words.lookup import HIDDEN

_PLACE = re.compile(r"\{[^}]*\}")
_READING = frozenset(("GET", "HEAD", "OPTIONS"))


class NotesRefused:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, refused: RefusedRequests) -> None:
        self._app, self._refused = app, refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)
        partner: PartnerChanged | None = scope.get(PARTNER_KEY)
        problem: ProblemBody | None = scope.get(PROBLEM_KEY)
        if partner is not None and problem is not None and scope["method"] not in _READING:
            self._refused.note(partner, _cause_of(scope, problem))


def _cause_of(scope: Scope, problem: ProblemBody) -> Cause:
    """By its first error; a problem that names no field says it in its detail, or else in its title."""
    route = audited_route_of(scope["method"], scope["path"])
    path = _PLACE.sub(HIDDEN, route.path) if route is not None else ""
    first = problem.errors[0] if problem.errors else {}
    rule = first.get("rule") or (problem.detail if kept_rule(problem.detail) else problem.title)
    return Cause(scope["method"], path, problem.status, "", field=first.get("field", ""), rule=rule)
