"""Signing in and out with a name and a password, `/v1/session`, on the operators' listener.

GET    /v1/session            who has signed in with this browser, if anybody has
POST   /v1/session            {name, password}: the cookie; 403 "password-change-needed" of a password for once, which
                              wants {name, password, newPassword}, and then signs in
POST   /v1/session/renewal    the session goes on, as long as somebody sits there
POST   /v1/session/password   {password, newPassword}: another one; all other sessions end
DELETE /v1/session            signs out
DELETE /v1/sessions           signs out everywhere
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response, Security
from pydantic import Field, StringConstraints

from schemas.application_events import AccountChanged
from services.registry.bodies import AnswerModel, RequestModel
from services.registry.http import PROBLEMS
from services.registry.provisioning import SecretRules
from services.registry.sign_in.accounts import Accounts, account_of
from services.registry.sign_in.entrance import Entrance, SessionView, asked_by_console
from services.registry.sign_in.pace import Guess
from services.registry.sign_in.passwords import Passwords, TooOften, Wrong
from services.runtime.access.audit import TriedAccount, note_tried
from services.runtime.access.callers import caller_address, network_of
from services.runtime.access.operator_routes import RENEWAL
from services.runtime.access.sessions import known_browser
from services.runtime.access.sessions.cookies import cookie_of, is_https, set_cookie
from services.runtime.access.sessions.statement import Session
from services.runtime.clock import now_ms
from services.runtime.http.listeners import operator_of
from services.runtime.http.security_schemes import SESSION
from services.runtime.http.server import Problem
from services.runtime.text.storable import Text

Password = Annotated[Text, StringConstraints(min_length=1, max_length=256)]


class SignIn(RequestModel):
    """Whose account, and what proves it."""

    name: Annotated[Text, StringConstraints(min_length=1, max_length=256)]
    password: Password
    new_password: Password | None = Field(None, description="to take its place; a password for once needs one")


class PasswordChange(RequestModel):
    """The password that is, and the one that takes its place."""

    password: Password
    new_password: Password


class SignInView(AnswerModel):
    """What the console begins with."""

    session: SessionView | None = Field(description="of the browser that asks; null: nobody has signed in")


def signed_in(request: Request, _: None = Security(SESSION)) -> Session:
    """The session of who asks. Raises Problem 400 for a token, which has none."""
    operator = operator_of(request)
    if operator is None:
        raise Problem(401, "Operator's token needed")
    if operator.session is None:
        raise Problem(400, "No session", "a token has no session, and no password")
    return operator.session


_SignedIn = Annotated[Session, Depends(signed_in)]


@dataclass(frozen=True, slots=True)
class _Door:
    """What proves a password, and what follows from it."""

    accounts: Accounts
    entrance: Entrance
    passwords: Passwords
    rules: SecretRules

    def account(self, session: Session) -> AccountChanged:
        """Whose session it is. Raises Problem 404."""
        return account_of(self.accounts.directory.accounts.get(session.account_id))

    async def proved(self, request: Request, name: str, password: str) -> AccountChanged | Wrong:
        """Raises Problem 429. Nothing is waited for that depends on whether there is such an account."""
        if (tried := self.accounts.directory.account_by_name(name)) is not None:
            note_tried(TriedAccount(tried.account_id, tried.name))
        found = await self.passwords.check(self._guess(request, name), password)
        if isinstance(found, TooOften):
            raise Problem(429, "Too many wrong passwords", "try again later", retry_after_s=found.wait_s)
        return found

    async def with_password(self, account: AccountChanged, old: str, new: str) -> AccountChanged:
        """Raises Problem 400 for a password that breaks a rule."""
        self.rules.check_password(new, account.name, "newPassword")
        if new == old:
            raise Problem(400, "Invalid request", errors=[{"field": "newPassword", "rule": "must be another one"}])
        return await self.accounts.set_password(account, await self.passwords.hashed(new))

    def admitted(self, request: Request, response: Response, account: AccountChanged) -> SessionView:
        """With the mark by which the browser is known from now on."""
        view, entrance = self.entrance.admitted(request, response, account, "password"), self.entrance
        if self._known(request, account) is None:
            mark = known_browser.KnownBrowser.made(account.account_id, now_ms())
            https, good_for_s = is_https(request.scope, entrance.trusted), known_browser.GOOD_FOR_S
            value = known_browser.sealed(mark, entrance.secrets)
            cookie = set_cookie(value, https, name=known_browser.NAME, max_age_s=good_for_s)
            response.headers.append("Set-Cookie", cookie)
        return view

    def _guess(self, request: Request, name: str) -> Guess:
        network = network_of(caller_address(request.scope, self.entrance.trusted))
        browser = self._known(request, self.accounts.directory.account_by_name(name))
        return Guess(name, network, "" if browser is None else browser.browser_id)

    def _known(self, request: Request, account: AccountChanged | None) -> known_browser.KnownBrowser | None:
        https = is_https(request.scope, self.entrance.trusted)
        value = cookie_of(request.scope, https, known_browser.NAME)
        found = None if value is None else known_browser.opened(value, self.entrance.secrets)
        if found is None or account is None or not found.is_of(account.account_id, now_ms()):
            return None
        return found


def session_routes(accounts: Accounts, entrance: Entrance, passwords: Passwords, rules: SecretRules) -> APIRouter:
    """The routes of whoever signs in, and has."""
    router = APIRouter(prefix="/v1", tags=["sign-in"], responses=PROBLEMS)
    door = _Door(accounts, entrance, passwords, rules)
    _add_ways_in(router, door)
    _add_ways_out(router, door)
    return router


def _add_ways_in(router: APIRouter, door: _Door) -> None:
    @router.get("/session")
    async def who_is_signed_in(request: Request) -> SignInView:
        """Who has signed in with the browser that asks. Nobody is no error."""
        return SignInView(session=door.entrance.signed_in(request))

    @router.post("/session")
    async def sign_in(body: SignIn, request: Request, response: Response) -> SessionView:
        """Sign in to the console, with the header `X-RPNS-Console`. The answer sets the cookie; a password for once
        needs `newPassword` beside it."""
        asked_by_console(request)
        found = await door.proved(request, body.name.strip().lower(), body.password)
        if isinstance(found, Wrong):
            raise Problem(401, "Unknown name or wrong password", kind="wrong-password")
        _refuse_outdated(found, body)
        if body.new_password is not None:
            found = await door.with_password(found, body.password, body.new_password)
        return door.admitted(request, response, found)

    @router.post("/session/password")
    async def change_password(
        body: PasswordChange, session: _SignedIn, request: Request, response: Response
    ) -> SessionView:
        """Another password. All sessions end but this one."""
        account = door.account(session)
        found = await door.proved(request, account.name, body.password)
        if isinstance(found, Wrong):
            raise Problem(
                400, "Wrong password", errors=[{"field": "password", "rule": "must be the one that you have now"}]
            )
        return door.admitted(request, response, await door.with_password(found, body.password, body.new_password))

    @router.post(RENEWAL.removeprefix("/v1"))
    async def renew_session(session: _SignedIn, request: Request, response: Response) -> SessionView:
        """The session goes on, up to its `endsAt`: the console asks for it while somebody works there."""
        account = door.account(session)
        return door.entrance.given(request, response, session.renewed(now_ms()), account)


def _add_ways_out(router: APIRouter, door: _Door) -> None:
    @router.delete("/session", status_code=204)
    async def sign_out(session: _SignedIn, request: Request) -> Response:
        """End this session."""
        account = door.account(session)
        await door.accounts.end(session, f"operator:{account.name}")
        return _gone(request)

    @router.delete("/sessions", status_code=204)
    async def sign_out_everywhere(session: _SignedIn, request: Request) -> Response:
        """End this session and all others of the account."""
        account = door.account(session)
        await door.accounts.end_all(session.account_id, f"operator:{account.name}")
        return _gone(request)

    def _gone(request: Request) -> Response:
        response = Response(status_code=204)
        door.entrance.taken_back(request, response)
        return response


def _refuse_outdated(found: AccountChanged, body: SignIn) -> None:
    """Raises Problem 403 for a password for once: when its time is over, and when none is to take its place."""
    if found.password_expires_at is not None and found.password_expires_at <= now_ms():
        raise Problem(403, "The password has expired", "an admin has to give another one", kind="password-expired")
    if found.is_one_time and body.new_password is None:
        note_tried(None)  # who has been invited signs in like this, and sets a password next
        raise Problem(403, "Another password is needed", "this one was for once", kind="password-change-needed")
