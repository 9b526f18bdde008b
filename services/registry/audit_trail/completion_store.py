"""Completes records of the audit trail that another release has stored: by what they are found by now.

    a former registry runs beside this one, or ran before ─▶ its documents lack what is newer (a lower `form`, or none)
    every minute, and at once while there are any         ─▶ some are made anew from the record that each one has

Idempotent, so all instances do it. What a newer release has stored is left alone.
"""

from typing import Any

from pymongo import UpdateOne

from services.registry.audit_trail.document import FORM, document_of
from services.registry.audit_trail.store import record_in
from services.runtime import telemetry
from services.runtime.mongo import Database, Document, durable

log = telemetry.logger("audit-trail")
EVERY_S = 60.0
_AGAIN_S = 0.2
"""While there are more: a year of records is done within minutes, and nobody waits for it."""
BATCH = 500


class TrailCompletion:
    """Of the trail of this deployment."""

    def __init__(self, database: Database) -> None:
        self._trail = durable(database["audit_trail"])

    async def turn(self) -> float:
        """Complete some; in how many seconds again. Raises mongo.TRANSIENT_ERRORS."""
        older = {"form": {"$not": {"$gte": FORM}}}
        found = await self._trail.find(older, {"record": 1}).limit(BATCH).to_list()
        await self._trail.write([UpdateOne({"_id": document["_id"]}, {"$set": _anew(document)}) for document in found])
        if found:
            log.info("records of another release are completed", count=len(found))
        return _AGAIN_S if len(found) == BATCH else EVERY_S


def _anew(document: Document) -> dict[str, Any]:
    """All but its id. What cannot be read is only said to be looked at, or it would be looked at for ever."""
    event = record_in(document)
    made = {"form": FORM} if event is None else document_of(event, document["record"])
    return {name: value for name, value in made.items() if name != "_id"}
