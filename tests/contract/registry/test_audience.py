"""Subscriptions, prohibition by the system and devices, as operators and partners read them."""

import base64
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.conftest import Servers, own_settings
from tests.support.listening import ADMIN
from tests.support.registry_app import Phone, Registry, registry

CATALOGUE = [
    {"id": "n", "name": "news", "title": "News", "default": True},
    {"id": "o", "name": "offers", "type": "permission", "default": False},
]
PASSWORD = "a long password"
TOKEN = {"provider": "apns", "token": "ab" * 32}


@pytest.fixture
async def here(stack_servers: Servers) -> AsyncIterator[Registry]:
    async with registry(own_settings(stack_servers)) as opened:
        yield opened


async def call(here: Registry, method: str, path: str, body: object = None, headers: Any = ADMIN) -> Any:
    sent: dict[str, Any] = {} if body is None else {"json": body}
    return await here.client.request(method, f"/v1{path}", headers=headers, **sent)


async def ok(here: Registry, method: str, path: str, body: object = None, headers: Any = ADMIN) -> Any:
    answer = await call(here, method, path, body, headers)
    assert answer.is_success, answer.text
    return answer.json()


async def partner(here: Registry, application_id: str | None) -> dict[str, str]:
    """A partner that sends to the application; what it shows to be let in."""
    login = f"p{uuid.uuid4().hex[:10]}"
    await ok(here, "POST", "/partners", {"login": login, "password": PASSWORD})
    if application_id is not None:
        await ok(here, "PUT", f"/partners/{login}/senders/{login}", {"applicationId": application_id})
    return {"Authorization": "Basic " + base64.b64encode(f"{login}:{PASSWORD}".encode()).decode()}


async def with_token(here: Registry, number: int) -> Phone:
    phone = await here.installed()
    await phone.ok("PUT", "/token", {**TOKEN, "token": f"{number:02x}" * 32})
    return phone


async def test_the_audience_of_a_subscription_counts_words_and_defaults(here: Registry) -> None:
    await ok(here, "PATCH", "/applications/app", {"subscriptions": CATALOGUE})
    _silent, no, both = [await with_token(here, number) for number in range(3)]
    unreachable = await here.installed()
    await no.ok("PUT", "/settings", {"subscriptions": [{"id": "n", "value": False}]})
    await both.ok("PUT", "/settings", {"subscriptions": [{"id": "n"}, {"id": "o"}, {"id": "own"}]})
    found = {entry["id"]: entry for entry in await ok(here, "GET", "/applications/app/subscriptions")}
    counts = {
        key: (counted["on"], counted["off"], counted["unsaid"], counted["reachable"]) for key, counted in found.items()
    }
    assert counts == {"n": (1, 1, 2, 2), "o": (1, 0, 3, 1), "own": (1, 0, 3, 1)}
    assert (found["n"]["title"], found["o"]["type"], found["own"]["type"]) == ("News", "permission", None)
    states = {state["id"]: (state["value"], state["said"]) for state in await unreachable.ok("GET", "/subscriptions")}
    assert states == {"n": (True, False), "o": (False, False)}


async def test_a_catalogue_with_one_id_twice_is_refused_by_field(here: Registry) -> None:
    answer = await call(here, "PATCH", "/applications/app", {"subscriptions": [CATALOGUE[0], CATALOGUE[0]]})
    assert answer.status_code == 400
    assert [(error["field"], "unique" in error["rule"]) for error in answer.json()["errors"]] == [
        ("subscriptions", True)
    ]


async def test_prohibition_by_the_system_is_told_now_and_by_day_with_its_history(here: Registry) -> None:
    forbidden, forgiven, _ = [await here.installed() for _ in range(3)]
    await forbidden.ok("PUT", "/settings", {"pushOsEnabled": False})
    await forgiven.ok("PUT", "/settings", {"pushOsEnabled": False})
    await forgiven.ok("PUT", "/settings", {"pushOsEnabled": True})
    prohibitions = await ok(here, "GET", "/applications/app/prohibitions")
    assert prohibitions["now"] == [{"platform": "ios", "forbidden": 1, "installations": 3}]
    today = prohibitions["days"][-1]
    assert (today["forbiddenBySdk"], today["allowed"], today["forbidden"]) == (2, 1, 1)
    assert prohibitions["days"][0]["forbidden"] == 0
    forgiven_view = await ok(here, "GET", f"/installations/{forgiven.installation_id}")
    assert [(change["allowed"], change["source"]) for change in forgiven_view["osPermission"]] == [
        (False, "sdk"),
        (True, "sdk"),
    ]


@pytest.mark.parametrize(
    "query", ["from=2026-02-30", "from=2020-01-01", "from=2026-02-02&to=2026-02-01", "from=0001-01-01"]
)
async def test_days_that_make_no_sense_are_refused_by_field(here: Registry, query: str) -> None:
    answer = await call(here, "GET", f"/applications/app/prohibitions?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"].endswith("from")


async def test_before_there_were_days_there_is_nothing_to_tell(here: Registry) -> None:
    answer = await call(here, "GET", "/applications/app/prohibitions?to=0001-01-01")
    assert answer.status_code == 400


async def test_a_partner_reads_of_the_applications_it_sends_to_and_of_no_other(here: Registry) -> None:
    phone = await here.installed()
    await phone.ok("POST", "/personalize", {"externalUserId": "u-1"})
    await phone.ok("POST", "/sessions", {"previousSessionS": 12})
    own, stranger = await partner(here, "app"), await partner(here, None)
    found = await ok(here, "GET", "/installations?user=u-1", headers=own)
    (device,) = found["installations"]
    assert (device["usage"]["launches"], device["usage"]["sessionS"], len(found["cards"])) == (1, 12, 1)
    assert await ok(here, "GET", "/installations?user=u-1", headers=stranger) == {
        "cards": [],
        "installations": [],
        "gaveWay": [],
        "unread": [],
        "damaged": [],
    }
    for path in (f"/installations/{phone.installation_id}", "/applications/app/subscriptions"):
        assert (await call(here, "GET", path, headers=own)).status_code == 200
        assert (await call(here, "GET", path, headers=stranger)).status_code == 404
        assert (await call(here, "GET", path, headers={})).status_code == 401
