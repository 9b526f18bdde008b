"""Collection `revocations`: when all proofs of a user or phone were last revoked, for every login of theirs to come.

    {_id: "<application>/u/<user>" or "<application>/p/<phone>", stamp, seen_at}

Not in the cards: a card says that somebody was ever seen, which whoever revokes does not know. Kept for as long as an
older login may still be replayed.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from pymongo import UpdateOne

from schemas.device_events import OwnerProofsRevoked
from schemas.topics import DEVICE_RETENTION_MS
from services.registry.devices.fold.fold import stamp_of
from services.registry.devices.fold.shared import cards_of
from services.registry.devices.fold.state import Stamp
from services.registry.devices.versioned_store import losers
from services.runtime.mongo import Database, durable

_KEPT_S = DEVICE_RETENTION_MS // 1000 + 7 * 86_400


class Revocations:
    """The newest revocation of each owner."""

    def __init__(self, database: Database) -> None:
        self._stamps = durable(database["revocations"])

    async def prepare(self) -> None:
        """Create the index."""
        await self._stamps.create_index("seen_at", expireAfterSeconds=_KEPT_S)

    async def hold(self, events: Sequence[OwnerProofsRevoked]) -> None:
        """The greatest stamp stays. One that cannot be opened any more names nobody."""
        changes = [
            UpdateOne({"_id": card}, {"$max": {"stamp": stamp_of(event), "seen_at": datetime.now(UTC)}}, upsert=True)
            for event in events
            for card in cards_of(event.application_id, event.external_user_id, event.phone)
        ]
        while changes:  # two upserts of one id may meet; the one that lost is done again
            changes = [changes[index] for index in await losers(self._stamps, changes)]

    async def of(self, cards: Iterable[str]) -> dict[str, Stamp]:
        """By card, those that there are."""
        documents = await self._stamps.find({"_id": {"$in": list(cards)}}).to_list(None)
        return {document["_id"]: document["stamp"] for document in documents}

    async def forget(self, cards: Sequence[str]) -> None:
        """Delete what names these."""
        await self._stamps.delete_many({"_id": {"$in": list(cards)}})
