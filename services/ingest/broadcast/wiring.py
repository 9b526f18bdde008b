"""The wiring of broadcasts: their store, their API, and the consumer that follows what becomes of them."""

from fastapi import APIRouter

from schemas.topics import BROADCAST_CHANNELS, BROADCASTS
from services.ingest.broadcast.api import broadcast_routes
from services.ingest.broadcast.service import BroadcastService
from services.ingest.broadcast.store import Broadcasts
from services.runtime.access.partner_auth import CallerOf
from services.runtime.directory import Directory
from services.runtime.log.batch_consumer import BatchConsumer
from services.runtime.log.dead_letters import dead_letters
from services.runtime.log.kafka import Log
from services.runtime.mongo import Database
from services.runtime.process import Process


async def open_broadcasts(
    process: Process, *, database: Database, directory: Directory, log: Log, caller_of: CallerOf
) -> APIRouter:
    """Their routes; the consumer runs alongside."""
    settings, store = process.settings, Broadcasts(database)
    await store.prepare()
    service = BroadcastService(store, directory, log)
    topics = [BROADCAST_CHANNELS, BROADCASTS]
    consumer = BatchConsumer(settings, log, topics, "ingest-broadcasts", service.step, stop=process.stop)
    consumer.dead_letters = await dead_letters(database, log, settings)
    process.spawn(consumer.run(), consumer.group, drains=True)
    return broadcast_routes(service, caller_of)
