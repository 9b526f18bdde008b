"""Keys of this login and the ID tokens that they sign, made with `cryptography`: the product reads them with a JWT
library, and a common misunderstanding must not go unseen."""

import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from deploy.sandbox.oidc.faults import Fault

Algorithm = Literal["RS256", "PS256", "ES256", "EdDSA"]
LIFETIME_S = 300
_ELSEWHERE = "https://elsewhere.example.org"


def unpadded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass(frozen=True)
class SigningKey:
    """One of them, by its name."""

    algorithm: Algorithm
    kid: str = field(default_factory=lambda: secrets.token_hex(8))
    private: Any = None

    @classmethod
    def drawn(cls, algorithm: Algorithm) -> "SigningKey":
        if algorithm == "ES256":
            return cls(algorithm, private=ec.generate_private_key(ec.SECP256R1()))
        if algorithm == "EdDSA":
            return cls(algorithm, private=ed25519.Ed25519PrivateKey.generate())
        return cls(algorithm, private=rsa.generate_private_key(65537, 2048))

    @property
    def jwk(self) -> dict[str, str]:
        """What is published of it."""
        about = {"kid": self.kid, "use": "sig", "alg": self.algorithm}
        public = self.private.public_key()
        if isinstance(public, rsa.RSAPublicKey):
            numbers = public.public_numbers()
            return about | {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
        if isinstance(public, ec.EllipticCurvePublicKey):
            point = public.public_numbers()
            return about | {"kty": "EC", "crv": "P-256", "x": _number(point.x, 32), "y": _number(point.y, 32)}
        raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return about | {"kty": "OKP", "crv": "Ed25519", "x": unpadded(raw)}

    @property
    def public_pem(self) -> bytes:
        subject = serialization.PublicFormat.SubjectPublicKeyInfo
        return bytes(self.private.public_key().public_bytes(serialization.Encoding.PEM, subject))

    def signed(self, header: dict[str, Any], claims: dict[str, Any]) -> str:
        """A JWT, with whatever the header says beside algorithm and key; what is None there is left out."""
        about = {"alg": self.algorithm, "kid": self.kid, "typ": "JWT"} | header
        about = {name: value for name, value in about.items() if value is not None}
        text = f"{unpadded(orjson.dumps(about))}.{unpadded(orjson.dumps(claims))}"
        return f"{text}.{unpadded(self._signature(text.encode()))}"

    def _signature(self, text: bytes) -> bytes:
        if self.algorithm == "EdDSA":
            return bytes(self.private.sign(text))
        if self.algorithm == "ES256":
            r, s = decode_dss_signature(self.private.sign(text, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        if self.algorithm == "PS256":
            return bytes(self.private.sign(text, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()))
        return bytes(self.private.sign(text, padding.PKCS1v15(), hashes.SHA256()))


def id_token(key: SigningKey, stated: dict[str, Any], wrong: set[Fault]) -> str:
    """What is stated, with the times of now, and with what is to be wrong about it."""
    if "ID token: is no JWT" in wrong:
        return "not.a-token"
    now_s = int(time.time())
    claims = {"iat": now_s, "exp": now_s + LIFETIME_S, **stated}
    for fault, change in _changes(stated["aud"], now_s).items():
        claims |= change if fault in wrong else {}
    for fault, name in _LEFT_OUT.items():
        if fault in wrong:
            claims.pop(name)
    return _signed(key, claims, wrong)


_LEFT_OUT: dict[Fault, str] = {
    "ID token: no nonce": "nonce",
    "ID token: never expires": "exp",
    "ID token: no subject": "sub",
}


def _changes(client_id: str, now_s: int) -> dict[Fault, dict[str, Any]]:
    return {
        "ID token: another nonce": {"nonce": secrets.token_urlsafe(16)},
        "ID token: another audience": {"aud": "another-client"},
        "ID token: several audiences": {"aud": [client_id, "another-client"]},
        "ID token: of another party": {"azp": "another-client"},
        "ID token: another issuer": {"iss": _ELSEWHERE},
        "ID token: has expired": {"iat": now_s - 7200, "exp": now_s - 3600},
        "ID token: of the future": {"iat": now_s + 3600, "exp": now_s + 7200},
    }


def _signed(key: SigningKey, claims: dict[str, Any], wrong: set[Fault]) -> str:
    stranger = SigningKey.drawn(key.algorithm)
    if "ID token: no algorithm" in wrong:
        return key.signed({"alg": "none"}, claims).rpartition(".")[0] + "."
    if "ID token: the public key as a secret" in wrong:
        text = key.signed({"alg": "HS256"}, claims).rpartition(".")[0]
        return f"{text}.{unpadded(hmac.digest(key.public_pem, text.encode(), hashlib.sha256))}"
    if "ID token: a key that nobody knows" in wrong:
        return stranger.signed({}, claims)
    if "ID token: another key under the known name" in wrong:
        return stranger.signed({"kid": key.kid}, claims)
    if "ID token: its own key in the header" in wrong:
        return stranger.signed({"jwk": stranger.jwk, "kid": stranger.kid}, claims)
    if "ID token: changed afterwards" in wrong:
        head, _, signature = key.signed({}, claims).split(".")
        return f"{head}.{unpadded(orjson.dumps(claims | {'sub': 'somebody-else'}))}.{signature}"
    return key.signed({}, claims)


def _number(value: int, length: int = 0) -> str:
    return unpadded(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))
