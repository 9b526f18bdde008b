"""What a repair works with, opened by the services' settings: databases, partners, the keys of recipients."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from pymongo import WriteConcern
from pymongo.read_concern import ReadConcern

from deploy.repair.inventory import of_kind
from schemas.topics import APPLICATION_EVENTS, TARGET_RESOLVED
from services.runtime import mongo
from services.runtime.crypto import record_encryption
from services.runtime.crypto.master_key import Secrets
from services.runtime.crypto.recipient_keys import RecipientKeys
from services.runtime.directory import Directory
from services.runtime.log import kafka
from services.runtime.log.upkeep import read_groups
from services.runtime.log.upkeep.offsets import hidden_groups
from services.runtime.log.upkeep.wanted import every_topic
from services.runtime.mongo import Database, Document, durable
from services.runtime.mongo.errors import translated
from services.runtime.mongo.recipient_keys import RecipientKeysStore
from services.runtime.settings import Settings

BESIDE = "statistics"
"""A group that writes to no database."""
_GROUPS = ("ingest-broadcasts", "registry", "router", *(f"dispatch-{name.value}" for name in TARGET_RESOLVED), "status")
"""At least one of each service."""
SESSION_S = 50.0
"""Longer than the broker keeps the place of a member that was killed or ended (`services/runtime/log/kafka.py`)."""
_LOOK_S = 1.0


class Refused(Exception):
    """What an operator is told instead of a repair."""


@dataclass(frozen=True)
class Opened:
    """`database` is that of the settings."""

    settings: Settings
    database: Database
    directory: Directory
    secrets: Secrets

    def other(self, name: str) -> Database:
        """Another database of the same server."""
        return self.database.client.get_database(name, codec_options=self.database.codec_options)

    async def use_keys(self, database: Database) -> RecipientKeys:
        """Have what is personal in the log opened by the keys in this database. Raises Refused."""
        if await durable(database["recipient_keys"]).find_one({"_id": "reference"}) is None:
            raise Refused(
                f"{database.name} holds no keys of recipients (recipient_keys): without them nothing personal in the "
                "log opens. Restore a backup: `rpns restore`"
            )
        keys = await RecipientKeysStore(database, self.secrets).load()
        record_encryption.use(keys)
        return keys


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Opened]:
    """Raises Refused, KafkaError, mongo.TRANSIENT_ERRORS, BadMasterKey."""
    if hidden := await hidden_groups(settings, _GROUPS):
        raise Refused(
            f"KAFKA_SASL_USERNAME: this login may not look at the groups {', '.join(hidden)}, so nobody could say how "
            "far they are, nor whether services run. Take the operator's (docs/kafka-access.md)"
        )
    directory = Directory()
    secrets = Secrets(settings.master_key, settings.old_master_keys)
    await kafka.read_through(settings, [APPLICATION_EVENTS.name], lambda _, value: directory.apply("", value))
    async with mongo.database(settings, answer_ms=None) as database:
        yield Opened(settings, database, directory, secrets)


async def no_service_runs(settings: Settings, within_s: float = SESSION_S) -> None:
    """Raises Refused when there are still members behind that time."""
    until = time.monotonic() + within_s
    while left := await readers(settings):
        if time.monotonic() > until:
            raise Refused(f"services run: {', '.join(left)} have members. Stop all of them first (SIGTERM)")
        await asyncio.sleep(_LOOK_S)


async def readers(settings: Settings) -> list[str]:
    """The consumer groups that have members: services that run, or were killed less than their session ago."""
    found = await read_groups(settings, [topic.name for topic in every_topic()])
    return [group.name for group in found if group.members and not group.name.startswith(BESIDE)]


async def holds_documents(database: Database) -> list[str]:
    """The collections that hold something, but for what a process that looks in leaves behind."""
    names = await database.list_collection_names()
    beside = {collection.name for collection in of_kind("passing")} | {"form"}
    found = [name for name in sorted(names) if name not in beside]
    return [name for name in found if await durable(database[name]).find_one({}, {"_id": 1}) is not None]


async def empty(database: Database, but_for: str = "") -> None:
    """Drop every other collection. Not the database itself: its user need not be allowed to."""
    for name in set(await database.list_collection_names()) - {but_for}:
        await database.drop_collection(name)


async def copied(source: Database, target: Database, name: str) -> None:
    """Copy a collection with its indexes within the server, in place of what is there."""
    await _indexes_copied(source, target, name)
    await _run(source, name, [{"$out": {"db": target.name, "coll": name}}])


async def carried_over(source: Database, target: Database, name: str, query: Document) -> None:
    """Copy the documents that fit into what is there; those with the same id stay as they are there."""
    into = {"db": target.name, "coll": name}
    merge: Document = {"into": into, "on": "_id", "whenMatched": "keepExisting", "whenNotMatched": "insert"}
    await _run(source, name, [{"$match": query}, {"$merge": merge}])


async def _run(source: Database, name: str, steps: list[Document]) -> None:
    if name not in await source.list_collection_names():
        return
    majority = WriteConcern("majority")  # without a limit: there may be millions
    collection = source.get_collection(name, read_concern=ReadConcern("majority"), write_concern=majority)
    with translated():
        async for _ in await collection.aggregate(steps, allowDiskUse=True):
            pass


async def _indexes_copied(source: Database, target: Database, name: str) -> None:
    if name not in await source.list_collection_names():
        return
    specs = [spec async for spec in await source[name].list_indexes()]
    made = [{key: value for key, value in spec.items() if key not in ("v", "ns")} for spec in map(dict, specs)]
    made = [spec for spec in made if spec["name"] != "_id_"]
    if made:
        await target.command({"createIndexes": name, "indexes": made})
