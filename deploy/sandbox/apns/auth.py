"""Provider tokens: ES256 JWTs, and what a connection remembers about them (`docs/providers.md` §1.2).

    TokenVerifier       of the server: known keys, signatures; each token string is verified once
    ConnectionAuth      of one connection: its team, its key if topic-scoped, how often tokens changed

Signatures are verified with `cryptography` and not with a JWT library: the product signs with one.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from deploy.sandbox.apns.keys import ApnsCredentials
from deploy.sandbox.apns.reasons import RefusedError

Environment = Literal["development", "production"]

TOKEN_LIFETIME_S = 3600
CLOCK_SKEW_S = 300
_CACHED_TOKENS = 1000
_COORDINATE_BYTES = 32
_BASE64URL = re.compile(rb"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True, eq=False)
class SigningKey:
    """A key that the sandbox knows: of which team, for which environment and which apps."""

    key_id: str
    team_id: str
    public_key: ec.EllipticCurvePublicKey
    topics: frozenset[str]
    """bundle ids"""
    environment: Environment | None
    """None = both, as older keys are"""
    topic_scoped: bool


@dataclass(frozen=True, slots=True)
class ProviderToken:
    key: SigningKey
    issued_at_s: float


class TokenVerifier:
    """The keys of one APNs environment."""

    def __init__(self, environment: Environment, switches: Mapping[str, str]) -> None:
        self._environment = environment
        self._switches = switches
        self._keys: dict[str, SigningKey] = {}
        self._verified: dict[bytes, ProviderToken] = {}

    def add(
        self,
        credentials: ApnsCredentials,
        environment: Environment | None = None,
        topic_scoped: bool = False,
    ) -> None:
        private_key = serialization.load_pem_private_key(credentials.private_key.encode(), password=None)
        if not isinstance(private_key, ec.EllipticCurvePrivateKey) or private_key.curve.name != "secp256r1":
            raise ValueError("an APNs key is a P-256 key")
        self._keys[credentials.key_id] = SigningKey(
            key_id=credentials.key_id,
            team_id=credentials.team_id,
            public_key=private_key.public_key(),
            topics=frozenset(credentials.topics),
            environment=environment,
            topic_scoped=topic_scoped,
        )
        self._verified.clear()

    def revoke(self, key_id: str) -> None:
        """Tokens of this key are invalid from now on; KeyError when there is no such key."""
        del self._keys[key_id]
        self._verified.clear()

    def verify(self, authorization: bytes) -> ProviderToken:
        """The token in an `authorization` header, whatever its age; RefusedError when it is not genuine."""
        known = self._verified.get(authorization)
        if known is not None:
            return known
        scheme, _, token = authorization.partition(b" ")
        if scheme.lower() != b"bearer":
            raise _invalid("the scheme must be bearer")
        verified = self._verify(token)
        if verified.key.environment not in (None, self._environment):
            spelling = self._switches["apns.bad_environment_reason"]
            raise RefusedError(spelling, f"the key is for {verified.key.environment}")
        if len(self._verified) >= _CACHED_TOKENS:
            self._verified.clear()
        self._verified[authorization] = verified
        return verified

    @property
    def update_interval_s(self) -> int:
        """A new token on a connection is refused when the last new one is younger than this."""
        return int(self._switches["apns.token_update_interval_s"])

    def _verify(self, token: bytes) -> ProviderToken:
        parts = token.split(b".")
        if len(parts) != 3:
            raise _invalid("a JWT has three parts")
        header, claims = _json_part(parts[0]), _json_part(parts[1])
        if header.get("alg") != "ES256":
            raise _invalid("alg must be ES256")
        key = self._keys.get(str(header.get("kid")))
        if key is None:
            raise _invalid("kid is not a known key")
        if claims.get("iss") != key.team_id:
            raise _invalid("iss is not the key's team")
        issued_at = claims.get("iat")
        if not isinstance(issued_at, int | float) or isinstance(issued_at, bool):
            raise _invalid("iat must be a number")
        _check_signature(key, parts[0] + b"." + parts[1], _decode(parts[2]))
        return ProviderToken(key, issued_at)


class ConnectionAuth:
    """What one connection has shown so far."""

    def __init__(self, verifier: TokenVerifier) -> None:
        self._verifier = verifier
        self._bound_to: SigningKey | None = None
        self._accepted_at_s: dict[bytes, float] = {}
        """by authorization header"""

    @property
    def accepted(self) -> bool:
        """Whether a valid token has been seen."""
        return self._bound_to is not None

    def accept(self, authorization: bytes | None, now_s: float) -> SigningKey:
        """The key behind a request's token; RefusedError when the token may not be used here and now."""
        if not authorization:
            raise RefusedError("MissingProviderToken", "there is no authorization header")
        token = self._verifier.verify(authorization)
        if not -CLOCK_SKEW_S <= now_s - token.issued_at_s <= TOKEN_LIFETIME_S:
            raise RefusedError("ExpiredProviderToken", "iat is over an hour old or in the future")
        if authorization not in self._accepted_at_s:
            self._check_binding(token.key)
            self._check_updates(now_s)
            self._accepted_at_s[authorization] = now_s
            self._bound_to = token.key
        return token.key

    def _check_updates(self, now_s: float) -> None:
        interval_s = self._verifier.update_interval_s
        if any(now_s - accepted_at_s < interval_s for accepted_at_s in self._accepted_at_s.values()):
            raise RefusedError("TooManyProviderTokenUpdates", f"a second new token within {interval_s} s")

    def _check_binding(self, key: SigningKey) -> None:
        bound = self._bound_to
        if bound is None or bound.key_id == key.key_id:
            return
        if bound.team_id != key.team_id:
            raise _invalid("the connection belongs to another team")
        if bound.topic_scoped or key.topic_scoped:
            raise RefusedError("UnrelatedKeyIdInToken", "the connection belongs to another topic-scoped key")


def _check_signature(key: SigningKey, signed: bytes, signature: bytes) -> None:
    if len(signature) != 2 * _COORDINATE_BYTES:
        raise _invalid("the signature must be 64 bytes, R and S")
    r = int.from_bytes(signature[:_COORDINATE_BYTES], "big")
    s = int.from_bytes(signature[_COORDINATE_BYTES:], "big")
    try:
        key.public_key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise _invalid("the signature is wrong") from None


def _json_part(part: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(_decode(part))
    except orjson.JSONDecodeError:
        raise _invalid("header and claims must be JSON") from None
    if not isinstance(value, dict):
        raise _invalid("header and claims must be JSON objects")
    return value


def _decode(part: bytes) -> bytes:
    if _BASE64URL.fullmatch(part) is None:
        raise _invalid("a part is not base64url without padding")
    try:
        return base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))
    except binascii.Error:
        raise _invalid("a part is not base64url") from None


def _invalid(detail: str) -> RefusedError:
    return RefusedError("InvalidProviderToken", detail)
