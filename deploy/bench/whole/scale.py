"""Does a platform with many devices do as much as one with few? `python -m deploy.bench.whole.scale [installations]`.

The router plans the same number of messages twice, in one run: with 10,000 registered installations, then with all of
them, each message to a user drawn from all. The documents and indexes are the registry's own. Counted is the processor
time of the router and of MongoDB together, since a slower look-up would show in the second. Aim: within a tenth.

`python -m deploy.bench.whole.scale 5000000` takes some ten minutes and 6 GB of disk, most of it to fill the database.
"""

import asyncio
import random
import sys
import tempfile
from pathlib import Path
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient

from deploy.bench.measure import Row, seal_as, show
from deploy.bench.parts import router
from deploy.bench.service import processor_time, services_on
from deploy.local import Stack
from schemas import ids, topics
from schemas.application_events import CredentialsChanged
from schemas.providers import Platform, Provider
from services.registry.devices.fold.state import Device, Owner, Token
from services.registry.devices.store import DeviceStore
from services.runtime import mongo
from services.runtime.log import kafka
from services.runtime.log.kafka import Append
from services.runtime.settings import Settings

FEW = 10_000
MESSAGES = 20_000
AT_ONCE = 5_000
SEED = 1
CACHE_GB = 6.0
"""Holds the documents and indexes of five million installations, as a database of that size should."""


def document(number: int) -> dict[str, Any]:
    """An installation as the registry writes it."""
    digest = f"{number:032x}"
    device = Device(
        installation_id=f"00000000-0000-4000-8000-{number:012d}",
        application_id="app",
        first_stamp=f"{1:015d}/{digest}",
        proof_hash=digest * 2,
        installed_at=1,
        last_used_at=1,
        updated_at=1,
        device_id=digest[:16],
        platform=Platform.ANDROID,
        model="Model",
        app_version="5.0",
        os_version="15",
        locale="en",
        time_zone="Europe/Moscow",
        token=Token(provider=Provider.FCM, sealed=digest * 6, digest=digest, registered_at=1, worked=True),
        owner=Owner(external_user_id=f"user-{number}", phone=f"79{number:09}"),
        stamps=dict.fromkeys(("token", "owner", "device"), f"{1:015d}/{digest}"),
    )
    document = device.document()
    return {"_id": document.pop("installation_id"), **document, "revision": 1}


async def register(url: str, settings: Settings, first: int, last: int) -> None:
    """Installations of these numbers, with the registry's indexes."""
    async with mongo.database(settings) as database:
        await DeviceStore(database).prepare()
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(url)
    collection = client[settings.mongo_database]["installations"]
    for start in range(first, last, AT_ONCE):
        documents = [document(number) for number in range(start, min(start + AT_ONCE, last))]
        await collection.insert_many(documents, ordered=False)
    client.close()


async def ask(settings: Settings, installations: int) -> None:
    """Messages to users drawn from all, in the log before the router starts."""
    drawn = random.Random(SEED)
    async with kafka.opened_log(settings) as log:
        for _ in range(0, MESSAGES, 1_000):
            part = [router.request(drawn.randrange(installations), installations) for _ in range(1_000)]
            await log.append(
                [Append(topics.MESSAGE_REQUESTED["single"], event.message_id, event) for event in part], 30
            )


async def admit(settings: Settings) -> None:
    """The application, and something to push it over."""
    await kafka.create_topics(settings)
    await seal_as(settings)
    credentials = CredentialsChanged(
        event_id=ids.uuid7(), at=0, application_id="app", provider=Provider.FCM, sealed="", fingerprint=""
    )
    async with kafka.opened_log(settings) as log:
        for entity in (router.APPLICATION, credentials):
            await log.append([Append(topics.APPLICATION_EVENTS, entity.entity_key, entity)])


def planned(servers: Stack, folder: str) -> tuple[float, float]:
    """Processor seconds of the router, and of MongoDB, for MESSAGES deliveries."""
    stack = services_on(servers, folder, "router")
    return processor_time(stack, servers.pids["mongo"], router.committed, MESSAGES)


def measured(installations: int = 500_000) -> list[Row]:
    """One line: the rate with all, beside the rate with few."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder) / "servers", services=(), sandbox=False, gateway=False, mongo_cache_gb=CACHE_GB) as servers,
    ):
        settings = Settings.from_environment(servers.env)
        asyncio.run(admit(settings))
        asyncio.run(register(servers.mongo_url, settings, 0, FEW))
        asyncio.run(ask(settings, FEW))
        few = planned(servers, folder)
        asyncio.run(register(servers.mongo_url, settings, FEW, installations))
        asyncio.run(ask(settings, installations))
        many = planned(servers, folder)
    rate, limit = MESSAGES / sum(many), MESSAGES / sum(few)
    note = (
        f"router {few[0]:.1f} → {many[0]:.1f} s, MongoDB {few[1]:.1f} → {many[1]:.1f} s of processor time "
        f"for {MESSAGES:,} deliveries"
    )
    what, unit = f"{installations:,} installations", "deliveries/CPU-s, router + MongoDB"
    return [Row(what, rate, unit, "within a tenth of 10,000", limit=f"{limit:,.0f} with {FEW:,}", note=note)]


def main() -> None:
    """Print the row."""
    show(measured(int(sys.argv[1]) if len(sys.argv) > 1 else 500_000))


if __name__ == "__main__":
    main()
