"""The keys that open what the log holds of a recipient: one for each, derived, until the recipient is forgotten.

    subject (scope, kind, value) ─keyed hash─▶ name "<recipient 12>.<scope 6>.<generation>" ─key_tree─▶ key

The name stands in the clear beside what is sealed, and tells nothing without the hash's key. The key comes from a
tree (`key_tree.py`) without a look-up; forgetting destroys a leaf of it, or with all scopes a whole twig. Whoever comes
back afterwards is sealed for in the next generation: a tree of its own. 48 bits name a recipient: with 100 million of
them one in three million shares a key with another, whose records in the log would go as well.

A record about several is sealed under the keys of all of them together, so it is gone with the first. Not thread-safe.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas.personal import Subject
from services.runtime.crypto.key_tree import Families, Family, family_of, is_alive, key_at

GENERATIONS = 32
"""How often a recipient may be forgotten and come back, and be forgotten again."""
RECIPIENT_DIGITS = 12
SCOPE_DIGITS = 6
_CACHED = 5_000
"""A message is read, and what follows from it is written, within one batch; an AEAD takes some 3 KB."""
_ROOT = ""

Names = tuple[str, ...]


class ForgottenTooOften(ValueError):
    """There is no generation left for this recipient."""


class RecipientKeys:
    """All trees, as this process knows them. `families` by generation; changed only by `replace`."""

    def __init__(self, reference_key: bytes, families: Sequence[Mapping[str, Family | None]]) -> None:
        self._reference_key = reference_key
        self._families: list[dict[str, Family | None]] = [dict(family) for family in families]
        self.sealing = lru_cache(_CACHED // 2)(self._sealing)
        """What seals a record about these subjects now, and under which names. Raises ForgottenTooOften."""
        self._newer: dict[Names, AESGCM] = {}
        self._older: dict[Names, AESGCM] = {}
        self._scope = lru_cache(_CACHED)(self._scope_digits)

    @classmethod
    def drawn(cls) -> "RecipientKeys":
        """Keys that nobody else has."""
        return cls(os.urandom(32), [{_ROOT: family_of(os.urandom(32))} for _ in range(GENERATIONS)])

    def replace(self, changed: Sequence[tuple[int, str, Family | None]], closed: Sequence[tuple[int, str]]) -> None:
        """Take over nodes of generations as they are stored now, and drop all that was remembered."""
        for generation, path in closed:
            families = self._families[generation]
            for node in [node for node in families if node.startswith(path)]:
                del families[node]
        for generation, node, family in changed:
            self._families[generation][node] = family
        for remembered in (self._newer, self._older):
            remembered.clear()
        self.sealing.cache_clear()

    def families(self, generation: int) -> Families:
        return self._families[generation]

    def recipient(self, kind: str, value: str) -> str:
        """The path of a recipient: all scopes lie below it."""
        return self._hashed(f"{kind}/{value}", RECIPIENT_DIGITS)

    def path(self, subject: Subject) -> str:
        """The path of a recipient within one scope."""
        return self.recipient(subject.kind, subject.value) + self._scope(subject.scope)

    def generation(self, path: str) -> int:
        """The first in which nothing of the path is destroyed. Raises ForgottenTooOften."""
        for number, families in enumerate(self._families):
            if is_alive(families, path):
                return number
        raise ForgottenTooOften(f"forgotten {GENERATIONS} times")

    def _sealing(self, subjects: tuple[Subject, ...]) -> tuple[Names, AESGCM]:
        leaves = [(path, self.generation(path)) for path in map(self.path, subjects)]
        names = tuple([f"{path[:RECIPIENT_DIGITS]}.{path[RECIPIENT_DIGITS:]}.{number}" for path, number in leaves])
        aead = self._cached(names)  # a message is read before it is answered
        if aead is None:
            aead = self._remembered(names, [key_at(self._families[number], path) for path, number in leaves])
        assert aead is not None
        return names, aead

    def named(self, names: Names) -> AESGCM | None:
        """What opens a record sealed under these names; None when one of them was forgotten."""
        aead = self._cached(names)
        return self._remembered(names, [self.key(name) for name in names]) if aead is None else aead

    def _cached(self, names: Names) -> AESGCM | None:
        return self._newer.get(names) or self._older.get(names)

    def _remembered(self, names: Names, keys: list[bytes | None]) -> AESGCM | None:
        known = [key for key in keys if key is not None]
        if not keys or len(known) < len(keys):
            return None
        if len(self._newer) >= _CACHED // 2:
            self._newer, self._older = {}, self._newer
        made = AESGCM(known[0] if len(known) == 1 else hashlib.sha256(b"".join(known)).digest())
        self._newer[names] = made
        return made

    def key(self, name: str) -> bytes | None:
        """The key of one name; None when it is destroyed, or no name that was ever given."""
        recipient, _, rest = name.partition(".")
        scope, _, number = rest.partition(".")
        if not number.isdecimal() or int(number) >= len(self._families):
            return None
        return key_at(self._families[int(number)], recipient + scope)

    def key_of(self, generation: int, path: str) -> bytes | None:
        """None when it is destroyed."""
        return key_at(self._families[generation], path)

    def _scope_digits(self, scope: str) -> str:
        return self._hashed(f"scope/{scope}", SCOPE_DIGITS)

    def _hashed(self, text: str, digits: int) -> str:
        return hashlib.blake2b(text.encode(), key=self._reference_key, digest_size=16).hexdigest()[:digits]
