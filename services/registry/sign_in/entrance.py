"""The door to the console: whoever has proved to be an account's operator is given a session, in whatever way it was.

POST /v1/session ─ name and password ─┐
another way to sign in ───────────────┴▶ Entrance.admitted ─▶ the cookie, who it is, until when; the audit trail
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Request, Response
from pydantic import Field

from schemas.application_events import AccountChanged
from schemas.values import OperatorScope
from services.registry.bodies import AnswerModel
from services.runtime import telemetry
from services.runtime.access.audit import note_caller, note_change
from services.runtime.access.callers import Network
from services.runtime.access.operator_routes import held_scopes
from services.runtime.access.sessions.cookies import cookie_of, is_https, set_cookie
from services.runtime.access.sessions.same_site import is_of_console
from services.runtime.access.sessions.statement import Session, opened, sealed
from services.runtime.clock import now_ms
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.http.server import Problem


class SessionView(AnswerModel):
    """Who is signed in, and until when."""

    account_id: str
    name: str
    scopes: list[OperatorScope]
    held_scopes: list[OperatorScope] = Field(description="the scopes that routes may ask for, and these hold")
    has_password: bool = Field(description="the account's, which its operator may change")
    expires_at: int = Field(description="when the session ends unless it is renewed, UTC ms")
    ends_at: int = Field(description="when it ends however often it is renewed, UTC ms")

    @classmethod
    def of(cls, session: Session, account: AccountChanged) -> "SessionView":
        return cls(
            account_id=account.account_id,
            name=account.name,
            scopes=list(account.scopes),
            held_scopes=held_scopes(account.scopes),
            has_password=bool(account.password_hash),
            expires_at=session.expires_at,
            ends_at=session.ends_at,
        )


@dataclass(frozen=True, slots=True)
class Entrance:
    """Gives sessions out, and takes their cookies back."""

    directory: Directory
    secrets: Secrets
    trusted: Sequence[Network]

    def signed_in(self, request: Request) -> SessionView | None:
        """Who has signed in with the browser that asks; None is nobody, or who is not this page's to know."""
        cookie = cookie_of(request.scope, is_https(request.scope, self.trusted))
        session = None if cookie is None or not is_of_console(request.scope) else opened(cookie, self.secrets)
        account = None if session is None else session.account_in(self.directory.accounts, now_ms())
        return None if session is None or account is None else SessionView.of(session, account)

    def admitted(self, request: Request, response: Response, account: AccountChanged, way: str) -> SessionView:
        """A new session of an account that is switched on; its cookie goes with the response.

        `way` is how it was proved, for the metric: "password", and what other ways there are.
        """
        session = Session.begun(account, now_ms())
        note_caller(f"operator:{account.name}", account.entity_key)
        note_change(f"session/{account.account_id}", {}, {"name": account.name, "scopes": list(account.scopes)})
        telemetry.SIGN_INS.labels(way, "let in").inc()
        return self.given(request, response, session, account)

    def given(self, request: Request, response: Response, session: Session, account: AccountChanged) -> SessionView:
        """The session as it is from now on; its cookie, which ends with the browser, goes with the response."""
        cookie = set_cookie(sealed(session, self.secrets), is_https(request.scope, self.trusted))
        response.headers.append("Set-Cookie", cookie)
        return SessionView.of(session, account)

    def taken_back(self, request: Request, response: Response) -> None:
        """The response takes the cookie away."""
        response.headers.append("Set-Cookie", set_cookie("", is_https(request.scope, self.trusted), max_age_s=0))


def asked_by_console(request: Request) -> None:
    """Of a way in that a script asks for. Raises Problem 403 for another site's, which must sign nobody in."""
    if not is_of_console(request.scope):
        raise Problem(
            403, "Not from another site", "only the console's own page signs in, with the header X-RPNS-Console"
        )
