"""Private keys as consoles, generators and environment files give them out, and as one PEM for all who use them. Pure.

    PEM                           PKCS#8 or SEC1; line ends of any kind, also as the two characters \\n
    what stands between its lines base64 of the same, with or without line ends: a .p8 without its first and last line
    32 bytes in base64url         the number itself, as generators of VAPID keys print it (P-256 alone)

Text that is none of these is refused by rule, never shown.
"""

import base64
import binascii
import re
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, derive_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
)

_MARK: Final = "-----BEGIN"
_BLANKS: Final = re.compile(r"\s+")
_RULE: Final = "must be a private key in PEM, without a password"
_NUMBER_BYTES: Final = 32


def unescaped(text: str) -> str:
    """The text with real line ends, where an environment file or a console has written them as two characters."""
    return text.replace("\\r", "").replace("\\n", "\n").strip().strip("\"'")


def key_of(text: str) -> object:
    """The key in a PEM, or in the text between its lines. Raises ValueError."""
    plain = unescaped(text)
    try:
        if _MARK in plain:
            return load_pem_private_key(plain.encode(errors="replace"), password=None)
        return load_der_private_key(_bytes(plain), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError(_RULE) from None


def p256_of(text: str) -> EllipticCurvePrivateKey:
    """A P-256 key in any of the forms. Raises ValueError."""
    number = _number(text)
    key = number if number is not None else key_of(text)
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise ValueError("must be a P-256 key")
    return key


def p256_pem(text: str) -> str:
    """The same key in PEM (PKCS#8). Raises ValueError."""
    return _pem(p256_of(text))


def rsa_of(text: str) -> RSAPrivateKey:
    """An RSA key in any of the forms. Raises ValueError."""
    key = key_of(text)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("must be an RSA key")
    return key


def rsa_pem(text: str) -> str:
    """The same key in PEM (PKCS#8). Raises ValueError."""
    return _pem(rsa_of(text))


def _pem(key: EllipticCurvePrivateKey | RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _number(text: str) -> EllipticCurvePrivateKey | None:
    """None unless the text is 32 bytes in base64."""
    try:
        raw = _bytes(unescaped(text))
    except ValueError:
        return None
    if len(raw) != _NUMBER_BYTES:
        return None
    try:
        return derive_private_key(int.from_bytes(raw), SECP256R1())
    except ValueError:
        raise ValueError("must be a P-256 key: this number is out of its range") from None


def _bytes(text: str) -> bytes:
    """base64 or base64url, with or without padding and blanks. Raises ValueError."""
    plain = _BLANKS.sub("", text).rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error:
        raise ValueError(_RULE) from None
