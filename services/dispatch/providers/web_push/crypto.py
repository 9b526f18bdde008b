"""A web push's body: `aes128gcm` for one subscription. Sources: RFC 8291, RFC 8188; `docs/providers.md` §5.2.

    shared = ECDH(a fresh key of ours, p256dh)
    ikm    = HKDF(salt=auth, shared, "WebPush: info" 0 p256dh our-public)
    key    = HKDF(salt, ikm, "Content-Encoding: aes128gcm" 0)
    nonce  = HKDF(salt, ikm, "Content-Encoding: nonce" 0)
    body   = salt(16) record-size(4) 65 our-public(65) AES-GCM(plaintext 2)

One record, so there is no padding and the record size is the largest that a push service takes.
"""

import os
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

BODY_BYTES: Final = 4096
"""What every push service must accept."""
PLAINTEXT_BYTES: Final = BODY_BYTES - 86 - 17
"""Less the header, and the delimiter and tag of the one record."""
_LAST_RECORD = b"\x02"
_CURVE = ec.SECP256R1()


def encrypted(
    plaintext: bytes,
    p256dh: bytes,
    auth: bytes,
    salt: bytes | None = None,
    private_key: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """The body for the subscription with these keys. `salt` and `private_key` are for tests: fresh for each message.

    Raises ValueError when `p256dh` is no point of P-256, or the plaintext does not fit into one record.
    """
    if len(plaintext) > PLAINTEXT_BYTES:
        raise ValueError(f"at most {PLAINTEXT_BYTES} bytes fit into one record")
    salt = os.urandom(16) if salt is None else salt
    ours = ec.generate_private_key(_CURVE) if private_key is None else private_key
    public = point_of(ours.public_key())
    shared = ours.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, p256dh))
    ikm = _hkdf(auth, shared, b"WebPush: info\0" + p256dh + public, 32)
    return content_encoded(plaintext, ikm, salt, public)


def content_encoded(plaintext: bytes, ikm: bytes, salt: bytes, key_id: bytes) -> bytes:
    """RFC 8188: one record of `aes128gcm`, from a secret that both sides have."""
    key = _hkdf(salt, ikm, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _hkdf(salt, ikm, b"Content-Encoding: nonce\0", 12)
    header = salt + BODY_BYTES.to_bytes(4) + bytes([len(key_id)]) + key_id
    return header + AESGCM(key).encrypt(nonce, plaintext + _LAST_RECORD, None)


def point_of(key: ec.EllipticCurvePublicKey) -> bytes:
    """The 65 bytes of an uncompressed point."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(secret)
