"""Entries of the in-app history in MongoDB. Collection `inbox`, kept for a year (docs/design.md §4).

    {_id: "<message>/<link>/<owner>", revision, and the fields of `entries.InboxEntry`; kept_until ends it}

An entry is written whole from its message. `revision` is the message's, so a late writer overwrites nothing newer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pymongo import ASCENDING, DESCENDING, IndexModel, UpdateOne

from services.runtime.mongo import Database, Document, durable
from services.status.history.entries import InboxEntry

Saved = tuple[int, InboxEntry]
"""An entry, and the revision of its message."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page to read. `since` counts, `until` does not; `after` is the last entry of the page before."""

    owner: str
    since: int | None = None
    until: int | None = None
    status: str | None = None
    after: tuple[int, str] | None = None  # at, entry id
    limit: int = 20


class Inbox:
    """The entries of this deployment."""

    def __init__(self, database: Database) -> None:
        self._collection = durable(database["inbox"])

    async def prepare(self) -> None:
        """Create the index that pages go by, and the one that ends the history after a year."""
        newest = [("owner", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)]
        await self._collection.create_indexes(
            [
                IndexModel(newest, partialFilterExpression={"deleted": False}),
                IndexModel([("kept_until", ASCENDING)], expireAfterSeconds=0),
            ]
        )

    async def insert(self, entries: Sequence[Saved]) -> None:
        """Store entries that are probably new, which costs the database an eighth of looking first."""
        documents = [{"_id": entry.entry_id} | _document(entry, revision) for revision, entry in entries]
        await self.write([entries[index] for index in (await self._collection.insert(documents)).taken_indexes])

    async def write(self, entries: Sequence[Saved]) -> None:
        """Store entries by the revision of their message; a newer one stays."""
        writes = [
            UpdateOne(
                {"_id": entry.entry_id, "revision": {"$lt": revision}}, {"$set": _document(entry, revision)}, True
            )
            for revision, entry in entries
        ]
        await self._collection.write(writes)  # a key that is taken: there is a newer one

    async def delete(self, message_ids: Iterable[str]) -> int:
        """Delete the entries of these messages, and give their number."""
        ranges: list[Document] = [
            {"_id": {"$gte": f"{message_id}/", "$lt": f"{message_id}0"}} for message_id in message_ids
        ]
        if not ranges:
            return 0
        return await self._collection.delete_many({"$or": ranges})

    async def load(self, entry_ids: Iterable[str]) -> dict[str, InboxEntry]:
        """The entries that exist, by id; also deleted ones."""
        found = await self._collection.find({"_id": {"$in": list(entry_ids)}}).to_list(None)
        return {document["_id"]: _entry(document) for document in found}

    async def page(self, page: Page) -> list[InboxEntry]:
        """The entries of a page, the newest first."""
        query: Document = {"owner": page.owner, "deleted": False}
        moment = {"$gte": page.since, "$lt": page.until}
        moment = {name: at for name, at in moment.items() if at is not None}
        if moment:
            query["at"] = moment
        if page.status is not None:
            query["status"] = page.status
        if page.after is not None:
            at, entry_id = page.after
            query["$or"] = [{"at": {"$lt": at}}, {"at": at, "_id": {"$lt": entry_id}}]
        found = self._collection.find(query).sort([("at", DESCENDING), ("_id", DESCENDING)]).limit(page.limit)
        return [_entry(document) for document in await found.to_list(None)]


def _document(entry: InboxEntry, revision: int) -> Document:
    kept_until = datetime.fromtimestamp(entry.kept_until / 1000, UTC)
    return {**entry._asdict(), "kept_until": kept_until, "revision": revision}


def _entry(document: Document) -> InboxEntry:
    return InboxEntry(
        owner=document["owner"],
        message_id=document["message_id"],
        link=document["link"],
        partner_id=document["partner_id"],
        lane=document["lane"],
        at=document["at"],
        expires_at=document["expires_at"],
        kept_until=round(document["kept_until"].replace(tzinfo=UTC).timestamp() * 1000),
        status=document["status"],
        status_at=document["status_at"],
        delivered_at=document["delivered_at"],
        read_at=document["read_at"],
        installations=tuple(document["installations"]),
        waiting=tuple(document["waiting"]),
        deleted=document["deleted"],
    )
