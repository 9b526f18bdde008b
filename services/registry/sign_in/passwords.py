"""Whether a name and a password are an account's: argon2, at the pace of `pace.py`, for names that no account has too.

too many wrong ones?          ─ yes ─▶ TooOften     with the seconds to wait; nothing was looked at
argon2, in a thread of its own ─ no ─▶ Wrong
the account                             also where the password is for once: what it opens is for who asks to say
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import TypeVar

from schemas.application_events import AccountChanged
from services.registry.sign_in.pace import Guess, SignInPace
from services.runtime import telemetry
from services.runtime.crypto import passwords
from services.runtime.directory import Directory

log = telemetry.logger("sign-in")
_MOST_WAITING = 32
"""Passwords that wait for the thread, some 30 ms each."""
_WAY = "password"
Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class TooOften:
    """Not looked at: the same may be asked after so many seconds."""

    wait_s: int


@dataclass(frozen=True, slots=True)
class Wrong:
    """No account has them."""


class Passwords:
    """Checks them against the directory as it is at that moment. One for each process."""

    def __init__(
        self, directory: Directory, pace: SignInPace, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._directory, self._pace, self._monotonic_s = directory, pace, monotonic_s
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sign-in")
        self._waiting = 0

    def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def check(self, guess: Guess, password: str) -> AccountChanged | Wrong | TooOften:
        """The account, or why not."""
        if self._waiting >= _MOST_WAITING:
            telemetry.SIGN_INS.labels(_WAY, "slowed down").inc()
            return TooOften(1)
        if wait_s := self._pace.begin(guess, self._monotonic_s()):
            telemetry.SIGN_INS.labels(_WAY, "slowed down").inc()
            return TooOften(ceil(wait_s))
        account = self._directory.account_by_name(guess.name)
        usable = account if account is not None and account.enabled and account.password_hash else None
        expected = passwords.NOBODYS if usable is None else usable.password_hash
        is_right = await self._in_turn(partial(passwords.fits, expected, password))
        now = None if usable is None else self._directory.accounts.get(usable.account_id)
        if is_right and now is not None and now.enabled and now.password_hash == expected:  # as it is by now
            self._pace.was_right(guess, self._monotonic_s())
            return now
        return self._wrong(account, guess)

    def forgive(self, name: str) -> None:
        """Whoever guessed at the password of that name before keeps nobody out any more."""
        self._pace.forgive(name)

    async def hashed(self, password: str) -> str:
        """The hash to keep."""
        return await self._in_turn(partial(passwords.hashed, password))

    def _wrong(self, account: AccountChanged | None, guess: Guess) -> Wrong:
        wait_s = ceil(self._pace.wait_s(guess, self._monotonic_s()))
        telemetry.SIGN_INS.labels(_WAY, "locked out" if wait_s else "wrong").inc()
        if wait_s:  # of a name that nobody has as well: it takes as long
            account_id = "" if account is None else account.account_id
            log.warning("wrong passwords of a name are slowed down", account_id=account_id, wait_s=wait_s)
        return Wrong()

    async def _in_turn(self, call: Callable[[], Done]) -> Done:
        """Goes on when who asked has gone, so that what waits stays counted."""
        job = asyncio.get_running_loop().run_in_executor(self._thread, call)
        self._waiting += 1
        job.add_done_callback(self._ended)
        return await asyncio.shield(job)

    def _ended(self, _: object) -> None:
        self._waiting -= 1
