"""A partner sees and changes what is its own at everybody's listener: its keys and its reports address, and no more."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.registry.provisioning.partner.own_settings import _CHANGES_AT_ONCE
from tests.conftest import Servers, own_settings
from tests.support.listening import ADMIN
from tests.support.registry_app import Registry, registry

KEYS = ("/api-key", "/report-key", "/batch-key")
PATH = "/v1/me"


@pytest.fixture(scope="module")
async def here(stack_servers: Servers) -> AsyncIterator[Registry]:
    async with registry(own_settings(stack_servers)) as opened:
        yield opened


@pytest.fixture
async def partner(here: Registry) -> tuple[str, str]:
    """Login and password; its id is its login."""
    login = f"n{uuid.uuid4().hex[:12]}"
    made = await here.client.post("/v1/partners", headers=ADMIN, json={"login": login})
    assert made.status_code == 201, made.text
    return login, made.json()["password"]


async def call(here: Registry, auth: tuple[str, str], method: str, path: str, **more: Any) -> httpx.Response:
    return await here.client.request(method, PATH + path, auth=auth, **more)


async def test_it_sees_what_operators_have_set_but_no_secret_and_no_operators_name(
    here: Registry, partner: tuple[str, str]
) -> None:
    shown = (await call(here, partner, "GET", "/settings")).json()
    theirs = (await here.client.get(f"/v1/partners/{partner[0]}", headers=ADMIN)).json()
    same = shown.keys() & theirs.keys() - {"by"}
    assert len(same) > 15
    assert {name: shown[name] for name in same} == {name: theirs[name] for name in same}
    assert (shown["by"], theirs["by"]) == ("operator", "bootstrap")
    assert "password" not in shown


async def test_it_moves_its_reports_by_the_rules_of_operators(here: Registry, partner: tuple[str, str]) -> None:
    known = (await call(here, partner, "GET", "/settings")).json()
    body, version = {"reportUrl": "https://bank.example/reports"}, {"If-Match": known["version"]}
    moved = await call(here, partner, "PATCH", "/settings", json=body, headers=version)
    assert (moved.json()["reportUrl"], moved.json()["by"]) == (body["reportUrl"], partner[0])
    kept = here.directory.partners[partner[0]]
    assert (kept.report_url, kept.by) == (body["reportUrl"], f"partner:{partner[0]}")
    assert (await call(here, partner, "PATCH", "/settings", json=body, headers=version)).status_code == 409
    ended = await call(here, partner, "PATCH", "/settings", json={"reportUrl": None})
    assert ended.json()["reportUrl"] is None
    assert (await call(here, partner, "PATCH", "/settings", json={})).json()["reportUrl"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"reportUrl": "ftp://bank.example/"}, "reportUrl"),
        ({"reportUrl": "https://me:secret@bank.example/"}, "reportUrl"),
        ({"reportUrl": "https://bank.example/" + "x" * 2048}, "reportUrl"),
        ({"maxRatePerS": 1_000_000}, "maxRatePerS"),
        ({"subnets": []}, "subnets"),
        ({"enabled": True}, "enabled"),
    ],
)
async def test_it_changes_nothing_else_and_a_wrong_address_is_refused_by_field_and_rule(
    here: Registry, partner: tuple[str, str], body: dict[str, Any], field: str
) -> None:
    before = here.directory.partners[partner[0]]
    answer = await call(here, partner, "PATCH", "/settings", json=body)
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    if field == "reportUrl":
        by_operator = await here.client.patch(f"/v1/partners/{partner[0]}", headers=ADMIN, json=body)
        assert (by_operator.status_code, by_operator.json()["errors"]) == (400, answer.json()["errors"])
    assert here.directory.partners[partner[0]] == before


async def test_it_draws_keys_that_work_and_withdraws_them(here: Registry, partner: tuple[str, str]) -> None:
    made = {path: (await call(here, partner, "POST", path)).json() for path in KEYS}
    assert made["/report-key"]["webhookSecret"].startswith("whsec_")
    by_key = (partner[0], made["/api-key"]["key"])
    shown = (await call(here, by_key, "GET", "/settings")).json()
    assert (shown["apiKeys"], shown["batchKeys"], shown["reportKeys"], shown["signsReports"]) == (1, 1, 1, True)
    assert not any(answer["key"] in str(shown) for answer in made.values())
    kept = here.directory.partners[partner[0]]
    assert made["/batch-key"]["key"] not in str(kept)
    await call(here, partner, "POST", "/report-key")
    assert (await call(here, partner, "GET", "/settings")).json()["reportKeys"] == 2
    assert (await call(here, partner, "DELETE", "/report-key/old")).json()["reportKeys"] == 1
    assert (await call(here, partner, "DELETE", "/api-key")).json()["apiKeys"] == 0
    assert (await call(here, by_key, "GET", "/settings")).status_code == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [("PATCH", "/settings"), ("DELETE", "/api-key"), ("DELETE", "/report-key/old"), *(("POST", key) for key in KEYS)],
)
async def test_an_api_key_changes_nothing_of_it(
    here: Registry, partner: tuple[str, str], method: str, path: str
) -> None:
    key = (await call(here, partner, "POST", "/api-key")).json()["key"]
    before = here.directory.partners[partner[0]]
    more = {"json": {"reportUrl": "https://thief.example/"}} if method == "PATCH" else {}
    answer = await call(here, (partner[0], key), method, path, **more)
    assert (answer.status_code, answer.json()["title"]) == (403, "Needs the password")
    assert here.directory.partners[partner[0]] == before


async def test_nobody_and_no_operator_is_there(here: Registry, partner: tuple[str, str]) -> None:
    assert (await call(here, (partner[0], "guess"), "GET", "/settings")).status_code == 401
    assert (await here.client.get(f"{PATH}/settings")).status_code == 401
    for method, path in (("GET", "/settings"), ("PATCH", "/settings"), ("POST", "/api-key")):
        assert (await here.client.request(method, PATH + path, headers=ADMIN)).status_code == 404


async def test_who_changes_without_end_has_to_wait_and_others_do_not(here: Registry, partner: tuple[str, str]) -> None:
    for _ in range(_CHANGES_AT_ONCE):
        assert (await call(here, partner, "DELETE", "/report-key/old")).status_code == 200
    refused = await call(here, partner, "DELETE", "/report-key/old")
    assert (refused.status_code, int(refused.headers["Retry-After"]) > 0) == (429, True)
    assert (await call(here, partner, "GET", "/settings")).status_code == 200


@pytest.mark.parametrize(
    ("site", "status"), [("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)]
)
async def test_a_page_of_another_site_makes_no_browser_change_anything(
    here: Registry, partner: tuple[str, str], site: str, status: int
) -> None:
    """Though the browser should know the login: it sends it along by itself."""
    answer = await call(here, partner, "POST", "/api-key", headers={"Sec-Fetch-Site": site})
    assert answer.status_code == status
    assert len(here.directory.partners[partner[0]].api_key_digests) == (1 if status == 200 else 0)


async def test_no_script_of_a_page_makes_the_browser_ask_for_the_login(
    here: Registry, partner: tuple[str, str]
) -> None:
    wrong, script = (partner[0], "guess"), {"Sec-Fetch-Dest": "empty"}
    for headers, scheme in ((script, "xBasic"), ({"Sec-Fetch-Dest": "document"}, "Basic"), ({}, "Basic")):
        answer = await call(here, wrong, "GET", "", headers=headers)
        assert (answer.status_code, answer.headers["WWW-Authenticate"].partition(" ")[0]) == (401, scheme)
