"""Messages in MongoDB: load a batch, save it by compare-and-set on the revision, find them again.

    revision 0   insert           ─▶ a writer that is too late runs into the primary key
    otherwise    replace, where   ─▶ whether all went in the server says by their number; when some did not, the
                 the revision fits   documents say by `save` which did

The update looks for the primary key alone and compares the revision itself: that costs the server two thirds of a query
with both, because it need not plan. Collection `messages`, kept for a year (docs/design.md §4); a message without a
request is kept for a day.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from bson import ObjectId
from pymongo import ASCENDING, DESCENDING, IndexModel, InsertOne, UpdateOne

from schemas.message_fields import LinkFields
from schemas.topics import DAY_MS
from schemas.values import Lane
from services.runtime.clock import now_ms
from services.runtime.mongo import Database, Document, durable
from services.runtime.mongo.errors import Invalid, TooLarge
from services.status.message.document import from_document, to_document
from services.status.message.model import Message
from services.status.message.unread import UnreadMessage, readable, shown

UNASKED_KEPT_MS = DAY_MS
OWED_FOR_MS = 4 * DAY_MS
"""Older reports were given up; a rebuild brings none of them back."""
_OWED_STEP_MS = 2_000
"""Times from which reports are owed are rounded up to these steps, so that the index seldom changes."""
LARGEST = 8 * 1024 * 1024
"""Bytes of links and trace: half of MongoDB's limit, and more than any message of ours needs."""
MOST_MS: Final = 10_000
"""Longest time that a partner's query may keep the database busy; beyond it the query is refused."""
_NEWEST_FIRST = ("created_at", DESCENDING)
_COUNTED = ("mailing_id", "state", "reason")
_BY_STATE = "mailing_by_state"
FAILED: Final = {"reason": {"$gt": ""}}
"""The messages that have failed, as their index has them: in a year of many, they are few."""
_FAILURES = "failures"
_WITHOUT_MAILINGS = "without_mailings"
_ON_FAILURES = (("created_at", DESCENDING), ("_id", DESCENDING), ("partner_id", ASCENDING), ("reason", ASCENDING))
WITHOUT_MAILINGS: Final = {"mailing_id": None}
"""The messages that no mailing has sent, as their index has them: behind a mailing a list would pass millions by."""
_OF_MAILINGS = {"mailing_id": {"$exists": True}}


@dataclass(frozen=True, slots=True)
class Overdue:
    """A link of which something is overdue since `at`, UTC ms: its lifetime is over, or a report is owed."""

    message_id: str
    partner_id: str
    lane: Lane
    link: int
    at: int

    @property
    def link_fields(self) -> LinkFields:
        return {"message_id": self.message_id, "partner_id": self.partner_id, "lane": self.lane, "link": self.link}


class Messages:
    """The messages of this deployment."""

    def __init__(self, database: Database) -> None:
        self._collection = durable(database["messages"])

    async def prepare(self) -> None:
        """Create the indexes: for searching, for the sweeper, and the one that ends the history after a year."""
        searches = [
            IndexModel([(name, ASCENDING), _NEWEST_FIRST], partialFilterExpression={name: {"$exists": True}})
            for name in ("phone", "external_user_id", "partner_ref", "extra_params", "callback_data")
        ]
        await self._collection.create_indexes(
            [
                *searches,
                IndexModel([("partner_id", ASCENDING), _NEWEST_FIRST, ("_id", DESCENDING)]),
                IndexModel(
                    [("partner_id", ASCENDING), _NEWEST_FIRST, ("_id", DESCENDING)],
                    name=_WITHOUT_MAILINGS,
                    partialFilterExpression=WITHOUT_MAILINGS,
                ),
                IndexModel([("mt_num", ASCENDING)], partialFilterExpression={"mt_num": {"$exists": True}}),
                IndexModel([("deadline_at", ASCENDING)], partialFilterExpression={"deadline_at": {"$exists": True}}),
                IndexModel(
                    [("lane", ASCENDING), ("owed_at", ASCENDING)],
                    partialFilterExpression={"owed_at": {"$exists": True}},
                ),
                IndexModel([("channel_ids", ASCENDING)], partialFilterExpression={"channel_ids": {"$exists": True}}),
                IndexModel(
                    [("partner_id", ASCENDING), ("created_at", ASCENDING), ("saved", ASCENDING)],
                    partialFilterExpression={"saved": {"$exists": True}},
                ),
                IndexModel([("kept_until", ASCENDING)], expireAfterSeconds=0),
                IndexModel(
                    [("partner_id", ASCENDING), ("packet_id", ASCENDING), ("_id", ASCENDING)],
                    partialFilterExpression={"packet_id": {"$exists": True}},
                ),
                IndexModel([("repeats.mailing_id", ASCENDING)], partialFilterExpression={"repeats": {"$exists": True}}),
                IndexModel(list(_ON_FAILURES), name=_FAILURES, partialFilterExpression=FAILED),
                IndexModel(
                    [(name, ASCENDING) for name in _COUNTED], name=_BY_STATE, partialFilterExpression=_OF_MAILINGS
                ),
            ]
        )

    async def load(self, message_ids: Iterable[str]) -> dict[str, Message]:
        """The messages that exist, by id."""
        found = self._collection.find({"_id": {"$in": list(message_ids)}}).batch_size(10_000)
        return {document["_id"]: from_document(document) for document in await found.to_list(None)}

    async def readable(self, message_ids: Iterable[str]) -> dict[str, Message]:
        """The messages that exist and that this release can read, by id."""
        found = self._collection.find({"_id": {"$in": list(message_ids)}}).batch_size(10_000)
        messages = [readable(document) for document in await found.to_list(None)]
        return {message.message_id: message for message in messages if message is not None}

    async def revisions(self, message_ids: Iterable[str]) -> dict[str, int]:
        """Of those that exist, by id: how often each was changed."""
        found = self._collection.find({"_id": {"$in": list(message_ids)}}, {"revision": 1}).batch_size(10_000)
        return {document["_id"]: document["revision"] for document in await found.to_list(None)}

    async def of_channel_delivery(self, delivery_id: str) -> Message | None:
        """The message with the delivery that was posted to the channel platform under this id."""
        found = await self._collection.find_one({"channel_ids": delivery_id})
        return from_document(found) if found is not None else None

    async def saved(self, partner_id: str | None, since: int, until: int) -> dict[str, int]:
        """The number of links that were not needed, by channel.

        It counts messages made in [since, until), UTC ms; `partner_id` None: of all partners.
        """
        made: dict[str, Any] = {"created_at": {"$gte": since, "$lt": until}, "saved": {"$exists": True}}
        steps: list[dict[str, Any]] = [
            {"$match": made if partner_id is None else {"partner_id": partner_id, **made}},
            {"$unwind": "$saved"},
            {"$group": {"_id": "$saved", "count": {"$sum": 1}}},
        ]
        return {group["_id"]: group["count"] async for group in self._collection.aggregate(steps, maxTimeMS=MOST_MS)}

    async def save(self, messages: Sequence[Message]) -> set[str]:
        """Store them, and give the ids of those that another writer has changed since they were loaded.

        A save whose answer was lost may be repeated with the same messages: it is found, and counts.

        Raises TooLarge with the places of those that have to be closed (`fold/close.py`) and stored again, and Invalid
        for what no document can hold, such as a time in the year 40,000.
        """
        if not messages:
            return set()
        now = now_ms()
        documents = [_storable(place, message, now) for place, message in enumerate(messages)]
        for message, document in zip(messages, documents, strict=True):
            message.stored_bytes = len(document["links"]) + len(document["trace"])
        large = [place for place, message in enumerate(messages) if message.stored_bytes > LARGEST]
        if large:
            raise TooLarge(f"more than {LARGEST} bytes are known of a message", large)
        save, begun_before = ObjectId(), {message.message_id for message in messages if message.save is not None}
        writes = []
        for message, document in zip(messages, documents, strict=True):
            message.save = message.save or save
            writes.append(_write(message, document | {"save": message.save}))
        written = await self._collection.write(writes)
        conflicts = {messages[index].message_id for index in written.taken_indexes}
        doubted = conflicts & begun_before
        replaced = {message.message_id for message in messages if message.revision}
        if written.modified < len(replaced):
            doubted |= replaced
            conflicts |= replaced
        if doubted:
            conflicts -= await self._saved([message for message in messages if message.message_id in doubted])
        for message, document in zip(messages, documents, strict=True):
            if message.message_id not in conflicts:
                message.save, message.owed_since = None, _owed_since(message, document)
        return conflicts

    async def _saved(self, messages: Sequence[Message]) -> set[str]:
        """Those that lie here as these saves left them."""
        saves = {message.message_id: message.save for message in messages}
        found = await self._collection.find({"_id": {"$in": list(saves)}}, {"save": 1}).to_list(None)
        return {document["_id"] for document in found if document.get("save") == saves[document["_id"]]}

    async def find(self, query: Mapping[str, Any], limit: int) -> list[Message]:
        """The newest messages that fit, `limit` at most. Raises NewerForm, Damaged."""
        return [from_document(document) for document in await self._newest(query, limit)]

    async def to_show(self, query: Mapping[str, Any], limit: int) -> list[Message | UnreadMessage]:
        """The same, also those that this release cannot read."""
        return [shown(document) for document in await self._newest(query, limit)]

    async def _newest(self, query: Mapping[str, Any], limit: int) -> list[Document]:
        found = self._collection.find(query).sort([("created_at", DESCENDING), ("_id", DESCENDING)]).limit(limit)
        return await found.max_time_ms(MOST_MS).to_list(None)

    async def page_behind(self, query: Mapping[str, Any], place: tuple[int, str], limit: int) -> list[Message]:
        """The oldest messages that fit and lie behind a place: moment and id."""
        at, message_id = place
        behind = {"$or": [{"created_at": {"$gt": at}}, {"created_at": at, "_id": {"$gt": message_id}}]}
        found = self._collection.find({"$and": [query, behind]})
        found = found.sort([("created_at", ASCENDING), ("_id", ASCENDING)]).limit(limit).max_time_ms(MOST_MS)
        return [from_document(document) for document in await found.to_list(None)]

    async def count(self, query: Mapping[str, Any]) -> int:
        """How many messages fit."""
        return await self._collection.count_documents(query)

    async def of_packet(self, partner_id: str, packet_id: int) -> AsyncIterator[Message | UnreadMessage]:
        """All messages of a packet (3000 at most), by id, also those that this release cannot read."""
        query = {"partner_id": partner_id, "packet_id": packet_id}
        async for document in self._collection.find(query).sort("_id", ASCENDING).batch_size(1000).max_time_ms(MOST_MS):
            yield shown(document)

    async def count_by_state(self, mailing_id: str) -> list[tuple[str, str, int]]:
        """The mailing's messages: state, reason of a failure, number; read from the index alone."""
        pipeline: list[Mapping[str, Any]] = [
            {"$match": {"mailing_id": mailing_id}},
            {"$group": {"_id": {"state": "$state", "reason": "$reason"}, "n": {"$sum": 1}}},
        ]
        found = self._collection.aggregate(pipeline, hint=_BY_STATE)
        return [(group["_id"]["state"], group["_id"].get("reason") or "", group["n"]) async for group in found]

    async def count_repeats(self, mailing_id: str) -> int:
        """The mailing's lines that were dropped because another message had their id."""
        of_it: Document = {"repeats.mailing_id": mailing_id}
        pipeline: list[Mapping[str, Any]] = [
            {"$match": {"repeats": {"$exists": True}, **of_it}},
            {"$unwind": "$repeats"},
            {"$match": of_it},
            {"$group": {"_id": None, "n": {"$sum": "$repeats.count"}}},
        ]
        return sum([group["n"] async for group in self._collection.aggregate(pipeline)])

    async def count_by_reason(self, query: Mapping[str, Any]) -> list[tuple[str, int]]:
        """How many of the failed messages that fit have failed for which reason, the most frequent first."""
        pipeline: list[Mapping[str, Any]] = [
            {"$match": {"$and": [query, FAILED]}},
            {"$group": {"_id": "$reason", "n": {"$sum": 1}}},
            {"$sort": {"n": -1, "_id": 1}},
        ]
        return [(group["_id"], group["n"]) async for group in self._collection.aggregate(pipeline, maxTimeMS=MOST_MS)]

    def overdue(self, after: int, until: int) -> AsyncGenerator[Overdue, None]:
        """The links whose deadline lies in (after, until], UTC ms, and is not decided yet; the earliest first."""
        return self._since({}, "deadline_at", "deadline_link", (after, until))

    def owed(self, lane: Lane, after: int, until: int) -> AsyncGenerator[Overdue, None]:
        """The links of a lane of which a report is owed since a time in (after, until], UTC ms; the earliest first."""
        return self._since({"lane": lane}, "owed_at", "owed_link", (after, until))

    async def _since(
        self, where: Document, at: str, link: str, between: tuple[int, int]
    ) -> AsyncGenerator[Overdue, None]:
        fields = {"partner_id": 1, "lane": 1, link: 1, at: 1}
        query = where | {at: {"$gt": between[0], "$lte": between[1]}}
        async for document in self._collection.find(query, fields).sort(at, ASCENDING).batch_size(1000):
            yield Overdue(document["_id"], document["partner_id"], document["lane"], document[link], document[at])


def _write(message: Message, document: Document) -> InsertOne[Document] | UpdateOne:
    if not message.revision:
        return InsertOne(document)
    fits = {"$eq": ["$revision", message.revision]}
    return UpdateOne(
        {"_id": message.message_id}, [{"$replaceWith": {"$cond": [fits, {"$literal": document}, "$$ROOT"]}}]
    )


def _storable(place: int, message: Message, now: int) -> Document:
    try:
        return document_of(message, now)
    except (TypeError, ValueError, OverflowError, OSError) as error:  # the last one: such a time
        raise Invalid(f"{type(error).__name__}: a message that no document can hold", (place,)) from error


def document_of(message: Message, now: int) -> Document:
    """The document as it is stored at `now` (UTC ms).

    A message without a request ends by the clock, not by its events: in a catch-up these are old, and the request may
    be read next. A report is owed from the moment when the state that calls for it is stored, whatever comes behind.
    """
    document = to_document(message)
    owed = message.owed_link
    if owed is not None and message.links[owed].changes[-1].at > now - OWED_FOR_MS:
        document["owed_at"], document["owed_link"] = now - now % -_OWED_STEP_MS, owed
        before = message.owed_since
        if before is not None and before[:2] == (owed, _rank_wanted(message, owed)):
            document["owed_at"] = before[2]
    if not message.is_asked_for:
        document["kept_until"] = datetime.fromtimestamp((now + UNASKED_KEPT_MS) / 1000, UTC)
    return document


def _owed_since(message: Message, document: Document) -> tuple[int, int, int] | None:
    owed = document.get("owed_link")
    return (owed, _rank_wanted(message, owed), document["owed_at"]) if owed is not None else None


def _rank_wanted(message: Message, number: int) -> int:
    wanted = message.links[number].wanted
    return wanted.status.rank if wanted is not None else -1
