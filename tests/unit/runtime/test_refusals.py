"""Refusals in the audit trail: of whom we know at once, of strangers who insist, and never more than a few records."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from starlette.types import Scope

from schemas.audit_events import Audited
from services.runtime.access.refusals import Refusals
from services.runtime.log.kafka import Append


class Sink:
    def __init__(self) -> None:
        self.events: list[Any] = []

    async def append(self, records: Sequence[Append], timeout_s: float | None = None) -> None:
        self.events += [record.event for record in records]


def asked(address: str = "198.51.100.7", path: str = "/v1/partners") -> Scope:
    return {"type": "http", "method": "GET", "path": path, "headers": [], "client": (address, 1)}


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def refusals(sink: Sink) -> Refusals:
    return Refusals(sink, "registry", ())  # type: ignore[arg-type]


def record_of(event: Audited) -> tuple[str, str, int, int]:
    return event.who, event.address, event.status, event.count


async def test_a_known_caller_is_told_of_once_with_the_number(refusals: Refusals, sink: Sink) -> None:
    for _ in range(3):
        refusals.note("operator:duty", asked(), 403)
    await refusals.flush()
    await refusals.flush()
    (event,) = sink.events
    assert (*record_of(event), event.path) == ("operator:duty", "198.51.100.7", 403, 3, "/v1/partners")


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("path", ["/v1/messages/{}", "/v1/messages/{}/cancel", "/v1/mailings/{}/start"])
async def test_a_phone_in_the_path_is_in_no_record(refusals: Refusals, sink: Sink, method: str, path: str) -> None:
    refusals.note("operator:duty", {**asked(path=path.format("79110000067")), "method": method}, 403)
    await refusals.flush()
    assert [event.path for event in sink.events] == [path.format("…")]


async def test_a_stranger_is_told_of_who_insists(refusals: Refusals, sink: Sink) -> None:
    for _ in range(9):
        refusals.note("", asked(), 401)
    await refusals.flush()
    assert sink.events == []
    for _ in range(10):
        refusals.note("", asked(), 401)
    await refusals.flush()
    assert [record_of(event) for event in sink.events] == [("unknown", "198.51.100.7", 401, 10)]


async def test_many_networks_do_not_fill_the_topic(refusals: Refusals, sink: Sink) -> None:
    for number in range(1_200):
        for _ in range(10):
            refusals.note("", asked(f"10.0.{number // 250}.{number % 250}"), 401)
    await refusals.flush()
    assert len(sink.events) == 21
    assert record_of(sink.events[-1]) == ("unknown", "others", 0, 12_000 - 20 * 10)


async def test_what_is_left_at_the_end_is_told(refusals: Refusals, sink: Sink) -> None:
    refusals.note("operator:duty", asked(), 403)
    stop = asyncio.Event()
    stop.set()
    await refusals.run(stop)
    assert [event.who for event in sink.events] == ["operator:duty"]
