"""Does a platform with a long history do as much as one with none? `python -m deploy.bench.whole.stored [messages]`.

Status folds the same number of lives twice, in one run: with no message stored, then with so many, spread over ten
months and a million phones. The documents and indexes are those of the service. Counted is the processor time of status
and of MongoDB together, since a slower index would show in the second. Aim: within a tenth.

`python -m deploy.bench.whole.stored 10000000` takes half an hour and 15 GB of disk, most of it to fill the database.
"""

import asyncio
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from deploy.bench.measure import Row, seal_as, show
from deploy.bench.parts import fold as lives
from deploy.bench.service import processor_time, services_on
from deploy.local import Stack
from schemas import ids
from schemas.events import MessageFailed
from schemas.topics import DAY_MS
from services.runtime import mongo
from services.runtime.clock import now_ms
from services.runtime.log import kafka
from services.runtime.settings import Settings
from services.status.fold import fold
from services.status.message import Message, Messages
from services.status.message.document import to_document

FOLDED = 20_000
AT_ONCE = 5_000
OVER_MS = 300 * DAY_MS
PHONES = 1_000_000
SEED = 1
CACHE_GB = 6.0


def folded_message(*, is_read: bool = True) -> dict[str, Any]:
    """The document of a message that was read, as status stores it; or of one that failed at once."""
    message = Message("")
    events = [event for _, event in lives.life_of(0)]
    first = events[0]
    whose: dict[str, Any] = {"at": first.at, "message_id": first.message_id, "partner_id": first.partner_id}
    failed = MessageFailed(event_id=ids.uuid7(), topic="none", detail="none", **whose)
    for event in events if is_read else [first, failed]:
        fold(message, event)
    return to_document(message)


def id_at(at: int) -> str:
    """A new message id of a past time, UTC ms."""
    digits = f"{at:012x}"
    return f"{digits[:8]}-{digits[8:]}-{ids.uuid7()[14:]}"


def store(servers: Stack, settings: Settings, count: int, *, failed_every: int | None = None) -> None:
    """So many messages of the past, the oldest first, as they would have come."""
    read, failed = folded_message(), folded_message(is_read=False)
    drawn, now = random.Random(SEED), now_ms()
    with MongoClient[dict[str, Any]](servers.mongo_url) as client:
        collection = client[settings.mongo_database]["messages"]
        for start in range(0, count, AT_ONCE):
            documents = []
            for number in range(start, min(start + AT_ONCE, count)):
                at = now - OVER_MS + OVER_MS * number // count
                message_id = id_at(at)
                own = {"mt_num": ids.mt_num_of(message_id), "partner_ref": f"past-{number}"}
                times = {"created_at": at, "first_at": at, "phone": f"7{drawn.randrange(PHONES):010}"}
                sample = failed if failed_every and number % failed_every == 0 else read
                documents.append({**sample, "_id": message_id, **own, **times})
            collection.insert_many(documents, ordered=False)


async def prepare(settings: Settings) -> None:
    """The service's topics and indexes."""
    await kafka.create_topics(settings)
    async with mongo.database(settings) as database:
        await Messages(database).prepare()


async def append(settings: Settings) -> None:
    """The events of FOLDED lives, in the log before status starts."""
    await seal_as(settings)
    async with kafka.opened_log(settings) as log:
        await lives.fill(log, FOLDED)


def used(servers: Stack, folder: str) -> tuple[float, float]:
    """Processor seconds of status, and of MongoDB, for FOLDED lives."""
    stack = services_on(servers, folder, "status")
    return processor_time(stack, servers.pids["mongo"], lives.committed, FOLDED * lives.EVENTS_OF_A_MESSAGE)


def measured(messages: int = 1_000_000) -> list[Row]:
    """One line: the rate with so many stored, beside the rate with none."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder) / "servers", services=(), sandbox=False, gateway=False, mongo_cache_gb=CACHE_GB) as servers,
    ):
        settings = Settings.from_environment(servers.env)
        asyncio.run(prepare(settings))
        asyncio.run(append(settings))
        none = used(servers, folder)
        store(servers, settings, messages)
        asyncio.run(append(settings))
        many = used(servers, folder)
    count = FOLDED * lives.EVENTS_OF_A_MESSAGE
    rate, limit = count / sum(many), count / sum(none)
    note = (
        f"status {none[0]:.1f} → {many[0]:.1f} s, MongoDB {none[1]:.1f} → {many[1]:.1f} s of processor time "
        f"for {count:,} events"
    )
    what, unit = f"{messages:,} stored messages", "events/CPU-s, status + MongoDB"
    return [Row(what, rate, unit, "within a tenth of none", limit=f"{limit:,.0f} with none", note=note)]


def main() -> None:
    """Print the row."""
    show(measured(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))


if __name__ == "__main__":
    main()
