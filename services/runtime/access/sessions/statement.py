"""A session of an operator: a sealed statement that the browser carries, and that every service can read by itself.

    sealed under the master key, for this purpose alone   nobody else can write one; former keys go on opening theirs
    the account is there, and switched on                 as the directory has it at each request: so are its scopes
    begun since `sessions_since`, not ended by itself     signed out, at this browser or everywhere
    begun with the password that the account has          also by a service that had not heard of another one yet
    not past `expires_at`                                 `IDLE_MS` after the last renewal, `LONGEST_MS` at the most

Nothing is stored of a session that goes on, so no service has to learn of it: it holds the moment that it is given out.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Self

import msgspec

from schemas import ids
from schemas.application_events import AccountChanged
from services.runtime.crypto.master_key import CannotOpen, Secrets

IDLE_MS = 30 * 60_000
"""After which a session that nobody uses has ended."""
LONGEST_MS = 12 * 3_600_000
"""After which any session has ended, however much it is used."""
_PURPOSE = b"operator-session"


class Session(msgspec.Struct, frozen=True, array_like=True):
    """Whose it is, and how long it holds. Times in UTC ms. `account_at` is when the account that it began with was
    changed last."""

    account_id: str
    session_id: str
    started_at: int
    expires_at: int
    account_at: int = 0
    password: str = ""  # which one it was begun with, by a mark

    @classmethod
    def begun(cls, account: AccountChanged, now: int) -> Self:
        """A new one. It begins no earlier than the account's sessions may, also by a clock that is behind."""
        started_at = max(now, account.sessions_since)
        password = _mark_of(account.password_hash)
        ends = started_at + IDLE_MS
        return cls(account.account_id, ids.uuid7(), started_at, ends, account_at=account.at, password=password)

    def renewed(self, now: int) -> Self:
        """The same one, used just now."""
        expires_at = min(max(self.expires_at, now + IDLE_MS), self.ends_at)
        return msgspec.structs.replace(self, expires_at=expires_at)

    @property
    def ends_at(self) -> int:
        """When it ends, however much it is used."""
        return self.started_at + LONGEST_MS

    def is_news_to(self, account: AccountChanged | None) -> bool:
        """Whether whoever has the account so has still to read the change that the session began with."""
        return account is None or account.at < self.account_at

    def account_in(self, accounts: Mapping[str, AccountChanged], now: int) -> AccountChanged | None:
        """The account, as it is there; None for one that the session no longer holds for."""
        account = accounts.get(self.account_id)
        return account if self.holds(account, now) else None

    def holds(self, account: AccountChanged | None, now: int) -> bool:
        """Whether it is still good for the account, which is None when there is no such one."""
        if account is None or not account.enabled or account.account_id != self.account_id:
            return False
        if self.password != _mark_of(account.password_hash):
            return False
        is_ended = any(ended.session_id == self.session_id for ended in account.ended_sessions)
        return not is_ended and self.started_at >= account.sessions_since and now < self.expires_at


def _mark_of(password_hash: str) -> str:
    """Tells two passwords apart; of an account without one it is empty."""
    return sha256(password_hash.encode()).hexdigest()[:16] if password_hash else ""


def sealed(session: Session, secrets: Secrets) -> str:
    """The value of its cookie."""
    return secrets.seal(msgspec.json.encode(session), _PURPOSE)


def opened(text: str, secrets: Secrets) -> Session | None:
    """What was sealed; None for what no master key of ours has sealed as a session."""
    try:
        return msgspec.json.decode(secrets.open(text, _PURPOSE), type=Session)
    except (CannotOpen, msgspec.MsgspecError):
        return None
