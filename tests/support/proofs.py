"""Proofs of login for tests: what a customer's backend does, with keys of all three kinds and a secret."""

import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from schemas.application_events import IdentityKey, ProofAlgorithm
from services.registry.identity import keys
from services.registry.identity.proof import VerifyingKey

_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
"""Making one takes a second."""


def new_key(alg: ProofAlgorithm) -> Any:
    """A private key, or a secret."""
    match alg:
        case "ES256":
            return ec.generate_private_key(ec.SECP256R1())
        case "EdDSA":
            return ed25519.Ed25519PrivateKey.generate()
        case "RS256":
            return _RSA
    return secrets.token_urlsafe(32)


def pem_of(private: Any) -> str:
    """Its public half."""
    return str(private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


@dataclass
class Backend:
    """Signs who is logged in. `key` is its private key, or the secret."""

    application_id: str = "app"
    alg: ProofAlgorithm = "ES256"
    kid: str = "k1"
    key: Any = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.key = new_key(self.alg) if self.key is None else self.key

    def claims(self, installation_id: str, user: str | None = None, phone: str | None = None, **more: Any) -> Any:
        """`phone` as digits without plus; a claim that is None is left out."""
        now = int(time.time())
        made: dict[str, Any] = {"iss": self.application_id, "aud": "rpns", "iid": installation_id}
        made |= {"iat": now, "exp": now + 300, "jti": secrets.token_hex(8)}
        made |= {"sub": user, "phone": f"+{phone}" if phone else None}
        return {name: value for name, value in (made | more).items() if value is not None}

    def proof(self, installation_id: str, user: str | None = None, phone: str | None = None, **more: Any) -> str:
        """A proof; `more` are claims that replace others."""
        return self.signed(self.claims(installation_id, user, phone, **more))

    def signed(self, claims: Any, **header: Any) -> str:
        return jwt.encode(claims, self.key, self.alg, headers=({"kid": self.kid} if self.kid else {}) | header)

    @property
    def identity_key(self) -> IdentityKey:
        """Of a public key, as the application has it."""
        return keys.of_pem(pem_of(self.key), self.kid)

    @property
    def verifying(self) -> VerifyingKey:
        key = self.key.encode() if self.alg == "HS256" else self.key.public_key()
        return VerifyingKey(self.kid, self.alg, key)
