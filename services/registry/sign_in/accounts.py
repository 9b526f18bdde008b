"""Accounts of operators as they are changed: made, given another password, switched off, signed out of.

    created, or the password reset   a password for once, which opens no session: its holder sets another with it
    password set                     by who has the account: all its sessions end, and a new one begins
    signed out                       the session is written down until it would have ended by itself
    signed out everywhere, disabled  `sessions_since` is now, and all that began before are over

Each change is in the directory before it is answered, as those of partners are; they take turns of their own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas import ids
from schemas.application_events import AccountChanged, EndedSession
from schemas.values import OperatorScope
from services.registry.provisioning import Entity, Provisioning, Stamp
from services.runtime.access.sessions.statement import Session
from services.runtime.directory import Directory
from services.runtime.http.server import Problem

MOST = 1_000
"""Accounts in all."""
_MOST_ENDED = 100
"""Sessions of an account that are ended one by one; beyond it all of them are."""
ONE_TIME_MS = 7 * 24 * 3_600_000
"""How long a password for once is good."""


def account_of(current: Entity | None) -> AccountChanged:
    """The entity itself. Raises Problem 404 where there is none."""
    if not isinstance(current, AccountChanged):
        raise Problem(404, "Unknown account")
    return current


@dataclass(frozen=True, slots=True)
class Accounts:
    """`by` is who asks for it. Each raises Problem as `Provisioning.change` does."""

    provisioning: Provisioning

    @property
    def directory(self) -> Directory:
        return self.provisioning.directory

    async def create(
        self, name: str, scopes: Sequence[OperatorScope], by: str, *, password_hash: str = ""
    ) -> AccountChanged:
        """A new one, with a password for once, or with none. Raises Problem 409 for a name that is taken."""
        account_id = ids.uuid7()

        def decide(_: Entity | None, stamp: Stamp) -> AccountChanged:
            if self.directory.account_by_name(name) is not None:
                raise Problem(409, "Name is taken", errors=[{"field": "name", "rule": "must have no account"}])
            if len(self.directory.accounts) >= MOST:
                raise Problem(409, "Too many accounts", f"there are {MOST}")
            return AccountChanged(
                event_id=stamp.event_id,
                at=stamp.at,
                by=stamp.by,
                account_id=account_id,
                name=name,
                scopes=tuple(dict.fromkeys(scopes)),
                created_at=stamp.at,
                password_hash=password_hash,
                is_one_time=bool(password_hash),
                password_expires_at=stamp.at + ONE_TIME_MS if password_hash else None,
            )

        return await self.provisioning.change(f"account/{account_id}", decide, by=by)

    async def reset(self, account_id: str, password_hash: str, by: str) -> AccountChanged:
        """Another password for once; what was signed in is signed out."""

        def decide(current: Entity | None, stamp: Stamp) -> AccountChanged:
            changes = {"is_one_time": True, "password_expires_at": stamp.at + ONE_TIME_MS, "sessions_since": stamp.at}
            return _without_ended(account_of(current), stamp, password_hash=password_hash, **changes)

        return await self.provisioning.change(f"account/{account_id}", decide, by=by)

    async def set_password(self, account: AccountChanged, password_hash: str) -> AccountChanged:
        """By who has proved the one that `account` has. Raises Problem 409 when it has been changed meanwhile."""

        def decide(current: Entity | None, stamp: Stamp) -> AccountChanged:
            now = account_of(current)
            if now.password_hash != account.password_hash or not now.enabled:
                raise Problem(409, "Changed meanwhile", "the account has another password now, or is switched off")
            changes = {"is_one_time": False, "password_expires_at": None, "sessions_since": stamp.at}
            return _without_ended(now, stamp, password_hash=password_hash, **changes)

        return await self.provisioning.change(account.entity_key, decide, by=f"operator:{account.name}")

    async def change(
        self,
        account_id: str,
        by: str,
        if_match: str | None,
        *,
        scopes: Sequence[OperatorScope] | None,
        enabled: bool | None,
    ) -> AccountChanged:
        """What is None stays. Whoever is switched off is signed out, and stays so when switched on again."""

        def decide(current: Entity | None, stamp: Stamp) -> AccountChanged:
            now = account_of(current)
            kept = now.scopes if scopes is None else tuple(dict.fromkeys(scopes))
            if enabled is None or enabled == now.enabled:
                return stamp.on(now, scopes=kept)
            return _without_ended(now, stamp, scopes=kept, enabled=enabled, sessions_since=stamp.at)

        return await self.provisioning.change(f"account/{account_id}", decide, by=by, if_match=if_match)

    async def end(self, session: Session, by: str) -> AccountChanged:
        """Sign out of one session."""

        def decide(current: Entity | None, stamp: Stamp) -> AccountChanged:
            now = account_of(current)
            kept = tuple(ended for ended in now.ended_sessions if ended.until > stamp.at)
            if len(kept) >= _MOST_ENDED:
                return _without_ended(now, stamp, sessions_since=stamp.at)
            return stamp.on(
                now, ended_sessions=(*kept, EndedSession(session_id=session.session_id, until=session.ends_at))
            )

        return await self.provisioning.change(f"account/{session.account_id}", decide, by=by)

    async def end_all(self, account_id: str, by: str) -> AccountChanged:
        """Sign out everywhere."""

        def decide(current: Entity | None, stamp: Stamp) -> AccountChanged:
            return _without_ended(account_of(current), stamp, sessions_since=stamp.at)

        return await self.provisioning.change(f"account/{account_id}", decide, by=by)


def _without_ended(account: AccountChanged, stamp: Stamp, **changes: object) -> AccountChanged:
    """With these changes, of which `sessions_since` has ended all sessions: none has to be named."""
    return stamp.on(account, ended_sessions=(), **changes)
