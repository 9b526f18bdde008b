"""The browser's side of Web Push: a subscription's keys, and what only they can open (RFC 8291, RFC 8188).

The push service never sees these keys: it carries bytes. Written apart from the product's own encryption, to disagree
with it where it is wrong.
"""

import base64
import os
from dataclasses import dataclass, field
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_HEADER = 21  # salt, record size, length of the key id
_TAG = 16


class CannotOpenError(Exception):
    """Not encrypted for this subscription, or not well."""


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Keys:
    """What a browser draws when a page subscribes."""

    private: ec.EllipticCurvePrivateKey = field(default_factory=_new_key, repr=False)
    auth: bytes = field(default_factory=lambda: os.urandom(16), repr=False)

    @property
    def public(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def described(self) -> dict[str, str]:
        """`keys` of PushSubscription.toJSON()."""
        return {"p256dh": encoded(self.public), "auth": encoded(self.auth)}

    def opened(self, body: bytes) -> bytes:
        """The plaintext. Raises CannotOpenError."""
        salt, size, key_length = body[:16], int.from_bytes(body[16:20]), body[20] if len(body) > 20 else 0
        sender, records = body[_HEADER : _HEADER + key_length], body[_HEADER + key_length :]
        try:
            shared = self.private.exchange(
                ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
            )
        except ValueError:
            raise CannotOpenError("the key id is no P-256 point") from None
        ikm = _expanded(_hmac(self.auth, shared), b"WebPush: info\0" + self.public + sender, 32)
        secret = _hmac(salt, ikm)
        key = _expanded(secret, b"Content-Encoding: aes128gcm\0", 16)
        nonce = int.from_bytes(_expanded(secret, b"Content-Encoding: nonce\0", 12))
        plain = bytearray()
        for index, start in enumerate(range(0, len(records), size)):
            record = records[start : start + size]
            try:
                padded = AESGCM(key).decrypt((nonce ^ index).to_bytes(12), record, None).rstrip(b"\0")
            except InvalidTag:
                raise CannotOpenError("the record is not for this subscription") from None
            if padded[-1:] != (b"\x02" if start + size >= len(records) else b"\x01"):
                raise CannotOpenError("the record has no delimiter")
            plain += padded[:-1]
        return bytes(plain)


def opened(keys: Keys, payload: dict[str, Any]) -> dict[str, Any]:
    """A push as the push service kept it, as the page's service worker sees it: event.data.json()."""
    try:
        found = orjson.loads(keys.opened(base64.b64decode(payload["body"])))
    except orjson.JSONDecodeError as error:
        raise CannotOpenError(f"not JSON: {error}") from None
    if not isinstance(found, dict):
        raise CannotOpenError("not a JSON object")
    return found


def encoded(raw: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def check_form(body: bytes) -> str | None:
    """What anybody can see to be wrong with an encrypted body; None when nothing is."""
    if len(body) < _HEADER + 65 + 1 + _TAG:
        return "the body is too short for aes128gcm"
    if int.from_bytes(body[16:20]) < 18:
        return "the record size must be 18 or more"
    if body[20] != 65 or body[21] != 4:
        return "the key id must be an uncompressed P-256 point"
    return None


def _hmac(key: bytes, data: bytes) -> bytes:
    made = hmac.HMAC(key, hashes.SHA256())
    made.update(data)
    return made.finalize()


def _expanded(secret: bytes, info: bytes, length: int) -> bytes:
    return _hmac(secret, info + b"\x01")[:length]
