"""Everything that a running stack has written, by where it stands: for looking whether something is in it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import bson
import orjson
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from motor.motor_asyncio import AsyncIOMotorClient

from schemas import topics
from services.runtime import mongo
from services.runtime.crypto import record_encryption
from services.runtime.crypto.master_key import Secrets
from services.runtime.crypto.recipient_keys import RecipientKeys
from services.runtime.log import connection
from services.runtime.mongo.recipient_keys import RecipientKeysStore
from services.runtime.settings import Settings
from tests.support.world import World

Written = tuple[str, bytes]
_SPARSE = {".index", ".timeindex", ".snapshot", ".wt"}
"""Files without content of their own, or compressed: what the database holds is read from itself."""


_OURS = {f"topic {topic.name}" for topic in topics.all_topics()}
"""Other stacks on the same servers have keys of their own."""


async def everything(world: World) -> AsyncIterator[Written]:
    """Topics, sealed and opened, collections, files, what the providers and the partner got, metrics."""
    keys = await recipient_keys_of(world)
    async for place, content in _topics(Settings.from_environment(world.stack.env)):
        yield place, content
        if place not in _OURS:
            continue
        if (opened := record_encryption.box_of(content, keys)) is not None:
            yield f"opened {place}", opened
    async for document in _collections(world.stack.mongo_url):
        yield document
    for file in _files(world.stack.data_dir):
        yield file
    yield "providers", orjson.dumps(await world.control.received())
    yield "partner", orjson.dumps(await world.control.reports(accepted=False))
    yield "violations", orjson.dumps(await world.control.violations())
    async with aiohttp.ClientSession() as session:
        for name, ports in world.stack.ports.items():
            async with session.get(f"http://127.0.0.1:{ports.metrics}/metrics") as response:
                yield f"metrics {name}", await response.read()


async def recipient_keys_of(world: World) -> RecipientKeys:
    """As they are now."""
    settings = Settings.from_environment(world.stack.env)
    async with mongo.database(settings) as database:
        return await RecipientKeysStore(database, Secrets(settings.master_key)).load()


async def _topics(settings: Settings) -> AsyncIterator[Written]:
    options = connection.options(settings)
    admin = AIOKafkaAdminClient(**options)
    await admin.start()
    try:
        names = [name for name in await admin.list_topics() if not name.startswith("__")]
    finally:
        await admin.close()
    consumer = AIOKafkaConsumer(*names, **options, group_id=None, auto_offset_reset="earliest")
    await consumer.start()
    try:
        ends = await consumer.end_offsets(sorted(consumer.assignment()))
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                for record in records:
                    headers = b"".join(value for _, value in record.headers)
                    yield f"topic {record.topic}", record.value or b""
                    yield f"topic {record.topic}", (record.key or b"") + b" " + headers
    finally:
        await consumer.stop()


async def _collections(url: str) -> AsyncIterator[Written]:
    client: AsyncIOMotorClient[dict[str, object]] = AsyncIOMotorClient(url)
    try:
        listed = await client.admin.command("listDatabases", nameOnly=True, authorizedDatabases=True)
        for database in (found["name"] for found in listed["databases"]):
            for name in await client[database].list_collection_names():
                async for document in client[database][name].find():
                    yield f"collection {database}.{name}", bson.encode(document)
    finally:
        client.close()


def _files(folder: Path) -> Iterator[Written]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix not in _SPARSE and "diagnostic.data" not in path.parts:
            yield f"file {path.relative_to(folder)}", path.read_bytes()
