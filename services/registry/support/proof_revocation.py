"""Proofs of login as the customer's backend may end them, `POST /v1/identities/revoke`. See docs/features/identity.md.

For the operator, and for partners in the applications that they send to.
"""

from fastapi import APIRouter, Depends, Request
from pydantic import Field, model_validator

from services.registry.bodies import AnswerModel, Id, Phone, RequestModel, UserId, phone_digits
from services.registry.device_api import LoginCommands
from services.registry.http import PROBLEMS
from services.registry.support.read_access import ReadAccess, ReadAccessDependency
from services.runtime.access.audit import note_change
from services.runtime.access.partner_auth import Caller, CallerOf
from services.runtime.access.partner_limits import PartnerLimits
from services.runtime.http.beside import enter
from services.runtime.looks import note_people

REVOKE_PATH = "/v1/identities/revoke"


class RevokeBody(RequestModel):
    """Whose proofs end: of the installations that this user, or this phone, is logged in on."""

    external_user_id: UserId | None = None
    phone: Phone | None = None
    application_id: Id | None = Field(None, description="default: all that the caller sends to")

    @model_validator(mode="after")
    def _somebody(self) -> "RevokeBody":
        if self.phone is None and self.external_user_id is None:
            raise ValueError("phone or externalUserId must be given")
        return self


class RevokeAnswer(AnswerModel):
    """The installations that were proved, and are not any more."""

    installations: list[str]


def identity_routes(
    logins: LoginCommands, access: ReadAccessDependency, callers: CallerOf, limits: PartnerLimits
) -> APIRouter:
    """The route that revokes proofs."""
    router = APIRouter(tags=["identities"], responses=PROBLEMS)
    reading, calling = Depends(access), Depends(callers)

    @router.post(REVOKE_PATH, responses={404: PROBLEMS[400]})
    async def revoke_proofs(
        body: RevokeBody, request: Request, access: ReadAccess = reading, caller: Caller = calling
    ) -> RevokeAnswer:
        """End all proofs of a user: these installations count as unproved at once, until the next proved login."""
        if caller.partner is not None:  # each call is kept for weeks, whether anybody of that name is there or not
            enter(limits, caller.partner, request)
            limits.leave(caller.partner)
        phone = phone_digits(body.phone)
        names = sorted(access.applications) if body.application_id is None else [access.checked(body.application_id)]
        users = [] if body.external_user_id is None else [body.external_user_id]
        note_people(phones=[phone], users=users)
        ended = await logins.revoke(users, [] if phone is None else [phone], names, caller.by)
        where = {"application_id": ",".join(names)}
        note_change("identities/proofs", {"proved": len(ended), **where}, {"proved": 0, **where})
        return RevokeAnswer(installations=ended)

    return router
