"""Partners' logins, for the send API and for Basic authentication of the native API.

    login known and switched on?  ─ no ─▶ UNKNOWN_LOGIN
    address in the partner's subnets?  ─ no ─▶ FORBIDDEN_ADDRESS
    seen to be right before?  ─ yes ─▶ the partner            by keyed digest; forgotten when the password changes
    too many failures of this login from this address?  ─ yes ─▶ THROTTLED
    argon2, in a bounded thread pool  ─ no ─▶ WRONG_PASSWORD

An unknown login costs the same argon2 and is throttled alike, so its answer takes as long as a wrong password's.
"""

import asyncio
import ipaddress
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from schemas.application_events import PartnerChanged
from services import telemetry
from services.directory import Directory
from services.secrets import Secrets

log = telemetry.logger("logins")
_THREADS = 2
_MAX_WAITING = 64
"""Checks waiting for a thread; beyond that the answer is THROTTLED, not a queue without end."""
_MAX_KEPT = 20_000
_FAILURES = 10
_FORGIVEN_EVERY_S = 6.0
"""Ten failures are free; after that one more every six seconds."""
_NOBODYS = PasswordHasher().hash("nobody")


class LoginFault(Enum):
    """Why a login is refused, in the order of the checks."""

    UNKNOWN_LOGIN = "unknown login"
    FORBIDDEN_ADDRESS = "address outside the partner's subnets"
    THROTTLED = "too many failed logins"
    WRONG_PASSWORD = "wrong password"


class Logins:
    """Checks logins against the directory as it is at that moment. One for each process."""

    def __init__(
        self, directory: Directory, secrets: Secrets, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._directory = directory
        self._secrets = secrets
        self._monotonic_s = monotonic_s
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="argon2")
        self._hasher = PasswordHasher()
        self._right: dict[str, str] = {}  # digest of login and password: the hash that it was right for
        self._checking: dict[tuple[str, str], asyncio.Future[bool]] = {}
        self._failures: dict[tuple[str, str], tuple[float, float]] = {}

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def known(self, login: str, password: str, address: str) -> PartnerChanged | None:
        """The partner, if these were seen to be right before: the short cut of nearly every request."""
        partner = self._directory.partner_by_login(login)
        if partner is None or not partner.enabled or not may_call(partner.subnets, address):
            return None
        return partner if self._right.get(self._digest(login, password)) == partner.password_hash else None

    async def check(self, login: str, password: str, address: str) -> PartnerChanged | LoginFault:
        """The partner, or why not. `address` is the caller's IP address in text."""
        partner = self._directory.partner_by_login(login)
        if partner is not None and not partner.enabled:
            partner = None
        if partner is not None and not may_call(partner.subnets, address):
            return LoginFault.FORBIDDEN_ADDRESS
        digest, expected = self._digest(login, password), partner.password_hash if partner else _NOBODYS
        if partner is not None and self._right.get(digest) == expected:
            return partner
        under_way = self._checking.get((digest, expected))
        mark = (login if partner else "", address)  # unknown logins of one address count together
        if under_way is None:
            left = self._failures_left(mark)
            if left < 1 or len(self._checking) >= _MAX_WAITING:
                return LoginFault.THROTTLED
            _put(self._failures, mark, (left - 1, self._monotonic_s()))  # taken first: guesses come side by side
            under_way = self._start(digest, expected, password)
        if await asyncio.shield(under_way) and partner is not None:
            _put(self._right, digest, expected)
            self._failures.pop(mark, None)
            return partner
        return LoginFault.UNKNOWN_LOGIN if partner is None else LoginFault.WRONG_PASSWORD

    def _start(self, digest: str, expected: str, password: str) -> "asyncio.Future[bool]":
        """One argon2; requests that come meanwhile with the same password wait for the same answer."""
        loop = asyncio.get_running_loop()
        job = loop.run_in_executor(self._threads, self._verify, expected, password)
        self._checking[digest, expected] = job
        job.add_done_callback(lambda _: self._checking.pop((digest, expected), None))
        return job

    def _verify(self, expected: str, password: str) -> bool:
        try:
            return self._hasher.verify(expected, password.encode(errors="replace"))
        except VerificationError:
            return False
        except InvalidHashError:
            log.exception("a partner's password hash cannot be read")
            return False

    def _failures_left(self, mark: tuple[str, str]) -> float:
        left, at_s = self._failures.get(mark, (_FAILURES, 0.0))
        return min(float(_FAILURES), left + (self._monotonic_s() - at_s) / _FORGIVEN_EVERY_S)

    def _digest(self, login: str, password: str) -> str:
        return self._secrets.digest(f"{len(login)}/{login}/{password}", "login")


def _put(kept: dict, key: object, value: object) -> None:  # type: ignore[type-arg]
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
