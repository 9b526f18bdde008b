"""The router's step, broken off by its database at each place: what waits for its hour is brought back all the same."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from schemas import ids, topics
from schemas.application_events import StopChanged
from schemas.events import Held, MessageRequested, Scheduled
from schemas.values import Schedule
from services.router.routing import Routing
from services.router.store import Claim
from services.runtime import mongo
from services.runtime.clock import now_ms
from services.runtime.crypto import record_encryption
from services.runtime.directory import Directory
from services.runtime.log.batch_consumer import Record
from services.runtime.scheduling.stops import Stops
from services.runtime.scheduling.timers import Timer
from services.runtime.short_links import ShortLinks
from tests.support.deliveries import DELIVERIES
from tests.unit.router.test_plan import asked

REQUESTED = topics.MESSAGE_REQUESTED["single"]


class Store:
    """Claims, timers, installations and marks; `breaks`: what fails once, before or after it has written."""

    def __init__(self, breaks: str = "") -> None:
        self.claims: dict[str, Claim] = {}
        self.timers: dict[str, Timer] = {}
        self._breaks, self._hidden = breaks, set[str]()

    def _breaks_now(self, at: str) -> None:
        if self._breaks == at:
            self._breaks = ""
            raise mongo.Unavailable(at)

    async def load(self, claim_ids: Iterable[str]) -> dict[str, Claim]:
        hidden, self._hidden = self._hidden, set()
        return {one: self.claims[one] for one in claim_ids if one in self.claims and one not in hidden}

    async def insert(self, claims: Sequence[Claim]) -> set[str]:
        taken = {one.claim_id for one in claims} & self.claims.keys()
        self.claims = {one.claim_id: one for one in claims} | self.claims
        if self._breaks == "concern":
            self._hidden = set(self.claims)  # not held by a majority yet, so not read
        self._breaks_now("concern")
        return taken

    async def make_due(self, claims: Sequence[Claim]) -> set[str]:
        return set()

    async def known(self, addresses: Iterable[Any]) -> set[Any]:
        return set()

    async def set(self, timers: Sequence[Timer]) -> None:
        self._breaks_now("timers")
        self.timers = {one.event.event_id: one for one in timers} | self.timers

    async def hasten(self, tag: object, now: int) -> None:
        self._breaks_now("hasten")

    async def by_addresses(self, addresses: Iterable[Any]) -> dict[Any, list[Any]]:
        return {address: [] for address in addresses}

    async def mark(self, ends: Iterable[Any]) -> None:
        return


def routing(store: Any, directory: Directory) -> Routing:
    nothing_short = ShortLinks("", lambda _: [])
    return Routing(directory, store, store, store, Stops(directory, store), nothing_short, DELIVERIES, store)


def tomorrow() -> MessageRequested:
    minute = (now_ms() // 60_000 + 180 + 720) % 1440
    wish = Schedule(begin_minute=minute, end_minute=(minute + 60) % 1440)
    return asked().model_copy(update={"schedule": wish, "at": now_ms()})


def paused() -> Directory:
    directory = Directory()
    stop = StopChanged(event_id=ids.uuid7(), at=now_ms(), scope="partner", id=asked().partner_id, state="paused")
    directory.apply(stop.entity_key, record_encryption.encode(stop))
    return directory


@pytest.mark.parametrize("breaks", ["", "timers", "concern"])
@pytest.mark.parametrize("waits_for", ["hour", "stop"])
async def test_a_link_that_waits_has_its_timer_wherever_the_step_was_broken_off(breaks: str, waits_for: str) -> None:
    store = Store(breaks)
    request = tomorrow() if waits_for == "hour" else asked().model_copy(update={"at": now_ms()})
    one = routing(store, paused() if waits_for == "stop" else Directory())
    record = Record(REQUESTED, 0, 7, request.message_id, request, b"")
    if breaks:
        with pytest.raises(mongo.Unavailable):
            await one.step([record])
    for _ in range(2):
        follows = await one.step([record])
        (said,) = [record_encryption.decode(append.topic, append.value) for append in follows.appends]
        assert isinstance(said, Scheduled | Held)
        (timer,) = store.timers.values()
        assert timer.due_at == (said.send_at if isinstance(said, Scheduled) else said.until)
        store.timers.clear()


async def test_a_repeated_request_sets_no_timer_of_its_own() -> None:
    store, request = Store(), tomorrow()
    one = routing(store, Directory())
    await one.step([Record(REQUESTED, 0, 7, request.message_id, request, b"")])
    (timer,) = store.timers.values()
    again = request.model_copy(update={"event_id": ids.uuid7()})
    await one.step([Record(REQUESTED, 0, 8, again.message_id, again, b"")])
    assert list(store.timers.values()) == [timer]
