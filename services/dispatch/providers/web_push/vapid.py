"""VAPID: an ES256 JWT that says who is pushing, one for each push service. Source: RFC 8292; `docs/providers.md` §5.2.

A token lives 12 hours and is renewed after 11. After a refusal a new one is made only if the old is an hour old:
Apple asks that they change no more than hourly, and one that was just made is not stale. Times are epoch seconds.
"""

import base64
from typing import Final, NamedTuple

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from services.dispatch.policy import RecentlyUsed
from services.dispatch.providers.web_push.crypto import point_of

LIFETIME_S: Final = 12 * 3600
RENEW_AFTER_S: Final = 11 * 3600
LEAST_INTERVAL_S: Final = 3600
_MOST_ORIGINS = 1024  # endpoints come from outside, so their number must be bounded


class _Token(NamedTuple):
    header: str
    made_at_s: float


class Vapid:
    """The tokens of one key."""

    def __init__(self, subject: str, private_key: ec.EllipticCurvePrivateKey) -> None:
        self._subject, self._private_key = subject, private_key
        self.public_key: Final = base64.urlsafe_b64encode(point_of(private_key.public_key())).rstrip(b"=").decode()
        self._tokens = RecentlyUsed[str, _Token](_MOST_ORIGINS)

    def header(self, origin: str, now_s: float) -> str:
        """The value of `Authorization` for the push service at this origin."""
        known = self._tokens.get(origin)
        if known is None or now_s - known.made_at_s >= RENEW_AFTER_S:
            known = self._renewed(origin, now_s)
        return known.header

    def refused(self, origin: str, header: str, now_s: float) -> bool:
        """The push service does not take this token. True when there is another to try."""
        known = self._tokens.get(origin)
        if known is None or known.header != header:
            return True
        if now_s - known.made_at_s < LEAST_INTERVAL_S:
            return False
        self._renewed(origin, now_s)
        return True

    def _renewed(self, origin: str, now_s: float) -> _Token:
        claims = {"aud": origin, "exp": int(now_s) + LIFETIME_S, "sub": self._subject}
        token = _Token(f"vapid t={jwt.encode(claims, self._private_key, 'ES256')},k={self.public_key}", now_s)
        self._tokens[origin] = token
        return token
