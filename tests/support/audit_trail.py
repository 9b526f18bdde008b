"""The audit trail on real servers: its consumer, its route, and the log behind them."""

import asyncio
import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from schemas import codec, ids
from schemas.audit_events import Audited, AuditedChange
from schemas.topics import AUDIT_EVENTS
from services.registry.audit_trail import GROUP, AuditTrail
from services.registry.audit_trail.reading import TrailReading
from services.registry.audit_trail.routes import audit_routes
from services.registry.http import acting_operator
from services.runtime import mongo
from services.runtime.access.operator_tokens import AUDIT_PURPOSE
from services.runtime.clock import now_ms
from services.runtime.crypto.master_key import Secrets
from services.runtime.http import server
from services.runtime.log import kafka
from services.runtime.log.batch_consumer import BatchConsumer, Record
from services.runtime.log.kafka import Append, Log
from services.runtime.log.upkeep import GroupOffsets
from services.runtime.looks import SubjectKind, subject_of
from services.runtime.mongo import Database
from services.runtime.settings import Settings
from tests.conftest import Servers, own_settings
from tests.support.waiting import eventually

OLD_KEY, NEW_KEY = (base64.b64encode(bytes([number] * 32)).decode() for number in (0, 1))
KEYS = Secrets(NEW_KEY, OLD_KEY)
PHONE, OTHER = "79110000001", "79110000002"


def subject(kind: SubjectKind, value: str, key: str = NEW_KEY) -> str:
    """As a record of the time of this master key has it."""
    return subject_of(partial(Secrets(key).digest, purpose=AUDIT_PURPOSE), kind, value)


def record_of(who: str, path: str, *changes: AuditedChange, **more: Any) -> Audited:
    """A record of now, unless it says otherwise."""
    given = {"event_id": ids.uuid7(), "at": now_ms(), **more}
    return Audited(
        **given,
        who=who,
        address="10.0.0.1",
        service="registry",
        method="POST",
        route=path,
        path=path,
        status=200,
        changes=changes,
    )


def records(events: Sequence[Audited], offset: int = 0) -> list[Record]:
    return [
        Record(AUDIT_EVENTS, 0, place, event.who, event=event, raw=codec.encode(event))
        for place, event in enumerate(events, offset)
    ]


async def stored(made: AuditTrail, events: Sequence[Audited], offset: int = 0) -> None:
    follows = await made.step(records(events, offset))
    assert follows.project is not None
    await follows.project()


class Trail:
    """The route, and what it stands on."""

    def __init__(self, settings: Settings, sink: Log, database: Database) -> None:
        self.settings, self.sink, self.database = settings, sink, database
        self.trail = AuditTrail(database)
        self.offsets = GroupOffsets(settings, AUDIT_EVENTS, GROUP)
        app = FastAPI()
        server.install_problems(app)
        reading = TrailReading(self.trail, self.offsets)
        app.include_router(audit_routes(self.trail, reading, partial(KEYS.digests, purpose=AUDIT_PURPOSE)))
        app.dependency_overrides[acting_operator] = lambda: "operator:duty"
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://registry")

    async def append(self, events: Sequence[Audited]) -> None:
        await self.sink.append([Append(AUDIT_EVENTS, event.who, event) for event in events])

    async def record(self, who: str, path: str, *changes: AuditedChange, **more: Any) -> None:
        await self.append([record_of(who, path, *changes, **more)])

    async def answer(self, **query: Any) -> Any:
        found = await self.client.get("/v1/audit", params=query)
        assert found.status_code == 200, found.text
        return found.json()

    async def is_whole(self) -> bool:
        return bool((await self.answer())["isWhole"])

    async def paths(self, **query: Any) -> list[str]:
        """Once the trail is whole: a group's coordinator may have to be found first."""
        await eventually(self.is_whole, "the trail is whole")
        return [record["path"] for record in (await self.answer(**query))["records"]]

    async def until_read(self, count: int) -> None:
        """Until so many records are stored."""

        async def are_there() -> bool:
            return await self.database["audit_trail"].count_documents({}) == count

        await eventually(are_there, f"{count} records are stored")

    @asynccontextmanager
    async def consumed(self) -> AsyncIterator[asyncio.Task[None]]:
        """The consumer runs meanwhile."""
        stop = asyncio.Event()
        consumer = BatchConsumer(self.settings, self.sink, [AUDIT_EVENTS], GROUP, self.trail.step, stop=stop)
        running = asyncio.create_task(consumer.run())
        try:
            yield running
        finally:
            stop.set()
            await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def idle_trail(stack_servers: Servers) -> AsyncIterator[Trail]:
    """Whose consumer does not run."""
    settings = own_settings(stack_servers)
    async with AsyncExitStack() as stack:
        await kafka.create_topics(settings, [AUDIT_EVENTS])
        sink = await stack.enter_async_context(kafka.opened_log(settings))
        database = await stack.enter_async_context(mongo.database(settings))
        stack.push_async_callback(database.client.drop_database, settings.mongo_database)
        made = Trail(settings, sink, database)
        await made.trail.prepare()
        await stack.enter_async_context(made.offsets)
        await stack.enter_async_context(made.client)
        yield made


@pytest.fixture
async def trail(idle_trail: Trail) -> AsyncIterator[Trail]:
    async with idle_trail.consumed():
        yield idle_trail
