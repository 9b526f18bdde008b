"""The router and the stop buttons: what is paused waits and goes on, what is cancelled ends, each exactly once."""

from collections.abc import Sequence

import pytest

from schemas import codec, ids
from schemas.events import (
    CancelRefused,
    CancelRequested,
    Held,
    MessageRequested,
    Planned,
    Scheduled,
    ScheduleDue,
)
from schemas.reasons import Reason
from schemas.values import Schedule
from services.router import routing
from services.router.store import RoutingClaim
from services.runtime.clock import now_ms
from services.runtime.log.batch_consumer import Record
from services.runtime.mongo import Database
from services.runtime.settings import Settings
from tests.contract.router.test_router import REQUESTED, Bench, bench, database, install, kinds, record, request
from tests.support.log_reader import events_of

__all__ = ["bench", "database"]  # fixtures


async def due_after(bench: Bench, settings: Settings, count: int) -> list[ScheduleDue]:
    """The first `count` events that the timers have brought."""
    await bench.stops.carry_out()
    await bench.timers.fire(now_ms())
    return [event for event in await events_of(settings, REQUESTED, count) if isinstance(event, ScheduleDue)]


def in_two_hours() -> Schedule:
    minute = (now_ms() // 60_000 + 180 + 120) % 1440
    return Schedule(begin_minute=minute, end_minute=(minute + 60) % 1440)


def cancel(asked: MessageRequested) -> Record:
    event = CancelRequested(
        event_id=ids.event_id_of(asked.event_id, "cancel"),
        at=now_ms(),
        message_id=asked.message_id,
        partner_id=asked.partner_id,
        request_id=asked.event_id,
        by="bank",
    )
    return Record(REQUESTED, 0, 7, asked.message_id, event=event, raw=codec.encode(event))


async def test_what_is_paused_waits_and_goes_on_once(bench: Bench, database: Database, settings: Settings) -> None:
    await install(database, "i-1")
    bench.stop("paused")
    asked = record(request(), 0)
    (waits,) = await bench.route(asked)
    assert isinstance(waits, Held)
    assert (waits.scope, waits.stop_id, waits.until) == ("partner", "bank", asked.event.at + 60_000)
    assert kinds(await bench.route(asked)) == ["Held"]  # our own replay
    assert await bench.timers.fire(now_ms()) == 0
    bench.stop("running")
    (due,) = await due_after(bench, settings, 1)
    assert kinds(await bench.route(record(due, 1))) == ["Planned", "TargetResolved"]
    assert await bench.route(record(due, 2)) == []  # a timer that fired twice


async def test_a_pause_that_ends_while_the_timer_is_being_set_holds_nothing_up(
    bench: Bench, database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await install(database, "i-1")
    bench.stop("paused")
    set_timers = bench.timers.set

    async def lifted_first(timers: object) -> None:
        bench.stop("running")
        await bench.stops.carry_out()
        await set_timers(timers)  # type: ignore[arg-type]

    monkeypatch.setattr(bench.timers, "set", lifted_first)
    await bench.route(record(request(), 0))
    assert await bench.timers.fire(now_ms()) == 1


async def test_paused_again_it_waits_under_another_timer(bench: Bench, database: Database, settings: Settings) -> None:
    """The timer that brought it may not be deleted yet; it must not be mistaken for the one that is to be set."""
    await install(database, "i-1")
    bench.stop("paused")
    await bench.route(record(request(), 0))
    bench.stop("running")
    (due,) = await due_after(bench, settings, 1)
    bench.stop("paused")
    assert kinds(await bench.route(record(due, 1))) == ["Held"]
    bench.stop("running")
    _, again = await due_after(bench, settings, 2)
    assert kinds(await bench.route(record(again, 2))) == ["Planned", "TargetResolved"]


async def test_what_is_paused_beyond_its_lifetime_expires(
    bench: Bench, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await install(database, "i-1")
    bench.stop("paused")
    asked = request()
    monkeypatch.setattr(routing, "now_ms", lambda: asked.at + 60_000)
    (planned,) = await bench.route(record(asked, 0))
    assert isinstance(planned, Planned)
    assert planned.reason is Reason.EXPIRED


async def test_a_packet_that_is_cancelled_ends_at_once_though_its_hour_is_far(
    bench: Bench, database: Database, settings: Settings
) -> None:
    await install(database, "i-1")
    asked = request(schedule=in_two_hours()).replace(packet_id=7)
    other = request(schedule=in_two_hours()).replace(packet_id=8)
    assert kinds(await bench.route(record(asked, 0), record(other, 1))) == ["Scheduled", "Scheduled"]
    bench.stop("cancelled", "packet", "bank/7")
    (due,) = await due_after(bench, settings, 1)
    assert due.message_id == asked.message_id
    (planned,) = await bench.route(record(due, 2))
    assert isinstance(planned, Planned)
    assert planned.reason is Reason.CANCELLED
    late = request(schedule=in_two_hours()).replace(packet_id=7)
    behind = request().replace(packet_id=7, link=1)  # what would follow in a cascade
    for number, asking in enumerate((late, behind), 3):
        (never,) = await bench.route(record(asking, number))
        assert isinstance(never, Planned)
        assert never.reason is Reason.CANCELLED


@pytest.mark.parametrize(("scope", "name"), [("packet", "bank/7"), ("mailing", "bank/m-1")])
async def test_what_another_stop_holds_up_is_cancelled_at_once_with_its_packet_or_mailing(
    bench: Bench, database: Database, settings: Settings, scope: str, name: str
) -> None:
    await install(database, "i-1")
    bench.stop("paused", "application", "app")
    asked = request().replace(packet_id=7, mailing_id="m-1")
    assert kinds(await bench.route(record(asked, 0), record(request(), 1))) == ["Held", "Held"]
    bench.stop("cancelled", scope, name)
    (due,) = await due_after(bench, settings, 1)
    assert due.message_id == asked.message_id
    (planned,) = await bench.route(record(due, 2))
    assert isinstance(planned, Planned)
    assert planned.reason is Reason.CANCELLED


async def test_a_timer_of_an_older_release_with_one_tag_is_hastened_as_well(
    bench: Bench, database: Database, settings: Settings
) -> None:
    bench.stop("paused")
    await bench.route(record(request(), 0))
    await database["router_timers"].update_one({}, {"$set": {"tag": "held/partner/bank"}})
    bench.stop("running")
    await due_after(bench, settings, 1)


async def test_a_pause_that_is_lifted_outside_the_window_waits_for_the_next(
    bench: Bench, database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await install(database, "i-1")
    minute = (now_ms() // 60_000 + 180) % 1440
    asked = request(schedule=Schedule(begin_minute=minute, end_minute=(minute + 5) % 1440))
    bench.stop("paused")
    assert kinds(await bench.route(record(asked, 0))) == ["Held"]
    bench.stop("running")
    (due,) = await due_after(bench, settings, 1)
    monkeypatch.setattr(routing, "now_ms", lambda: asked.at + 3_600_000)
    (scheduled,) = await bench.route(record(due, 1))
    assert isinstance(scheduled, Scheduled)
    assert scheduled.send_at > asked.at + 22 * 3_600_000


async def test_a_scheduled_message_is_cancelled_once_and_its_hour_brings_nothing(
    bench: Bench, database: Database, settings: Settings
) -> None:
    await install(database, "i-1")
    asked = request(schedule=in_two_hours())
    (scheduled,) = await bench.route(record(asked, 0))
    assert isinstance(scheduled, Scheduled)
    (planned,) = await bench.route(cancel(asked))
    assert isinstance(planned, Planned)
    assert (planned.reason, planned.request_id) == (Reason.CANCELLED, asked.event_id)
    assert await bench.route(cancel(asked)) == [planned]  # our own replay
    await bench.timers.fire(scheduled.send_at)
    (due,) = [event for event in await events_of(settings, REQUESTED, 1) if isinstance(event, ScheduleDue)]
    assert await bench.route(record(due, 1)) == []


async def test_what_was_planned_is_not_cancelled_any_more(bench: Bench, database: Database) -> None:
    await install(database, "i-1")
    asked = request()
    await bench.route(record(asked, 0))
    (refused,) = await bench.route(cancel(asked))
    assert isinstance(refused, CancelRefused)


async def test_what_is_cancelled_while_its_hour_is_decided_goes_out_to_nobody(
    bench: Bench, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Around a rebalance: another instance cancels after this one has looked, and before it stores its plan."""
    await install(database, "i-1")
    asked = request(schedule=in_two_hours())
    await bench.route(record(asked, 0))
    claims = bench.routing.claims
    make_due = claims.make_due

    async def late(made: Sequence[RoutingClaim]) -> set[str]:
        monkeypatch.setattr(claims, "make_due", make_due)
        (ended,) = await bench.route(cancel(asked))
        assert isinstance(ended, Planned)
        return await make_due(made)

    monkeypatch.setattr(claims, "make_due", late)
    due = ScheduleDue(
        event_id=ids.uuid7(), at=now_ms(), message_id=asked.message_id, partner_id="bank", request=without_hour(asked)
    )
    assert await bench.route(record(due, 1)) == []


async def test_of_two_instances_that_decide_one_hour_both_append_the_stored_plan(
    bench: Bench, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await install(database, "i-1")
    asked = request(schedule=in_two_hours())
    await bench.route(record(asked, 0))
    claims = bench.routing.claims
    make_due, first = claims.make_due, list[object]()
    due = ScheduleDue(
        event_id=ids.uuid7(), at=now_ms(), message_id=asked.message_id, partner_id="bank", request=without_hour(asked)
    )

    async def late(made: Sequence[RoutingClaim]) -> set[str]:
        monkeypatch.setattr(claims, "make_due", make_due)
        first.extend(await bench.route(record(due, 1)))
        await install(database, "i-2")  # what a second look would have found
        return await make_due(made)

    monkeypatch.setattr(claims, "make_due", late)
    assert await bench.route(record(due, 1)) == first
    assert kinds(first) == ["Planned", "TargetResolved"]


def without_hour(asked: MessageRequested) -> MessageRequested:
    """As if its hour had come."""
    return asked.replace(schedule=None)
