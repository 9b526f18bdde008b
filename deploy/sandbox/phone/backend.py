"""The customer's backend, as far as logins go: it knows who is signed in, and signs that for one installation.

    proof   a JWT, ES256: iss application, aud "rpns", iid installation, sub user id and/or phone, five minutes long;
            jti something drawn, so that two logins within a second have two proofs

Source: docs/device-api.md §2.
"""

import secrets
import time
from dataclasses import dataclass
from typing import Any

import jwt

LIFETIME_S = 300


@dataclass(frozen=True)
class Backend:
    """`private_key` is PKCS#8 PEM of P-256; the platform has its public half under `kid`."""

    application_id: str
    kid: str
    private_key: str

    def proof(self, installation_id: str, user: str | None = None, phone: str | None = None) -> str:
        """That this user, this phone (digits without plus), or both are logged in on the installation."""
        now = int(time.time())
        claims: dict[str, Any] = {"iss": self.application_id, "aud": "rpns", "iid": installation_id}
        claims |= {"iat": now, "exp": now + LIFETIME_S, "jti": secrets.token_hex(8)}
        claims |= {"sub": user} if user else {}
        claims |= {"phone": f"+{phone.removeprefix('+')}"} if phone else {}
        return jwt.encode(claims, self.private_key, "ES256", {"kid": self.kid})
