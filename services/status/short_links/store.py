"""Short links by their codes: the projection that `GET /l/{code}` reads. Kept as long as the history.

    {_id: code, url, message_id, partner_id, lane, link, ordinal, kept_until}

Written from the request that won, whenever a record of it or of its plan is folded; a rebuild writes the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from pymongo import ASCENDING, ReplaceOne

from schemas import events
from schemas.topics import HISTORY_RETENTION_MS
from schemas.values import Lane, Link
from services.runtime.mongo import Database, Document, durable
from services.runtime.short_links import ShortLinks
from services.status.fold import Projected
from services.status.message import Message

_REQUESTED = frozenset({events.MessageRequested, events.Scheduled, events.Planned})


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """The target of a code: its address, and the message that it belongs to."""

    url: str
    message_id: str
    partner_id: str
    lane: Lane
    link: int
    ordinal: int


class ShortLinkStore:
    """The short links of this deployment."""

    def __init__(self, database: Database, short: ShortLinks) -> None:
        self._collection = durable(database["short_links"])
        self._short = short

    async def prepare(self) -> None:
        """Create the index that ends a link with the history of its message."""
        await self._collection.create_index([("kept_until", ASCENDING)], expireAfterSeconds=0)

    async def project(self, projected: Projected) -> None:
        """Store the links of requested or planned messages; one of `FoldStep`'s projections."""
        documents = [
            document
            for message, batch in projected
            for number in sorted({event.link for event in batch if type(event) in _REQUESTED})
            for document in self._documents(message, number)
        ]
        await self._collection.write(
            [ReplaceOne({"_id": document["_id"]}, document, upsert=True) for document in documents]
        )

    async def delete(self, messages: Sequence[Message]) -> int:
        """Delete the links of these messages, whose texts must still be known, and give their number."""
        codes = [
            document["_id"]
            for message in messages
            for number in message.links
            for document in self._documents(message, number)
        ]
        return await self._collection.delete_many({"_id": {"$in": codes}}) if codes else 0

    async def find(self, code: str) -> LinkTarget | None:
        """The target of the code; None when there is none any more."""
        found = await self._collection.find_one({"_id": code})
        if found is None:
            return None
        return LinkTarget(
            url=found["url"],
            message_id=found["message_id"],
            partner_id=found["partner_id"],
            lane=found["lane"],
            link=found["link"],
            ordinal=found["ordinal"],
        )

    def _documents(self, message: Message, number: int) -> list[Document]:
        link = message.links.get(number)
        request = link.request if link is not None and link.request_id else None
        if request is None or "://" not in request.chain:
            return []
        shown = Link.stored(orjson.loads(request.chain)[0])
        kept_until = datetime.fromtimestamp((request.at + HISTORY_RETENTION_MS) / 1000, UTC)
        return [
            {
                "_id": code,
                "url": short.url,
                "message_id": message.message_id,
                "partner_id": message.partner_id,
                "lane": message.lane,
                "link": number,
                "ordinal": short.ordinal,
                "kept_until": kept_until,
            }
            for short in self._short.of(message.message_id, number, shown)
            for code in short.codes
        ]
