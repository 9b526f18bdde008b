"""Resends: what was asked for, and how far it has come. Collection `report_resends`, kept for 90 days.

    {_id, state, partner_id, since, until, message_state, message_id, per_second, by, at, cursor: [created_at, _id],
     asked, ended_at}

The cursor moves once the events of what lies before it are in the log: a process that is killed in between asks for the
same once more, under the same ids. Every method raises mongo.TRANSIENT_ERRORS.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from pymongo import DESCENDING

from services.runtime.clock import now_ms
from services.runtime.mongo import Database, Document, durable

State = Literal["running", "done", "cancelled", "unknown"]
"""unknown: only a newer release knows what it is doing."""
_STATES: dict[str, State] = {state: state for state in get_args(State)}
_KEPT_S = 90 * 86_400


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which reports: those on a partner's messages accepted in [since, until), UTC ms."""

    partner_id: str
    since: int
    until: int
    message_state: str | None = None
    message_id: str | None = None

    @property
    def query(self) -> Document:
        """The messages, as a query of MongoDB."""
        named = {"state": self.message_state, "_id": self.message_id}
        made: Document = {"partner_id": self.partner_id, "created_at": {"$gte": self.since, "$lt": self.until}}
        return made | {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Resend:
    """`cursor`: behind this message, by moment and id; `asked`: links whose reports were asked for."""

    resend_id: str
    wanted: Wanted
    per_second: int
    by: str
    at: int
    state: State = "running"
    cursor: tuple[int, str] = (0, "")
    asked: int = 0
    ended_at: int | None = None


class Resends:
    """The resends of this deployment."""

    def __init__(self, database: Database) -> None:
        self._collection = durable(database["report_resends"])

    async def prepare(self) -> None:
        """Create the indexes."""
        await self._collection.create_index("made", expireAfterSeconds=_KEPT_S)
        await self._collection.create_index([("partner_id", 1), ("at", DESCENDING)])

    async def add(self, resend: Resend) -> None:
        await self._collection.insert_one(_document(resend))

    async def find(self, resend_id: str) -> Resend | None:
        document = await self._collection.find_one({"_id": resend_id})
        return None if document is None else _resend(document)

    async def listed(self, partner_id: str | None, limit: int) -> list[Resend]:
        """The newest first."""
        query = {} if partner_id is None else {"partner_id": partner_id}
        found = self._collection.find(query).sort([("at", DESCENDING)]).limit(limit)
        return [_resend(document) async for document in found]

    async def running(self, partner_id: str | None = None) -> Sequence[Resend]:
        """The oldest first."""
        query: Document = {"state": "running"} | ({} if partner_id is None else {"partner_id": partner_id})
        return [_resend(document) async for document in self._collection.find(query).sort([("at", 1)])]

    async def advance(self, resend: Resend, cursor: tuple[int, str], asked: int) -> None:
        """Move the cursor, unless another process has moved it or somebody has cancelled."""
        update = {"$set": {"cursor": list(cursor)}, "$inc": {"asked": asked}}
        await self._collection.update_one(_as_read(resend), update)

    async def end(self, resend: Resend, state: State) -> bool:
        """False when it had ended already, or its cursor has moved."""
        query = _as_read(resend) if state == "done" else {"_id": resend.resend_id, "state": "running"}
        ended = await self._collection.update_one(query, {"$set": {"state": state, "ended_at": now_ms()}})
        return ended.matched == 1


def _as_read(resend: Resend) -> Document:
    return {"_id": resend.resend_id, "state": "running", "cursor": list(resend.cursor)}


def _document(resend: Resend) -> Document:
    wanted = resend.wanted
    return {
        "_id": resend.resend_id,
        "state": resend.state,
        "partner_id": wanted.partner_id,
        "since": wanted.since,
        "until": wanted.until,
        "message_state": wanted.message_state,
        "message_id": wanted.message_id,
        "per_second": resend.per_second,
        "by": resend.by,
        "at": resend.at,
        "cursor": list(resend.cursor),
        "asked": resend.asked,
        "ended_at": resend.ended_at,
        "made": datetime.now(UTC),
    }


def _resend(document: dict[str, Any]) -> Resend:
    names = ("partner_id", "since", "until", "message_state", "message_id")
    return Resend(
        document["_id"],
        Wanted(*(document[name] for name in names)),
        per_second=document["per_second"],
        by=document["by"],
        at=document["at"],
        state=_STATES.get(document["state"], "unknown"),
        cursor=(document["cursor"][0], document["cursor"][1]),
        asked=document["asked"],
        ended_at=document["ended_at"],
    )
