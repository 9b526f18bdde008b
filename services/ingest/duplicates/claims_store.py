"""The claims of message ids: which requests of partners who refuse duplicates were accepted.

    claims: {_id: message id, confirmed, at, holder, by}     holder: the request that has it; by: the line of a mailing

    claim ─▶ nobody has it ─▶ append ─▶ confirm ─▶ 200
          ─▶ confirmed ─▶ 409
          ─▶ another request is about to append it ─▶ wait for its confirmation ─▶ 409
                └─ the time of its append is over: it has failed, or died ─▶ taken over by compare-and-set

So of simultaneous requests with one id, in one process or in many, one is answered 200. A request that could not be
appended gives its claim back. The claim of a mailing's line is reserved for a minute: the planner returns to that line
after a crash, and nobody else takes the claim meanwhile. Claims live as long as the message topics.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from pymongo import UpdateOne

from schemas.topics import MESSAGE_RETENTION_MS
from services.runtime.mongo import Document, RawCollection, durable

CONFIRMED_MS = 5_000
"""From the end of an append to its confirmation at most, clocks that differ included."""
HOLD_MS = 5_000 + CONFIRMED_MS
"""From a claim to its confirmation at most, when the log is given 5 s."""
_RESERVED_MS = 60_000
_LOOK_S, _LONGEST_LOOK_S = 0.005, 0.2


class ClaimOutcome(NamedTuple):
    """The ids that are ours, and those that another request may be about to append."""

    ours: set[str]
    contested: set[str]


class DuplicateClaims:
    """The claims of this deployment. `hold_ms`: how long an append may take. Raises mongo.TRANSIENT_ERRORS."""

    def __init__(self, collection: RawCollection, hold_ms: int = HOLD_MS) -> None:
        self._collection = durable(collection)
        self._hold_ms = hold_ms

    async def prepare(self) -> None:
        """Create the index that expires old claims."""
        await self._collection.create_index("at", expireAfterSeconds=MESSAGE_RETENTION_MS // 1000)

    async def claim(self, message_id: str, holder: str, now_ms: int) -> bool:
        """False when a request with this id was accepted before. Waits while another is about to be appended."""
        fresh = {"confirmed": False, "at": _moment(now_ms), "holder": holder}
        before = await self._collection.find_one_and_update({"_id": message_id}, {"$setOnInsert": fresh}, upsert=True)
        return before is None or message_id in await self.settle({message_id}, holder, now_ms)

    async def claim_many(self, message_ids: Iterable[str], holder: str, now_ms: int) -> ClaimOutcome:
        """Claim several ids. Append ours before settling the contested ones: then no two wait for each other."""
        wanted = list(message_ids)
        fresh = {"confirmed": False, "at": _moment(now_ms), "holder": holder}
        await self._collection.write(
            [UpdateOne({"_id": message_id}, {"$setOnInsert": fresh}, upsert=True) for message_id in wanted]
        )
        found = await self._claims({"_id": {"$in": wanted}, "confirmed": False})
        ours = {claim["_id"] for claim in found if claim.get("holder") == holder}
        return ClaimOutcome(ours, {claim["_id"] for claim in found if not _is_reserved(claim, now_ms)} - ours)

    async def settle(self, contested: Iterable[str], holder: str, now_ms: int) -> set[str]:
        """The contested ids that are ours in the end, since nobody has appended them in time."""
        waiting, ours = set(contested), set[str]()
        started, look_s = time.monotonic(), _LOOK_S
        while waiting:
            now = now_ms + int((time.monotonic() - started) * 1000)
            found = await self._claims({"_id": {"$in": list(waiting)}, "confirmed": False})
            waiting = {claim["_id"] for claim in found if not _is_reserved(claim, now)}
            over = [claim for claim in found if claim["_id"] in waiting and not self._is_held(claim, now)]
            for claim in over:
                if await self._take_over(claim, holder, now):
                    ours.add(claim["_id"])
            waiting -= ours
            if waiting:
                await asyncio.sleep(look_s)
                look_s = min(look_s * 1.5, _LONGEST_LOOK_S)
        return ours

    async def give_back(self, message_ids: Iterable[str], holder: str) -> None:
        """Give up claims of what could not be appended, so that the next request need not wait. What has reached the
        log all the same is absorbed there."""
        mine = {"_id": {"$in": list(message_ids)}, "holder": holder, "confirmed": False}
        await self._collection.update_many(mine, {"$set": {"at": _moment(0)}})

    async def claim_as(self, owners: Mapping[str, str], now_ms: int) -> set[str]:
        """Claim ids for lines of mailings (owners by message id). A line that is tried again keeps its claim."""
        started, look_s = time.monotonic(), _LOOK_S
        while True:
            now = now_ms + int((time.monotonic() - started) * 1000)
            await self._write_as(owners, now)
            granted, is_settled = await self._granted(owners, now)
            if is_settled:
                return granted
            await asyncio.sleep(look_s)
            look_s = min(look_s * 1.5, _LONGEST_LOOK_S)

    async def _write_as(self, owners: Mapping[str, str], now_ms: int) -> None:
        """Claims that are confirmed, or reserved for others, stay as they are."""
        of_lines = {"by": {"$exists": True}, "at": {"$lte": _moment(now_ms - _RESERVED_MS)}}
        of_requests = {"by": {"$exists": False}, "at": {"$lte": _moment(now_ms - self._hold_ms)}}
        left = {"confirmed": False, "$or": [of_lines, of_requests]}
        changes = [
            UpdateOne(
                {"_id": message_id, "$or": [{"by": owner}, left]},
                {"$set": {"by": owner, "at": _moment(now_ms)}, "$setOnInsert": {"confirmed": False}},
                upsert=True,
            )
            for message_id, owner in owners.items()
        ]
        await self._collection.write(changes)

    async def _granted(self, owners: Mapping[str, str], now_ms: int) -> tuple[set[str], bool]:
        """The ids that were granted, and whether no request can still be about to append one of the others."""
        found = await self._claims({"_id": {"$in": list(owners)}})
        granted = {claim["_id"] for claim in found if claim.get("by") == owners[claim["_id"]]}
        is_waiting = any(
            "by" not in claim and not claim["confirmed"] and self._is_held(claim, now_ms) for claim in found
        )
        return granted, not is_waiting

    async def _claims(self, query: Document) -> list[Document]:
        return [claim async for claim in self._collection.find(query)]

    async def _take_over(self, claim: Document, holder: str, now_ms: int) -> bool:
        """False when another request was faster."""
        same = {"_id": claim["_id"], "confirmed": False, "holder": claim.get("holder"), "at": claim["at"]}
        update = {"$set": {"holder": holder, "at": _moment(now_ms)}, "$unset": {"by": ""}}
        return await self._collection.find_one_and_update(same, update) is not None

    def _is_held(self, claim: Document, now_ms: int) -> bool:
        return bool(claim["at"].replace(tzinfo=UTC) > _moment(now_ms - self._hold_ms))

    async def confirm_many(self, message_ids: Sequence[str]) -> None:
        """Note that these requests are in the log."""
        await self._collection.update_many({"_id": {"$in": list(message_ids)}}, {"$set": {"confirmed": True}})

    async def confirm(self, message_id: str) -> None:
        """Note that this request is in the log."""
        await self._collection.update_one({"_id": message_id}, {"$set": {"confirmed": True}})


def _moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def _is_reserved(claim: Document, now_ms: int) -> bool:
    """True while it is reserved for a line of a mailing."""
    return "by" in claim and bool(claim["at"].replace(tzinfo=UTC) > _moment(now_ms - _RESERVED_MS))
