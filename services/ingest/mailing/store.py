"""Mailings in MongoDB: what was asked for, how far it has come, its recipients and the broken lines.

    mailings            {_id, revision, state, definition: sealed, next_line, cursor …}   changed by compare-and-set
    mailing_chunks      {_id: "<mailing>/<first line>", first_line, last_line, rows: sealed}  up to 500 recipients each
    mailing_problems    {_id: "<mailing>/<line>", line, field, rule}

The recipients are input, not a projection: nobody could derive them again, so they are written with majority, sealed
under the master key (a value may be one that SECURE protects), and deleted when the mailing is over, at the latest with
the topics. A chunk is written before `next_line` says so, and `cursor` moves after its messages are in the log: a crash
in between repeats a step and gives the same ids. Every method raises mongo.TRANSIENT_ERRORS.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import orjson
from pydantic import TypeAdapter
from pymongo import ReplaceOne

from schemas.mailing_events import MailingState
from schemas.topics import MESSAGE_RETENTION_MS
from services.ingest.mailing.model import UNREADABLE, Mailing, MailingChanges, PageCursor
from services.ingest.mailing.rules.redaction import People, masked, rows_left, without
from services.ingest.mailing.rules.rows import RejectedLine, Row
from services.runtime import telemetry
from services.runtime.crypto.master_key import CannotOpen, Secrets
from services.runtime.mongo import Database, Document, Duplicate, durable

log = telemetry.logger("mailings")
_PURPOSE = b"mailing"
MAX_PROBLEMS = 100_000
"""That are kept for one mailing; all are counted."""
_MAILING = TypeAdapter(Mailing)
_FIELDS = tuple(field.name for field in fields(Mailing) if field.name != "mailing_id")


class Mailings:
    """The mailings of this deployment."""

    def __init__(self, database: Database, secrets: Secrets) -> None:
        self._mailings = durable(database["mailings"])
        self._chunks = durable(database["mailing_chunks"])
        self._problems = durable(database["mailing_problems"])
        self._secrets = secrets
        self._told: set[str] = set()  # of what cannot be opened

    async def prepare(self) -> None:
        """Create the indexes."""
        newest_first = [("created_at", -1), ("_id", -1)]
        await self._mailings.create_index(newest_first)
        await self._mailings.create_index([("partner_id", 1), *newest_first])
        await self._mailings.create_index("state")
        await self._mailings.create_index("unpublished", partialFilterExpression={"unpublished": True})
        await self._problems.create_index([("mailing_id", 1), ("line", 1)])
        await self._chunks.create_index([("mailing_id", 1), ("last_line", 1)])
        for collection in (self._chunks, self._problems):
            await collection.create_index("at", expireAfterSeconds=MESSAGE_RETENTION_MS // 1000)

    async def create(self, mailing: Mailing) -> Mailing:
        """The mailing, or the one that already has this id."""
        document = {name: getattr(mailing, name) for name in _FIELDS}
        document["definition"] = self._secrets.seal(mailing.definition.encode(), _PURPOSE)
        try:
            await self._mailings.insert_one({"_id": mailing.mailing_id, **document, "unpublished": True})
        except Duplicate:
            found = await self.find(mailing.mailing_id)
            if found is not None:
                return found
        return mailing

    async def find(self, mailing_id: str) -> Mailing | None:
        document = await self._mailings.find_one({"_id": mailing_id})
        return None if document is None else self._mailing(document)

    async def listed(self, partner_id: str | None, before: PageCursor | None, limit: int) -> list[Mailing]:
        """The newest first; `before` pages on."""
        query: Document = {} if partner_id is None else {"partner_id": partner_id}
        if before is not None:
            query["created_at"] = {"$lte": before.created_at}
            query["$or"] = [{"created_at": {"$lt": before.created_at}}, {"_id": {"$lt": before.mailing_id}}]
        found = self._mailings.find(query).sort([("created_at", -1), ("_id", -1)]).limit(limit)
        return [self._mailing(document) async for document in found]

    async def in_state(self, state: MailingState) -> list[Mailing]:
        return [self._mailing(document) async for document in self._mailings.find({"state": state})]

    async def unpublished(self) -> list[Mailing]:
        """Those whose last change is not in the log."""
        found = self._mailings.find({"unpublished": True}).limit(100)
        return [self._mailing(document) async for document in found]

    async def published(self, mailing: Mailing) -> Mailing | None:
        """This revision has been said to the log; the newer one, if there is one by now."""
        query = {"_id": mailing.mailing_id, "revision": mailing.revision}
        if (await self._mailings.update_one(query, {"$unset": {"unpublished": ""}})).matched:
            return None
        return await self.find(mailing.mailing_id)

    async def change(self, mailing: Mailing, changes: MailingChanges) -> Mailing | None:
        """The next revision; None when somebody else has changed it since, or it is no longer in that state."""
        update = {"$set": {**changes, "unpublished": True}, "$inc": {"revision": 1}}
        query = {"_id": mailing.mailing_id, "revision": mailing.revision, "state": mailing.state}
        document = await self._mailings.find_one_and_update(query, update, after=True)
        return None if document is None else self._mailing(document)

    async def open_upload(self, mailing: Mailing) -> Mailing | None:
        """From now on, and until `complete`, the list is known to be in part, and uploads that began earlier store
        nothing more; None when it is no draft any more. The revision rises, for a start that takes it for complete."""
        query = {"_id": mailing.mailing_id, "state": "draft"}
        update = {"$set": {"is_complete": False}, "$inc": {"upload": 1, "revision": 1}}
        document = await self._mailings.find_one_and_update(query, update, after=True)
        return None if document is None else self._mailing(document)

    async def complete(self, mailing_id: str, upload: int) -> bool:
        """False when another upload has begun meanwhile."""
        query = {"_id": mailing_id, "state": "draft", "upload": upload}
        return (await self._mailings.update_one(query, {"$set": {"is_complete": True}})).matched == 1

    async def add(
        self, mailing: Mailing, following: int, rows: Sequence[Row], bad: Sequence[RejectedLine], refused: int
    ) -> bool:
        """Store the lines [next_line, following), `refused` of them bad; `bad` is what is to be told of some. False
        when another upload has begun, or it is no draft any more: what that one has stored stays as it is."""
        mailing_id, first = mailing.mailing_id, mailing.next_line
        mine: Document = {"_id": mailing_id, "state": "draft", "upload": mailing.upload, "next_line": first}
        if await self._mailings.find_one(mine, {"_id": 1}) is None:
            return False
        if rows and not await self._add_chunk(mailing, rows):
            return False
        await self.add_problems(mailing_id, bad)
        repeated = sum(row.repeats is not None for row in rows)
        counts = {"accepted": len(rows), "refused": refused, "repeated": repeated}
        moved = await self._mailings.update_one(mine, {"$set": {"next_line": following}, "$inc": counts})
        if not moved.matched:
            await self._chunks.delete_one({"_id": _chunk_id(mailing), "upload": mailing.upload})
            return False
        return True

    async def _add_chunk(self, mailing: Mailing, rows: Sequence[Row]) -> bool:
        """Before `next_line` says so. False when a later upload has stored these lines."""
        chunk = {
            "mailing_id": mailing.mailing_id,
            "upload": mailing.upload,
            "first_line": rows[0].line,
            "last_line": rows[-1].line,
            "rows": self._sealed(rows),
            "at": datetime.now(UTC),
        }
        earlier = {"_id": _chunk_id(mailing), "upload": {"$not": {"$gt": mailing.upload}}}
        try:
            await self._chunks.replace_one(earlier, chunk, upsert=True)
        except Duplicate:
            return False
        return True

    async def add_problems(self, mailing_id: str, bad: Sequence[RejectedLine]) -> None:
        """Keep what is wrong with these lines; said again, it is one."""
        at = datetime.now(UTC)
        writes = [
            ReplaceOne(
                {"_id": f"{mailing_id}/{line.line:012}"}, {"mailing_id": mailing_id, **line._asdict(), "at": at}, True
            )
            for line in bad
        ]
        await self._problems.write(writes)

    async def clear(self, mailing: Mailing) -> bool:
        """Forget the list of a draft; False when it is no draft any more."""
        empty = {"next_line": 1, "accepted": 0, "refused": 0, "repeated": 0, "is_complete": False}
        update = {"$set": empty, "$inc": {"upload": 1, "revision": 1}}
        moved = await self._mailings.update_one({"_id": mailing.mailing_id, "state": "draft"}, update)
        if moved.matched:
            await self.forget(mailing.mailing_id)
            await self._problems.delete_many({"mailing_id": mailing.mailing_id})
        return bool(moved.matched)

    async def forget(self, mailing_id: str) -> None:
        """Delete the recipients: nobody needs them any more."""
        await self._chunks.delete_many({"mailing_id": mailing_id})

    async def forget_recipients(self, partner_id: str | None, people: People) -> int:
        """Take the lines that are about these out of all lists that wait, or out of one partner's; tells how many."""
        query = {} if partner_id is None else {"partner_id": partner_id}
        mailing_ids = [document["_id"] async for document in self._mailings.find(query, {"_id": 1})]
        taken = 0
        async for found in self._chunks.find({"mailing_id": {"$in": mailing_ids}}):
            document: Document | None = found
            while document is not None:
                lines = await self._forget_lines(document, people)
                if lines is not None:
                    taken += lines
                    break
                document = await self._chunks.find_one({"_id": found["_id"]})  # an upload has stored it anew meanwhile
        return taken

    async def _forget_lines(self, document: Document, people: People) -> int | None:
        """How many lines it took out of a chunk; None when the chunk has been changed since it was read."""
        try:
            rows = self._rows(document)
        except CannotOpen:  # nobody reads these any more, nor is anybody sent to by them
            self._tell(document["mailing_id"])
            return 0
        left = rows_left(rows, people)
        if len(left) == len(rows):
            return 0
        same = {"_id": document["_id"], "rows": document["rows"]}
        if left:
            changes = {"rows": self._sealed(left), "last_line": left[-1].line}
            is_done = (await self._chunks.update_one(same, {"$set": changes})).matched
        else:
            is_done = await self._chunks.delete_one(same)
        return len(rows) - len(left) if is_done else None

    async def forget_texts(self, partner_id: str | None, people: People) -> int:
        """Take these out of what mailings were asked for; tells of how many. The planner says it to the log."""
        query: Document = {} if partner_id is None else {"partner_id": partner_id}
        changed = 0
        for mailing_id in [document["_id"] async for document in self._mailings.find(query, {"_id": 1})]:
            mailing = await self.find(mailing_id)
            while mailing is not None and mailing.is_readable:
                clean = without(mailing.definition, people)
                if clean == mailing.definition:
                    break
                definition = self._secrets.seal(clean.encode(), _PURPOSE)
                changes: MailingChanges = {"definition": definition, "name": masked(mailing.name, people)}
                if await self.change(mailing, changes) is not None:
                    changed += 1
                    break
                mailing = await self.find(mailing_id)
        return changed

    async def problems(self, mailing_id: str, after_line: int, limit: int) -> list[RejectedLine]:
        query = {"mailing_id": mailing_id, "line": {"$gt": after_line}}
        found = self._problems.find(query).sort("line", 1).limit(limit)
        return [RejectedLine(document["line"], document["field"], document["rule"]) async for document in found]

    async def rows_from(self, mailing: Mailing, line: int) -> list[Row]:
        """The recipients from `line` on in the chunk that holds it, or in the next one. Empty: there are no more.

        What an upload has stored behind `next_line`, and could not say any more, is none of them. Raises CannotOpen as
        well.
        """
        query: Document = {"mailing_id": mailing.mailing_id, "last_line": {"$gte": line}}
        query["first_line"] = {"$lt": mailing.next_line}
        document = await self._chunks.find_one(query, sort=[("last_line", 1)])
        if document is None:
            return []
        return [row for row in self._rows(document) if row.line >= line]

    async def advance(
        self, mailing: Mailing, cursor: int | str, *, planned: int, repeated: int, rate_now: float, now: int
    ) -> Mailing | None:
        """The messages up to `cursor` are in the log, but for `repeated` lines that are refused after all; None when
        another planner has moved it."""
        query = {"_id": mailing.mailing_id, "cursor": mailing.cursor}
        update = {
            "$set": {"cursor": cursor, "rate_now": rate_now, "planned_at": now},
            "$inc": {"planned": planned, "accepted": -repeated, "refused": repeated},
        }
        document = await self._mailings.find_one_and_update(query, update, after=True)
        return None if document is None else self._mailing(document)

    def _sealed(self, rows: Sequence[Row]) -> str:
        kept = [row[: 5 if row.repeats is None else 6] for row in rows]  # a reader of before knows five
        return self._secrets.seal(zlib.compress(orjson.dumps(kept), 1), _PURPOSE)

    def _rows(self, document: Mapping[str, Any]) -> list[Row]:
        return [Row(*row) for row in orjson.loads(zlib.decompress(self._secrets.open(document["rows"], _PURPOSE)))]

    def _mailing(self, document: Mapping[str, Any]) -> Mailing:
        known = {name: document[name] for name in _FIELDS if name in document} | {"mailing_id": document["_id"]}
        try:
            known["definition"] = self._secrets.open(known["definition"], _PURPOSE).decode()
        except CannotOpen:  # an old key was taken away: that mailing pauses, and no other one is the worse for it
            self._tell(document["_id"])
            known["definition"] = UNREADABLE
        return _MAILING.validate_python(known)

    def _tell(self, mailing_id: str) -> None:
        """Once for each: it is looked at again and again, and its partner sees it in its state."""
        if mailing_id not in self._told:
            self._told.add(mailing_id)
            log.warning("a mailing cannot be opened with the keys there are", mailing=mailing_id)


def _chunk_id(mailing: Mailing) -> str:
    """Of the lines that begin at its next one."""
    return f"{mailing.mailing_id}/{mailing.next_line:012}"
