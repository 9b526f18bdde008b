"""Partners' logins, for the send API and for Basic authentication of the native API.

    login known and switched on?  ─ no ─▶ UNKNOWN_LOGIN
    address in the partner's subnets?  ─ no ─▶ FORBIDDEN_ADDRESS
    seen to be right before?  ─ yes ─▶ the partner            by keyed digest; forgotten when the password changes
    an API key of the partner?  ─ yes ─▶ the partner          long and drawn, so it needs no slow hash
    too many failures, or too many checks waiting?  ─ yes ─▶ THROTTLED     (`login_pace.py`)
    argon2, in a bounded thread pool  ─ no ─▶ WRONG_PASSWORD

An unknown login costs the same argon2 and is throttled alike, so its answer takes as long as a wrong password's. Each
login has a waiting room of its own, so that guesses at one fill nobody else's.
"""

import asyncio
import hashlib
import ipaddress
import os
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from functools import lru_cache
from hashlib import blake2b
from math import ceil
from typing import TypeVar

from schemas.application_events import PartnerChanged
from services.runtime import telemetry
from services.runtime.access.callers import network_of
from services.runtime.access.login_pace import LoginPace
from services.runtime.crypto import passwords
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.mongo import Database
from services.runtime.mongo.logins_seen import SeenLogins
from services.runtime.pacing.spends import Spends
from services.runtime.process import Process

log = telemetry.logger("logins")
API_KEY = "api-key"
"""The purpose under which `Secrets.digest` names an API key."""
_THREADS = 2
_ROOM = 4
"""Checks of one login that wait for a thread or for their turn; all unknown logins share one room."""
_MAX_WAITING = 64
"""Checks waiting in all, beyond which a login gets in only when it has none waiting, up to four times as many."""
_MAX_KEPT = 20_000
_Key = TypeVar("_Key", str, bytes)


class LoginFault(Enum):
    """Why a login is refused, in the order of the checks."""

    UNKNOWN_LOGIN = "unknown login"
    FORBIDDEN_ADDRESS = "address outside the partner's subnets"
    THROTTLED = "too many failed logins"
    WRONG_PASSWORD = "wrong password"


class Logins:
    """Checks logins against the directory as it is at that moment. One for each process."""

    def __init__(
        self,
        directory: Directory,
        secrets: Secrets,
        seen: SeenLogins | None = None,
        monotonic_s: Callable[[], float] = time.monotonic,
        *,
        spends: Spends | None = None,
    ) -> None:
        self.directory = directory
        self._secrets = secrets
        self._seen = seen
        self._seen_before: dict[str, str] = {}
        self._monotonic_s = monotonic_s
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="argon2")
        self._own_key = os.urandom(32)
        self._digests: dict[bytes, str] = {}  # by what this process calls a login and password that are right
        self._right: dict[str, str] = {}  # digest of login and password: the password hash or API key it was right for
        self._checking: dict[tuple[str, str], asyncio.Future[bool]] = {}
        self._waiting: Counter[str] = Counter()
        self._pace = LoginPace(spends, lambda text: secrets.digest(text, "login-pace"))

    async def remember(self) -> None:
        """Load what was seen to be right before this process began."""
        if self._seen is not None:
            self._seen_before = await self._seen.load()

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def known(self, login: str, password: str, address: str) -> PartnerChanged | None:
        """The partner, if these were seen to be right before: the short cut of nearly every request."""
        partner = self.directory.partner_by_login(login)
        if partner is None or not partner.enabled or not may_call(partner.subnets, address):
            return None
        mark = blake2b(f"{len(login)}/{login}/{password}".encode(), key=self._own_key, digest_size=16).digest()
        digest = self._digests.get(mark) or self._digest(login, password)  # which takes four times as long
        if not self._is_right(partner, digest):
            return None
        if mark not in self._digests:
            _put(self._digests, mark, digest)
        return partner

    async def check(self, login: str, password: str, address: str) -> PartnerChanged | LoginFault:
        """The partner, or why not. `address` is the caller's IP address in text."""
        known = self.known(login, password, address)
        if known is not None:
            return known
        partner = self.directory.partner_by_login(login)
        if partner is not None and not partner.enabled:
            partner = None
        if partner is not None and not may_call(partner.subnets, address):
            return LoginFault.FORBIDDEN_ADDRESS
        digest = self._digest(login, password)
        if partner is not None and self._is_api_key(partner, digest, password):
            return partner
        found = await self._verified(login if partner else "", partner, password, network_of(address), digest)
        if found is None:
            return LoginFault.THROTTLED
        if partner is None:
            return LoginFault.UNKNOWN_LOGIN
        return partner if found else LoginFault.WRONG_PASSWORD

    def still_holds(self, partner: PartnerChanged) -> bool:
        """Whether a partner that was let in is still what it was then: for what goes on for long."""
        now = self.directory.partners.get(partner.partner_id)
        return now is not None and now.enabled and _lets_in(now) == _lets_in(partner)

    def is_password(self, partner: PartnerChanged, login: str, password: str) -> bool:
        """Of what `check` has found right: whether it was the password, and not an API key in its place."""
        return self._right.get(self._digest(login, password)) == partner.password_hash

    def retry_after_s(self, login: str, address: str) -> int:
        """Whole seconds after which a login from there that was THROTTLED is looked at, if nobody else comes."""
        partner = self.directory.partner_by_login(login)
        known = login if partner is not None and partner.enabled else ""
        return max(1, ceil(self._pace.wait_s(known, network_of(address), self._monotonic_s())))

    def _is_right(self, partner: PartnerChanged, digest: str) -> bool:
        right = self._right.get(digest)
        if right is not None:
            return right == partner.password_hash or right in partner.api_key_digests
        if self._seen_before.get(digest) == _name_of(partner.password_hash):
            _put(self._right, digest, partner.password_hash)
            return True
        return False

    def _is_api_key(self, partner: PartnerChanged, digest: str, password: str) -> bool:
        if not partner.api_key_digests:
            return False
        for key_digest in self._secrets.digests(password, API_KEY):
            if key_digest in partner.api_key_digests:
                _put(self._right, digest, key_digest)
                return True
        return False

    async def _verified(
        self, login: str, partner: PartnerChanged | None, password: str, network: str, digest: str
    ) -> bool | None:
        """Whether the password is right, by argon2; None when it is not looked at. `login` is empty for an unknown."""
        expected = partner.password_hash if partner is not None else passwords.NOBODYS
        under_way = self._checking.get((digest, expected))
        if under_way is not None:  # requests that come meanwhile with the same password wait for the same answer
            return await asyncio.shield(under_way)
        if not self._has_room(login):
            return None
        delay_s = self._pace.begin(login, network, self._monotonic_s())
        if delay_s is None:
            return None
        if not await asyncio.shield(self._start(login, digest, expected, password, delay_s)) or partner is None:
            return False
        _put(self._right, digest, expected)
        self._pace.was_right(login, network, self._monotonic_s())
        if self._seen is not None:
            await self._seen.keep(digest, _name_of(expected))
        return True

    def _has_room(self, login: str) -> bool:
        mine, all_waiting = self._waiting[login], self._waiting.total()
        return mine < _ROOM and (all_waiting < _MAX_WAITING or (mine == 0 and all_waiting < 4 * _MAX_WAITING))

    def _start(self, login: str, digest: str, expected: str, password: str, delay_s: float) -> "asyncio.Future[bool]":
        """One argon2 in its login's waiting room; it goes on when who asked has gone, so that guesses stay counted."""
        job = asyncio.ensure_future(self._later(delay_s, expected, password))
        self._checking[digest, expected] = job
        self._waiting[login] += 1

        def ended(_: "asyncio.Future[bool]") -> None:
            self._checking.pop((digest, expected), None)
            self._waiting[login] -= 1
            if not self._waiting[login]:
                del self._waiting[login]

        job.add_done_callback(ended)
        return job

    async def _later(self, delay_s: float, expected: str, password: str) -> bool:
        await asyncio.sleep(delay_s)
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._verify, expected, password)

    def _verify(self, expected: str, password: str) -> bool:
        return passwords.fits(expected, password)

    def _digest(self, login: str, password: str) -> str:
        return self._secrets.digest(f"{len(login)}/{login}/{password}", "login")


def _lets_in(partner: PartnerChanged) -> tuple[object, ...]:
    return partner.login, partner.password_hash, partner.api_key_digests, partner.subnets


def _name_of(password_hash: str) -> str:
    return hashlib.sha256(password_hash.encode()).hexdigest()[:32]


def _put(kept: dict[_Key, str], key: _Key, value: str) -> None:
    """The newest last; the oldest go when there are too many."""
    kept.pop(key, None)
    kept[key] = value
    if len(kept) > _MAX_KEPT:
        del kept[next(iter(kept))]


@lru_cache(maxsize=10_000)
def may_call(subnets: tuple[str, ...], address: str) -> bool:
    """True when `address` lies in one of the CIDRs, or when there are none."""
    if not subnets:
        return True
    try:
        caller = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(caller, ipaddress.IPv6Address) and caller.ipv4_mapped:
        caller = caller.ipv4_mapped
    for subnet in subnets:
        try:
            if caller in ipaddress.ip_network(subnet, strict=False):
                return True
        except ValueError:
            log.exception("a partner's subnet cannot be read", subnet=subnet)
    return False


async def open_logins(
    process: Process, database: Database, directory: Directory, secrets: Secrets, spends: Spends
) -> Logins:
    """The logins of a process, with those that were seen to be right before it began. Closed with the process."""
    logins = Logins(directory, secrets, SeenLogins(database), spends=spends)
    await logins.remember()
    process.stack.callback(logins.close)
    return logins
