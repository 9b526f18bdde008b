"""The ID token: what the login states, and signs, about who has signed in. Pure.

    form ─▶ alg, of a short list ─▶ the key that it names ─▶ signature
         ─▶ iss ─▶ aud, azp ─▶ exp, iat, nbf ─▶ nonce ─▶ claims

Whatever the header says, a key verifies only by an algorithm of its own type: neither `none` nor a secret made of a
public key is one. Source: OpenID Connect Core 1.0 §2, §3.1.3.7; RFC 8725.
"""

import hmac
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

import jwt

from services.registry.sign_in.oidc.documents import object_of

ALGORITHMS: Final[Mapping[str, tuple[str, str | None]]] = MappingProxyType(
    {"RS256": ("RSA", None), "PS256": ("RSA", None), "ES256": ("EC", "P-256"), "EdDSA": ("OKP", "Ed25519")}
)
"""Type and curve of the keys of each."""
MOST_CHARACTERS: Final = 32_768
"""Hundreds of groups fit in."""
SKEW_S: Final = 60
Rule = Literal["form", "key", "signature", "issuer", "audience", "expiry", "nonce"]
Jwk = Mapping[str, Any]
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
_JWS = jwt.PyJWS(options={"enforce_minimum_key_length": True})


class IdTokenRefused(Exception):
    """A token that breaks a rule. `key`: it names none that is known."""

    def __init__(self, rule: Rule, why: str) -> None:
        super().__init__(f"{rule}: {why}")
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Expected:
    """Of whom, for whom, and in answer to which sign-in."""

    issuer: str
    client_id: str
    nonce: str


def keys_of(document: Mapping[str, Any] | None) -> tuple[Jwk, ...]:
    """The keys of a JWK Set that sign. Raises ValueError where there is not even a list."""
    found = None if document is None else document.get("keys")
    if not isinstance(found, list):
        raise ValueError("its keys are no JWK Set")
    return tuple(key for key in found if isinstance(key, dict) and key.get("use", "sig") == "sig")


def verified(token: str, keys: Sequence[Jwk], expected: Expected, now_s: float) -> dict[str, Any]:
    """The claims of a token that holds. Raises IdTokenRefused."""
    if len(token) > MOST_CHARACTERS or _COMPACT.fullmatch(token) is None:
        raise IdTokenRefused("form", f"must be a signed JWT of at most {MOST_CHARACTERS} characters")
    claims = _signed_claims(token, keys)
    if claims.get("iss") != expected.issuer:
        raise IdTokenRefused("issuer", "iss must be RPNS_OIDC_ISSUER")
    _check_audience(claims, expected.client_id)
    _check_times(claims, now_s)
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(errors="replace"), expected.nonce.encode()):
        raise IdTokenRefused("nonce", "must be the one of this sign-in")
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise IdTokenRefused("form", "must have a sub")
    return claims


def _signed_claims(token: str, keys: Sequence[Jwk]) -> dict[str, Any]:
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError:
        raise IdTokenRefused("form", "its header cannot be read") from None
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise IdTokenRefused("signature", f"must be signed by {', '.join(ALGORITHMS)}")
    if "crit" in header:
        raise IdTokenRefused("form", "its header asks for what is not known here (crit)")
    jwk = _key_of(header.get("kid"), algorithm, keys)
    try:
        key = jwt.PyJWK(dict(jwk), algorithm)
        payload = _JWS.decode_complete(token, key, algorithms=[algorithm])["payload"]
    except (jwt.PyJWTError, ValueError, TypeError):
        raise IdTokenRefused("signature", "must be signed by a key of the login") from None
    claims = object_of(payload)
    if claims is None:
        raise IdTokenRefused("form", "its claims must be a JSON object")
    return claims


def _key_of(kid: object, algorithm: str, keys: Sequence[Jwk]) -> Jwk:
    """The key that is named; where none is, the only one that it can be (§10.1)."""
    kind, curve = ALGORITHMS[algorithm]
    fitting = [
        key
        for key in keys
        if key.get("kty") == kind and key.get("crv") == curve and key.get("alg", algorithm) == algorithm
    ]
    named = fitting if kid is None else [key for key in fitting if key.get("kid") == kid]
    if len(named) != 1:
        raise IdTokenRefused("key", "must name one key of the login that fits its algorithm")
    return named[0]


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    party = claims.get("azp")
    if client_id not in named:
        raise IdTokenRefused("audience", "aud must be RPNS_OIDC_CLIENT_ID")
    if party != client_id and (party is not None or len(named) > 1):
        raise IdTokenRefused("audience", "azp must be RPNS_OIDC_CLIENT_ID, and be there where aud names several")


def _check_times(claims: Mapping[str, Any], now_s: float) -> None:
    if _time(claims, "exp") <= now_s - SKEW_S:
        raise IdTokenRefused("expiry", "has expired")
    if max(_time(claims, "iat"), _time(claims, "nbf") if "nbf" in claims else 0) > now_s + SKEW_S:
        raise IdTokenRefused("expiry", "is of the future: one of the clocks is wrong")


def _time(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**40 or math.isnan(value):
        raise IdTokenRefused("expiry", f"{name} must be a time in seconds since 1970")
    return value
