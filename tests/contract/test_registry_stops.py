"""Stop buttons: who may press which, and what is told."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest

from schemas.application_events import StopChanged
from schemas.topics import APPLICATION_EVENTS
from services.registry import api_stops
from tests.conftest import Servers, own_settings
from tests.contract.test_registry_audience import call, ok, partner
from tests.log_reader import all_events_of
from tests.registry_app import Registry, registry


@pytest.fixture
async def here(stack_servers: Servers) -> AsyncIterator[Registry]:
    async with registry(own_settings(stack_servers)) as opened:
        yield opened


async def put(here: Registry, what: str, state: str, **more: Any) -> Any:
    return await call(here, "PUT", f"/stops/{what}", {"state": state, "reason": "a drill"}, **more)


async def test_the_operator_pauses_and_resumes_and_it_is_in_the_log(here: Registry) -> None:
    assert (await put(here, "provider/hms", "paused")).json()["state"] == "paused"
    assert (await put(here, "application/app", "paused")).status_code == 200
    listed = await ok(here, "GET", "/stops")
    assert [(one["scope"], one["id"], one["by"], one["reason"]) for one in listed] == [
        ("provider", "hms", "bootstrap", "a drill"),
        ("application", "app", "bootstrap", "a drill"),
    ]
    await put(here, "provider/hms", "running")
    assert [one["scope"] for one in await ok(here, "GET", "/stops")] == ["application"]
    events = [one for one in await all_events_of(here.settings, APPLICATION_EVENTS) if isinstance(one, StopChanged)]
    assert [one.state for one in events if one.scope == "provider"] == ["paused", "running"]


async def test_a_partner_stops_its_own_packets_and_nothing_else(here: Registry) -> None:
    own, other = await partner(here, "app"), await partner(here, "app")
    paused = (await put(here, "packet/7", "paused", headers=own)).json()
    assert paused["id"].endswith("/7")
    assert len(await ok(here, "GET", "/stops", headers=own)) == 1
    assert await ok(here, "GET", "/stops", headers=other) == []
    for what in ("provider/hms", "application/app", "partner/somebody"):
        assert (await put(here, what, "paused", headers=own)).status_code == 403
    assert (await put(here, "provider/hms", "paused", headers={})).status_code == 401


async def test_a_mailing_has_two_names(here: Registry) -> None:
    own = await partner(here, "app")
    by_ref = (await put(here, "mailing/autumn", "paused", headers=own)).json()["id"]
    partner_id, _, mailing_id = by_ref.partition("/")
    assert str(uuid.UUID(mailing_id)) == mailing_id
    assert (await put(here, f"mailing/{mailing_id}", "running", headers=own)).json()["id"] == by_ref
    assert (await put(here, f"mailing/{partner_id}/autumn", "paused")).json()["id"] == by_ref
    assert len(await ok(here, "GET", "/stops", headers=own)) == 1
    refused = await put(here, "packet/autumn", "paused", headers=own)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "stop_id")


async def test_what_is_cancelled_stays_so(here: Registry) -> None:
    own = await partner(here, "app")
    assert (await put(here, "mailing/m-1", "cancelled", headers=own)).status_code == 200
    assert (await put(here, "mailing/m-1", "cancelled", headers=own)).status_code == 200
    assert (await put(here, "mailing/m-1", "running", headers=own)).status_code == 409


@pytest.mark.parametrize("packet", ["0", "-7", "07", "demo/7", "1" * 17, "٧"])
async def test_a_packet_that_cannot_be_is_not_stopped(here: Registry, packet: str) -> None:
    assert (await put(here, f"packet/{packet}", "paused", headers=await partner(here, "app"))).status_code == 400


async def test_a_partner_cannot_fill_every_process_with_stops(here: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_stops, "_MOST", 2)
    own, other = await partner(here, "app"), await partner(here, "app")
    for packet, status in (("1", 200), ("2", 200), ("3", 409), ("2", 200)):
        assert (await put(here, f"packet/{packet}", "paused", headers=own)).status_code == status
    assert (await put(here, "packet/3", "paused", headers=other)).status_code == 200


@pytest.mark.parametrize(
    ("what", "state", "status", "field"),
    [
        ("partner/nobody", "paused", 404, None),
        ("provider/carrier-pigeon", "paused", 404, None),
        ("packet/7", "paused", 404, None),
        ("packet/nobody/7", "paused", 404, None),
        ("moon/1", "paused", 400, "scope"),
        ("provider/hms", "stopped", 400, "state"),
        ("provider/hms", "cancelled", 400, "state"),
    ],
)
async def test_a_stop_that_makes_no_sense_is_refused(
    here: Registry, what: str, state: str, status: int, field: str | None
) -> None:
    answer = await put(here, what, state)
    assert answer.status_code == status
    if field is not None:
        assert answer.json()["errors"][0]["field"].endswith(field)


async def test_a_partner_is_told_that_an_operator_stopped_its_packet_and_not_which(here: Registry) -> None:
    own = await partner(here, "app")
    stopped = (await put(here, "packet/77", "paused", headers=own)).json()
    assert stopped["by"] == stopped["id"].partition("/")[0]
    assert (await put(here, f"packet/{stopped['id']}", "paused")).json()["by"] == "bootstrap"
    (seen,) = await ok(here, "GET", "/stops", headers=own)
    assert seen["by"] == "operator"
