"""The router on real Kafka and MongoDB: one plan for each link, whatever is repeated, late or interrupted."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import pytest
from structlog.testing import capture_logs

from schemas import ids, topics
from schemas.application_events import ApplicationChanged, CredentialsChanged, StopChanged
from schemas.events import MessageRequested, Planned, RequestRepeated, Scheduled, ScheduleDue, TargetResolved
from schemas.providers import Provider
from schemas.reasons import Reason
from schemas.values import Channel, Content, Link, Recipient, Schedule
from services.router import routing
from services.router.routing import Routing
from services.router.store import RoutingClaims
from services.runtime import mongo
from services.runtime.clock import now_ms
from services.runtime.crypto import record_encryption
from services.runtime.directory import Directory
from services.runtime.installations.reader import Installations
from services.runtime.log import kafka
from services.runtime.log.batch_consumer import Record
from services.runtime.log.kafka import Append, Log
from services.runtime.mongo import Database
from services.runtime.mongo.ended_activities import EndedActivities
from services.runtime.scheduling.stops import Stops
from services.runtime.scheduling.timers import Timer, Timers
from services.runtime.settings import Settings
from services.runtime.short_links import ShortLinks
from tests.support.deliveries import DELIVERIES
from tests.support.log_reader import events_of

NOTHING_SHORT = ShortLinks("", lambda _: [])
REQUESTED = topics.MESSAGE_REQUESTED["single"]
ENTITIES = (
    ApplicationChanged(event_id="a", at=0, application_id="app", name="App", api_key_digests=()),
    CredentialsChanged(event_id="c", at=0, application_id="app", provider=Provider.FCM, sealed="", fingerprint=""),
)


@dataclass
class Bench:
    """A router without its consumer: a batch goes in, what it would append comes out."""

    routing: Routing
    timers: Timers
    sink: Log
    stops: Stops

    def stop(self, state: str, scope: str = "partner", name: str = "bank") -> None:
        about = {"event_id": ids.uuid7(), "at": now_ms(), "scope": scope, "id": name, "state": state}
        event = StopChanged.stored(about)
        self.routing.directory.apply(event.entity_key, record_encryption.encode(event))

    async def route(self, *records: Record) -> list[object]:
        follows = await self.routing.step(records)
        return [record_encryption.decode(append.topic, append.value) for append in follows.appends]


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    async with mongo.database(settings) as opened:
        yield opened
        await opened.client.drop_database(settings.mongo_database)


@pytest.fixture
async def bench(settings: Settings, database: Database) -> AsyncIterator[Bench]:
    await kafka.create_topics(settings, [REQUESTED, topics.MESSAGE_REQUESTED["bulk"]])
    async with kafka.opened_log(settings) as sink:
        claims, timers = RoutingClaims(database), Timers(database["router_timers"], sink)
        await claims.prepare()
        await timers.prepare()
        directory = Directory()
        for entity in ENTITIES:
            directory.apply(entity.entity_key, record_encryption.encode(entity))
        stops = Stops(directory, timers)
        yield Bench(
            Routing(
                directory=directory,
                installations=Installations(database),
                claims=claims,
                timers=timers,
                stops=stops,
                short=NOTHING_SHORT,
                deliveries=DELIVERIES,
                ended=EndedActivities(database),
            ),
            timers,
            sink,
            stops,
        )


async def install(database: Database, *ids_: str, user: str = "user") -> None:
    token = {"provider": "fcm", "sealed": "s", "digest": "d", "registered_at": 1}
    await database["installations"].insert_many(
        [
            {
                "_id": id_,
                "application_id": "app",
                "platform": "android",
                "token": token,
                "owner": {"external_user_id": user},
            }
            for id_ in ids_
        ]
    )


def request(message_id: str | None = None, schedule: Schedule | None = None, user: str = "user") -> MessageRequested:
    return MessageRequested(
        event_id=ids.uuid7(),
        at=now_ms(),
        message_id=message_id or ids.uuid7(),
        partner_id="bank",
        mt_num="1",
        recipient=Recipient(external_user_id=user),
        chain=(Link(channel=Channel.PUSH, ttl_ms=60_000, application_id="app", content=Content(text="hello")),),
        schedule=schedule,
    )


def record(event: MessageRequested | ScheduleDue, offset: int) -> Record:
    return Record(REQUESTED, 0, offset, event.message_id, event=event, raw=record_encryption.encode(event))


def kinds(events: Sequence[object]) -> list[str]:
    return [type(event).__name__ for event in events]


async def test_a_request_is_planned_for_every_installation(bench: Bench, database: Database) -> None:
    await install(database, "i-1", "i-2")
    planned, *targets = await bench.route(record(request(), 0))
    assert isinstance(planned, Planned)
    assert {target.installation_id for target in planned.targets} == {"i-1", "i-2"}
    assert [target.delivery_id for target in planned.targets] == [
        target.delivery_id for target in targets if isinstance(target, TargetResolved)
    ]


async def test_our_own_replay_emits_the_stored_plan_though_the_world_has_changed(
    bench: Bench, database: Database
) -> None:
    await install(database, "i-1")
    asked = record(request(), 0)
    first = await bench.route(asked)
    await install(database, "i-2")
    assert await bench.route(asked) == first


async def test_another_request_with_the_same_id_is_dropped_and_said(bench: Bench, database: Database) -> None:
    await install(database, "i-1")
    first = request()
    await bench.route(record(first, 0))
    again = request(first.message_id)
    (repeated,) = await bench.route(record(again, 1))
    assert isinstance(repeated, RequestRepeated)
    assert repeated.request_id == again.event_id


async def test_of_two_requests_in_one_batch_the_first_wins(bench: Bench, database: Database) -> None:
    await install(database, "i-1")
    first = request()
    outcome = await bench.route(record(first, 0), record(request(first.message_id), 1))
    assert kinds(outcome) == ["Planned", "TargetResolved", "RequestRepeated"]


async def test_of_two_routers_at_once_one_plans_and_the_other_yields(bench: Bench, database: Database) -> None:
    await install(database, "i-1")
    first = request()
    outcomes = await asyncio.gather(*(bench.route(record(request(first.message_id), offset)) for offset in range(8)))
    assert sorted(kinds(outcome)[0] for outcome in outcomes) == ["Planned"] + ["RequestRepeated"] * 7


async def test_nobody_known_and_nobody_reachable(bench: Bench, database: Database) -> None:
    await database["cards"].insert_one({"_id": "app/u/former"})
    events = await bench.route(record(request(user="nobody"), 0), record(request(user="former"), 1))
    reasons = [event.reason for event in events if isinstance(event, Planned)]
    assert reasons == [Reason.UNKNOWN_USER, Reason.NO_ACTIVE_INSTALLATION]


async def test_a_segment_means_installations_without_an_owner_and_some_of_a_recipients(
    bench: Bench, database: Database
) -> None:
    await install(database, "i-1", "i-2")
    await install(database, "i-3", user="")
    nobodys = request().replace(recipient=Recipient(installation_id="i-3"))
    gone = request().replace(recipient=Recipient(installation_id="i-4"))
    some = Recipient(external_user_id="user", only_installations=("i-2", "i-9"))
    theirs = request().replace(recipient=some)
    events = await bench.route(*(record(request, place) for place, request in enumerate((nobodys, gone, theirs))))
    planned = [event for event in events if isinstance(event, Planned)]
    assert [[target.installation_id for target in event.targets] for event in planned] == [["i-3"], [], ["i-2"]]
    assert planned[1].reason is Reason.NO_ACTIVE_INSTALLATION


async def test_a_schedule_waits_survives_replay_and_goes_out_once(
    bench: Bench, database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await install(database, "i-1")
    minute = (now_ms() // 60_000 + 180 + 2) % 1440  # two minutes ahead, UTC+3
    asked = record(request(schedule=Schedule(begin_minute=minute, end_minute=(minute + 60) % 1440)), 0)
    (scheduled,) = await bench.route(asked)
    assert isinstance(scheduled, Scheduled)
    assert kinds(await bench.route(asked)) == ["Scheduled"]
    assert await bench.timers.fire(now_ms()) == 0
    assert await bench.timers.fire(scheduled.send_at) == 1
    assert await bench.timers.fire(scheduled.send_at) == 0
    (due,) = await events_of(settings, REQUESTED, 1)
    assert isinstance(due, ScheduleDue)
    monkeypatch.setattr(routing, "now_ms", lambda: scheduled.send_at)
    assert kinds(await bench.route(record(due, 1))) == ["Planned", "TargetResolved"]
    assert kinds(await bench.route(record(due, 1))) == ["Planned", "TargetResolved"]  # our own replay
    assert await bench.route(record(due, 2)) == []  # a timer that fired twice


async def test_a_later_link_waits_for_its_hour_as_well(bench: Bench, database: Database) -> None:
    await install(database, "i-1")
    minute = (now_ms() // 60_000 + 180 + 60) % 1440
    wish = Schedule(begin_minute=minute, end_minute=(minute + 60) % 1440)
    later = request(schedule=wish).replace(link=1)
    (scheduled,) = await bench.route(record(later, 0))
    assert isinstance(scheduled, Scheduled)
    assert (scheduled.link, scheduled.expires_at) == (1, scheduled.send_at + 60_000)


async def test_a_window_that_opens_behind_the_deadline_expires(bench: Bench, database: Database) -> None:
    await install(database, "i-1")
    minute = (now_ms() // 60_000 + 180 + 120) % 1440
    late = Schedule(begin_minute=minute, end_minute=(minute + 1) % 1440, deadline=now_ms() + 3_000)
    (scheduled,) = await bench.route(record(request(schedule=late), 0))
    assert isinstance(scheduled, Scheduled)
    past = Schedule(deadline=now_ms() - 1)
    (planned,) = await bench.route(record(request(schedule=past), 1))
    assert isinstance(planned, Planned)
    assert planned.reason is Reason.EXPIRED


async def test_a_timer_is_appended_again_when_a_crash_came_before_its_deletion(
    bench: Bench, database: Database, settings: Settings
) -> None:
    asked = request()
    due = ScheduleDue(event_id=ids.uuid7(), at=1, message_id=asked.message_id, partner_id="bank", request=asked)
    await bench.timers.set([Timer(5, REQUESTED, "k", due)])
    kept = await database["router_timers"].find_one({"_id": due.event_id})
    assert kept is not None
    assert await bench.timers.fire(4) == 0
    assert await bench.timers.fire(5) == 1
    await database["router_timers"].insert_one(kept)
    assert await bench.timers.fire(6) == 1
    assert await events_of(settings, REQUESTED, 2) == [due, due]


async def test_a_timer_that_nobody_can_read_holds_up_no_other(
    bench: Bench, database: Database, settings: Settings
) -> None:
    asked = request()
    due = ScheduleDue(event_id=ids.uuid7(), at=1, message_id=asked.message_id, partner_id="bank", request=asked)
    await bench.timers.set([Timer(5, REQUESTED, "k", due)])
    kept = await database["router_timers"].find_one({"_id": due.event_id})
    assert kept is not None
    await database["router_timers"].insert_one(kept | {"_id": "newer", "topic": "of-a-newer-release", "due_at": 4})
    with capture_logs() as lines:
        assert await bench.timers.fire(5) == 1
    assert [line["log_level"] for line in lines] == ["error"]
    assert await events_of(settings, REQUESTED, 1) == [due]
    assert await database["router_timers"].count_documents({"_id": "newer", "due_at": {"$gt": 5}}) == 1


async def test_a_timer_that_is_set_again_is_one_and_keeps_its_time(bench: Bench) -> None:
    asked = request()
    due = ScheduleDue(event_id=ids.uuid7(), at=1, message_id=asked.message_id, partner_id="bank", request=asked)
    other = due.replace(event_id=ids.uuid7())
    await bench.timers.set([Timer(5, REQUESTED, "k", due)])
    await bench.timers.set([Timer(9, REQUESTED, "k", due), Timer(7, REQUESTED, "k", other)])
    assert await bench.timers.fire(5) == 1
    assert await bench.timers.fire(9) == 1


async def test_timers_of_the_bulk_lane_hold_up_no_others(bench: Bench) -> None:
    asked = request()
    single = ScheduleDue(event_id=ids.uuid7(), at=1, message_id=asked.message_id, partner_id="bank", request=asked)
    bulk = [single.replace(event_id=ids.uuid7(), lane="bulk") for _ in range(600)]
    await bench.timers.set([Timer(1, topics.MESSAGE_REQUESTED["bulk"], "k", due) for due in bulk])
    await bench.timers.set([Timer(2, REQUESTED, "k", single)])
    assert await bench.timers.fire(2) == 1
    assert [await bench.timers.fire(2, "bulk") for _ in range(3)] == [500, 100, 0]


async def test_while_one_instance_fires_another_waits_and_takes_over(
    bench: Bench, database: Database, settings: Settings
) -> None:
    asked = request()
    due = ScheduleDue(event_id=ids.uuid7(), at=1, message_id=asked.message_id, partner_id="bank", request=asked)
    await bench.timers.set([Timer(1, REQUESTED, "k", due)])
    first, second = (
        Timers(database["router_timers"], bench.sink, "1"),
        Timers(database["router_timers"], bench.sink, "2"),
    )
    ends = [asyncio.Event(), asyncio.Event()]
    running = [asyncio.create_task(timers.run(stop, 0.05)) for timers, stop in zip((first, second), ends, strict=True)]
    assert await events_of(settings, REQUESTED, 1) == [due]
    again = due.replace(event_id=ids.uuid7())
    ends[0].set()
    await running[0]
    await bench.timers.set([Timer(1, REQUESTED, "k", again)])
    assert await events_of(settings, REQUESTED, 2) == [due, again]
    ends[1].set()
    await running[1]


async def test_the_bulk_lane_is_inherited(bench: Bench, database: Database) -> None:
    await install(database, "i-1")
    bulk = request().replace(lane="bulk")
    follows = await bench.routing.step([record(bulk, 0)])
    assert {append.topic.name for append in follows.appends} == {"status-events.bulk", "target-resolved.fcm.bulk"}
    assert isinstance(follows.appends[0], Append)


async def test_an_sms_goes_to_the_channel_platform_once_under_the_account_of_its_application(bench: Bench) -> None:
    account = CredentialsChanged(
        event_id="c", at=0, application_id="app", provider=Provider.CHANNEL_PLATFORM, sealed="", fingerprint=""
    )
    bench.routing.directory.apply(account.entity_key, record_encryption.encode(account))
    sms = Link(channel=Channel.SMS, ttl_ms=60_000, sender="Bank", application_id="app", data='{"text":"hi"}')
    asked = request().replace(chain=(sms,), recipient=Recipient(phone="79161234567"))
    first = await bench.route(record(asked, 1))
    assert first == await bench.route(record(asked, 1))
    planned, resolved = first
    assert isinstance(planned, Planned)
    assert isinstance(resolved, TargetResolved)
    assert resolved.channel is not None
    assert (resolved.installation_id, resolved.channel.phone, resolved.record_key) == (
        "SMS",
        "79161234567",
        asked.message_id,
    )
    assert planned.targets[0].delivery_id == resolved.delivery_id


@pytest.mark.parametrize(
    ("application_id", "recipient", "reason"),
    [
        ("app", Recipient(external_user_id="user"), Reason.UNKNOWN_SUBSCRIBER),
        ("other", Recipient(phone="79161234567"), Reason.UNROUTED),
        (None, Recipient(phone="79161234567"), Reason.UNROUTED),
    ],
)
async def test_an_sms_without_a_phone_or_an_account_goes_nowhere(
    bench: Bench, application_id: str | None, recipient: Recipient, reason: Reason
) -> None:
    account = CredentialsChanged(
        event_id="c", at=0, application_id="app", provider=Provider.CHANNEL_PLATFORM, sealed="", fingerprint=""
    )
    bench.routing.directory.apply(account.entity_key, record_encryption.encode(account))
    sms = Link(channel=Channel.SMS, ttl_ms=60_000, application_id=application_id, data="{}")
    (planned,) = await bench.route(record(request().replace(chain=(sms,), recipient=recipient), 1))
    assert isinstance(planned, Planned)
    assert planned.reason is reason
