"""What was not accepted of partners, on real servers: each sees its own, operators all; audits none unasked."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest
from fastapi import FastAPI, Request

from schemas import codec, ids
from schemas.audit_events import Audited, NotAccepted
from schemas.events import Event
from services.registry.audit_trail.refusals import refusal_routes
from services.runtime.access.partner_auth import Caller
from services.runtime.clock import now_ms
from services.runtime.http import server
from tests.support.audit_trail import Trail, idle_trail, record_of, stored
from tests.support.requests import PARTNER

__all__ = ["idle_trail"]  # a fixture
NOW = now_ms()


def refused(partner: str, age_ms: int, **more: Any) -> Audited:
    """As ingest writes it."""
    why = NotAccepted(
        code="8", field="destAddr", rule="must have at most 80 characters", first_at=NOW - age_ms - 5, last_ref="o-1"
    )
    known = record_of(f"partner:{partner}", "", at=NOW - age_ms, who_id=f"partner/{partner}", event_id=ids.uuid7())
    return known.replace(path="/v6/send", status=406, count=3, not_accepted=why, **more)


async def caller(request: Request) -> Caller:
    """Who the test says: a partner, or an operator."""
    partner = request.headers.get("x-partner")
    return Caller(PARTNER.replace(partner_id=partner) if partner else None)


@pytest.fixture
async def client(idle_trail: Trail) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    server.install_problems(app)
    app.include_router(refusal_routes(idle_trail.trail, caller))
    events = [refused("bank", 3_000), refused("bank", 1_000), refused("shop", 2_000)]
    await stored(idle_trail.trail, [*events, record_of("partner:bank", "/v1/mailings", at=NOW - 500)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://registry") as found:
        yield found


async def asked(client: httpx.AsyncClient, by: str = "", language: str = "en", **query: Any) -> Any:
    answer = await client.get("/v1/refusals", params=query, headers={"x-partner": by, "Accept-Language": language})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def ages(client: httpx.AsyncClient, by: str = "", **query: Any) -> list[tuple[str, int]]:
    return [(row["partner"], NOW - row["lastAt"]) for row in (await asked(client, by, **query))["refusals"]]


async def test_a_partner_sees_its_own_the_newest_first_and_never_anothers(client: httpx.AsyncClient) -> None:
    assert await ages(client, "bank") == [("bank", 1_000), ("bank", 3_000)]
    assert await ages(client, "shop", partner="bank") == [("shop", 2_000)]
    assert await ages(client, "nobody") == []


async def test_an_operator_sees_all_or_those_of_one(client: httpx.AsyncClient) -> None:
    assert await ages(client) == [("bank", 1_000), ("shop", 2_000), ("bank", 3_000)]
    assert await ages(client, partner="bank") == [("bank", 1_000), ("bank", 3_000)]


async def test_pages_follow_each_other_and_a_time_bounds_them(client: httpx.AsyncClient) -> None:
    page = await asked(client, limit=2)
    assert [NOW - row["lastAt"] for row in page["refusals"]] == [1_000, 2_000]
    rest = await asked(client, limit=2, cursor=page["cursor"])
    assert ([NOW - row["lastAt"] for row in rest["refusals"]], rest["cursor"]) == ([3_000], None)
    bounds: dict[str, Any] = {"from": NOW - 2_500, "to": NOW - 1_000}
    assert await ages(client, "", **bounds) == [("shop", 2_000)]
    wrong = await client.get("/v1/refusals", params={"from": 5, "to": 5})
    assert wrong.json()["errors"] == [{"field": "to", "rule": "must be later than from"}]
    assert (await client.get("/v1/refusals", params={"cursor": "x"})).status_code == 400


async def test_a_row_says_where_how_often_and_why_in_the_readers_language(client: httpx.AsyncClient) -> None:
    [row] = (await asked(client, "shop", "ru"))["refusals"]
    assert row == {
        "partner": "shop",
        "firstAt": NOW - 2_005,
        "lastAt": NOW - 2_000,
        "count": 3,
        "method": "POST",
        "path": "/v6/send",
        "status": 406,
        "code": "8",
        "field": "destAddr",
        "rule": "не более 80 символов",
        "lastId": "o-1",
    }


async def test_the_audit_page_lists_them_only_where_they_are_asked_for(
    client: httpx.AsyncClient, idle_trail: Trail
) -> None:
    assert [record["path"] for record in (await idle_trail.answer())["records"]] == ["/v1/mailings"]
    found = (await idle_trail.answer(kind="not-accepted", who="partner/shop"))["records"]
    assert [record["sentence"] for record in found] == [
        "tried to send a message by /v6/send (destAddr: must have at most 80 characters)"
    ]


class Former(Event, tag="audited"):
    """As the release before reads it."""

    who: str
    who_id: str = ""
    address: str
    service: str
    method: str
    route: str
    path: str
    status: int
    count: int = 1


def test_a_former_release_reads_the_record_as_a_refusal() -> None:
    event = refused("bank", 0)
    read = msgspec.json.decode(codec.encode(event), type=Former)
    assert (read.needs, read.who_id, read.status, read.count) == (0, "partner/bank", 406, 3)
