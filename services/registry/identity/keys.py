"""The keys that proofs of login are verified with, as an application's owner gives them. Pure.

    PEM     SubjectPublicKeyInfo, or PKCS#1 of RSA      P-256 ─▶ ES256, Ed25519 ─▶ EdDSA, RSA from 2048 bits ─▶ RS256
    JWKS    {"keys": […]}, or one JWK (RFC 7517)        likewise, with the `kid` of each
    secret  32 random bytes and more, written as text   ─▶ HS256 with the bytes of that text

A private key, or a secret where a public key belongs, is refused: it was given away, so a new one has to be made.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from schemas.application_events import IdentityKey, ProofAlgorithm

MOST_KEYS = 4
LEAST_RSA_BITS, MOST_RSA_BITS = 2048, 8192
LEAST_SECRET = 43
"""Characters: 32 bytes in base64url."""
_LEAST_DIFFERENT = 10
_PRIVATE_PARTS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth"})
_KID = re.compile(r"[\x21-\x7e]{1,64}", re.ASCII)
_PRIVATE = "is a private key, which must never leave the backend: throw it away, make a new pair, give its public half"


class BadKey(ValueError):
    """A key that cannot be taken: which field, and which rule it breaks."""

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(f"{field}: {rule}")
        self.field, self.rule = field, rule


def of_pem(text: str, kid: str = "") -> IdentityKey:
    """A public key in PEM. Raises BadKey."""
    if "PRIVATE KEY" in text:
        raise BadKey("pem", _PRIVATE)
    try:
        key = load_pem_public_key(text.strip().encode())
    except (ValueError, UnsupportedAlgorithm):
        raise BadKey("pem", "must be one public key in PEM (-----BEGIN PUBLIC KEY-----)") from None
    return _key("pem", key, kid)


def of_jwks(document: object) -> list[IdentityKey]:
    """The public keys of a JWKS, or one JWK. Raises BadKey."""
    entries = document.get("keys", [document]) if isinstance(document, dict) else None
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise BadKey("jwks", 'must be {"keys": [public keys]}')
    return [_of_jwk(f"jwks.keys[{place}]", entry) for place, entry in enumerate(entries)]


def secret_of(text: str) -> bytes:
    """The bytes of a shared secret. Raises BadKey for what nobody has drawn at random."""
    if "-----BEGIN" in text or text.lstrip().startswith("{"):
        raise BadKey("secret", "is a key, not a secret: give a public key as pem or jwks")
    if len(text) < LEAST_SECRET or len(set(text)) < _LEAST_DIFFERENT or not re.fullmatch(r"[\x21-\x7e]{1,256}", text):
        raise BadKey("secret", f"must be 32 random bytes or more, as {LEAST_SECRET} to 256 printable characters")
    return text.encode()


def checked_kid(field: str, kid: str) -> str:
    """Raises BadKey."""
    if kid and _KID.fullmatch(kid) is None:
        raise BadKey(field, "must be 1 to 64 printable ASCII characters without blanks")
    return kid


def joined(known: Sequence[IdentityKey], new: Sequence[IdentityKey]) -> tuple[IdentityKey, ...]:
    """All of them. Raises BadKey when these do not go together."""
    found = [*known, *new]
    if len(found) > MOST_KEYS:
        raise BadKey("keys", f"an application has at most {MOST_KEYS} at a time: end one first")
    kids = [key.kid for key in found]
    for place, key in enumerate(new, start=len(known)):
        if place and not key.kid:
            raise BadKey("kid", "must be given from the second key on: proofs then name their key by it")
        if key.kid in kids[:place]:
            raise BadKey("kid", "must be unique among the keys of the application")
    publics = [key.public for key in found if key.public is not None]
    if len(set(publics)) < len(publics):
        raise BadKey("keys", "the same key must not be given twice")
    return tuple(found)


def _of_jwk(field: str, entry: dict[str, Any]) -> IdentityKey:
    if _PRIVATE_PARTS & entry.keys():
        raise BadKey(field, _PRIVATE)
    if entry.get("kty") == "oct" or "k" in entry:
        raise BadKey(field, "is a secret, which has no place in a JWKS: make a new one, and give it as secret")
    kid = entry.get("kid", "")
    if not isinstance(kid, str):
        raise BadKey(f"{field}.kid", "must be a string")
    if entry.get("use", "sig") != "sig":
        raise BadKey(f"{field}.use", "must be sig")
    given = {name: value for name, value in entry.items() if name != "alg"}
    try:
        key = jwt.PyJWK.from_json(json.dumps({**given, "alg": _ALGORITHMS.get(str(entry.get("kty")), "")})).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError):
        raise BadKey(field, "must be a public key of kty EC, OKP or RSA") from None
    made = _key(field, key, checked_kid(f"{field}.kid", kid))
    if entry.get("alg", made.alg) != made.alg:
        raise BadKey(f"{field}.alg", f"must be {made.alg} for a key of this type")
    return made


_ALGORITHMS = {"EC": "ES256", "OKP": "EdDSA", "RSA": "RS256"}


def _key(field: str, key: object, kid: str) -> IdentityKey:
    alg: ProofAlgorithm
    match key:
        case EllipticCurvePublicKey():
            if not isinstance(key.curve, SECP256R1):
                raise BadKey(field, "an elliptic curve must be P-256")
            alg = "ES256"
        case Ed25519PublicKey():
            alg = "EdDSA"
        case RSAPublicKey():
            if not LEAST_RSA_BITS <= key.key_size <= MOST_RSA_BITS:
                raise BadKey(field, f"an RSA key must have {LEAST_RSA_BITS} to {MOST_RSA_BITS} bits")
            alg = "RS256"
        case _:
            raise BadKey(field, "must be a key of P-256, Ed25519 or RSA")
    public = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return IdentityKey(kid=checked_kid("kid", kid), alg=alg, public=public)
