"""Mailings in MongoDB: what was asked for, and how far it has come.

    mailings    {_id, revision, state, definition: sealed, next_line, cursor …}   changed by compare-and-set

A chunk of a list is written before `next_line` moves, and `cursor` moves after its messages are in the log: a crash in
between repeats a step and gives the same ids. Every method raises mongo.TRANSIENT_ERRORS.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from schemas.codec import Newer
from schemas.mailing_events import MailingState
from services.ingest.mailing.lists_store import MailingLists
from services.ingest.mailing.model import UNREADABLE, Mailing, MailingChanges, PageCursor
from services.ingest.mailing.rules.redaction import People, masked, without
from services.ingest.mailing.rules.rows import RejectedLine, Row
from services.runtime import telemetry
from services.runtime.crypto.master_key import CannotOpen, Secrets
from services.runtime.mongo import Database, Document, Duplicate, durable

log = telemetry.logger("mailings")
_PURPOSE = b"mailing"
MAX_PROBLEMS = 100_000
"""How many problems are kept for one mailing; all are counted."""
_MAILING = TypeAdapter(Mailing)
_CHOICES = {"state": "unknown", "on_bad_lines": "refuse", "on_repeated": "skip"}
"""Fields whose words grow with releases, and what stands for a word that this one does not know: the mailing is shown
as unknown, and nothing is done with it here."""
_FIELDS = tuple(field.name for field in fields(Mailing) if field.name != "mailing_id")


class Mailings:
    """The mailings of this deployment; `lists` are theirs."""

    def __init__(self, database: Database, secrets: Secrets) -> None:
        self._mailings = durable(database["mailings"])
        self.lists = MailingLists(database, secrets)
        self._secrets = secrets

    async def prepare(self) -> None:
        """Create the indexes."""
        newest_first = [("created_at", -1), ("_id", -1)]
        await self._mailings.create_index(newest_first)
        await self._mailings.create_index([("partner_id", 1), *newest_first])
        await self._mailings.create_index("state")
        await self._mailings.create_index("unpublished", partialFilterExpression={"unpublished": True})
        await self.lists.prepare()

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
        """Those that this release can work on."""
        found = [self._mailing(document) async for document in self._mailings.find({"state": state})]
        return [mailing for mailing in found if mailing.state == state]

    async def unpublished(self) -> list[Mailing]:
        """The mailings whose last change is not in the log, but for what only a newer release can tell."""
        known = {"state": {"$in": list(get_args(MailingState))}}
        found = self._mailings.find({"unpublished": True} | known).limit(100)
        return [mailing async for document in found if (mailing := self._mailing(document)).state != "unknown"]

    async def published(self, mailing: Mailing) -> Mailing | None:
        """Note that this revision is in the log. Returns the newer one, if there is one by now."""
        query = {"_id": mailing.mailing_id, "revision": mailing.revision}
        if (await self._mailings.update_one(query, {"$unset": {"unpublished": ""}})).matched:
            return None
        return await self.find(mailing.mailing_id)

    async def change(self, mailing: Mailing, changes: MailingChanges) -> Mailing | None:
        """The next revision; None when the mailing has been changed since, or is no longer in that state."""
        update = {"$set": {**changes, "unpublished": True}, "$inc": {"revision": 1}}
        query = {"_id": mailing.mailing_id, "revision": mailing.revision, "state": mailing.state}
        document = await self._mailings.find_one_and_update(query, update, after=True)
        return None if document is None else self._mailing(document)

    async def open_upload(self, mailing: Mailing) -> Mailing | None:
        """Begin an upload: until `complete` the list counts as partial, and earlier uploads store nothing more.

        None when the mailing is no longer a draft. The revision rises, so that a start that took the list for complete
        fails.
        """
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
        """Store the lines [next_line, following), `refused` of them bad; `bad` are the problems to keep.

        False when another upload has begun, whose lines stay as they are, or when the mailing is no longer a draft.
        """
        mailing_id, first = mailing.mailing_id, mailing.next_line
        mine: Document = {"_id": mailing_id, "state": "draft", "upload": mailing.upload, "next_line": first}
        if await self._mailings.find_one(mine, {"_id": 1}) is None:
            return False
        if rows and not await self.lists.add_chunk(mailing, rows):
            return False
        await self.lists.add_problems(mailing_id, bad)
        repeated = sum(row.repeats is not None for row in rows)
        counts = {"accepted": len(rows), "refused": refused, "repeated": repeated}
        moved = await self._mailings.update_one(mine, {"$set": {"next_line": following}, "$inc": counts})
        if not moved.matched:
            await self.lists.take_back(mailing)
            return False
        return True

    async def clear(self, mailing: Mailing) -> bool:
        """Delete the list of a draft; False when it is no longer one."""
        empty = {"next_line": 1, "accepted": 0, "refused": 0, "repeated": 0, "is_complete": False}
        update = {"$set": empty, "$inc": {"upload": 1, "revision": 1}}
        moved = await self._mailings.update_one({"_id": mailing.mailing_id, "state": "draft"}, update)
        if moved.matched:
            await self.lists.delete(mailing.mailing_id)
        return bool(moved.matched)

    async def erase_recipients(self, partner_id: str | None, people: People) -> int:
        """Take the lines about these people out of all lists, or out of one partner's. Returns how many."""
        return await self.lists.erase(await self._ids(partner_id), people)

    async def erase_texts(self, partner_id: str | None, people: People) -> int:
        """Mask these people in the texts of mailings. Returns in how many; the planner publishes the change.

        Raises Newer, behind all others, for those that only a newer release can change.
        """
        changed, newer = 0, list[str]()
        for mailing_id in await self._ids(partner_id):
            mailing = await self.find(mailing_id)
            while mailing is not None and mailing.is_readable:
                clean = without(mailing.definition, people)
                if clean == mailing.definition:
                    break
                if mailing.state == "unknown":
                    newer.append(mailing_id)
                    break
                definition = self._secrets.seal(clean.encode(), _PURPOSE)
                changes: MailingChanges = {"definition": definition, "name": masked(mailing.name, people)}
                if await self.change(mailing, changes) is not None:
                    changed += 1
                    break
                mailing = await self.find(mailing_id)
        if newer:
            raise Newer(f"mailings of a newer release name somebody who is forgotten: {', '.join(newer)}")
        return changed

    async def _ids(self, partner_id: str | None) -> list[str]:
        query = {} if partner_id is None else {"partner_id": partner_id}
        return [document["_id"] async for document in self._mailings.find(query, {"_id": 1})]

    async def advance(
        self, mailing: Mailing, cursor: int | str, *, planned: int, repeated: int, rate_now: float, now: int
    ) -> Mailing | None:
        """Move the cursor: the messages up to it are in the log, but for `repeated` lines that are refused after all.

        None when another planner has moved it.
        """
        query = {"_id": mailing.mailing_id, "cursor": mailing.cursor}
        update = {
            "$set": {"cursor": cursor, "rate_now": rate_now, "planned_at": now},
            "$inc": {"planned": planned, "accepted": -repeated, "refused": repeated},
        }
        document = await self._mailings.find_one_and_update(query, update, after=True)
        return None if document is None else self._mailing(document)

    def _mailing(self, document: Mapping[str, Any]) -> Mailing:
        known = {name: document[name] for name in _FIELDS if name in document} | {"mailing_id": document["_id"]}
        try:
            known["definition"] = self._secrets.open(known["definition"], _PURPOSE).decode()
        except CannotOpen:  # an old key was removed: that mailing pauses, and no other is affected
            self.lists.warn_unreadable(document["_id"])
            known["definition"] = UNREADABLE
        try:
            return _MAILING.validate_python(known)
        except ValidationError as error:
            strange = {str(fault["loc"][0]) for fault in error.errors(include_url=False, include_input=False)}
            if not strange <= _CHOICES.keys():
                raise
            log.warning("a mailing is stored by a newer release", mailing=document["_id"], fields=sorted(strange))
            kept = known | {name: _CHOICES[name] for name in strange}
            return _MAILING.validate_python(kept | {"state": "unknown"})
