"""The audit trail as a projection: each record once, whatever is repeated, late, poisoned or killed."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from deploy.repair.fold import Folds
from deploy.repair.replay import replayed
from schemas import codec, ids
from schemas.audit_events import Audited, AuditedChange
from schemas.topics import AUDIT_EVENTS
from services.registry.audit_trail import AuditTrail
from services.registry.audit_trail.store import MOST_COUNTED, Place
from services.registry.audit_trail.wanted import Wanted
from services.runtime import mongo
from services.runtime.clock import now_ms
from services.runtime.directory import Directory
from services.runtime.log.batch_consumer import Record
from services.runtime.mongo import Database, Document
from tests.support.audit_trail import KEYS, PHONE, Trail, idle_trail, record_of, subject, trail
from tests.support.log_reader import dead_letters_of
from tests.support.waiting import eventually

__all__ = ["idle_trail", "trail"]  # fixtures
NOBODY = "127.0.0.1:1"
BEGIN = now_ms() - 10_000
"""What is older than a year the database throws away."""


def records(events: Sequence[Audited], offset: int = 0) -> list[Record]:
    return [
        Record(AUDIT_EVENTS, 0, place, event.who, event=event, raw=codec.encode(event))
        for place, event in enumerate(events, offset)
    ]


async def stored(made: AuditTrail, events: Sequence[Audited], offset: int = 0) -> None:
    follows = await made.step(records(events, offset))
    assert follows.project is not None
    await follows.project()


async def everything(database: Database) -> dict[str, list[Document]]:
    """What is stored, by collection."""
    names = ("audit_trail", "audit_reading")
    return {name: [found async for found in database[name].find({}).sort("_id", 1)] for name in names}


def is_about(event: Audited, wanted: Wanted) -> bool:
    others = list(wanted.subjects)
    named = [name for message_id in event.messages for name in (message_id, ids.mt_num_of(message_id))]
    if wanted.message in named:
        others.pop()
    return all(names & set(event.subjects) for names in others)


def is_listed(event: Audited, wanted: Wanted) -> bool:
    """What the query asks for, said once more."""
    places = (event.path, *(change.entity for change in event.changes))
    return (
        wanted.since <= event.at < wanted.until
        and (wanted.who is None or wanted.who in (event.who, event.who.partition(":")[2]))
        and (wanted.what is None or any(wanted.what in place for place in places))
        and (event.is_wide and not (wanted.subjects and is_about(event, wanted)) if wanted.wide else True)
        and (wanted.wide or is_about(event, wanted))
    )


def is_beside(event: Audited, wanted: Wanted) -> bool:
    everybody = Wanted(wanted.since, wanted.until, who=wanted.who, what=wanted.what)
    counted = bool(wanted.subjects) and not wanted.wide and event.is_wide
    return counted and is_listed(event, everybody) and not is_about(event, wanted)


MESSAGES = [ids.uuid7() for _ in range(3)]
PEOPLE = ["f00d", "beef", "cafe"]


def drawn_record(draw: random.Random) -> Audited:
    changes = [AuditedChange(entity=f"partner/{draw.choice('ab')}") for _ in range(draw.randrange(3))]
    return record_of(
        draw.choice(["operator:anna", "operator:boris", "partner:anna", "bootstrap"]),
        draw.choice(["/v1/partners/a", "/v1/stops", "/v1/messages (x)"]),
        *changes,
        at=BEGIN + draw.randrange(20),
        is_wide=draw.random() < 0.3,
        subjects=tuple(draw.sample(PEOPLE, draw.randrange(3))),
        messages=tuple(draw.sample(MESSAGES, draw.randrange(3))),
    )


def drawn_question(draw: random.Random) -> Wanted:
    since = BEGIN + draw.randrange(15)
    message = draw.choice([None, None, MESSAGES[0], ids.mt_num_of(MESSAGES[1]), "own-id", "f00d"])
    subjects = [frozenset(draw.sample(PEOPLE, 2)) for _ in range(draw.randrange(3))]
    return Wanted(
        since,
        since + 1 + draw.randrange(20),
        who=draw.choice([None, None, "anna", "partner:anna", "bootstrap", ""]),
        what=draw.choice([None, None, "partner/a", "partners/", "s (", "."]),
        message=message,
        subjects=subjects if message is None else [*subjects, frozenset({"cafe"})],
        wide=draw.random() < 0.3,
    )


@pytest.mark.parametrize("seed", range(4))
async def test_every_question_finds_what_it_asks_for_in_pages_that_hold_each_once(idle_trail: Trail, seed: int) -> None:
    draw = random.Random(seed)
    events = [drawn_record(draw) for _ in range(120)]
    await stored(idle_trail.trail, events)
    for _ in range(60):
        wanted, limit = drawn_question(draw), draw.randrange(1, 9)
        expected = [event for event in events if is_listed(event, wanted)]
        seen, behind = list[Audited](), None
        while True:
            page = await idle_trail.trail.page(wanted, limit, behind)
            seen = page.records + seen
            assert len(page.records) <= limit
            assert page.left_out == len(expected) - len(seen)
            if (behind := page.behind) is None:
                break
        assert sorted(event.event_id for event in seen) == sorted(event.event_id for event in expected)
        assert [event.at for event in seen] == sorted(event.at for event in seen)
        assert await idle_trail.trail.count_beside(wanted) == sum(is_beside(event, wanted) for event in events)


async def test_pages_by_until_miss_nothing_unless_one_millisecond_has_more_than_a_page(idle_trail: Trail) -> None:
    events = [record_of("bootstrap", f"/{number}", at=BEGIN + number // 3) for number in range(30)]
    await stored(idle_trail.trail, events)
    seen, until = list[str](), BEGIN + 1_000
    while True:
        page = await idle_trail.trail.page(Wanted(0, until), 4)
        seen += [record.event_id for record in page.records]
        if not page.left_out:
            break
        until = page.records[0].at
    assert sorted(seen) == sorted(event.event_id for event in events)


async def test_what_is_left_out_is_counted_up_to_a_bound(idle_trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    await stored(
        idle_trail.trail, [record_of("bootstrap", "/", at=BEGIN + number, is_wide=True) for number in range(30)]
    )
    assert MOST_COUNTED == 1_000
    monkeypatch.setattr("services.registry.audit_trail.store.MOST_COUNTED", 7)
    assert (await idle_trail.trail.page(Wanted(0, BEGIN + 100), 5)).left_out == 7
    assert await idle_trail.trail.count_beside(Wanted(0, BEGIN + 100, subjects=[frozenset({"f00d"})])) == 7


async def test_the_route_gives_a_cursor_and_takes_it_and_no_other(trail: Trail) -> None:
    at = now_ms()
    for number in range(5):
        await trail.record("operator:anna", f"/{number}", at=at)
    seen, query = list[str](), {"limit": 2}
    while True:
        answer = await trail.answer(**query)
        seen = [record["path"] for record in answer["records"]] + seen
        if answer["cursor"] is None:
            break
        query["cursor"] = answer["cursor"]
    assert sorted(seen) == [f"/{number}" for number in range(5)]
    for wrong in ("", "x", "1", ".x", "-1.x", "9" * 16 + ".x"):
        refused = await trail.client.get("/v1/audit", params={"cursor": wrong})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "cursor"), wrong


async def test_records_that_come_twice_late_or_out_of_order_are_there_once_in_their_order(idle_trail: Trail) -> None:
    events = [record_of("bootstrap", f"/{number}", at=BEGIN + number) for number in range(6)]
    shuffled = [events[place] for place in (3, 0, 5, 1)]
    await stored(idle_trail.trail, shuffled)
    before = await everything(idle_trail.database)
    await stored(idle_trail.trail, shuffled)
    assert await everything(idle_trail.database) == before
    await stored(idle_trail.trail, [events[1], events[4], events[2], events[4]], offset=4)
    page = await idle_trail.trail.page(Wanted(0, BEGIN + 100), 10)
    assert page.records == events


async def test_a_record_that_cannot_be_read_is_put_aside_and_the_trail_is_whole_without_it(trail: Trail) -> None:
    await trail.record("operator:anna", "/before")
    far = record_of("operator:anna", "/far", at=2**62)
    producer = AIOKafkaProducer(bootstrap_servers=trail.settings.kafka_bootstrap)
    async with producer:
        name = trail.settings.kafka_topic_prefix + AUDIT_EVENTS.name
        for value in (b'{"type": "audited", "at": "never"}', codec.encode(far), b'{"type": "of-another-time"}'):
            await producer.send_and_wait(name, value, key=b"operator:anna")
    assert await trail.paths() == ["/before"]
    await trail.record("operator:anna", "/after")
    assert await trail.paths() == ["/before", "/after"]
    letters = await dead_letters_of(trail.settings, AUDIT_EVENTS, 2)
    assert letters[1][0] == codec.encode(far)


async def test_a_consumer_that_is_killed_in_the_middle_of_a_batch_leaves_each_record_once(idle_trail: Trail) -> None:
    for number in range(5):
        await idle_trail.record("operator:anna", f"/{number}")
    reading, stuck = idle_trail.trail._reading, asyncio.Event()

    class Dies:
        """Behind the documents, and before how far they go."""

        async def write(self, _: Any) -> None:
            stuck.set()
            await asyncio.Event().wait()

    idle_trail.trail._reading = Dies()  # type: ignore[assignment]
    async with idle_trail.consumed() as running:
        await asyncio.wait_for(stuck.wait(), 30)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    idle_trail.trail._reading = reading
    await idle_trail.until_read(5)
    assert not (await idle_trail.answer())["isWhole"]
    async with idle_trail.consumed():
        await eventually(idle_trail.is_whole, "the rest is read")
        assert await idle_trail.paths() == [f"/{number}" for number in range(5)]
    await idle_trail.until_read(5)


async def test_while_records_wait_the_answer_says_up_to_when_there_are_all(idle_trail: Trail) -> None:
    await idle_trail.record("operator:anna", "/waits")
    answer = await idle_trail.answer()
    assert (answer["isWhole"], answer["readUntil"], answer["records"]) == (False, 0, [])
    async with idle_trail.consumed():
        await eventually(idle_trail.is_whole, "it is read")
    await idle_trail.record("operator:anna", "/later", at=now_ms() + 5)
    (first,) = (answer := await idle_trail.answer())["records"]
    assert (answer["isWhole"], answer["readUntil"], first["path"]) == (False, first["at"], "/waits")
    assert (await idle_trail.answer(until=first["at"]))["isWhole"]


async def test_while_the_log_is_away_what_is_stored_is_told_and_that_there_may_be_more(idle_trail: Trail) -> None:
    await stored(idle_trail.trail, [record_of("operator:anna", "/a", at=now_ms() - 10)])
    idle_trail.offsets._settings = idle_trail.settings.model_copy(update={"kafka_bootstrap": NOBODY})
    (record,) = (answer := await idle_trail.answer())["records"]
    assert (record["path"], answer["isWhole"], answer["readUntil"]) == ("/a", False, record["at"])


async def test_while_the_database_is_away_nothing_is_told(idle_trail: Trail) -> None:
    away = idle_trail.settings.model_copy(update={"mongo_url": f"mongodb://{NOBODY}/?serverSelectionTimeoutMS=200"})
    async with mongo.database(away) as database:
        other = Trail(idle_trail.settings, idle_trail.sink, database)
        async with other.offsets, other.client:
            answer = await other.client.get("/v1/audit")
    assert (answer.status_code, answer.json()["title"]) == (503, "Service is unavailable")


async def test_what_only_a_newer_release_can_read_is_left_out_and_said(trail: Trail) -> None:
    await trail.record("operator:anna", "/a")
    newer = record_of("operator:anna", "/b").replace(v=2, needs=2)
    await stored(trail.trail, [newer], offset=1)
    answer = await trail.answer()
    assert ([record["path"] for record in answer["records"]], answer["isWhole"]) == (["/a"], False)


async def test_the_trail_is_made_again_from_the_log_as_it_was(trail: Trail) -> None:
    for number in range(3):
        await trail.record("operator:anna", f"/{number}", subjects=(subject("phone", PHONE),), is_wide=number == 1)
    assert len(await trail.paths()) == 3
    other = trail.database.client.get_database(f"{trail.settings.mongo_database}-rebuilt")
    try:
        families = await Folds(trail.settings, other, Directory(), KEYS).families()
        of_trail = [family for family in families if family.name == "audit trail"]
        for _ in range(2):
            await replayed(trail.settings, other, of_trail, begins={}, show=lambda *_: None)
            assert await everything(other) == await everything(trail.database)
        indexes = [await database["audit_trail"].index_information() for database in (other, trail.database)]
        assert indexes[0] == indexes[1]
        assert any(index.get("expireAfterSeconds") == 0 for index in indexes[0].values())
    finally:
        await trail.database.client.drop_database(other.name)


async def test_a_place_beyond_the_year_of_a_cursor_is_no_error(idle_trail: Trail) -> None:
    assert (await idle_trail.trail.page(Wanted(0, 10), 5, Place(10**14, "x"))).records == []
