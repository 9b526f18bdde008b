"""Who pushes, checked as strictly as RFC 8292 allows: the `Authorization: vapid t=…, k=…` of a push request."""

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

MAX_LIFETIME_S = 86_400
LEEWAY_S = 60
_PARAMETER = re.compile(r"([A-Za-z0-9]+)=\"?([A-Za-z0-9._~+/=-]+)\"?")
_SUBJECT = re.compile(r"(mailto:[^@\s]+@[^@\s]+|https://[^/\s]+\S*)")
_APPLE_SUBJECT = re.compile(r"(mailto:[^@\s<>]+@|https://)(?P<domain>[A-Za-z0-9.-]+\.[A-Za-z][A-Za-z0-9-]+)(?![^/])\S*")


@dataclass(frozen=True, slots=True)
class RefusedError(Exception):
    """`status` is 401 for what is missing, stale or broken, 403 for what belongs to somebody else."""

    status: int
    why: str


def verified(authorization: str | None, origin: str, now_s: float, as_apple: bool = True) -> str:
    """The key (k) that signed a good token for this push service. `as_apple`: with a subject that Apple takes.

    Raises RefusedError.
    """
    scheme, _, rest = (authorization or "").partition(" ")
    if scheme.lower() != "vapid":
        raise RefusedError(401, "Authorization must be of scheme vapid")
    found = dict(_parameter(part) for part in rest.split(","))
    if set(found) != {"t", "k"}:
        raise RefusedError(401, "vapid needs t and k")
    key, parts = found["k"].rstrip("="), found["t"].split(".")
    if len(parts) != 3:
        raise RefusedError(401, "t is no JWT")
    header, claims = _json(parts[0]), _json(parts[1])
    if header.get("alg") != "ES256" or header.get("typ", "JWT").upper() != "JWT":
        raise RefusedError(401, "the JWT must be signed with ES256")
    _signed(key, f"{parts[0]}.{parts[1]}".encode(), unpadded(parts[2]))
    _claims(claims, origin, now_s)
    if as_apple:
        _check_apple_subject(claims["sub"])
    return key


def unpadded(text: str) -> bytes:
    """base64url without padding. Raises RefusedError."""
    try:
        if "=" in text or "+" in text or "/" in text:
            raise ValueError
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (ValueError, binascii.Error):
        raise RefusedError(401, "must be base64url without padding") from None


def _parameter(text: str) -> tuple[str, str]:
    found = _PARAMETER.fullmatch(text.strip())
    if found is None:
        raise RefusedError(401, "vapid has a malformed parameter")
    return found[1], found[2]


def _json(text: str) -> dict[str, Any]:
    try:
        value = json.loads(unpadded(text))
    except ValueError:
        raise RefusedError(401, "t is no JWT") from None
    if not isinstance(value, dict):
        raise RefusedError(401, "t is no JWT")
    return value


def _signed(key: str, signed: bytes, signature: bytes) -> None:
    if len(signature) != 64:
        raise RefusedError(401, "the signature must be 64 bytes, R and S")
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    try:
        point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unpadded(key))
        point.verify(encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
    except (ValueError, InvalidSignature):
        raise RefusedError(401, "the JWT is not signed with k") from None


def _claims(claims: dict[str, Any], origin: str, now_s: float) -> None:
    expires = claims.get("exp")
    if claims.get("aud") != origin:
        raise RefusedError(401, f"aud must be {origin}")
    if type(expires) is not int or expires <= now_s - LEEWAY_S:
        raise RefusedError(401, "exp must be in the future")
    if expires > now_s + MAX_LIFETIME_S + LEEWAY_S:
        raise RefusedError(401, "exp must be at most a day ahead")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not _SUBJECT.fullmatch(subject):
        raise RefusedError(401, "sub must be mailto: or https:")


def _check_apple_subject(subject: str) -> None:
    """Apple answers BadJwtToken to a mailbox in angle brackets, and to a domain that is none (localhost)."""
    found = _APPLE_SUBJECT.fullmatch(subject)
    if found is None or found["domain"].lower().endswith((".localhost", ".local")):
        raise RefusedError(403, "sub must be mailto: without angle brackets, or https:, with a domain of the internet")
