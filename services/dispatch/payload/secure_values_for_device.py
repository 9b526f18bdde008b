"""SECURE values in the push, for one device only: sealed to the P-256 key that it registered at install.

    hour key ─▶ values of the message ─▶ HPKE (RFC 9180), base mode, single shot ─▶ `sealed` in the SDK's envelope

Suite: DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM; `info` is "rpns/secure/1/" and the delivery id, so what was
sealed for one delivery opens for no other. `sealed` is base64url without padding of enc (65 bytes) and ciphertext; the
plaintext is the JSON object of names and values. The clouds carry what they cannot read. Source: docs/device-api.md §3.
"""

import base64
import binascii

import orjson
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from schemas.events import TargetResolved
from services.runtime import telemetry
from services.runtime.crypto.master_key import CannotOpen
from services.runtime.mongo.hour_keys import HourKeys

log = telemetry.logger("secure-values")
_SUITE = Suite(KEM.P256, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_INFO = "rpns/secure/1/"


def sealed_for(public_key: str, delivery_id: str, values: dict[str, str]) -> str:
    """The values for the holder of `public_key` (base64url of the uncompressed point). Raises ValueError."""
    point = base64.urlsafe_b64decode(public_key + "=" * (-len(public_key) % 4))
    key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    made = _SUITE.encrypt(orjson.dumps(values), key, info=(_INFO + delivery_id).encode())
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


class DeviceSecureValues:
    """Opens what ingest sealed and seals it again for one device, at the moment of sending."""

    def __init__(self, keys: HourKeys) -> None:
        self._keys = keys

    async def for_device(self, target: TargetResolved, public_key: str | None, now_ms: int) -> str | None:
        """What goes into the push; None leaves it to the SDK to fetch the values. Raises mongo.TRANSIENT_ERRORS."""
        secure = target.content.secure
        if secure is None or public_key is None:
            return None
        try:
            values = await self._keys.opened(target.message_id, secure, now_ms)
            return sealed_for(public_key, target.delivery_id, values) if values is not None else None
        except (CannotOpen, ValueError, binascii.Error) as error:
            log.warning("SECURE values cannot be sealed to a device", error=type(error).__name__)
            return None
