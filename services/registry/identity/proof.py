"""Proofs of login: a short statement, signed by the customer's backend, of who is logged in on an installation. Pure.

    form ─▶ the key that it names ─▶ signature ─▶ iss ─▶ aud ─▶ iid ─▶ iat, exp ─▶ sub, phone ─▶ VerifiedProof

A JWT (RFC 7515, 7519). The type of the key fixes the algorithm, and the header has to agree. Unknown claims are
ignored; `crit` is refused: it asks for what is not known here. Source: docs/device-api.md §2.
"""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import jwt

from schemas.application_events import ProofAlgorithm
from services.runtime.text.phones import normalise
from services.runtime.text.storable import fault_of

MOST_CHARACTERS = 4096
LIFETIME_S = 600
SKEW_S = 60
AUDIENCE = "rpns"
Rule = Literal["form", "signature", "issuer", "audience", "installation", "expiry", "subject", "used", "revoked"]
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
_E164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_LONGEST_USER = 256


class ProofRefused(Exception):
    """A proof that breaks a rule; says which, and never which key would have fitted."""

    def __init__(self, rule: Rule, why: str) -> None:
        super().__init__(f"{rule}: {why}")
        self.rule, self.why = rule, why


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A key of the application; `key` is a public key of `cryptography`, of HS256 the secret's bytes."""

    kid: str
    alg: ProofAlgorithm
    key: Any


@dataclass(frozen=True, slots=True)
class VerifiedProof:
    """What a good proof says. `signed` is what the signature covers: two proofs are one when it is the same."""

    external_user_id: str | None
    phone: str | None  # E.164 digits without plus
    signed_at: int  # UTC ms
    kid: str
    signed: str


def verified(
    proof: str, keys: Sequence[VerifyingKey], application_id: str, installation_id: str, now: int
) -> VerifiedProof:
    """What the proof says, at `now` (UTC ms). Raises ProofRefused."""
    if len(proof) > MOST_CHARACTERS or _COMPACT.fullmatch(proof) is None:
        raise ProofRefused("form", f"must be a signed JWT of at most {MOST_CHARACTERS} characters")
    claims, kid = _signed_claims(proof, keys)
    if claims.get("iss") != application_id:
        raise ProofRefused("issuer", "iss must be the id of the application")
    audience = claims.get("aud")
    if AUDIENCE not in (audience if isinstance(audience, list) else [audience]):
        raise ProofRefused("audience", f"aud must be {AUDIENCE}")
    named = claims.get("iid")
    if not isinstance(named, str) or named.lower() != installation_id.lower():
        raise ProofRefused("installation", "iid must be the id of this installation")
    signed_at_s = _times(claims, now / 1000)
    user, phone = _subject(claims)
    return VerifiedProof(user, phone, round(signed_at_s * 1000), kid, proof.rpartition(".")[0])


def _signed_claims(proof: str, keys: Sequence[VerifyingKey]) -> tuple[dict[str, Any], str]:
    """The claims of a proof that a key of the application has signed, and that key's id."""
    header = _header(proof)
    key = _key_of(header, keys)
    if key is None or header.get("alg") != key.alg:
        raise ProofRefused("signature", "must be signed by a key of the application, with the algorithm of its type")
    try:
        payload = jwt.PyJWS().decode_complete(proof, key.key, algorithms=[key.alg])["payload"]
    except jwt.InvalidTokenError:
        raise ProofRefused("signature", "must be signed by a key of the application") from None
    return _object(payload, "its claims"), key.kid


def _header(proof: str) -> dict[str, Any]:
    try:
        header = jwt.get_unverified_header(proof)
    except jwt.InvalidTokenError:
        header = {"crit": None}
    if "crit" in header:
        raise ProofRefused("form", "its header must be a JSON object without crit")
    return header


def _key_of(header: dict[str, Any], keys: Sequence[VerifyingKey]) -> VerifyingKey | None:
    """The key with this `kid`. An only key need not be named, and without a `kid` it goes by any name."""
    kid = header.get("kid", "")
    found = next((key for key in keys if key.kid == kid), None)
    if found is None and len(keys) == 1 and (kid == "" or keys[0].kid == ""):
        return keys[0]
    return found


def _object(raw: bytes, what: str) -> dict[str, Any]:
    try:
        found = json.loads(raw)  # not orjson: an unknown claim may be an integer of more than 64 bits
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ProofRefused("form", f"{what} must be a JSON object")
    return found


def _times(claims: dict[str, Any], now_s: float) -> float:
    """When it was signed, seconds. `nbf` is not asked for, and held when it is there: some libraries write it."""
    issued_s, expires_s = _time(claims, "iat"), _time(claims, "exp")
    if not 0 < expires_s - issued_s <= LIFETIME_S:
        raise ProofRefused("expiry", f"exp must be at most {LIFETIME_S} s after iat")
    if issued_s > now_s + SKEW_S or ("nbf" in claims and _time(claims, "nbf") > now_s + SKEW_S):
        raise ProofRefused("expiry", "was signed in the future: the clock of the backend is wrong")
    if expires_s <= now_s - SKEW_S:
        raise ProofRefused("expiry", "has expired")
    return issued_s


def _time(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**40 or math.isnan(value):
        raise ProofRefused("expiry", f"{name} must be a time in seconds since 1970")
    return value


def _subject(claims: dict[str, Any]) -> tuple[str | None, str | None]:
    user, phone = claims.get("sub"), claims.get("phone")
    if user is None and phone is None:
        raise ProofRefused("subject", "sub or phone must be there")
    if user is not None and not _is_user(user):
        raise ProofRefused("subject", f"sub must be a user id of 1 to {_LONGEST_USER} characters")
    if phone is None:
        return user, None
    digits = normalise(phone) if isinstance(phone, str) and _E164.fullmatch(phone) else None
    if digits is None:
        raise ProofRefused("subject", "phone must be E.164 with a plus, for instance +79001234567")
    return user, digits


def _is_user(value: object) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= _LONGEST_USER and fault_of(value) is None
