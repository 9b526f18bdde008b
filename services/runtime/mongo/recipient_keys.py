"""The trees of recipients' keys in MongoDB. Collection `recipient_keys`, besides the log what must not be lost:

    {_id: "reference", key}                        the key of the hash that names recipients
    {_id: "<generation>/<node>", keys: {digit: key}, closed}      key_tree.py; every key is sealed under the master key

Without it nobody opens what the log holds of anybody, so it belongs into the backup; and a backup older than an erasure
takes the erasure back, so old ones must be thrown away. Every method raises mongo.TRANSIENT_ERRORS.
"""

import os
from collections.abc import Mapping
from typing import Any

from pymongo import UpdateOne

from services.runtime.crypto.key_tree import Close, Family, Step, Strike, Write, family_of, steps
from services.runtime.crypto.master_key import BadMasterKey, CannotOpen, Secrets
from services.runtime.crypto.recipient_keys import GENERATIONS, RecipientKeys
from services.runtime.mongo import Database, durable

_PURPOSE = b"recipient-key"
_REFERENCE = "reference"
_BATCH = 500
_OTHER_KEY = (
    "the keys of recipients in the database were sealed under a master key that is neither RPNS_MASTER_KEY nor one of "
    "RPNS_OLD_MASTER_KEYS"
)


class RecipientKeysStore:
    """What all processes of this deployment share."""

    def __init__(self, database: Database, secrets: Secrets) -> None:
        self._nodes = durable(database["recipient_keys"])
        self._secrets = secrets

    async def is_empty(self) -> bool:
        """Whether no process has made any yet."""
        return await self._nodes.count_documents({}, limit=1) == 0

    async def load(self) -> RecipientKeys:
        """The keys as they are stored now; the first process makes them. Raises BadMasterKey."""
        if await self._nodes.count_documents({}, limit=GENERATIONS + 1) <= GENERATIONS:
            await self._create()
        try:
            return await self._loaded()
        except CannotOpen:
            raise BadMasterKey(_OTHER_KEY) from None

    async def _loaded(self) -> RecipientKeys:
        reference, families = b"", [dict[str, Family | None]() for _ in range(GENERATIONS)]
        async for document in self._nodes.find({}).batch_size(5_000):
            if document["_id"] == _REFERENCE:
                reference = self._open(document["key"])
                continue
            generation, _, node = document["_id"].partition("/")
            families[int(generation)][node] = self._family(document)
        return RecipientKeys(reference, families)

    async def refresh(self, keys: RecipientKeys, generation: int, path: str) -> None:
        """Have `keys` know what has become of `path`."""
        nodes = [f"{generation}/{path[:depth]}" for depth in range(len(path) + 1)]
        found = await self._nodes.find({"_id": {"$in": nodes}}).to_list(None)
        changed = [(generation, node["_id"].partition("/")[2], self._family(node)) for node in found]
        closed = [(generation, node) for _, node, family in changed if family is None]
        keys.replace(changed, closed)

    async def generation(self, keys: RecipientKeys, path: str) -> int:
        """The first in which nothing of `path` is destroyed, as it is stored now. Raises ForgottenTooOften."""
        for number in range(GENERATIONS):
            await self.refresh(keys, number, path)
            if keys.key_of(number, path) is not None:
                return number
        return keys.generation(path)

    async def destroy(self, keys: RecipientKeys, generation: int, path: str) -> None:
        """Destroy the key of `path`: no later reader of the store can derive it. May be interrupted and repeated."""
        await self.refresh(keys, generation, path)
        for step in steps(keys.families(generation), path):
            await self._do(generation, step)
        await self.refresh(keys, generation, path)

    async def reseal(self) -> int:
        """Seal under the current master key what a former one has sealed; tells how many nodes.

        A node that loses keys meanwhile is left, and found by the next look: nothing that was destroyed comes back.
        """
        changed, is_over = 0, False
        while not is_over:
            is_over, writes = True, list[UpdateOne]()
            async for document in self._nodes.find({}).batch_size(5_000):
                former = self._former(document)
                if former:
                    is_over = False
                    fresh = {field: self._seal(self._open(sealed)) for field, sealed in former.items()}
                    writes.append(UpdateOne({"_id": document["_id"], **former}, {"$set": fresh}))
                if len(writes) == _BATCH:
                    changed, writes = changed + await self._written(writes), []
            changed += await self._written(writes)
        return changed

    async def _written(self, writes: list[UpdateOne]) -> int:
        return (await self._nodes.write(writes)).modified

    def _former(self, document: Mapping[str, Any]) -> dict[str, str]:
        """What of a node is sealed under a former master key, by field."""
        sealed = {f"keys.{digit}": key for digit, key in document.get("keys", {}).items()}
        sealed |= {"key": document["key"]} if document["_id"] == _REFERENCE else {}
        return {field: key for field, key in sealed.items() if not self._secrets.is_current(key)}

    async def _do(self, generation: int, step: Step) -> None:
        key = f"{generation}/{step.node}"
        match step:
            case Write(_, family):
                await self._nodes.update_one(
                    {"_id": key}, {"$setOnInsert": {"keys": self._sealed(family)}}, upsert=True
                )
            case Close():
                closed = {"$set": {"closed": True}, "$unset": {"keys": ""}}
                await self._nodes.update_one({"_id": key}, closed, upsert=True)
                # in hex, "g" is behind every digit: everything that begins with the key, and is longer
                await self._nodes.delete_many({"_id": {"$gt": key, "$lt": f"{key}g"}})
            case Strike(_, digit):
                await self._nodes.update_one({"_id": key}, {"$unset": {f"keys.{digit}": ""}})

    async def _create(self) -> None:
        """Create the roots; two processes may do so at once, and what is there already stays."""
        writes = [self._new(_REFERENCE, {"key": self._seal(os.urandom(32))})]
        writes += [
            self._new(f"{generation}/", {"keys": self._sealed(family_of(os.urandom(32)))})
            for generation in range(GENERATIONS)
        ]
        await self._nodes.write(writes)

    def _new(self, key: str, fields: Mapping[str, Any]) -> UpdateOne:
        return UpdateOne({"_id": key}, {"$setOnInsert": dict(fields)}, upsert=True)

    def _family(self, document: Mapping[str, Any]) -> Family | None:
        if document.get("closed"):
            return None
        return {digit: self._open(sealed) for digit, sealed in document["keys"].items()}

    def _sealed(self, family: Family) -> dict[str, str]:
        return {digit: self._seal(key) for digit, key in family.items()}

    def _seal(self, key: bytes) -> str:
        return self._secrets.seal(key, _PURPOSE)

    def _open(self, sealed: str) -> bytes:
        return self._secrets.open(sealed, _PURPOSE)
