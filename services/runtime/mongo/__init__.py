"""The database boundary: one client and its collections. `collection.py` reads and writes, `errors.py` says
what went wrong.

The client is pymongo's own, or motor's with `RPNS_MONGO_CLIENT=motor`: both are used in the same way, and only
this file and `Cursor` know which it is. Projections only: a rebuild restores them from the log, but for the keys of
sensitive values (docs/design.md §1).
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient, WriteConcern
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from services.runtime.mongo.collection import Collection, Document, Operation, RawCollection, Taken, Written
from services.runtime.mongo.errors import (
    REFUSALS,
    TRANSIENT_ERRORS,
    ContentFault,
    Duplicate,
    Invalid,
    OutOfTime,
    TooLarge,
    Unavailable,
    translated,
)
from services.runtime.settings import Settings

__all__ = [
    "REFUSALS",
    "TRANSIENT_ERRORS",
    "Collection",
    "ContentFault",
    "Database",
    "Document",
    "Duplicate",
    "Invalid",
    "Operation",
    "OutOfTime",
    "RawCollection",
    "Taken",
    "TooLarge",
    "Unavailable",
    "Written",
    "database",
    "durable",
    "is_up",
    "read_only",
    "takes_writes",
]
Database = AsyncDatabase[Document]
_MAJORITY = WriteConcern(w="majority", wtimeout=10_000)
_CLOSING_S = 2.0
_ANSWER_MS = 20_000


@asynccontextmanager
async def database(settings: Settings, *, answer_ms: int | None = _ANSWER_MS) -> AsyncIterator[Database]:
    """The database of this deployment; waits are bounded (5 s to find a server, 20 s for an answer; None: as long as an
    answer takes, for repairs)."""
    client = _client(settings, answer_ms)
    try:
        yield client.get_database(settings.mongo_database, codec_options=CodecOptions(document_class=dict))
    finally:
        await _close(client)


async def _close(client: AsyncMongoClient[Document]) -> None:
    """End its sessions and connections. A server that does not answer is waited for a moment only: what is not ended
    ends there by itself, and the process has more to close."""
    for _ in range(2):  # closing again goes on where the first one was given up
        closing: Any = client.close()
        if closing is None:  # motor's closes at once
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSING_S):
                await closing
            return


def _client(settings: Settings, answer_ms: int | None) -> AsyncMongoClient[Document]:
    kind: Callable[..., Any] = AsyncMongoClient
    if settings.mongo_client == "motor":
        from motor.motor_asyncio import AsyncIOMotorClient  # only where it was asked for

        kind = AsyncIOMotorClient
    client: AsyncMongoClient[Document] = kind(
        settings.mongo_url,
        serverSelectionTimeoutMS=5_000,
        socketTimeoutMS=answer_ms,
        waitQueueTimeoutMS=5_000,
        retryWrites=False,
        appname="rpns",
        document_class=dict,
    )
    return client


def durable(collection: RawCollection) -> Collection:
    """The collection with writes that a majority holds, and reads of nothing else: what one server alone has written
    goes with it in a failover, so nothing may be decided by it."""
    return Collection(collection.with_options(write_concern=_MAJORITY, read_concern=ReadConcern("majority")))


def read_only(collection: RawCollection) -> Collection:
    """The collection for looking things up that another service owns: as they are on the primary now."""
    return Collection(collection)


async def is_up(database: Database) -> bool:
    """True when the database answers within its bounds."""
    try:
        with translated():
            await database.command("ping")
    except Unavailable:
        return False
    return True


async def takes_writes(database: Database) -> bool:
    """True when the database stores and gives back what it is given, shown on a document of its own: collection
    `probes`."""
    probe = durable(database["probes"])
    try:
        with suppress(Duplicate):  # the usual: it is there, and a majority holds it
            await probe.insert_one({"_id": "probe"})
        await probe.update_one({"_id": "probe"}, {"$set": {"at": datetime.now(UTC)}})
        return await probe.find_one({"_id": "probe"}) is not None
    except (Unavailable, PyMongoError):
        return False
