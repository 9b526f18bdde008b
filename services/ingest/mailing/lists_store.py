"""The lists of mailings in MongoDB: their recipients, and their broken lines.

    mailing_chunks      {_id: "<mailing>/<first line>", first_line, last_line, rows: sealed}  up to 500 recipients each
    mailing_problems    {_id: "<mailing>/<line>", line, field, rule}

The recipients are input, not a projection: nobody could derive them again, so they are written with majority, sealed
under the master key (a value may be one that SECURE protects), and deleted when the mailing is over, at the latest with
the topics. Every method raises mongo.TRANSIENT_ERRORS.
"""

import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from pymongo import ReplaceOne

from schemas.topics import MESSAGE_RETENTION_MS
from services.ingest.mailing.model import Mailing
from services.ingest.mailing.rules.redaction import People, rows_left
from services.ingest.mailing.rules.rows import RejectedLine, Row
from services.runtime import telemetry
from services.runtime.crypto.master_key import CannotOpen, Secrets
from services.runtime.mongo import Database, Document, Duplicate, durable

log = telemetry.logger("mailings")
_PURPOSE = b"mailing"


class MailingLists:
    """The lists of this deployment's mailings."""

    def __init__(self, database: Database, secrets: Secrets) -> None:
        self._chunks = durable(database["mailing_chunks"])
        self._problems = durable(database["mailing_problems"])
        self._secrets = secrets
        self._unreadable: set[str] = set()

    async def prepare(self) -> None:
        """Create the indexes."""
        await self._problems.create_index([("mailing_id", 1), ("line", 1)])
        await self._chunks.create_index([("mailing_id", 1), ("last_line", 1)])
        for collection in (self._chunks, self._problems):
            await collection.create_index("at", expireAfterSeconds=MESSAGE_RETENTION_MS // 1000)

    async def add_chunk(self, mailing: Mailing, rows: Sequence[Row]) -> bool:
        """Store a chunk, before `next_line` moves. False when a later upload has stored these lines."""
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

    async def take_back(self, mailing: Mailing) -> None:
        """Delete the chunk that this upload has just stored."""
        await self._chunks.delete_one({"_id": _chunk_id(mailing), "upload": mailing.upload})

    async def add_problems(self, mailing_id: str, bad: Sequence[RejectedLine]) -> None:
        """Keep what is wrong with these lines; a repeat replaces it."""
        at = datetime.now(UTC)
        writes = [
            ReplaceOne(
                {"_id": f"{mailing_id}/{line.line:012}"}, {"mailing_id": mailing_id, **line._asdict(), "at": at}, True
            )
            for line in bad
        ]
        await self._problems.write(writes)

    async def problems(self, mailing_id: str, after_line: int, limit: int) -> list[RejectedLine]:
        query = {"mailing_id": mailing_id, "line": {"$gt": after_line}}
        found = self._problems.find(query).sort("line", 1).limit(limit)
        return [RejectedLine(document["line"], document["field"], document["rule"]) async for document in found]

    async def rows_from(self, mailing: Mailing, line: int) -> list[Row]:
        """The recipients from `line` on in the chunk that holds it, or in the next one. Empty: there are no more."""
        return [row for row in await self.chunk_at(mailing, line) if row.line >= line]

    async def chunk_at(self, mailing: Mailing, line: int) -> list[Row]:
        """All recipients of the chunk that holds `line`, or of the next one. Empty: there are no more.

        What an upload stored behind `next_line` before it broke does not count. Raises CannotOpen as well.
        """
        query: Document = {"mailing_id": mailing.mailing_id, "last_line": {"$gte": line}}
        query["first_line"] = {"$lt": mailing.next_line}
        document = await self._chunks.find_one(query, sort=[("last_line", 1)])
        if document is None:
            return []
        return self._rows(document)

    async def delete_recipients(self, mailing_id: str) -> None:
        """Nobody needs them any more."""
        await self._chunks.delete_many({"mailing_id": mailing_id})

    async def delete(self, mailing_id: str) -> None:
        """Delete recipients and problems."""
        await self.delete_recipients(mailing_id)
        await self._problems.delete_many({"mailing_id": mailing_id})

    async def erase(self, mailing_ids: Sequence[str], people: People) -> int:
        """Take the lines that are about these people out of the lists. Returns how many."""
        taken = 0
        async for found in self._chunks.find({"mailing_id": {"$in": mailing_ids}}):
            document: Document | None = found
            while document is not None:
                lines = await self._erase_lines(document, people)
                if lines is not None:
                    taken += lines
                    break
                document = await self._chunks.find_one({"_id": found["_id"]})  # an upload has stored it anew meanwhile
        return taken

    async def _erase_lines(self, document: Document, people: People) -> int | None:
        """How many lines were taken out of a chunk; None when it has been changed since it was read."""
        try:
            rows = self._rows(document)
        except CannotOpen:  # nobody can read them any more, so nothing is sent to them
            self.warn_unreadable(document["mailing_id"])
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

    def warn_unreadable(self, mailing_id: str) -> None:
        """Once for each mailing: it is read again and again, and its partner sees it in its state."""
        if mailing_id not in self._unreadable:
            self._unreadable.add(mailing_id)
            log.warning("a mailing cannot be opened with the keys there are", mailing=mailing_id)

    def _sealed(self, rows: Sequence[Row]) -> str:
        kept = [row[: 5 if row.repeats is None else 6] for row in rows]  # an older reader knows five
        return self._secrets.seal(zlib.compress(orjson.dumps(kept), 1), _PURPOSE)

    def _rows(self, document: Mapping[str, Any]) -> list[Row]:
        return [Row(*row) for row in orjson.loads(zlib.decompress(self._secrets.open(document["rows"], _PURPOSE)))]


def _chunk_id(mailing: Mailing) -> str:
    """The chunk that begins at the mailing's next line."""
    return f"{mailing.mailing_id}/{mailing.next_line:012}"
