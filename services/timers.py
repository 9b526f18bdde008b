"""Timers: an event that is to be appended at a time. Any instance takes due ones under a lease, appends, deletes.

    {_id: event id, due_at, topic, key, event, leased_until, tag}     one collection for each owner

A crash between append and delete appends twice, which every consumer absorbs by the event's id. Setting the same timer
again changes nothing. Source: docs/design.md §2.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bson import Binary
from pymongo import UpdateOne

from schemas import codec, topics
from schemas.events import Event
from schemas.topics import Topic
from services import consume, telemetry
from services.clock import now_ms
from services.kafka import Append, Log
from services.mongo import Collection, durable

log = telemetry.logger("timers")
_LEASE_MS = 30_000
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Timer:
    """`event` is to be appended to `topic` at `due_at` (UTC ms)."""

    due_at: int
    topic: Topic
    key: str
    event: Event
    tag: str | None = None  # what it waits for, if that may come sooner (`hasten`)


class Timers:
    """The timers of one service."""

    def __init__(self, collection: Collection, sink: Log) -> None:
        self._collection = durable(collection)
        self._sink = sink

    async def prepare(self) -> None:
        """Create the index that the search for due timers needs."""
        await self._collection.create_index([("due_at", 1)])
        await self._collection.create_index([("tag", 1)], sparse=True)

    async def set(self, timers: Sequence[Timer]) -> None:
        """Durable when this returns. Raises mongo.UNAVAILABLE."""
        if timers:
            await self._collection.bulk_write([_upsert(timer) for timer in timers], ordered=False)

    async def hasten(self, tag: str, now: int) -> None:
        """What the timers of this tag wait for has come: they are due now (UTC ms). Raises mongo.UNAVAILABLE."""
        await self._collection.update_many({"tag": tag, "due_at": {"$gt": now}}, {"$set": {"due_at": now}})

    async def run(self, stop: asyncio.Event, interval_s: float) -> None:
        """Append what is due, for ever; infrastructure trouble is logged and tried again."""
        while not stop.is_set():
            try:
                while await self.fire(now_ms()) == _BATCH and not stop.is_set():
                    pass
            except consume.UNAVAILABLE as error:
                log.warning("timers wait: infrastructure is away", error=repr(error))
            try:
                async with asyncio.timeout(interval_s):
                    await stop.wait()
            except TimeoutError:
                continue

    async def fire(self, now: int) -> int:
        """Lease, append and delete up to 500 due timers; tells how many."""
        due = await self._leased(now)
        appends = [Append(topics.topic_named(one["topic"]), one["key"], bytes(one["event"])) for one in due]
        await self._sink.append(appends)
        if due:
            await self._collection.delete_many({"_id": {"$in": [one["_id"] for one in due]}})
            for append in appends:
                telemetry.TIMERS_FIRED.labels(append.topic.name).inc()
        return len(due)

    async def _leased(self, now: int) -> Sequence[Mapping[str, Any]]:
        found = self._collection.find({"due_at": {"$lte": now}, "leased_until": {"$lte": now}}, {"_id": 1})
        ids = [one["_id"] async for one in found.sort("due_at", 1).limit(_BATCH)]
        if not ids:
            return []
        mine = now + _LEASE_MS
        await self._collection.update_many(
            {"_id": {"$in": ids}, "leased_until": {"$lte": now}}, {"$set": {"leased_until": mine}}
        )
        return await self._collection.find({"_id": {"$in": ids}, "leased_until": mine}).to_list(None)


def _upsert(timer: Timer) -> UpdateOne:
    document: dict[str, object] = {
        "due_at": timer.due_at,
        "topic": timer.topic.name,
        "key": timer.key,
        "event": Binary(codec.encode(timer.event)),
        "leased_until": 0,
        "set_at": datetime.now(UTC),
    }
    if timer.tag is not None:
        document["tag"] = timer.tag
    return UpdateOne({"_id": timer.event.event_id}, {"$setOnInsert": document}, upsert=True)
