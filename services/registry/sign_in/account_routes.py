"""Accounts of operators, `/v1/accounts`: made, listed, changed, given another password and deleted with the scope
`admin`.

POST   /v1/accounts                 {name, scopes}: 201 with a password for once, which is in this answer only
GET    /v1/accounts                 all of them
PATCH  /v1/accounts/{id}            {scopes, enabled}; who is switched off is signed out within a second
POST   /v1/accounts/{id}/password   another password for once; ends the one that was, all sessions, and waits of guesses
DELETE /v1/accounts/{id}            for good; the name may be given again
"""

import secrets as random_secrets
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field, StrictBool

from schemas.application_events import AccountChanged
from schemas.values import OperatorScope
from services.registry.bodies import AnswerModel, Id, RequestModel
from services.registry.http import PROBLEMS, By, IfMatch, operator_router
from services.registry.provisioning import OperatorName
from services.registry.sign_in.accounts import Accounts
from services.registry.sign_in.oidc.accounts import is_of_login
from services.registry.sign_in.passwords import Passwords
from services.runtime.access.operator_tokens import Operator
from services.runtime.clock import now_ms
from services.runtime.http.listeners import operator_of
from services.runtime.http.server import Problem

_PASSWORD_BYTES = 18
AccountState = Literal["works", "invited", "expired", "off"]
Scopes = Annotated[list[OperatorScope], Field(min_length=1, max_length=4)]


class AccountCreate(RequestModel):
    """Whose account it is to be, and what it may do."""

    name: OperatorName = Field(description="small letters, digits and . _ @ -; events name it")
    scopes: Scopes


class AccountPatch(RequestModel):
    """What is left out stays as it is."""

    scopes: Scopes | None = None
    enabled: StrictBool | None = None


class AccountView(AnswerModel):
    """An account. `password` only in the answer that made it."""

    account_id: str
    version: str
    name: str
    scopes: list[OperatorScope]
    state: AccountState = Field(description="invited: its password is for once; expired: that was not used in time")
    created_at: int
    changed_at: int
    by: str = Field(description="who has changed it")
    password_expires_at: int | None = Field(
        description="how long a password for once is good, UTC ms; null: without end"
    )
    password: str | None = Field(None, description="for once: whoever signs in with it sets another")

    @classmethod
    def of(cls, account: AccountChanged, password: str | None = None) -> "AccountView":
        state = _state_of(account, now_ms())
        return cls.shown(account, version=account.event_id, state=state, changed_at=account.at, password=password)


def account_routes(accounts: Accounts, passwords: Passwords) -> APIRouter:
    """All routes of accounts."""
    router = operator_router("/v1/accounts", "accounts")

    @router.post("", status_code=201, responses={409: PROBLEMS[400]})
    async def create_account(body: AccountCreate, by: By) -> AccountView:
        """A named operator, who signs in to the console. The password for once is in this answer only."""
        password = random_secrets.token_urlsafe(_PASSWORD_BYTES)
        hashed = await passwords.hashed(password)
        made = await accounts.create(body.name, body.scopes, by, password_hash=hashed)
        passwords.forgive(made.name)
        return AccountView.of(made, password)

    @router.get("")
    async def list_accounts() -> list[AccountView]:
        """By name."""
        return [AccountView.of(known) for known in accounts.all()]

    @router.patch("/{account_id}", responses={404: PROBLEMS[400], 409: PROBLEMS[400]})
    async def change_account(account_id: Id, body: AccountPatch, by: By, if_match: IfMatch = None) -> AccountView:
        """Change what the body names; `{"enabled": false}` switches it off, and signs it out everywhere.

        A body that names nothing changes nothing. The last account of an admin is refused, where admins have no other
        way in.
        """
        if body.scopes is not None:
            _check_is_ours(account_id)
        changed = await accounts.change(account_id, by, if_match, scopes=body.scopes, enabled=body.enabled)
        return AccountView.of(changed)

    @router.post("/{account_id}/password", responses={404: PROBLEMS[400], 409: PROBLEMS[400]})
    async def reset_password(account_id: Id, by: By, request: Request) -> AccountView:
        """Another password for once, in this answer only; the one before and all sessions end. Refused for the account
        of the session that asks: it is changed with the password that its operator has."""
        _check_is_ours(account_id)
        _check_is_anothers(account_id, operator_of(request))
        password = random_secrets.token_urlsafe(_PASSWORD_BYTES)
        given = await accounts.reset(account_id, await passwords.hashed(password), by)
        passwords.forgive(given.name)
        return AccountView.of(given, password)

    @router.delete("/{account_id}", status_code=204, responses={404: PROBLEMS[400], 409: PROBLEMS[400]})
    async def delete_account(account_id: Id, by: By, if_match: IfMatch = None) -> Response:
        """Delete it for good; it is signed out everywhere. Its name may be given again. One of the company's login is
        made anew when its person signs in: switch that off instead to keep somebody out."""
        await accounts.delete(account_id, by, if_match)
        return Response(status_code=204)

    return router


def _check_is_ours(account_id: str) -> None:
    """Raises Problem 409."""
    if is_of_login(account_id):
        raise Problem(409, "Of the company's login", "it says what its people may do, and has their passwords")


def _check_is_anothers(account_id: str, operator: Operator | None) -> None:
    """Raises Problem 409: the session would end that shows the password for once, and nobody might have another way."""
    if operator is not None and operator.session is not None and operator.session.account_id == account_id:
        raise Problem(409, "Your own account", "change its password with the one that you have")


def _state_of(account: AccountChanged, now: int) -> AccountState:
    if not account.enabled:
        return "off"
    if not account.is_one_time:
        return "works"
    return "invited" if account.password_expires_at is None or account.password_expires_at > now else "expired"
