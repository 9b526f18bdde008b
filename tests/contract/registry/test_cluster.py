"""What processes note of themselves in a real MongoDB, and `GET /v1/cluster` tells of it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.registry.cluster import cluster_routes, recent_cluster
from services.registry.cluster.watch import ClusterWatch
from services.registry.dead_letters import Marks
from services.registry.http import acting_operator
from services.runtime import mongo
from services.runtime.clock import now_ms
from services.runtime.mongo.instances import SILENT_MS, Holdup, Instance, Instances
from tests.conftest import Servers, own_settings

SINCE = 1_700_000_000_000
STOPPED = Holdup(
    provider="apns",
    application_id="bank",
    way="production/app.bank",
    state="stopped",
    since=SINCE,
    status=403,
    detail="InvalidProviderToken",
)


class Noted:
    """The route, and the notes that it reads."""

    def __init__(self, client: httpx.AsyncClient, database: mongo.Database) -> None:
        self._client, self._database, self._instances = client, database, Instances(database)

    async def note(self, name: str, at: int, *holdups: Holdup) -> None:
        instance = Instance(
            service="dispatch",
            instance=name,
            version="0.1.0",
            commit="abc",
            host="host",
            lanes=("single", "bulk"),
            started_at=SINCE,
            at=at,
            signs={},
            holdups=holdups,
        )
        await self._instances.save(instance, "boot")

    async def note_as_before_holdups(self, name: str) -> None:
        await self.note(name, now_ms())
        await self._database["instances"].update_one({"_id": f"dispatch/{name}"}, {"$unset": {"holdups": 1}})

    async def cluster(self) -> Any:
        return (await self._client.get("/v1/cluster")).json()


@pytest.fixture
async def noted(stack_servers: Servers) -> AsyncIterator[Noted]:
    settings = own_settings(stack_servers)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(mongo.database(settings))
        stack.push_async_callback(database.client.drop_database, settings.mongo_database)
        app = FastAPI()
        app.dependency_overrides[acting_operator] = lambda: "operator:duty"
        app.include_router(cluster_routes(recent_cluster(ClusterWatch(settings, Marks(database)), Instances(database))))
        transport = httpx.ASGITransport(app)
        client = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://registry"))
        yield Noted(client, database)


async def test_what_holds_up_a_sender_is_told_with_the_process_that_says_so(noted: Noted) -> None:
    paused = Holdup(
        provider="fcm",
        application_id="bank",
        way="",
        state="retiring-paused",
        since=SINCE,
        detail="60% of the answers call tokens dead",
    )
    await noted.note("1", now_ms(), STOPPED, paused)
    process = {"service": "dispatch", "instance": "1"}
    assert (await noted.cluster())["holdups"] == [
        {
            "provider": "apns",
            "applicationId": "bank",
            "way": "production/app.bank",
            "state": "stopped",
            "since": SINCE,
            "status": 403,
            "detail": "InvalidProviderToken",
            **process,
        },
        {
            "provider": "fcm",
            "applicationId": "bank",
            "way": "",
            "state": "retiring-paused",
            "since": SINCE,
            "status": None,
            "detail": "60% of the answers call tokens dead",
            **process,
        },
    ]


async def test_what_has_ended_holds_up_nothing_any_more(noted: Noted) -> None:
    await noted.note("1", now_ms() - SILENT_MS - 1000, STOPPED)
    cluster = await noted.cluster()
    assert [known["isSilent"] for known in cluster["instances"]] == [True]
    assert cluster["holdups"] == []


async def test_the_note_of_a_former_release_is_read(noted: Noted) -> None:
    await noted.note_as_before_holdups("1")
    cluster = await noted.cluster()
    assert [known["instance"] for known in cluster["instances"]] == ["1"]
    assert cluster["holdups"] == []
