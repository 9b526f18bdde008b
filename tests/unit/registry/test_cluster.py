"""`GET /v1/cluster` while a server is away: it is named within seconds, and what the others know is told."""

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.registry.cluster import routes
from services.registry.http import acting_operator
from services.runtime.clock import now_ms
from services.runtime.log.kafka import LogUnavailable
from services.runtime.mongo import Unavailable
from services.runtime.mongo.instances import Instance

INSTANCE = Instance(
    service="router",
    instance="1",
    version="0.1.0",
    commit="abc",
    host="h",
    lanes=("single",),
    started_at=1,
    at=now_ms(),
    signs={},
    holdups=(),
)


async def answered(value: Any) -> Any:
    """What a server says: raised, where it is an error; None: it never answers."""
    if value is None:
        await asyncio.Event().wait()
    if isinstance(value, Exception):
        raise value
    return value


class Servers:
    def __init__(self, instances: Any, groups: Any, letters: Any) -> None:
        self._instances, self._groups, self._letters = instances, groups, letters

    async def all(self) -> Any:
        return await answered(self._instances)

    async def groups(self) -> Any:
        return await answered(self._groups)

    async def open_letters(self) -> Any:
        return await answered(self._letters)


AWAY = LogUnavailable("no broker")


@pytest.mark.parametrize(
    ("instances", "groups", "letters", "unanswered"),
    [
        ([INSTANCE], [], {"status-events": 1}, []),
        ([INSTANCE], None, None, ["kafka"]),
        ([INSTANCE], AWAY, AWAY, ["kafka"]),
        ([INSTANCE], [], AWAY, ["kafka"]),
        (Unavailable("no primary"), [], Unavailable("no primary"), ["mongodb"]),
        (None, None, None, ["kafka", "mongodb"]),
    ],
)
async def test_a_server_that_is_away_is_named_and_the_rest_is_told(
    monkeypatch: pytest.MonkeyPatch, instances: Any, groups: Any, letters: Any, unanswered: list[str]
) -> None:
    monkeypatch.setattr(routes, "ANSWER_S", 0.05)
    servers: Any = Servers(instances, groups, letters)
    app = FastAPI()
    app.dependency_overrides[acting_operator] = lambda: "operator:ops"
    app.include_router(routes.cluster_routes(routes.recent_cluster(servers, servers)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://registry") as client:
        answer = await client.get("/v1/cluster")
    assert answer.status_code == 200
    cluster = answer.json()
    assert cluster["unanswered"] == unanswered
    assert [known["instance"] for known in cluster["instances"]] == ([] if "mongodb" in unanswered else ["1"])
    assert cluster["openDeadLetters"] == ({} if unanswered else {"status-events": 1})
