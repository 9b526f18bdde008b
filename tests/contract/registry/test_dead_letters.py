"""Dead letters of operators on real Kafka and MongoDB: told without content, and sent again once."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from schemas import ids, topics
from schemas.events import MessageFailed, RequestRepeated
from services.registry.dead_letters import dead_letter_routes
from services.registry.dead_letters.service import DeadLetterOffice
from services.registry.dead_letters.store import Marks
from services.registry.http import acting_operator
from services.runtime import mongo
from services.runtime.clock import now_ms
from services.runtime.crypto import record_encryption
from services.runtime.http import server
from services.runtime.log import kafka
from services.runtime.log.dead_letters import COLLECTION
from services.runtime.scheduling.timers import Timer, Timers
from tests.conftest import Servers, own_settings
from tests.support.log_reader import events_of

STATUS = topics.STATUS_EVENTS["single"]
SECRET = "79110000001"


class Desk:
    """The routes, and what they stand on."""

    def __init__(self, client: httpx.AsyncClient, office: DeadLetterOffice) -> None:
        self.client, self.office = client, office

    async def put_aside(self, value: bytes | None, **headers: str) -> None:
        headers_of_letter = {"reason": "cannot be done", "topic": STATUS.name, "place": "0/7", **headers}
        await self.office.sink.dead_letter(STATUS, b"the-key", value, headers_of_letter)

    async def call(self, method: str, path: str = "", body: Any = None) -> httpx.Response:
        return await self.client.request(method, f"/v1/dead-letters{path}", json=body)

    async def listed(self, state: str = "open") -> Any:
        return (await self.call("GET", f"?topic={STATUS.name}&state={state}")).json()


def event() -> RequestRepeated:
    return RequestRepeated(event_id=ids.uuid7(), at=1, message_id=ids.uuid7(), partner_id="bank", request_id="r")


@pytest.fixture
async def desk(stack_servers: Servers) -> AsyncIterator[Desk]:
    settings = own_settings(stack_servers)
    async with AsyncExitStack() as stack:
        await kafka.create_topics(settings, [STATUS])
        sink = await stack.enter_async_context(kafka.opened_log(settings))
        database = await stack.enter_async_context(mongo.database(settings))
        stack.push_async_callback(database.client.drop_database, settings.mongo_database)
        office = DeadLetterOffice(settings, sink, Marks(database), Timers(database[COLLECTION], sink))
        app = FastAPI()
        server.install_problems(app)
        app.include_router(dead_letter_routes(office))
        app.dependency_overrides[acting_operator] = lambda: "operator:duty"
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        client = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://registry"))
        yield Desk(client, office)


async def test_a_letter_is_told_without_its_content_which_has_a_route_of_its_own(desk: Desk) -> None:
    await desk.put_aside(b'{"type": "planned", "phone": "' + SECRET.encode() + b'"}')
    (row,) = await desk.listed()
    assert (row["letterId"], row["type"], row["reason"]) == (f"{STATUS.name}/0/0", "planned", "cannot be done")
    assert SECRET not in str(row)
    assert SECRET in (await desk.call("GET", f"/{STATUS.name}/0/0/content")).json()["value"]
    masked = (await desk.call("GET", f"/{STATUS.name}/0/0/content?masked=true")).json()
    assert masked == {"letterId": row["letterId"], "value": "••••"}


async def test_a_letter_of_which_only_a_newer_release_knows_is_listed_with_the_others(desk: Desk) -> None:
    await desk.put_aside(b"{}")
    await desk.put_aside(b"{}")
    await desk.office.marks.set(f"{STATUS.name}/0/0", "archived", "duty")  # type: ignore[arg-type]
    states = {row["letterId"]: row["state"] for row in await desk.listed("all")}
    assert states == {f"{STATUS.name}/0/0": "unknown", f"{STATUS.name}/0/1": "open"}
    assert (await desk.call("POST", f"/{STATUS.name}/0/0/redrive", {})).status_code == 409


async def test_a_letter_goes_to_its_topic_again_once_and_the_end_of_its_message_is_taken_back(desk: Desk) -> None:
    sent, failure = event(), ids.uuid7()
    await desk.put_aside(record_encryption.encode(sent), failure=failure)
    failed = MessageFailed(
        event_id=failure, at=1, message_id=sent.message_id, partner_id="bank", topic=STATUS.name, detail="d"
    )
    await desk.office.timers.set([Timer(now_ms() + 300_000, STATUS, sent.message_id, failed)])
    answer = (await desk.call("POST", f"/{STATUS.name}/0/0/redrive", {})).json()
    assert (answer["state"], answer["by"], answer["failureWithdrawn"]) == ("redriven", "operator:duty", True)
    assert await events_of(desk.office.settings, STATUS, 1) == [sent]
    again = await desk.call("POST", f"/{STATUS.name}/0/0/redrive", {})
    assert (again.status_code, again.json()["detail"]) == (409, "it is redriven, by operator:duty")
    assert await desk.listed() == []
    assert [row["state"] for row in await desk.listed("done")] == ["redriven"]


async def test_a_mended_record_goes_instead_and_must_be_one_of_its_topic(desk: Desk) -> None:
    mended = event()
    await desk.put_aside(b"{broken")
    refused = await desk.call("POST", f"/{STATUS.name}/0/0/redrive", {"value": '{"type": "planned"}'})
    assert (refused.status_code, refused.json()["title"]) == (400, "Invalid request")
    value = record_encryption.encode(mended).decode()
    assert (await desk.call("POST", f"/{STATUS.name}/0/0/redrive", {"value": value})).status_code == 200
    assert await events_of(desk.office.settings, STATUS, 1) == [mended]


async def test_what_cannot_be_sent_is_refused_and_stays_open(desk: Desk) -> None:
    await desk.put_aside(b"{cut", size="2000000")
    await desk.put_aside(None)
    for offset in (0, 1):
        assert (await desk.call("POST", f"/{STATUS.name}/0/{offset}/redrive", {})).status_code == 409
    assert len(await desk.listed()) == 2
    assert (await desk.call("POST", f"/{STATUS.name}/0/9/redrive", {})).status_code == 404


async def test_a_discarded_letter_is_not_sent_any_more(desk: Desk) -> None:
    await desk.put_aside(record_encryption.encode(event()))
    assert (await desk.call("POST", f"/{STATUS.name}/0/0/discard")).json()["state"] == "discarded"
    assert (await desk.call("POST", f"/{STATUS.name}/0/0/redrive", {})).status_code == 409
    assert await desk.office.marks.count_done({STATUS.name: {0: range(1)}}) == {STATUS.name: 1}
