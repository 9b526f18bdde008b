"""Accounts of operators as they are changed: made, given another password, switched off, signed out of.

    created, or the password reset   a password for once, which opens no session: its holder sets another with it
    password set                     by who has the account: all its sessions end, and a new one begins
    signed out                       the session is written down until no copy of its cookie can hold
    signed out everywhere, disabled  `sessions_since` is now, and all that began before are over
    deleted                          for good; the id stays in the log, without a name, and nothing of it holds again

Each change is in the directory before it is answered, as those of partners are; they take turns of their own, so of
two admins who switch each other off the second is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from schemas import ids
from schemas.application_events import AccountChanged, EndedSession
from schemas.values import OperatorScope
from services.registry.provisioning import Entity, Provisioning, Stamp
from services.runtime.access.sessions.statement import IDLE_MS, Session
from services.runtime.directory import Directory
from services.runtime.http.server import Problem

MOST = 1_000
"""Accounts in all."""
_MOST_ENDED = 100
"""Sessions of an account that are ended one by one, within the half hour in which copies of their cookies could hold.
Nobody signs in and out so often: beyond it all sessions of the account end, for none that was signed out of may hold,
and each change of an account has all that were ended in it."""
_CLOCKS_MS = 5 * 60_000
"""What clocks of instances may differ by, and one of them be behind the log."""
ONE_TIME_MS = 7 * 24 * 3_600_000
"""How long a password for once is good."""


def account_of(current: Entity | None) -> AccountChanged:
    """The entity itself. Raises Problem 404 where there is none, or none any more."""
    if not isinstance(current, AccountChanged) or current.deleted:
        raise Problem(404, "Unknown account")
    return current


def signed_out(account: AccountChanged, session: Session, stamp: Stamp) -> AccountChanged:
    """The account without this session; the rest of its sessions goes on, unless very many were ended just now.

    It is kept as long as a statement of it can hold: what was renewed last ends so long after, and none is renewed now.
    """
    until = min(session.ends_at, max(session.expires_at, stamp.at + IDLE_MS) + _CLOCKS_MS)
    kept = tuple(ended for ended in account.ended_sessions if ended.until > stamp.at)
    if len(kept) >= _MOST_ENDED:
        return _without_ended(account, stamp, sessions_since=stamp.at)
    return stamp.on(account, ended_sessions=(*kept, EndedSession(session_id=session.session_id, until=until)))


@dataclass(frozen=True, slots=True)
class Accounts:
    """`by` is who asks for it. Each raises Problem as `Provisioning.change` does.

    `has_other_admins`: admins get in without an account that has a password here, by the token of the settings or the
    company's login. Otherwise the last account of an admin stays as it is.
    """

    provisioning: Provisioning
    has_other_admins: bool

    @property
    def directory(self) -> Directory:
        return self.provisioning.directory

    def all(self) -> list[AccountChanged]:
        """Those that there are, by name."""
        known = (account for account in self.directory.accounts.values() if not account.deleted)
        return sorted(known, key=attrgetter("name"))

    async def create(
        self, name: str, scopes: Sequence[OperatorScope], by: str, *, password_hash: str = ""
    ) -> AccountChanged:
        """A new one, with a password for once, or with none. Raises Problem 409 for a name that is taken."""
        account_id = ids.uuid7()

        def decide(_: Entity | None, stamp: Stamp) -> AccountChanged:
            if self.directory.account_by_name(name) is not None:
                raise Problem(409, "Name is taken", errors=[{"field": "name", "rule": "must have no account"}])
            if len(self.all()) >= MOST:
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
        """Another password for once; what was signed in is signed out. Raises Problem 409 for one that is off."""

        def decide(current: Entity | None, stamp: Stamp) -> AccountChanged:
            if not account_of(current).enabled:
                raise Problem(409, "Account is switched off", "no password opens it: switch it on first")
            changes = {"is_one_time": True, "password_expires_at": stamp.at + ONE_TIME_MS, "sessions_since": stamp.at}
            return _without_ended(account_of(current), stamp, password_hash=password_hash, **changes)

        return await self.provisioning.change(f"account/{account_id}", decide, by=by)

    async def set_password(self, account: AccountChanged, password_hash: str) -> AccountChanged:
        """By who has proved the one that `account` has. Raises Problem 409 when it was changed or deleted meanwhile."""

        def decide(current: Entity | None, stamp: Stamp) -> AccountChanged:
            is_there = isinstance(current, AccountChanged) and current.enabled  # one that was deleted is off
            if not is_there or account_of(current).password_hash != account.password_hash:
                raise Problem(409, "Changed meanwhile", "the account has another password now, or is switched off")
            changes = {"is_one_time": False, "password_expires_at": None, "sessions_since": stamp.at}
            return _without_ended(account_of(current), stamp, password_hash=password_hash, **changes)

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
                changed = stamp.on(now, scopes=kept)
            else:
                changed = _without_ended(now, stamp, scopes=kept, enabled=enabled, sessions_since=stamp.at)
            self._check_admins(now, changed)
            return changed

        return await self.provisioning.change(f"account/{account_id}", decide, by=by, if_match=if_match)

    async def delete(self, account_id: str, by: str, if_match: str | None) -> AccountChanged:
        """For good, and signed out. Its name may be given again, to an account with another id."""

        def decide(current: Entity | None, stamp: Stamp) -> AccountChanged:
            now = account_of(current)
            gone = {"name": "", "scopes": (), "password_hash": "", "is_one_time": False, "password_expires_at": None}
            changed = _without_ended(now, stamp, deleted=True, enabled=False, sessions_since=stamp.at, **gone)
            self._check_admins(now, changed)
            return changed

        return await self.provisioning.change(f"account/{account_id}", decide, by=by, if_match=if_match)

    async def end(self, session: Session, by: str) -> AccountChanged:
        """Sign out of one session."""

        def decide(current: Entity | None, stamp: Stamp) -> AccountChanged:
            return signed_out(account_of(current), session, stamp)

        return await self.provisioning.change(f"account/{session.account_id}", decide, by=by)

    async def end_all(self, account_id: str, by: str) -> AccountChanged:
        """Sign out everywhere."""

        def decide(current: Entity | None, stamp: Stamp) -> AccountChanged:
            return _without_ended(account_of(current), stamp, sessions_since=stamp.at)

        return await self.provisioning.change(f"account/{account_id}", decide, by=by)

    def _check_admins(self, before: AccountChanged, after: AccountChanged) -> None:
        """Raises Problem 409 when nobody could give out rights any more."""
        if self.has_other_admins or not _is_admin(before) or _is_admin(after):
            return
        if not any(_is_admin(other) for other in self.all() if other.account_id != before.account_id):
            raise Problem(409, "The last admin", "no other admin's account works: invite one, and sign in to it first")


def _is_admin(account: AccountChanged) -> bool:
    """Whether somebody gives out rights with it: not who was invited and has not signed in yet."""
    works = account.enabled and account.password_hash and not account.is_one_time
    return bool(works) and "admin" in account.scopes


def _without_ended(account: AccountChanged, stamp: Stamp, **changes: object) -> AccountChanged:
    """With these changes, of which `sessions_since` has ended all sessions: none has to be named."""
    return stamp.on(account, ended_sessions=(), **changes)
