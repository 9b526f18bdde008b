"""The channels and broadcasts as they are now: projections of `broadcast-channels` and `broadcasts`.

    broadcast_channels   {_id: channel id, event: the newest BroadcastChannelChanged, order, application_id, name}
    broadcasts           {_id: broadcast id, requested: BroadcastRequested, told: BroadcastDispatched, order}

`order` makes each a register that only rises, so events may come twice, late and in any order. Every method
raises mongo.TRANSIENT_ERRORS.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from schemas.broadcast_events import BroadcastChannelChanged, BroadcastDispatched, BroadcastRequested
from schemas.codec import CONTRACT, Newer
from schemas.events import Event
from schemas.topics import MESSAGE_RETENTION_MS
from services.runtime.mongo import Collection, Database, Document, Duplicate, durable
from services.runtime.mongo.upkeep.unreadable import Shown, Unread, read

Stored = TypeVar("Stored", bound=Event)
_RANKS = {"retry": 1, "uncertain": 2, "expired": 3, "refused": 3, "accepted": 4}


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A message for a channel, and what dispatch has reported of it; None: nothing yet."""

    requested: BroadcastRequested
    outcome: BroadcastDispatched | None


class Broadcasts:
    """The channels and broadcasts of this deployment."""

    def __init__(self, database: Database) -> None:
        self._channels = durable(database["broadcast_channels"])
        self._broadcasts = durable(database["broadcasts"])
        self._reading = Shown("broadcast_channels")

    async def prepare(self) -> None:
        """Create the indexes."""
        await self._channels.create_index([("application_id", 1), ("name", 1)])
        await self._broadcasts.create_index("at", expireAfterSeconds=MESSAGE_RETENTION_MS // 1000)

    async def channel(self, channel_id: str) -> BroadcastChannelChanged | None:
        """Raises Newer, Damaged."""
        found = await self._channels.find_one({"_id": channel_id})
        return None if found is None else _channel(found)

    async def channels(
        self, application_id: str, after: str, limit: int
    ) -> list[tuple[str, BroadcastChannelChanged | Unread]]:
        """The channels by name, those after `after`; of one that cannot be read, why."""
        query: Document = {"application_id": application_id, "name": {"$gt": after}}
        found = self._channels.find(query).sort("name", 1).limit(limit)
        return [
            (document["name"], self._reading.of(document["_id"], partial(_channel, document)))
            async for document in found
        ]

    async def broadcast(self, broadcast_id: str) -> Broadcast | None:
        """Raises Newer, Damaged."""
        found = await self._broadcasts.find_one({"_id": broadcast_id, "requested": {"$exists": True}})
        if found is None:
            return None
        outcome = found.get("told")
        return Broadcast(
            _read(BroadcastRequested, broadcast_id, found["requested"]),
            _read(BroadcastDispatched, broadcast_id, outcome) if outcome is not None else None,
        )

    async def apply(self, event: Event) -> None:
        """Fold one event of either topic."""
        match event:
            case BroadcastChannelChanged():
                about = {"event": event.document(), "application_id": event.application_id, "name": event.name}
                await _raise(self._channels, event.channel_id, f"{event.revision:09d}/{event.attempt:05d}", about)
            case BroadcastDispatched():
                order = f"{_RANKS[event.outcome]}/{event.attempt:05d}/{event.at}"  # one attempt may be held back often
                await _raise(self._broadcasts, event.broadcast_id, order, {"told": event.document()})
            case BroadcastRequested(attempt=1):
                asked = {"requested": event.document(), "at": datetime.now(UTC)}
                await self._broadcasts.update_one(
                    {"_id": event.broadcast_id}, {"$set": asked, "$max": {"order": ""}}, upsert=True
                )


def _channel(document: Document) -> BroadcastChannelChanged:
    return _read(BroadcastChannelChanged, document["_id"], document.get("event"))


def _read(kind: type[Stored], key: str, stored: Any) -> Stored:
    """The event as it was stored with this document. Raises Newer, Damaged."""
    event = read(key, lambda: kind.stored(stored), is_newer=_is_newer(stored))
    if event.needs > CONTRACT:
        raise Newer(f"{key} needs contract {event.needs}")
    return event


def _is_newer(stored: Any) -> bool:
    contract = stored.get("v") if isinstance(stored, Mapping) else None
    return isinstance(contract, int) and contract > CONTRACT


async def _raise(collection: Collection, key: str, order: str, about: Document) -> None:
    """Write unless what is there is as far or further."""
    try:
        await collection.update_one(
            {"_id": key, "order": {"$lt": order}}, {"$set": {**about, "order": order}}, upsert=True
        )
    except Duplicate:
        return  # what is there is further
