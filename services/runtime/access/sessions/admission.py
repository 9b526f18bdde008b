"""Who comes in by the operators' listener: by a token, or where none is shown by the cookie of a session.

Authorization   ─▶ the token: 401, or 429 for a network that has guessed too often
the cookie      ─▶ the console's own page has asked? 403; the session holds? 401, of the type "session-ended"
neither         ─▶ 401
"""

from collections.abc import Sequence

from starlette.types import Scope

from schemas.values import OperatorScope
from services.runtime.access.callers import Network, caller_address, network_of
from services.runtime.access.operator_tokens import Operator, OperatorTokens
from services.runtime.access.sessions.cookies import cookie_of, is_https
from services.runtime.access.sessions.same_site import is_of_console
from services.runtime.access.sessions.statement import opened
from services.runtime.http.server import ProblemBody

Refusal = tuple[ProblemBody, dict[str, str]]
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="rpns operators"'}
FORGED = ProblemBody(
    title="Not from another site",
    status=403,
    detail="a session is good for requests of the console's own page alone, which have the header X-RPNS-Console",
)
_ENDED = ProblemBody(type="session-ended", title="Session has ended", status=401, detail="sign in again")
_SLOW = ProblemBody(title="Too many wrong tokens", status=429)
_WRONG = ProblemBody(
    title="Operator's token needed", status=401, detail="Authorization must be: Bearer <operator's token>"
)


class Admission:
    """Of one process."""

    def __init__(self, tokens: OperatorTokens, trusted: Sequence[Network]) -> None:
        self._tokens, self._trusted = tokens, trusted

    async def proved(self, scope: Scope) -> Operator | Refusal:
        """Who it is, or the answer that says why not."""
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        cookie = None if given else cookie_of(scope, is_https(scope, self._trusted))
        if cookie is not None:
            return await self._signed_in(scope, cookie)
        found = self._tokens.check(given.decode("latin-1"), network_of(caller_address(scope, self._trusted)))
        if isinstance(found, Operator):
            return found
        if found.retry_after_s:
            return _SLOW, {"Retry-After": str(found.retry_after_s)}
        return _WRONG, _CHALLENGE

    async def _signed_in(self, scope: Scope, cookie: str) -> Operator | Refusal:
        if not is_of_console(scope):
            return FORGED, {}
        session = opened(cookie, self._tokens.secrets)
        if session is None:
            return _ENDED, _CHALLENGE
        await self._tokens.has_heard_of(session)
        return self._tokens.of_session(session) or (_ENDED, _CHALLENGE)


def beyond(operator: Operator, needed: OperatorScope) -> ProblemBody:
    """The answer to an operator without the scope that a route needs."""
    scopes = ", ".join(operator.scopes)
    if operator.session is None:
        detail = f"needs the scope {needed}; this token has {scopes}"
        return ProblemBody(title="Not in the token's scopes", status=403, detail=detail)
    detail = f"needs the scope {needed}; this account has {scopes}"
    return ProblemBody(title="Not in the account's scopes", status=403, detail=detail)
