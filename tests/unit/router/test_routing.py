"""The router's step, broken off by its database at each place: what waits for its hour is brought back all the same."""

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from schemas import ids, topics
from schemas.application_events import StopChanged
from schemas.events import Held, MessageRequested, RequestRepeated, Scheduled
from schemas.values import Schedule
from services.router.routing import Routing
from services.router.store import RoutingClaim
from services.runtime import mongo
from services.runtime.clock import now_ms
from services.runtime.crypto import record_encryption
from services.runtime.directory import Directory
from services.runtime.log.batch_consumer import Record
from services.runtime.log.kafka import Append
from services.runtime.scheduling.stops import Stops
from services.runtime.scheduling.timers import Timer
from services.runtime.short_links import ShortLinks
from tests.support.deliveries import DELIVERIES
from tests.unit.router.test_plan import asked

REQUESTED = topics.MESSAGE_REQUESTED["single"]


class Store:
    """Claims, timers, installations and marks; `breaks`: what fails once, before or after it has written."""

    def __init__(self, breaks: str = "") -> None:
        self.claims: dict[str, RoutingClaim] = {}
        self.timers: dict[str, Timer] = {}
        self.loads: list[list[str]] = []  # what was looked for, each time
        self._breaks, self._hidden = breaks, set[str]()

    def _breaks_now(self, at: str) -> None:
        if self._breaks == at:
            self._breaks = ""
            raise mongo.Unavailable(at)

    async def load(self, claim_ids: Iterable[str]) -> dict[str, RoutingClaim]:
        claim_ids = list(claim_ids)
        self.loads += [claim_ids] if claim_ids else []
        if not claim_ids:
            return {}
        hidden, self._hidden = self._hidden, set()
        return {
            claim_id: self.claims[claim_id]
            for claim_id in claim_ids
            if claim_id in self.claims and claim_id not in hidden
        }

    async def insert(self, claims: Sequence[RoutingClaim]) -> set[str]:
        taken = {claim.claim_id for claim in claims} & self.claims.keys()
        self.claims = {claim.claim_id: claim for claim in claims} | self.claims
        if self._breaks == "concern":
            self._hidden = set(self.claims)  # not held by a majority yet, so not read
        self._breaks_now("concern")
        return taken

    async def make_due(self, claims: Sequence[RoutingClaim]) -> set[str]:
        return set()

    async def known(self, addresses: Iterable[Any]) -> set[Any]:
        return set()

    async def set(self, timers: Sequence[Timer]) -> None:
        self._breaks_now("timers")
        self.timers = {timer.event.event_id: timer for timer in timers} | self.timers

    async def hasten(self, tag: object, now: int) -> None:
        self._breaks_now("hasten")

    async def by_addresses(self, addresses: Iterable[Any]) -> dict[Any, list[Any]]:
        return {address: [] for address in addresses}

    async def mark(self, ends: Iterable[Any]) -> None:
        return


def routing(store: Any, directory: Directory) -> Routing:
    nothing_short = ShortLinks("", lambda _: [])
    return Routing(
        directory=directory,
        installations=store,
        claims=store,
        timers=store,
        stops=Stops(directory, store),
        short=nothing_short,
        deliveries=DELIVERIES,
        ended=store,
    )


def tomorrow() -> MessageRequested:
    minute = (now_ms() // 60_000 + 180 + 720) % 1440
    wish = Schedule(begin_minute=minute, end_minute=(minute + 60) % 1440)
    return asked().replace(schedule=wish, at=now_ms())


def paused() -> Directory:
    directory = Directory()
    stop = StopChanged(event_id=ids.uuid7(), at=now_ms(), scope="partner", id=asked().partner_id, state="paused")
    directory.apply(stop.entity_key, record_encryption.encode(stop))
    return directory


@pytest.mark.parametrize("breaks", ["", "timers", "concern"])
@pytest.mark.parametrize("waits_for", ["hour", "stop"])
async def test_a_link_that_waits_has_its_timer_wherever_the_step_was_broken_off(breaks: str, waits_for: str) -> None:
    store = Store(breaks)
    request = tomorrow() if waits_for == "hour" else asked().replace(at=now_ms())
    router = routing(store, paused() if waits_for == "stop" else Directory())
    record = Record(REQUESTED, 0, 7, request.message_id, event=request, raw=b"")
    if breaks:
        with pytest.raises(mongo.Unavailable):
            await router.step([record])
    if breaks == "concern":  # the claim refuses another, but nobody may act on it yet
        with pytest.raises(mongo.Unavailable, match="majority"):
            await router.step([record])
    for _ in range(2):
        follows = await router.step([record])
        (waits,) = [record_encryption.decode(append.topic, append.value) for append in follows.appends]
        assert isinstance(waits, Scheduled | Held)
        (timer,) = store.timers.values()
        assert timer.due_at == (waits.send_at if isinstance(waits, Scheduled) else waits.until)
        store.timers.clear()


async def test_a_repeated_request_sets_no_timer_of_its_own() -> None:
    store, request = Store(), tomorrow()
    router = routing(store, Directory())
    await router.step([Record(REQUESTED, 0, 7, request.message_id, event=request, raw=b"")])
    (timer,) = store.timers.values()
    again = request.replace(event_id=ids.uuid7())
    await router.step([Record(REQUESTED, 0, 8, again.message_id, event=again, raw=b"")])
    assert list(store.timers.values()) == [timer]


def one_after_the_other(count: int) -> list[Record]:
    """Requests for one message."""
    message = asked().replace(at=now_ms())
    requests = [message.replace(event_id=ids.uuid7()) for _ in range(count)]
    return [
        Record(REQUESTED, 0, offset, event.message_id, event=event, raw=b"") for offset, event in enumerate(requests)
    ]


def types(appends: Sequence[Append]) -> list[str]:
    return [type(record_encryption.decode(append.topic, append.value)).__name__ for append in appends]


async def test_no_claim_is_looked_for_unless_it_was_refused() -> None:
    store = Store()
    router = routing(store, Directory())
    (first, again) = one_after_the_other(2)
    assert types((await router.step([first])).appends) == ["Planned"]
    assert store.loads == []
    assert types((await router.step([again])).appends) == ["RequestRepeated"]
    assert store.loads == [[f"{first.key}/0"]]


async def test_a_replay_appends_the_bytes_that_are_stored_and_drops_what_it_planned_anew() -> None:
    store = Store()
    (record,) = one_after_the_other(1)
    stored = (await routing(store, Directory()).step([record])).appends
    again = (await routing(store, Directory()).step([record])).appends
    assert [append.value for append in again] == [append.value for append in stored]  # sealing draws a nonce each time


async def test_a_dropped_request_says_of_which_mailing_and_which_line_it_was() -> None:
    first, again = one_after_the_other(2)
    assert isinstance(again.event, MessageRequested)
    line = again._replace(event=again.event.replace(mailing_id="m", mailing_line=7))
    (_, append) = (await routing(Store(), Directory()).step([first, line])).appends
    dropped = record_encryption.decode(append.topic, append.value)
    assert isinstance(dropped, RequestRepeated)
    assert (dropped.mailing_id, dropped.mailing_line, dropped.request_id) == ("m", 7, line.event.event_id)


async def test_a_request_behind_one_that_is_refused_goes_by_the_claim_that_refused_it() -> None:
    """The claim is the second's: the first had failed when both were read before."""
    store = Store()
    first, second = one_after_the_other(2)
    stored = (await routing(store, Directory()).step([second])).appends
    follows = (await routing(store, Directory()).step([first, second])).appends
    assert sorted(types(follows)) == ["Planned", "RequestRepeated"]
    assert stored[0].value in [append.value for append in follows]
