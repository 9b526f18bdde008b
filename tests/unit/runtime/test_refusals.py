"""Refusals in the audit trail: of whom we know at once, of strangers who insist, what each tried, and never more than a
few records."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from starlette.types import Scope

from schemas.audit_events import Audited
from services.runtime.access.audit import NOBODY, Caller, TriedAccount
from services.runtime.access.operator_routes import PARTNERS_OWN, ROUTES, gives_rights
from services.runtime.access.refusals import MOST, MOST_AT_ONCE, MOST_RIGHTS, Refusals
from services.runtime.log.kafka import Append
from tests.support.waiting import eventually

DUTY = Caller("operator:duty", "operator/o1")


class Sink:
    def __init__(self) -> None:
        self.events: list[Any] = []

    async def append(self, records: Sequence[Append], timeout_s: float | None = None) -> None:
        self.events += [record.event for record in records]


def asked(address: str = "198.51.100.7", path: str = "/v1/partners", method: str = "GET") -> Scope:
    return {"type": "http", "method": method, "path": path, "headers": [], "client": (address, 1)}


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def refusals(sink: Sink) -> Refusals:
    return Refusals(sink, "registry", ())  # type: ignore[arg-type]


def record_of(event: Audited) -> tuple[str, str, int, int]:
    return event.who, event.address, event.status, event.count


def tried(sink: Sink) -> dict[tuple[str, str], int]:
    return {(event.method, event.path): event.count for event in sink.events}


async def test_a_known_caller_is_told_of_once_with_the_number(refusals: Refusals, sink: Sink) -> None:
    for _ in range(3):
        refusals.note(DUTY, asked(), 403)
    await refusals.flush()
    await refusals.flush()
    (event,) = sink.events
    assert (*record_of(event), event.path) == ("operator:duty", "198.51.100.7", 403, 3, "/v1/partners")
    assert event.who_id == "operator/o1"


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("path", ["/v1/messages/{}", "/v1/messages/{}/cancel", "/v1/mailings/{}/start"])
async def test_a_phone_in_the_path_is_in_no_record(refusals: Refusals, sink: Sink, method: str, path: str) -> None:
    refusals.note(DUTY, asked(path=path.format("79110000067"), method=method), 403)
    await refusals.flush()
    assert [event.path for event in sink.events] == [path.format("…")]


async def test_a_stranger_is_told_of_who_insists(refusals: Refusals, sink: Sink) -> None:
    for _ in range(9):
        refusals.note(NOBODY, asked(), 401)
    await refusals.flush()
    assert sink.events == []
    for _ in range(10):
        refusals.note(NOBODY, asked(), 401)
    await refusals.flush()
    assert [record_of(event) for event in sink.events] == [("unknown", "198.51.100.7", 401, 10)]


async def test_what_gives_rights_does_not_hide_behind_something_harmless(refusals: Refusals, sink: Sink) -> None:
    for method, path in (
        ("GET", "/v1/stops"),
        ("POST", "/v1/accounts"),
        ("GET", "/v1/stops"),
        ("POST", "/v1/partners"),
    ):
        refusals.note(DUTY, asked(path=path, method=method), 403)
    await refusals.flush()
    assert tried(sink) == {("GET", "/v1/stops"): 2, ("POST", "/v1/accounts"): 1, ("POST", "/v1/partners"): 1}


async def test_a_stranger_who_tries_each_route_a_little_is_told_of_with_all_of_them(
    refusals: Refusals, sink: Sink
) -> None:
    paths = ["/v1/stops", "/v1/accounts", "/v1/operators", "/v1/partners", "/v1/mailings"]
    for path in paths * 2:
        refusals.note(NOBODY, asked(path=path, method="POST"), 401)
    await refusals.flush()
    assert tried(sink) == {("POST", path): 2 for path in paths}


async def test_several_of_one_route_are_one_record_that_names_what_they_share(refusals: Refusals, sink: Sink) -> None:
    for partner, times in (("bank", 2), ("shop", 1)):
        for _ in range(times):
            refusals.note(DUTY, asked(path=f"/v1/partners/{partner}/password", method="POST"), 403)
    refusals.note(DUTY, asked(path="/v1/partners/bank/api-key", method="POST"), 403)
    await refusals.flush()
    assert tried(sink) == {("POST", "/v1/partners/…/password"): 3, ("POST", "/v1/partners/bank/api-key"): 1}


async def test_many_networks_do_not_fill_the_topic(refusals: Refusals, sink: Sink) -> None:
    for number in range(1_200):
        for _ in range(10):
            refusals.note(NOBODY, asked(f"10.0.{number // 250}.{number % 250}"), 401)
    await refusals.flush()
    assert len(sink.events) == MOST + 1
    assert record_of(sink.events[-1]) == ("unknown", "others", 0, 12_000 - MOST * 10)


def test_the_networks_of_a_flood_are_not_kept_without_end(refusals: Refusals) -> None:
    for number in range(5_000):
        refusals.note(NOBODY, asked(f"10.0.{number // 250}.{number % 250}"), 401)
    assert len(refusals._by_network) == 1_000


async def test_a_flood_hides_neither_whom_we_know_nor_that_it_was_about_rights(refusals: Refusals, sink: Sink) -> None:
    for number in range(1_200):
        for path in ("/v1/stops", "/v1/accounts"):
            for _ in range(10):
                refusals.note(NOBODY, asked(f"10.0.{number // 250}.{number % 250}", path, "POST"), 401)
    refusals.note(DUTY, asked(path="/v1/operators", method="POST"), 403)
    await refusals.flush()
    assert len(sink.events) == MOST + MOST_RIGHTS + 2
    assert (sink.events[0].who, sink.events[0].path) == ("operator:duty", "/v1/operators")
    (rights, harmless) = [(event.path, event.count) for event in sink.events if event.address == "others"]
    assert rights == ("rights", 12_000 - (MOST_RIGHTS - 1) * 10)
    assert harmless == ("", 12_000 - MOST * 10)


async def test_no_number_of_networks_fills_the_memory(refusals: Refusals) -> None:
    for number in range(3_000):
        refusals.note(NOBODY, asked(f"2001:db8:{number:x}::1"), 401)
    assert len(refusals._by_network) == len(refusals._counts) == 1_000


async def test_a_made_up_method_makes_no_lines_of_its_own(refusals: Refusals, sink: Sink) -> None:
    for number in range(10):
        refusals.note(NOBODY, asked(method=f"M{number}"), 401)
    await refusals.flush()
    assert tried(sink) == {("…", "/v1/partners"): 10}


async def test_whoever_tries_an_account_is_told_of_at_once_with_its_name(refusals: Refusals, sink: Sink) -> None:
    account = TriedAccount("a1", "support-1")
    for _ in range(2):
        refusals.note(NOBODY, asked(path="/v1/session", method="POST"), 401, account)
    await refusals.flush()
    (event,) = sink.events
    (change,) = event.changes
    assert (event.who, event.count, change.entity, change.values[0].after) == ("unknown", 2, "session/a1", "support-1")


def tried_accounts(sink: Sink) -> list[tuple[str, int]]:
    return [(event.changes[0].entity, event.count) for event in sink.events]


async def test_a_process_that_is_killed_has_told_of_each_account_and_loses_only_how_often(
    refusals: Refusals, sink: Sink
) -> None:
    for _ in range(3):
        for name in ("a1", "a2"):
            refusals.note(NOBODY, asked(path="/v1/session", method="POST"), 401, TriedAccount(name, name))
    await eventually(lambda: len(sink.events) == 2, "the first ones are told without a flush")
    assert tried_accounts(sink) == [("session/a1", 1), ("session/a2", 1)]
    await refusals.flush()
    assert tried_accounts(sink)[2:] == [("session/a1", 2), ("session/a2", 2)]
    refusals.note(NOBODY, asked(path="/v1/session", method="POST"), 401, TriedAccount("a1", "a1"))
    await asyncio.sleep(0)
    assert len(sink.events) == 4, "it goes on from the minute before"
    await refusals.flush()
    assert tried_accounts(sink)[4:] == [("session/a1", 1)]


async def test_a_flood_of_accounts_is_not_told_at_once(refusals: Refusals, sink: Sink) -> None:
    for number in range(3_000):
        refusals.note(NOBODY, asked(path="/v1/session", method="POST"), 401, TriedAccount(f"a{number}", "x"))
    await eventually(lambda: len(sink.events) == MOST_AT_ONCE, "the first ones are told")
    await refusals.flush()
    assert len(sink.events) == MOST_AT_ONCE + MOST_RIGHTS + 1
    assert sum(event.count for event in sink.events) == 3_000


async def test_whoever_only_names_itself_shares_no_record_with_whom_we_know(refusals: Refusals, sink: Sink) -> None:
    for caller in (Caller("partner:bank"), NOBODY) * 10:
        refusals.note(caller, asked(path="/v1/messages"), 403)
    await refusals.flush()
    assert sorted((event.who, event.count) for event in sink.events) == [("partner:bank", 10), ("unknown", 10)]


def test_tokens_accounts_secrets_and_ways_in_give_rights_and_looking_does_not() -> None:
    known = {f"{route.method} {route.path}" for route in (*ROUTES, *PARTNERS_OWN) if gives_rights(*route[:2])}
    secrets = ("password", "report-key", "batch-key", "api-key")
    assert {f"POST /v1/partners/{{partner_id}}/{secret}" for secret in secrets} <= known
    assert {
        *("POST /v1/accounts", "DELETE /v1/accounts/{account_id}", "POST /v1/operators", "POST /v1/session"),
        *("PUT /v1/applications/{application_id}/credentials/{provider}", "POST /v1/me/api-key"),
    } <= known
    assert not any("GET" in route and "callback" not in route for route in known)
    assert not any("mailings" in route or "stops" in route or "broadcast" in route for route in known)


async def test_what_is_left_at_the_end_is_told(refusals: Refusals, sink: Sink) -> None:
    refusals.note(DUTY, asked(), 403)
    stop = asyncio.Event()
    stop.set()
    await refusals.run(stop)
    assert [event.who for event in sink.events] == ["operator:duty"]
