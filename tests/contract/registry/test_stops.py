"""Stop buttons: who may press which, and what is told."""

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest

from schemas import ids
from schemas.application_events import StopChanged
from schemas.topics import APPLICATION_EVENTS, MESSAGE_RETENTION_MS
from services.registry.provisioning import stops
from services.registry.provisioning.service import Provisioning
from services.registry.provisioning.stop_expiry import StopExpiry
from services.registry.provisioning.store import ProvisioningLock
from services.runtime.clock import now_ms
from services.runtime.directory import Directory
from services.runtime.log import kafka
from services.runtime.log.kafka import Append
from services.runtime.mongo.stop_targets import StopTargets
from tests.conftest import Servers, own_settings
from tests.contract.registry.test_audience import call, ok, partner
from tests.support.log_reader import all_events_of
from tests.support.registry_app import Registry, registry
from tests.support.waiting import eventually


@pytest.fixture
async def here(stack_servers: Servers) -> AsyncIterator[Registry]:
    async with registry(own_settings(stack_servers)) as opened:
        yield opened


async def named(here: Registry) -> tuple[dict[str, str], str]:
    """A partner: what it shows to be let in, and its id."""
    headers = await partner(here, "app")
    login = base64.b64decode(headers["Authorization"].partition(" ")[2]).decode().partition(":")[0]
    found = here.directory.partner_by_login(login)
    assert found is not None
    return headers, found.partner_id


async def has_mailing(here: Registry, partner_id: str, mailing_id: str, state: str = "running") -> None:
    """As ingest writes it."""
    await here.database["mailings"].insert_one({"_id": mailing_id, "partner_id": partner_id, "state": state})


async def has_packet(here: Registry, partner_id: str, packet_id: int) -> None:
    """As status writes one of its messages."""
    await here.database["messages"].insert_one({"_id": ids.uuid7(), "partner_id": partner_id, "packet_id": packet_id})


async def put(here: Registry, what: str, state: str, **more: Any) -> Any:
    return await call(here, "PUT", f"/stops/{what}", {"state": state, "reason": "a drill"}, **more)


async def test_the_operator_pauses_and_resumes_and_it_is_in_the_log(here: Registry) -> None:
    assert (await put(here, "provider/hms", "paused")).json()["state"] == "paused"
    assert (await put(here, "application/app", "paused")).status_code == 200
    listed = await ok(here, "GET", "/stops")
    assert [(stop["scope"], stop["id"], stop["by"], stop["reason"]) for stop in listed] == [
        ("provider", "hms", "bootstrap", "a drill"),
        ("application", "app", "bootstrap", "a drill"),
    ]
    await put(here, "provider/hms", "running")
    assert [stop["scope"] for stop in await ok(here, "GET", "/stops")] == ["application"]
    events = [
        event for event in await all_events_of(here.settings, APPLICATION_EVENTS) if isinstance(event, StopChanged)
    ]
    assert [event.state for event in events if event.scope == "provider"] == ["paused", "running"]


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
    own, partner_id = await named(here)
    mailing_id = ids.mailing_id_of(here.directory.partners[partner_id].uuid, "autumn")
    await has_mailing(here, partner_id, mailing_id)
    by_ref = (await put(here, "mailing/autumn", "paused", headers=own)).json()["id"]
    assert by_ref == f"{partner_id}/{mailing_id}"
    assert (await put(here, f"mailing/{mailing_id}", "running", headers=own)).json()["id"] == by_ref
    assert (await put(here, f"mailing/{partner_id}/autumn", "paused")).json()["id"] == by_ref
    assert len(await ok(here, "GET", "/stops", headers=own)) == 1
    refused = await put(here, "packet/autumn", "paused", headers=own)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "stop_id")


async def test_what_is_cancelled_stays_so(here: Registry) -> None:
    own, partner_id = await named(here)
    await has_mailing(here, partner_id, ids.mailing_id_of(here.directory.partners[partner_id].uuid, "m-1"))
    assert (await put(here, "mailing/m-1", "cancelled", headers=own)).status_code == 200
    assert (await put(here, "mailing/m-1", "cancelled", headers=own)).status_code == 200
    assert (await put(here, "mailing/m-1", "running", headers=own)).status_code == 409


@pytest.mark.parametrize("packet", ["0", "-7", "07", "demo/7", "1" * 17, "٧"])
async def test_a_packet_that_cannot_be_is_not_stopped(here: Registry, packet: str) -> None:
    assert (await put(here, f"packet/{packet}", "paused", headers=await partner(here, "app"))).status_code == 400


async def test_a_mailing_that_is_invented_or_anothers_is_not_stopped(here: Registry) -> None:
    own, partner_id = await named(here)
    _, other_id = await named(here)
    anothers, never = ids.uuid7(), ids.uuid7()
    await has_mailing(here, other_id, anothers)
    before = len(await all_events_of(here.settings, APPLICATION_EVENTS))
    for invented in ("x" * 250, anothers, never, "autumn"):
        assert (await put(here, f"mailing/{invented}", "cancelled", headers=own)).status_code == 404
        assert (await put(here, f"mailing/{partner_id}/{invented}", "paused")).status_code == 404
    assert len(await all_events_of(here.settings, APPLICATION_EVENTS)) == before
    assert (await put(here, f"mailing/{other_id}/{anothers}", "paused")).status_code == 200


async def test_a_packet_that_is_not_known_yet_may_be_stopped_and_not_very_many(
    here: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stops, "MOST_UNKNOWN", 2)
    (own, partner_id), (other, _) = await named(here), await named(here)
    for packet, status in (("1", 200), ("2", 200), ("3", 404), ("2", 200)):
        assert (await put(here, f"packet/{packet}", "paused", headers=own)).status_code == status
    assert (await put(here, "packet/3", "paused", headers=other)).status_code == 200
    assert (await put(here, "packet/1", "running", headers=own)).status_code == 200
    assert (await put(here, "packet/3", "paused", headers=own)).status_code == 404  # a lifted one is kept too
    await has_packet(here, partner_id, 3)
    assert (await put(here, "packet/3", "paused", headers=own)).status_code == 200


async def test_a_partner_cannot_fill_every_process_with_stops(here: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stops, "MOST_HOLDING", 2)
    monkeypatch.setattr(stops, "MOST_KEPT", 3)
    (own, partner_id), (other, _) = await named(here), await named(here)
    for number in range(1, 6):
        await has_packet(here, partner_id, number)
    steps = [("1", "paused", 200), ("2", "paused", 200), ("3", "paused", 409), ("2", "paused", 200)]
    steps += [("1", "running", 200), ("3", "paused", 200), ("1", "paused", 409), ("2", "cancelled", 200)]
    steps += [("3", "running", 200), ("4", "paused", 409)]  # three are kept
    for packet, state, status in steps:
        answer = await put(here, f"packet/{packet}", state, headers=own)
        assert answer.status_code == status, (packet, state, answer.text)
    assert (await put(here, "packet/4", "paused", headers=other)).status_code == 200


@pytest.mark.parametrize("what", ["provider/rustore", "packet/4711", "application/app"])
async def test_what_was_never_stopped_cannot_go_on(here: Registry, what: str) -> None:
    more = {"headers": (await named(here))[0]} if what.startswith("packet") else {}
    before = len(await all_events_of(here.settings, APPLICATION_EVENTS))
    answer = await put(here, what, "running", **more)
    assert (answer.status_code, answer.json()["title"]) == (404, "Not stopped")
    assert len(await all_events_of(here.settings, APPLICATION_EVENTS)) == before


async def test_stops_are_read_page_by_page(here: Registry) -> None:
    own, _ = await named(here)
    for packet in range(1, 8):
        await put(here, f"packet/{packet}", "paused", headers=own)
    found, query, sizes = [], "?limit=3", []
    while query:
        answer = await call(here, "GET", f"/stops{query}", headers=own)
        sizes.append(len(answer.json()))
        found += [stop["id"].partition("/")[2] for stop in answer.json()]
        link = answer.headers.get("Link", "")
        assert not link or link.endswith('>; rel="next"')
        query = link.removeprefix("<").partition(">")[0]
    assert (found, sizes) == ([str(packet) for packet in range(1, 8)], [3, 3, 1])
    for bad in ("limit=0", "limit=1001", "cursor=x", "cursor=.", "cursor=-1.x", "cursor=" + "9" * 50 + ".x"):
        assert (await call(here, "GET", f"/stops?{bad}", headers=own)).status_code == 400


async def test_old_stops_end_but_not_while_their_mailing_goes_on(here: Registry) -> None:
    _, partner_id = await named(here)
    running, over = ids.uuid7(), ids.uuid7()
    await has_mailing(here, partner_id, running, "running")
    await has_mailing(here, partner_id, over, "done")
    old, young = now_ms() - MESSAGE_RETENTION_MS - 1, now_ms() - MESSAGE_RETENTION_MS + 60_000
    set_at = {
        f"mailing/{partner_id}/{running}": old,
        f"mailing/{partner_id}/{over}": old,
        f"packet/{partner_id}/1": old,
        f"packet/{partner_id}/2": young,
        f"partner/{partner_id}": old,
    }
    for place, at in set_at.items():
        scope, _, name = place.partition("/")
        about = {"event_id": ids.uuid7(), "at": at, "scope": scope, "id": name, "state": "paused"}
        event = StopChanged.stored(about)
        await here.sink.append([Append(APPLICATION_EVENTS, event.entity_key, event)])
    last = ("partner", partner_id)
    await eventually(lambda: last in here.directory.stops)
    ending = StopExpiry(
        Provisioning(here.directory, here.sink, ProvisioningLock(here.database)), StopTargets(here.database)
    )
    await ending.look()
    await eventually(lambda: ("packet", f"{partner_id}/1") not in here.directory.stops)
    left = {f"{scope}/{name}" for scope, name in here.directory.stops if partner_id in name}
    assert left == {f"mailing/{partner_id}/{running}", f"packet/{partner_id}/2", f"partner/{partner_id}"}
    assert (await put(here, f"packet/{partner_id}/1", "running")).status_code == 404
    assert (await put(here, f"packet/{partner_id}/1", "paused")).status_code == 200  # as if it had never been
    fresh, caught_up = Directory(), asyncio.Event()
    following = asyncio.create_task(kafka.follow(here.settings, APPLICATION_EVENTS, fresh.apply, caught_up))
    await asyncio.wait_for(caught_up.wait(), 20)
    following.cancel()
    assert fresh.stops.keys() == here.directory.stops.keys()
    assert {stop.id for stop in fresh.holding()} == {stop.id for stop in here.directory.holding()}
    await here.database["mailings"].update_one({"_id": running}, {"$set": {"state": "cancelled"}})
    await ending.look()
    await eventually(lambda: ("mailing", f"{partner_id}/{running}") not in here.directory.stops)


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
