"""Who is asking: a partner by HTTP Basic, who sees its own messages, or an operator, who sees all.

An operator has come in by the operators' listener, which has looked at the token (`http/listeners.py`).

A browser that has once asked for a Basic login itself sends it along with whatever any page makes it send. So it is
never made to ask by a page's script (`Sec-Fetch-Dest: empty`), and changes that another site's page asks for are
refused (`Sec-Fetch-Site`). Scripts cannot set these headers, programs do not send them. Source: W3C, Fetch Metadata.
"""

import base64
import binascii
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from fastapi import HTTPException, Request, Security

from schemas.application_events import PartnerChanged
from services.runtime.access.audit import note_caller
from services.runtime.access.callers import Network, caller_address
from services.runtime.access.logins import LoginFault, Logins
from services.runtime.access.operator_tokens import Operator, still_holds
from services.runtime.http import server
from services.runtime.http.listeners import operator_of
from services.runtime.http.security_schemes import OPERATOR, PARTNER

_STATUS = {
    LoginFault.UNKNOWN_LOGIN: 401,
    LoginFault.WRONG_PASSWORD: 401,
    LoginFault.FORBIDDEN_ADDRESS: 403,
    LoginFault.THROTTLED: 429,
}
_WORDS = {401: "Unknown login or wrong password", 403: "Address not allowed", 429: "Too many failed logins"}
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="rpns", charset="UTF-8"'}
_CHALLENGE_OF_SCRIPTS = {"WWW-Authenticate": 'xBasic realm="rpns", charset="UTF-8"'}
"""A scheme that no browser knows, and so asks nobody about."""
PARTNER_KEY = "rpns.partner"
"""In the scope of a request: the partner who has proved to be asking."""
_CHANGES_NOTHING = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Caller:
    """`partner` None is an operator. `is_let_in` tells it at the time of asking: what goes on for long looks again.

    `has_password`: a partner has given its password, and not an API key in its place.
    """

    partner: PartnerChanged | None
    operator: Operator | None = None
    is_let_in: Callable[[], bool] = field(default=lambda: True, compare=False)
    has_password: Callable[[], bool] = field(default=lambda: False, compare=False)

    @property
    def by(self) -> str:
        """What events say of who caused them."""
        if self.partner is not None:
            return f"partner:{self.partner.login}"
        return self.operator.by if self.operator is not None else ""

    @property
    def partner_id(self) -> str | None:
        return self.partner.partner_id if self.partner is not None else None


CallerOf = Callable[..., Awaitable[Caller] | AsyncIterator[Caller]]


def caller(logins: Logins, trusted: Sequence[Network]) -> CallerOf:
    """The dependency that every route has. Answers 401, 403 or 429."""

    async def who(request: Request, _: None = Security(PARTNER), __: None = Security(OPERATOR)) -> Caller:
        if (operator := operator_of(request)) is not None:
            return Caller(None, operator, partial(still_holds, operator, logins.directory))
        _refuse_other_sites(request)
        challenge = _CHALLENGE_OF_SCRIPTS if request.headers.get("sec-fetch-dest") == "empty" else _CHALLENGE
        login, password = _basic(request.headers.get("authorization", ""), challenge)
        address = caller_address(request.scope, trusted)
        found = await logins.check(login, password, address)
        if isinstance(found, PartnerChanged):
            note_caller(f"partner:{found.login}")
            request.scope[PARTNER_KEY] = found
            by_password = partial(logins.is_password, found, login, password)
            return Caller(found, None, partial(logins.still_holds, found), by_password)
        status = _STATUS[found]
        if status == 401:
            raise HTTPException(401, _WORDS[401], challenge)
        wait_s = logins.retry_after_s(login, address) if status == 429 else 1
        raise server.Problem(status, _WORDS[status], retry_after_s=wait_s)

    return who


def _refuse_other_sites(request: Request) -> None:
    """Raises Problem 403."""
    if request.method not in _CHANGES_NOTHING and request.headers.get("sec-fetch-site") in ("cross-site", "same-site"):
        raise server.Problem(403, "Not from another site", "a page of another site has made the browser ask for this")


def _basic(header: str, challenge: Mapping[str, str]) -> tuple[str, str]:
    """RFC 7617, in UTF-8. Raises HTTPException 401."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise HTTPException(401, "Login needed", dict(challenge))
    try:
        login, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeError):
        colon = ""
    if not colon:
        raise HTTPException(401, "Not a valid Basic authorization", dict(challenge))
    return login, password
