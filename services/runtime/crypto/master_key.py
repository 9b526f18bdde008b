"""Sealing under the master key, keyed digests, and the credential of an installation.

    seal / open       AES-256-GCM; what is sealed tells which key opens it, so old keys go on working
    digest            HMAC-SHA256: names a token, an API key or a password without telling it
    credential        HMAC over the ids of an installation and its application: proves itself (docs/design.md §6)
    delivery_ids      ids of deliveries that nobody else can compute

Every use has its own key, derived from the master key with HKDF by the name of the use.
"""

import base64
import binascii
import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.runtime.crypto.delivery_ids import DeliveryIds

_NONCE = 12
_KEY_ID = 4


class CannotOpen(Exception):
    """Sealed by a key that this process does not have, or changed since."""


class BadMasterKey(Exception):
    """RPNS_MASTER_KEY or one of RPNS_OLD_MASTER_KEYS is not base64 of 32 bytes, or is not the one it should be."""


class _Keys:
    def __init__(self, master: bytes) -> None:
        self.key_id = hashlib.sha256(b"key-id" + master).digest()[:_KEY_ID]
        self.aead = AESGCM(_derived(master, b"seal"))
        self.digest_key = _derived(master, b"digest")
        self.credential_key = _derived(master, b"credential")
        self.delivery_key = _derived(master, b"delivery")


class Secrets:
    """The master key and its former ones. Thread-safe."""

    def __init__(self, master_key: str, old_keys: str = "") -> None:
        """Base64 keys; old ones with commas between. Raises BadMasterKey."""
        texts = [master_key, *(key for key in old_keys.split(",") if key)]
        self._keys = [_Keys(_decoded(text)) for text in texts]
        self._current = self._keys[0]
        self._by_id = {keys.key_id: keys for keys in self._keys}
        self._by_id_text = {keys.key_id.hex(): keys for keys in self._keys}
        self.delivery_ids = DeliveryIds(tuple(keys.delivery_key for keys in self._keys))

    def seal(self, plain: bytes, purpose: bytes) -> str:
        """Base64 of key id, nonce and ciphertext. `purpose` is bound to it: a token cannot be passed off as a key."""
        nonce = os.urandom(_NONCE)
        keys = self._current
        return base64.b64encode(keys.key_id + nonce + keys.aead.encrypt(nonce, plain, purpose)).decode()

    def open(self, sealed: str, purpose: bytes) -> bytes:
        """What was sealed. Raises CannotOpen."""
        try:
            raw = base64.b64decode(sealed)
            keys = self._by_id[raw[:_KEY_ID]]
            return keys.aead.decrypt(raw[_KEY_ID : _KEY_ID + _NONCE], raw[_KEY_ID + _NONCE :], purpose)
        except (KeyError, InvalidTag, binascii.Error, ValueError) as error:
            raise CannotOpen(type(error).__name__) from None

    def is_current(self, sealed: str) -> bool:
        """True when it was sealed under the current master key, not a former one."""
        return base64.b64decode(sealed[:8])[:_KEY_ID] == self._current.key_id

    def digest(self, value: str, purpose: str) -> str:
        """32 hex digits that name `value` for `purpose`, under the current key."""
        return _digest(self._current, value, purpose)

    def digests(self, value: str, purpose: str) -> list[str]:
        """The digests under all keys, the current one first: for looking up what an old key named."""
        return [_digest(keys, value, purpose) for keys in self._keys]

    def credential(self, installation_id: str, application_id: str) -> str:
        """The secret that an installation is given at install: `<key id>.<mac>.<application id>`, URL-safe.

        It proves itself: only who installed the id first was given one, and an id stays with its application.
        """
        mac = _mac(self._current, f"{installation_id}//{application_id}")
        return f"{self._current.key_id.hex()}.{mac}.{application_id}"

    def application_of(self, credential: str, installation_id: str) -> str | None:
        """The application of the installation that `credential` was issued for; None when it was not for this one."""
        key_id, _, rest = credential.partition(".")
        mac, _, application_id = rest.partition(".")
        keys = self._by_id_text.get(key_id)
        if keys is None or not application_id or not mac.isascii():
            return None
        holds = hmac.compare_digest(mac, _mac(keys, f"{installation_id}//{application_id}"))
        return application_id if holds else None

    def former_credential_holds(self, credential: str, installation_id: str, proof_hash: str) -> bool:
        """True when `credential` has the former form, `<key id>.<mac>`, and was issued for this installation."""
        given = credential.encode(errors="replace")
        fits = [hmac.compare_digest(given, _former(keys, installation_id, proof_hash).encode()) for keys in self._keys]
        return any(fits)


def _mac(keys: _Keys, named: str) -> str:
    mac = hmac.digest(keys.credential_key, named.encode(), "sha256")
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")


def _former(keys: _Keys, installation_id: str, proof_hash: str) -> str:
    return f"{keys.key_id.hex()}.{_mac(keys, f'{installation_id}/{proof_hash}')}"


def _digest(keys: _Keys, value: str, purpose: str) -> str:
    return hmac.digest(keys.digest_key, f"{purpose}/{value}".encode(), "sha256").hex()[:32]


def _derived(master: bytes, use: bytes) -> bytes:
    return HKDF(SHA256(), 32, None, b"rpns/" + use).derive(master)


def _decoded(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error:
        raw = b""
    if len(raw) != 32:
        raise BadMasterKey("a master key must be base64 of 32 bytes (RPNS_MASTER_KEY, RPNS_OLD_MASTER_KEYS)")
    return raw
