"""Timers: an event that is to be appended at a time. One instance at a time takes due ones, appends, deletes.

    {_id: event id, due_at, bulk, topic, key, event, tag: [..]}   one collection for each owner, one lease for each lane

A crash between append and delete appends twice, which every consumer absorbs by the event's id; so does a lease that
two hold for a moment. Setting the same timer again changes nothing. The lanes are fired side by side: a million timers
of a mailing that are due in one minute hold up no other timer. Source: docs/design.md §2.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bson import Binary

from schemas import codec, ids, topics
from schemas.events import Event
from schemas.topics import Topic
from schemas.values import Lane
from services.runtime import telemetry
from services.runtime.clock import now_ms
from services.runtime.crypto import record_encryption
from services.runtime.log.kafka import Append, Log
from services.runtime.loops import keep_on
from services.runtime.mongo import Document, RawCollection, durable
from services.runtime.mongo.leases import Lease
from services.runtime.scheduling.tags import Tag

_LEASE_MS = 10_000
_BATCH = 500
_PUT_OFF_MS = 3_600_000
log = telemetry.logger("timers")


@dataclass(frozen=True, slots=True)
class Timer:
    """`event` is to be appended to `topic` at `due_at` (UTC ms)."""

    due_at: int
    topic: Topic
    key: str
    event: Event
    tags: tuple[Tag, ...] = ()  # what may come sooner and make it due (`hasten`)


StillMeant = Callable[[Sequence[Event]], Awaitable[set[str]]]
"""Asked of events that are due: the ids of those that are to be appended; the others are dropped."""


class Timers:
    """The timers of one service. `owner` outlives a restart, so that its lease need not end first; `lanes`: which of
    them this process fires."""

    def __init__(
        self,
        collection: RawCollection,
        sink: Log,
        owner: str = "",
        lanes: Sequence[Lane] = ("single", "bulk"),
    ) -> None:
        self.still_meant: StillMeant | None = None
        self._name = collection.name
        self._collection = durable(collection)
        self._sink = sink
        owner = owner or ids.uuid7()
        self._leases = {lane: Lease(collection.database, f"{collection.name}/{lane}", owner) for lane in lanes}

    async def prepare(self) -> None:
        """Create the index that the search for due timers needs."""
        await self._collection.create_index([("bulk", 1), ("due_at", 1)])
        await self._collection.create_index([("tag", 1)], sparse=True)

    async def set(self, timers: Sequence[Timer]) -> None:
        """Durable when this returns. Raises mongo.TRANSIENT_ERRORS."""
        await self._collection.insert([_document(timer) for timer in timers])

    async def cancel(self, event_ids: Sequence[str]) -> int:
        """Take timers back, by the ids of their events; tells how many there were. Raises mongo.TRANSIENT_ERRORS."""
        return await self._collection.delete_many({"_id": {"$in": list(event_ids)}})

    async def hasten(self, tag: Tag, now: int) -> None:
        """What the timers with this tag wait for has come: they are due now (UTC ms). Raises mongo.TRANSIENT_ERRORS.

        The field holds a list; timers of an older release hold one tag alone, which the same question finds.
        """
        await self._collection.update_many({"tag": str(tag), "due_at": {"$gt": now}}, {"$set": {"due_at": now}})

    async def run(self, stop: asyncio.Event, interval_s: float) -> None:
        """Append what is due, for ever; infrastructure trouble is logged and tried again."""
        async with asyncio.TaskGroup() as group:
            for lane in self._leases:
                group.create_task(self._run(lane, stop, interval_s))

    async def _run(self, lane: Lane, stop: asyncio.Event, interval_s: float) -> None:
        async def turn() -> None:
            while await self._leases[lane].hold(now_ms(), _LEASE_MS):
                if await self.fire(now_ms(), lane) < _BATCH or stop.is_set():
                    break

        await keep_on(f"timers-{lane}", turn, stop, interval_s)
        await self._leases[lane].release()

    async def fire(self, now: int, lane: Lane = "single") -> int:
        """Append and delete up to 500 timers that are due at `now` (UTC ms), the earliest first; tells how many."""
        # timers without a lane were set by an older release
        due = {"bulk": True if lane == "bulk" else {"$in": [False, None]}, "due_at": {"$lte": now}}
        found = await self._collection.find(due).sort("due_at", 1).limit(_BATCH).to_list(None)
        found = await self._readable(found, now)
        if not found:
            return 0
        meant = found if self.still_meant is None else await self._meant(found, self.still_meant)
        await self._sink.append(
            [Append(topics.topic_named(timer["topic"]), timer["key"], bytes(timer["event"])) for timer in meant]
        )
        await self._collection.delete_many({"_id": {"$in": [timer["_id"] for timer in found]}})
        for name, count in Counter(timer["topic"] for timer in found).items():
            telemetry.TIMERS_FIRED.labels(name).inc(count)
        return len(found)

    async def _readable(self, found: Sequence[Document], now: int) -> list[Document]:
        """The timers that this release can read. The others are put off, so that they hold up none behind them."""
        bad = [timer["_id"] for timer in found if not _is_readable(timer, is_asked_about=self.still_meant is not None)]
        if not bad:
            return list(found)
        log.error("timers cannot be read and are put off", collection=self._name, count=len(bad), first=bad[0])
        await self._collection.update_many({"_id": {"$in": bad}}, {"$set": {"due_at": now + _PUT_OFF_MS}})
        return [timer for timer in found if timer["_id"] not in bad]

    async def _meant(self, found: Sequence[Document], still_meant: StillMeant) -> list[Document]:
        events = [
            record_encryption.decode(topics.topic_named(timer["topic"]), bytes(timer["event"])) for timer in found
        ]
        wanted = await still_meant([event for event in events if event is not None])
        return [timer for timer in found if timer["_id"] in wanted]


def _is_readable(document: Document, *, is_asked_about: bool) -> bool:
    """Whether this release can append it. What is only appended need not be decoded: its reader decides."""
    try:
        topic = topics.topic_named(document["topic"])
        if is_asked_about:
            record_encryption.decode(topic, bytes(document["event"]))
    except (KeyError, codec.Newer, codec.Undecodable):
        return False
    return True


def _document(timer: Timer) -> Document:
    document: Document = {
        "_id": timer.event.event_id,
        "due_at": timer.due_at,
        "bulk": topics.lane_of(timer.topic.name) == "bulk",
        "topic": timer.topic.name,
        "key": timer.key,
        "event": Binary(record_encryption.encode(timer.event)),
        "set_at": datetime.now(UTC),
    }
    if timer.tags:
        document["tag"] = [str(tag) for tag in timer.tags]
    return document
