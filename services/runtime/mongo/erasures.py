"""Erasures: who is to be forgotten, and how far it has come. Collection `erasures`:

    {_id, at, by, subjects: [sealed], destroyed: ["<generation>/<path>"], state: asked | forgotten,
     cleaned: {service: {what: count}}, dropped: {process: at}}

Who it was is kept, under the master key, only until all that is in the clear elsewhere has been cleaned; then it is
deleted here as well. What stays tells nobody who it was. Every method raises mongo.TRANSIENT_ERRORS.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson

from schemas.personal import Subject
from services.runtime.crypto.master_key import Secrets
from services.runtime.mongo import Database, durable

_PURPOSE = b"erasure"
CLEANERS = ("registry", "status", "ingest")
"""Services that keep personal data in the clear; all others only let go of keys."""

Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Erasure:
    """`subjects` is empty once everything is cleaned. A subject without scope means everywhere."""

    erasure_id: str
    at: int
    by: str
    subjects: tuple[Subject, ...]
    destroyed: tuple[str, ...] = ()
    state: Literal["asked", "forgotten"] = "asked"
    cleaned: Mapping[str, Counts] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        return self.state == "forgotten" and all(name in self.cleaned for name in CLEANERS)


class Erasures:
    """The erasures of this deployment."""

    def __init__(self, database: Database, secrets: Secrets) -> None:
        self._collection = durable(database["erasures"])
        self._secrets = secrets

    async def ask(self, erasure: Erasure) -> None:
        """Store an erasure: from now on it is carried out, whatever dies."""
        subjects = self._secrets.seal(orjson.dumps([list(subject) for subject in erasure.subjects]), _PURPOSE)
        document = {"at": erasure.at, "by": erasure.by, "subjects": subjects, "state": "asked"}
        await self._collection.insert_one({"_id": erasure.erasure_id, **document})

    async def find(self, erasure_id: str) -> Erasure | None:
        document = await self._collection.find_one({"_id": erasure_id})
        return None if document is None else self._erasure(document)

    async def unfinished(self) -> list[Erasure]:
        """The erasures whose keys may not be destroyed yet, or that somebody has to clean for."""
        found = await self._collection.find({"subjects": {"$exists": True}}).sort("at", 1).to_list(None)
        return [self._erasure(document) for document in found]

    async def destroying(self, erasure_id: str, paths: Sequence[str]) -> None:
        """Written before the keys go: a second attempt then does the same, and no more."""
        query = {"_id": erasure_id, "destroyed": {"$exists": False}}
        await self._collection.update_one(query, {"$set": {"destroyed": list(paths)}})

    async def forgotten(self, erasure_id: str) -> None:
        """The keys are destroyed, and every process will read so."""
        await self._collection.update_one({"_id": erasure_id}, {"$set": {"state": "forgotten"}})

    async def dropped(self, erasure_id: str, process: str, at: int) -> None:
        """A process has let go of the keys."""
        await self._collection.update_one({"_id": erasure_id}, {"$set": {f"dropped.{process}": at}})

    async def cleaned(self, erasure_id: str, service: str, counts: Counts) -> None:
        """A service has nothing of them in the clear any more. The last one deletes who it was."""
        query = {"_id": erasure_id, f"cleaned.{service}": {"$exists": False}}
        await self._collection.update_one(query, {"$set": {f"cleaned.{service}": dict(counts)}})
        all_done = {f"cleaned.{name}": {"$exists": True} for name in CLEANERS}
        await self._collection.update_one({"_id": erasure_id, **all_done}, {"$unset": {"subjects": ""}})

    def _erasure(self, document: Mapping[str, Any]) -> Erasure:
        sealed = document.get("subjects")
        subjects = orjson.loads(self._secrets.open(sealed, _PURPOSE)) if sealed else []
        return Erasure(
            erasure_id=document["_id"],
            at=document["at"],
            by=document["by"],
            subjects=tuple(Subject(*subject) for subject in subjects),
            destroyed=tuple(document.get("destroyed", ())),
            state=document["state"],
            cleaned=document.get("cleaned", {}),
            dropped=document.get("dropped", {}),
        )
