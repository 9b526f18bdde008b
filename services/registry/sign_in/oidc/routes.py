"""What a browser asks for when somebody signs in at the company's login. The last two send it on, whatever happens.

GET /v1/session/ways            which ways in there are, for the console's sign-in
GET /v1/session/oidc            ─▶ the login
GET /v1/session/oidc/callback   ─▶ the console, at the place that the person was going to, with a session
either, where it fails          ─▶ the console's sign-in, which says why:  /console/#/sign-in/<reason>/<claim>
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from starlette.responses import RedirectResponse

from services.registry.bodies import AnswerModel
from services.registry.sign_in.oidc.door import SEE_OTHER, Door
from services.runtime.access.operator_routes import LOGIN, LOGIN_CALLBACK, WAYS
from services.runtime.http.server import Problem, ProblemBody

Way = Literal["token", "password", "oidc"]
_WITHOUT_LOGIN: list[Way] = ["password", "token"]
_ANSWERS: dict[int | str, dict[str, Any]] = {
    SEE_OTHER: {"description": "On the way; where it fails to the console's sign-in, which says why"},
    404: {"model": ProblemBody, "description": "No company's login is set up"},
}
_Word = Annotated[str | None, Query(description="as the company's login sends it")]


class WaysView(AnswerModel):
    """How operators may sign in here."""

    ways: list[Way] = Field(description="the company's login (oidc), a name and a password, a token")
    oidc_label: str = Field(description="what that login is called; empty: nothing in particular")


def oidc_routes(door: Door | None) -> APIRouter:
    """The routes; `door` is None where no such login is named."""
    router = APIRouter(tags=["sign-in"])

    @router.get(WAYS)
    async def list_ways() -> WaysView:
        """Which ways to sign in there are. Nobody has to be signed in for it."""
        if door is None:
            return WaysView(ways=_WITHOUT_LOGIN, oidc_label="")
        return WaysView(ways=["oidc", *_WITHOUT_LOGIN], oidc_label=door.settings.oidc_label)

    @router.get(LOGIN, status_code=SEE_OTHER, response_class=RedirectResponse, responses=_ANSWERS)
    async def begin_oidc(
        place: Annotated[str, Query(description="page of the console to come back to; what is none: the first")] = "",
    ) -> Response:
        """Send the browser to the company's login."""
        known = _known(door)
        return await known.or_reason(known.begun(place))

    @router.get(LOGIN_CALLBACK, status_code=SEE_OTHER, response_class=RedirectResponse, responses=_ANSWERS)
    async def end_oidc(
        request: Request, state: _Word = None, code: _Word = None, error: _Word = None, iss: _Word = None
    ) -> Response:
        """Where that login sends the browser back to, with whatever parameters it has."""
        known = _known(door)
        return await known.or_reason(known.ended(request))

    return router


def _known(door: Door | None) -> Door:
    if door is None:
        raise Problem(404, "No such login", "RPNS_OIDC_ISSUER names none")
    return door
