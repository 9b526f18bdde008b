"""The keys of SECURE values: one for each hour, deleted when it has passed: the log keeps what nobody can open.

    message key = HKDF(key of the hour in which the chain surely ends, message id)          docs/design.md §6

Ingest seals; the service that shows a message to a device opens. A missing key means expired, not an error. Collection
`hour_keys`: {_id: hours since the epoch, key: under the master key, delete_at}.
"""

import asyncio
import base64
import binascii
import os
from collections.abc import Mapping
from datetime import UTC, datetime

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from schemas.values import SecureValues
from services.runtime.crypto.master_key import CannotOpen, Secrets
from services.runtime.mongo import RawCollection, durable

_HOUR_S = 3600
_NONCE = 12
_PURPOSE = b"hour-key"


def hour_of(at_ms: int) -> int:
    """Hours since the epoch."""
    return at_ms // (_HOUR_S * 1000)


def seal_values(hour_key: bytes, message_id: str, values: Mapping[str, str]) -> str:
    """Base64 of nonce and ciphertext."""
    nonce = os.urandom(_NONCE)
    return base64.b64encode(nonce + _aead(hour_key, message_id).encrypt(nonce, orjson.dumps(values), None)).decode()


def open_values(hour_key: bytes, message_id: str, sealed: str) -> dict[str, str]:
    """The values by name. Raises CannotOpen."""
    try:
        raw = base64.b64decode(sealed)
        plain = _aead(hour_key, message_id).decrypt(raw[:_NONCE], raw[_NONCE:], None)
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise CannotOpen(type(error).__name__) from None
    values: dict[str, str] = orjson.loads(plain)
    return values


def _aead(hour_key: bytes, message_id: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, None, b"rpns/message/" + message_id.encode()).derive(hour_key))


class HourKeys:
    """The keys in the database, with those in use kept in memory until their hour has passed."""

    def __init__(self, collection: RawCollection, secrets: Secrets) -> None:
        self._collection = durable(collection)
        self._secrets = secrets
        self._kept: dict[int, bytes] = {}

    async def prepare(self) -> None:
        """Create the index by which the database deletes keys. Raises mongo.TRANSIENT_ERRORS."""
        await self._collection.create_index("delete_at", expireAfterSeconds=0)

    async def create(self, hour: int, now_ms: int) -> bytes:
        """The key of an hour to come; made when it is first needed. Raises mongo.TRANSIENT_ERRORS."""
        found = self._from_memory(hour, now_ms)
        if found is None:
            fresh = {
                "key": self._secrets.seal(AESGCM.generate_key(256), _PURPOSE),
                "delete_at": datetime.fromtimestamp((hour + 1) * _HOUR_S, UTC),
            }
            # two at once: the server tries the loser again, who then finds the winner's
            await self._collection.update_one({"_id": hour}, {"$setOnInsert": fresh}, upsert=True)
            found = await self.find(hour, now_ms)
        if found is None:
            raise CannotOpen("the hour has passed")
        return found

    async def find(self, hour: int, now_ms: int) -> bytes | None:
        """The key, or None when its hour has passed: the values are gone. Raises mongo.TRANSIENT_ERRORS, CannotOpen."""
        found = self._from_memory(hour, now_ms)
        if found is not None or hour < hour_of(now_ms):
            return found
        document = await self._collection.find_one({"_id": hour})
        if document is None:
            return None
        key = self._secrets.open(document["key"], _PURPOSE)
        self._keep(hour, key, now_ms)
        return key

    async def opened(self, message_id: str, secure: SecureValues, now_ms: int) -> dict[str, str] | None:
        """The values of a message, or None when their hour has passed. Raises mongo.TRANSIENT_ERRORS, CannotOpen."""
        key = await self.find(secure.hour, now_ms)
        return open_values(key, message_id, secure.sealed) if key is not None else None

    def _keep(self, hour: int, key: bytes, now_ms: int) -> None:
        """Keep it until the hour has passed, not until somebody looks again: this memory is part of what is deleted."""
        self._kept[hour] = key
        left_s = (hour + 1) * _HOUR_S - now_ms / 1000
        asyncio.get_running_loop().call_later(left_s, self._kept.pop, hour, None)

    def _from_memory(self, hour: int, now_ms: int) -> bytes | None:
        for passed in [kept for kept in self._kept if kept < hour_of(now_ms)]:
            del self._kept[passed]
        return self._kept.get(hour)
