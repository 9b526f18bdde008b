"""`GET /v1/me`: who the caller is, as this token or login says it, and what it may do. For operators and partners."""

from typing import Literal

from fastapi import APIRouter, Depends
from pydantic import Field

from schemas.values import OperatorScope
from services.registry.bodies import AnswerModel
from services.registry.http import PROBLEMS
from services.runtime.access.operator_routes import held_scopes
from services.runtime.access.operator_tokens import Operator
from services.runtime.access.partner_auth import Caller, CallerOf
from services.runtime.directory import Directory
from services.runtime.http.server import Problem


class OwnSender(AnswerModel):
    """A service number that the partner sends by."""

    service_number: str
    application_id: str | None


class MeView(AnswerModel):
    """The caller. What is another kind's is null or empty."""

    kind: Literal["operator", "partner"]
    name: str = Field(description="of the operator; of a partner its login")
    operator_id: str | None = Field(None, description="null for the token of the settings, too")
    scopes: list[OperatorScope] = Field([], description="of the operator's token, as it was made")
    held_scopes: list[OperatorScope] = Field([], description="the scopes that routes may ask for, and these hold")
    expires_at: int | None = Field(
        None, description="when the operator's token ends, or the session unless it is renewed, UTC ms; null: never"
    )
    account_id: str | None = Field(None, description="of the operator who has signed in, and shows no token")
    has_password: bool = Field(False, description="the account's, which its operator may change")
    partner_id: str | None = None
    senders: list[OwnSender] = Field([], description="of the partner, those that are switched on")


def me_routes(directory: Directory, callers: CallerOf) -> APIRouter:
    """The route."""
    router = APIRouter(prefix="/v1/me", tags=["me"], responses=PROBLEMS)
    asking = Depends(callers)

    @router.get("")
    async def get_me(caller: Caller = asking) -> MeView:
        """Who is asking, and what this token or login may do."""
        if caller.operator is not None:
            return _operator(caller.operator, directory)
        if caller.partner is None:
            raise Problem(401, "Unknown caller")
        partner_id = caller.partner.partner_id
        senders = [OwnSender.shown(sender) for sender in directory.senders_of(partner_id) if sender.enabled]
        return MeView(kind="partner", name=caller.partner.login, partner_id=partner_id, senders=senders)

    return router


def _operator(operator: Operator, directory: Directory) -> MeView:
    token, session = directory.operators.get(operator.operator_id), operator.session
    account = None if session is None else directory.accounts.get(session.account_id)
    expires_at = token.expires_at if token is not None else None
    return MeView(
        kind="operator",
        name=operator.by.removeprefix("operator:"),
        operator_id=operator.operator_id or None,
        scopes=list(operator.scopes),
        held_scopes=held_scopes(operator.scopes),
        expires_at=expires_at if session is None else session.expires_at,
        account_id=None if session is None else session.account_id,
        has_password=account is not None and bool(account.password_hash),
    )
