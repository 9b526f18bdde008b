"""The provider token: an ES256 JWT that says which team is pushing. Source: `docs/providers.md` §1.2.

One is shared by everything that pushes with the same key, renewed after 50 minutes, and after a refusal no sooner than
20 minutes after the last: more new ones than that on a connection are answered with TooManyProviderTokenUpdates.
"""

from dataclasses import dataclass
from typing import Final
from weakref import WeakValueDictionary

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from services.runtime.crypto import private_keys

RENEW_AFTER_S: Final = 50 * 60
LEAST_INTERVAL_S: Final = 20 * 60


@dataclass(frozen=True, slots=True)
class _Token:
    bearer: bytes
    made_at_s: float


class ProviderToken:
    """The current token of one (team, key). Times are epoch seconds."""

    def __init__(self, team_id: str, key_id: str, private_key: ec.EllipticCurvePrivateKey) -> None:
        self._team_id, self._key_id, self._private_key = team_id, key_id, private_key
        self._current: _Token | None = None
        self._previous: _Token | None = None
        self._hold_until_s = 0.0

    def bearer(self, now_s: float) -> bytes:
        """The value of the `authorization` header."""
        current = self._current
        if current is None or (now_s - current.made_at_s >= RENEW_AFTER_S and now_s >= self._hold_until_s):
            current = self._renewed(now_s)
        return current.bearer

    def expired(self, bearer: bytes, now_s: float) -> bool:
        """APNs says that this one is too old. True when another may be tried, False when that would be too soon."""
        current = self._current
        if current is None or current.bearer != bearer:
            return True
        if now_s - current.made_at_s < LEAST_INTERVAL_S or now_s < self._hold_until_s:
            return False
        self._renewed(now_s)
        return True

    def too_many(self, bearer: bytes, now_s: float) -> None:
        """APNs says that tokens change too often: back to the one before, and no new one for a while."""
        if self._current is not None and self._current.bearer == bearer:
            self._hold_until_s = now_s + LEAST_INTERVAL_S
            if self._previous is not None:
                self._current, self._previous = self._previous, None

    def _renewed(self, now_s: float) -> _Token:
        claims = {"iss": self._team_id, "iat": int(now_s)}
        text = jwt.encode(claims, self._private_key, "ES256", headers={"kid": self._key_id})
        self._previous, self._current = self._current, _Token(b"bearer " + text.encode(), now_s)
        return self._current


_shared: WeakValueDictionary[tuple[str, str, str], ProviderToken] = WeakValueDictionary()


def provider_token(team_id: str, key_id: str, private_key: str) -> ProviderToken:
    """The token of this key, the same object for every sender that uses it."""
    known = _shared.get((team_id, key_id, private_key))
    if known is None:
        known = ProviderToken(team_id, key_id, private_keys.p256_of(private_key))
        _shared[team_id, key_id, private_key] = known
    return known
