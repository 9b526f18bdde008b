"""The mark of a browser that has signed in to an account: its guesses are counted apart, so nobody else's lock it out.

It lets nobody in, it holds no password, and it is sealed: only a sign-in that was right gives one out.
"""

from typing import Self

import msgspec

from schemas import ids
from services.runtime.crypto.master_key import CannotOpen, Secrets

NAME = "rpns-known"
GOOD_FOR_S = 180 * 24 * 3600
_PURPOSE = b"known-browser"


class KnownBrowser(msgspec.Struct, frozen=True, array_like=True):
    """Which one, of which account, since when (UTC ms)."""

    account_id: str
    browser_id: str
    since: int

    @classmethod
    def made(cls, account_id: str, now: int) -> Self:
        return cls(account_id, ids.uuid7(), now)

    def is_of(self, account_id: str, now: int) -> bool:
        """Whether it still is the mark of a browser of this account."""
        return self.account_id == account_id and now < self.since + GOOD_FOR_S * 1000


def sealed(browser: KnownBrowser, secrets: Secrets) -> str:
    """The value of its cookie."""
    return secrets.seal(msgspec.json.encode(browser), _PURPOSE)


def opened(text: str, secrets: Secrets) -> KnownBrowser | None:
    """What was sealed; None for what no master key of ours has sealed as such a mark."""
    try:
        return msgspec.json.decode(secrets.open(text, _PURPOSE), type=KnownBrowser)
    except (CannotOpen, msgspec.MsgspecError):
        return None
