"""The database boundary: one client, its collections, and which errors mean that the database is away.

All use of motor stands behind this module and the stores (`services/*/store.py`), so that its successor in pymongo is
a change of few files. Projections only: a rebuild restores them from the log (docs/design.md §1).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorCollection, AsyncIOMotorDatabase
from pymongo import WriteConcern
from pymongo.errors import (
    AutoReconnect,
    ExecutionTimeout,
    NetworkTimeout,
    NotPrimaryError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WTimeoutError,
)

from services.settings import Settings

Document = dict[str, Any]
Collection = AsyncIOMotorCollection[Document]
Database = AsyncIOMotorDatabase[Document]

UNAVAILABLE: tuple[type[Exception], ...] = (
    AutoReconnect,
    ExecutionTimeout,
    NetworkTimeout,
    NotPrimaryError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
    WTimeoutError,
)
"""Infrastructure trouble: the same operation may succeed later. Everything else is a fault of the operation."""


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[Database]:
    """The database of this deployment; waits are bounded (5 s to find a server, 20 s for an answer)."""
    client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
        settings.mongo_url,
        serverSelectionTimeoutMS=5_000,
        socketTimeoutMS=20_000,
        waitQueueTimeoutMS=5_000,
        retryWrites=False,
        appname="rpns",
        document_class=dict,
    )
    try:
        yield client.get_database(settings.mongo_database, codec_options=CodecOptions(document_class=dict))
    finally:
        client.close()


def durable(collection: Collection) -> Collection:
    """The collection with writes that a majority holds: for what must not be lost with one server."""
    return collection.with_options(write_concern=WriteConcern(w="majority", wtimeout=10_000))


async def is_up(database: Database) -> bool:
    """True when the database answers within its bounds."""
    try:
        await database.command("ping")
    except UNAVAILABLE:
        return False
    return True
