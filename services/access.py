"""Who is asking: a partner by HTTP Basic, who sees its own messages, or the operator by bearer token, who sees all."""

import base64
import binascii
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from fastapi import HTTPException, Request, Security
from fastapi.openapi.models import HTTPBase
from fastapi.security.base import SecurityBase

from schemas.application_events import PartnerChanged
from services import web
from services.callers import Network, caller_address
from services.logins import LoginFault, Logins

_STATUS = {
    LoginFault.UNKNOWN_LOGIN: 401,
    LoginFault.WRONG_PASSWORD: 401,
    LoginFault.FORBIDDEN_ADDRESS: 403,
    LoginFault.THROTTLED: 429,
}
_WORDS = {401: "Unknown login or wrong password", 403: "Address not allowed", 429: "Too many failed logins"}
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="rpns", charset="UTF-8"'}


class _Scheme(SecurityBase):
    """Only tells OpenAPI which schemes there are; the check is `caller`'s."""

    def __init__(self, scheme: str, name: str, description: str) -> None:
        self.model = HTTPBase(scheme=scheme, description=description)
        self.scheme_name = name

    async def __call__(self, request: Request) -> None:
        return None


_BASIC = _Scheme("basic", "partner", "a partner's login and password")
_BEARER = _Scheme("bearer", "operator", "RPNS_ADMIN_TOKEN")


@dataclass(frozen=True, slots=True)
class Caller:
    """`partner` None is the operator."""

    partner: PartnerChanged | None

    @property
    def partner_id(self) -> str | None:
        return self.partner.partner_id if self.partner is not None else None


def caller(logins: Logins, admin_token: str, trusted: Sequence[Network]) -> Callable[[Request], Awaitable[Caller]]:
    """The dependency that every route has. Answers 401, 403 or 429."""

    async def who(request: Request, _: None = Security(_BASIC), __: None = Security(_BEARER)) -> Caller:
        if web.is_admin(request, admin_token):
            return Caller(None)
        login, password = _basic(request.headers.get("authorization", ""))
        found = await logins.check(login, password, caller_address(request.scope, trusted))
        if isinstance(found, PartnerChanged):
            return Caller(found)
        status = _STATUS[found]
        if status == 401:
            raise HTTPException(401, _WORDS[401], _CHALLENGE)
        raise web.Problem(status, _WORDS[status])

    return who


def _basic(header: str) -> tuple[str, str]:
    """RFC 7617, in UTF-8."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise HTTPException(401, "Login needed", _CHALLENGE)
    try:
        login, colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeError):
        colon = ""
    if not colon:
        raise HTTPException(401, "Not a valid Basic authorization", _CHALLENGE)
    return login, password
