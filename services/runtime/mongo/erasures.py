"""Erasures: who is to be forgotten, and how far it has come. Collection `erasures`:

    {_id, at, by, subjects: [sealed], destroyed: ["<generation>/<path>"], state: asked | forgotten,
     cleaned: {service: {what: count}}, dropped: {process: at},
     failing: {step: {tries, at, error}}}         of a step that is set aside, until it is done

Who it was is kept, under the master key, only until all that is in the clear elsewhere has been cleaned; then it is
deleted here as well. What stays tells nobody who it was. Every method raises mongo.TRANSIENT_ERRORS.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import orjson

from schemas.personal import Subject
from services.runtime.crypto.master_key import Secrets
from services.runtime.mongo import Database, durable

_PURPOSE = b"erasure"
CLEANERS = ("registry", "status", "ingest")
"""Services that keep personal data in the clear; all others only let go of keys."""

KEYS = "keys"
"""The step that destroys the keys; the others are those of the services that clean."""

Counts = Mapping[str, int]


class Failing(NamedTuple):
    """A step that fails: how often it did, when last (UTC ms), and by which error."""

    tries: int
    at: int
    error: str


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
    failing: Mapping[str, Failing] = field(default_factory=dict)

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
        """Raises CannotOpen where no key opens who it was."""
        document = await self._collection.find_one({"_id": erasure_id})
        return None if document is None else self._erasure(document)

    async def progress(self, erasure_id: str) -> Erasure | None:
        """How far it has come; without who it was."""
        document = await self._collection.find_one({"_id": erasure_id}, {"subjects": 0})
        return None if document is None else self._erasure(document)

    async def unfinished(self) -> list[str]:
        """The erasures whose keys may not be destroyed yet, or that somebody has to clean for; the oldest first."""
        found = self._collection.find({"subjects": {"$exists": True}}, {"_id": 1}).sort("at", 1)
        return [document["_id"] async for document in found]

    async def destroying(self, erasure_id: str, paths: Sequence[str]) -> None:
        """Written before the keys go: a second attempt then does the same, and no more."""
        query = {"_id": erasure_id, "destroyed": {"$exists": False}}
        await self._collection.update_one(query, {"$set": {"destroyed": list(paths)}})

    async def forgotten(self, erasure_id: str) -> None:
        """The keys are destroyed, and every process will read so."""
        done = {"$set": {"state": "forgotten"}, "$unset": {f"failing.{KEYS}": ""}}
        await self._collection.update_one({"_id": erasure_id}, done)

    async def failed(self, erasure_id: str, step: str, error: str, at: int) -> None:
        """A step has failed once more; `error` names nobody."""
        query = {"_id": erasure_id, f"cleaned.{step}": {"$exists": False}}
        noted = {f"failing.{step}.at": at, f"failing.{step}.error": error}
        await self._collection.update_one(query, {"$inc": {f"failing.{step}.tries": 1}, "$set": noted})

    async def dropped(self, erasure_id: str, process: str, at: int) -> None:
        """A process has let go of the keys."""
        await self._collection.update_one({"_id": erasure_id}, {"$set": {f"dropped.{process}": at}})

    async def cleaned(self, erasure_id: str, service: str, counts: Counts) -> None:
        """A service has nothing of them in the clear any more. The last one deletes who it was."""
        query = {"_id": erasure_id, f"cleaned.{service}": {"$exists": False}}
        done = {"$set": {f"cleaned.{service}": dict(counts)}, "$unset": {f"failing.{service}": ""}}
        await self._collection.update_one(query, done)
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
            failing={
                step: Failing(failed["tries"], failed["at"], failed["error"])
                for step, failed in document.get("failing", {}).items()
            },
        )
