"""Opening what is sealed to a phone's own key: HPKE (RFC 9180) in base mode, single shot, written from the RFC.

Suite: DHKEM(P-256, HKDF-SHA256) 0x0010, HKDF-SHA256 0x0001, AES-256-GCM 0x0002 or AES-128-GCM 0x0001. The platform
seals with a library; that both agree shows that neither has its own idea of the standard.
"""

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

INFO = "rpns/secure/1/"
_ENC = 65  # bytes of an uncompressed point
_KEM = b"KEM\x00\x10"
_KEY_BYTES = {1: 16, 2: 32}


class NotForUsError(Exception):
    """Not sealed for this key, or for another delivery."""


def public_key_of(key: EllipticCurvePrivateKey) -> str:
    """As the device API takes it."""
    return base64.urlsafe_b64encode(_point(key.public_key())).decode().rstrip("=")


def opened_values(key: EllipticCurvePrivateKey, sealed: str, delivery_id: str) -> dict[str, str]:
    """The SECURE values in a push. Raises NotForUsError."""
    try:
        raw = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
        plain = opened(key, raw[:_ENC], raw[_ENC:], (INFO + delivery_id).encode())
    except (InvalidTag, ValueError) as error:
        raise NotForUsError(type(error).__name__) from None
    values: dict[str, str] = json.loads(plain)
    return values


def opened(
    key: EllipticCurvePrivateKey, enc: bytes, ciphertext: bytes, info: bytes, aad: bytes = b"", aead: int = 2
) -> bytes:
    """RFC 9180 §6.1, OpenBase. Raises InvalidTag, ValueError."""
    shared = key.exchange(ECDH(), EllipticCurvePublicKey.from_encoded_point(SECP256R1(), enc))
    return _cipher(shared, enc + _point(key.public_key()), info, aead).decrypt(ciphertext, aad)


def sealed_values(
    key: EllipticCurvePublicKey, delivery_id: str, values: Mapping[str, str], ephemeral: EllipticCurvePrivateKey
) -> str:
    """The other way round, with a key that is else drawn for each: for test vectors alone, never for what is secret."""
    enc = _point(ephemeral.public_key())
    cipher = _cipher(ephemeral.exchange(ECDH(), key), enc + _point(key), (INFO + delivery_id).encode())
    made = enc + cipher.encrypt(json.dumps(values, ensure_ascii=False).encode(), b"")
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


@dataclass(frozen=True)
class _Cipher:
    """The context's one message: a key, and the nonce of sequence number 0."""

    aes: AESGCM
    nonce: bytes

    def encrypt(self, plain: bytes, aad: bytes) -> bytes:
        return self.aes.encrypt(self.nonce, plain, aad)

    def decrypt(self, ciphertext: bytes, aad: bytes) -> bytes:
        return self.aes.decrypt(self.nonce, ciphertext, aad)


def _cipher(shared: bytes, context: bytes, info: bytes, aead: int = 2) -> _Cipher:
    """RFC 9180 §4.1, ExtractAndExpand, and §5.1, KeySchedule."""
    secret = _expand(_extract(b"", b"eae_prk", shared, _KEM), b"shared_secret", context, 32, _KEM)
    suite = b"HPKE\x00\x10\x00\x01" + aead.to_bytes(2, "big")
    schedule = b"\x00" + _extract(b"", b"psk_id_hash", b"", suite) + _extract(b"", b"info_hash", info, suite)
    prk = _extract(secret, b"secret", b"", suite)
    aes = AESGCM(_expand(prk, b"key", schedule, _KEY_BYTES[aead], suite))
    return _Cipher(aes, _expand(prk, b"base_nonce", schedule, 12, suite))


def _extract(salt: bytes, label: bytes, ikm: bytes, suite: bytes) -> bytes:
    """RFC 9180 §4, LabeledExtract."""
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + ikm, "sha256")


def _expand(prk: bytes, label: bytes, info: bytes, length: int, suite: bytes) -> bytes:
    """RFC 9180 §4, LabeledExpand; one block of HKDF is all that is ever asked for."""
    labeled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.digest(prk, labeled + b"\x01", "sha256")[:length]


def _point(key: EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
