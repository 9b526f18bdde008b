"""The notes of attempts at providers that cannot absorb a resend: each is noted before it is made.

    {_id: "<delivery_id>/<attempt>", by, at}          collection `attempts`

A replayed record whose attempt was noted by another process is uncertain, and is not sent again blindly
(docs/design.md §5). Notes asked for at the same time are written together.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime

from schemas import ids, topics
from services.runtime import faults, mongo, telemetry
from services.runtime.mongo import Database, durable

log = telemetry.logger("attempts")


class Attempts:
    """The notes of this deployment."""

    def __init__(self, database: Database) -> None:
        self._collection = durable(database["attempts"])
        self._asked: list[tuple[str, str, asyncio.Future[bool]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def prepare(self) -> None:
        """Create the index that deletes notes when their records leave the log."""
        await self._collection.create_index("at", expireAfterSeconds=topics.MESSAGE_RETENTION_MS // 1000)

    async def note(self, delivery_id: str, attempt: int) -> bool:
        """True: noted now, make the attempt. False: it was noted before. Waits while the database is away."""
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._asked.append((f"{delivery_id}/{attempt}", ids.uuid7(), answer))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write())
        return await answer

    async def is_noted(self, delivery_id: str, attempt: int) -> bool:
        """Whether the attempt was noted. Raises mongo.TRANSIENT_ERRORS."""
        return await self._collection.find_one({"_id": f"{delivery_id}/{attempt}"}, {"_id": 1}) is not None

    async def _write(self) -> None:
        while self._asked:
            asked, self._asked = self._asked, []
            try:
                mine = await self._until_written([(note_id, by) for note_id, by, _ in asked])
            except Exception as error:
                for _, _, answer in asked:  # raised to the caller: nobody awaits this task
                    if not answer.done():
                        answer.set_exception(error)
                continue
            for note_id, by, answer in asked:
                if not answer.done():
                    answer.set_result((note_id, by) in mine)

    async def _until_written(self, notes: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        attempt = 0
        while True:
            try:
                return await self._insert(notes)
            except mongo.TRANSIENT_ERRORS as error:
                attempt += 1
                log.warning("attempts cannot be noted", error=repr(error), attempt=attempt)
                await asyncio.sleep(faults.backoff_s(attempt))

    async def _insert(self, notes: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """The notes that are ours: written now, or by an insert of ours whose answer was lost."""
        at = datetime.now(UTC)
        written = await self._collection.insert([{"_id": note_id, "by": by, "at": at} for note_id, by in notes])
        if not written.taken:
            return set(notes)
        known = [notes[index][0] for index in written.taken_indexes]
        found = {note["_id"]: note["by"] async for note in self._collection.find({"_id": {"$in": known}})}
        return {(note_id, by) for note_id, by in notes if found.get(note_id, by) == by}


class NotedAttempt:
    """The note of one attempt at a delivery (`services.dispatch.provider.AttemptNote`)."""

    def __init__(self, attempts: Attempts, delivery_id: str, attempt: int) -> None:
        self._attempts, self._delivery_id, self._attempt = attempts, delivery_id, attempt
        self._is_mine: bool | None = None  # once it was noted

    @property
    def is_begun(self) -> bool:
        return bool(self._is_mine)

    async def was_begun(self) -> bool:
        """False too while the database is away: `begin` waits for it."""
        with contextlib.suppress(*mongo.TRANSIENT_ERRORS):
            return self._is_mine is None and await self._attempts.is_noted(self._delivery_id, self._attempt)
        return False

    async def begin(self) -> bool:
        if self._is_mine is None:
            self._is_mine = await self._attempts.note(self._delivery_id, self._attempt)
        return self._is_mine
