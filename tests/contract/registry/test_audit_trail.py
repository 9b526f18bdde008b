"""The audit trail on real Kafka: what is recorded is read again, by who, what and since when."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from schemas import ids
from schemas.audit_events import Audited, AuditedChange
from schemas.topics import AUDIT_EVENTS
from services.registry.audit_trail import audit_routes
from services.registry.http import acting_operator
from services.runtime.clock import now_ms
from services.runtime.http import server
from services.runtime.log import kafka
from services.runtime.log.kafka import Append, Log
from tests.conftest import Servers, own_settings


class Trail:
    """The route, and the log behind it."""

    def __init__(self, client: httpx.AsyncClient, sink: Log) -> None:
        self.client, self.sink = client, sink

    async def record(self, who: str, path: str, *changes: AuditedChange) -> None:
        event = Audited(
            event_id=ids.uuid7(),
            at=now_ms(),
            who=who,
            address="10.0.0.1",
            service="registry",
            method="POST",
            route=path,
            path=path,
            status=200,
            changes=changes,
        )
        await self.sink.append([Append(AUDIT_EVENTS, who, event)])

    async def paths(self, **query: Any) -> list[str]:
        answer = (await self.client.get("/v1/audit", params=query)).json()
        assert answer["isWhole"]
        return [record["path"] for record in answer["records"]]


@pytest.fixture
async def trail(stack_servers: Servers) -> AsyncIterator[Trail]:
    settings = own_settings(stack_servers)
    async with AsyncExitStack() as stack:
        await kafka.create_topics(settings, [AUDIT_EVENTS])
        sink = await stack.enter_async_context(kafka.opened_log(settings))
        app = FastAPI()
        server.install_problems(app)
        app.include_router(audit_routes(settings))
        app.dependency_overrides[acting_operator] = lambda: "operator:anna"
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        client = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://registry"))
        yield Trail(client, sink)


async def test_records_are_found_by_who_and_what_and_the_newest_are_kept(trail: Trail) -> None:
    await trail.record("operator:anna", "/v1/partners", AuditedChange(entity="partner/bank"))
    await trail.record("partner:bank", "/v1/mailings")
    await trail.record("operator:anna", "/v1/stops/provider/hms")
    assert await trail.paths() == ["/v1/partners", "/v1/mailings", "/v1/stops/provider/hms"]
    assert await trail.paths(who="anna") == ["/v1/partners", "/v1/stops/provider/hms"]
    assert await trail.paths(who="partner:bank") == ["/v1/mailings"]
    assert await trail.paths(what="partner/bank") == ["/v1/partners"]
    assert await trail.paths(limit=1) == ["/v1/stops/provider/hms"]
    assert await trail.paths(since=now_ms() + 60_000) == []


async def test_an_empty_trail_is_whole(trail: Trail) -> None:
    assert await trail.paths() == []
