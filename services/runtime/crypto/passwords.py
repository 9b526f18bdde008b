"""Passwords of partners and operators as they are kept: argon2id, one lane, 46 MiB, one pass (OWASP, Password Storage
Cheat Sheet).

One lane, because a check that starts threads of its own takes both cores from what is being sent meanwhile. Hashes of
before say themselves how they were made, and still hold.
"""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from services.runtime import telemetry

log = telemetry.logger("passwords")
_HASHER = PasswordHasher(time_cost=1, memory_cost=46 * 1024, parallelism=1)
NOBODYS = _HASHER.hash("nobody")
"""What the password of an unknown login is compared with, so that its answer takes as long as another's."""


def hashed(password: str) -> str:
    """The hash to keep; takes some 30 ms of a processor."""
    return _HASHER.hash(password)


def fits(password_hash: str, password: str) -> bool:
    """Whether the hash was made of this password. False, with an error in the log, for what is no hash."""
    try:
        return _HASHER.verify(password_hash, password.encode(errors="replace"))
    except VerificationError:
        return False
    except InvalidHashError:
        log.exception("a password hash cannot be read")
        return False
