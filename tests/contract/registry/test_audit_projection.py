"""The audit trail as a projection: each record once, whatever is repeated, late, poisoned or killed."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from deploy.repair.fold import Folds
from deploy.repair.replay import replayed
from schemas import codec
from schemas.audit_events import Audited, AuditedChange
from schemas.topics import AUDIT_EVENTS
from services.registry.audit_trail import completion_store as completion
from services.registry.audit_trail.completion_store import TrailCompletion
from services.registry.audit_trail.document import FORM, document_of
from services.registry.audit_trail.wanted import Wanted
from services.runtime import mongo
from services.runtime.clock import now_ms
from services.runtime.directory import Directory
from services.runtime.mongo import Database, Document
from tests.support.audit_trail import KEYS, PHONE, Trail, idle_trail, record_of, stored, subject, trail
from tests.support.log_reader import dead_letters_of
from tests.support.waiting import eventually

__all__ = ["idle_trail", "trail"]  # fixtures
NOBODY = "127.0.0.1:1"
BEGIN = now_ms() - 10_000
"""What is older than a year the database throws away."""


async def everything(database: Database) -> dict[str, list[Document]]:
    """What is stored, by collection."""
    names = ("audit_trail", "audit_reading")
    return {name: [found async for found in database[name].find({}).sort("_id", 1)] for name in names}


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
    await trail.record("operator:duty", "/before")
    far = record_of("operator:duty", "/far", at=2**62)
    producer = AIOKafkaProducer(bootstrap_servers=trail.settings.kafka_bootstrap)
    async with producer:
        name = trail.settings.kafka_topic_prefix + AUDIT_EVENTS.name
        for value in (b'{"type": "audited", "at": "never"}', codec.encode(far), b'{"type": "of-another-time"}'):
            await producer.send_and_wait(name, value, key=b"operator:duty")
    assert await trail.paths() == ["/before"]
    await trail.record("operator:duty", "/after")
    assert await trail.paths() == ["/before", "/after"]
    letters = await dead_letters_of(trail.settings, AUDIT_EVENTS, 2)
    assert letters[1][0] == codec.encode(far)


async def test_a_consumer_that_is_killed_in_the_middle_of_a_batch_leaves_each_record_once(idle_trail: Trail) -> None:
    for number in range(5):
        await idle_trail.record("operator:duty", f"/{number}")
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
    await idle_trail.record("operator:duty", "/waits")
    answer = await idle_trail.answer()
    assert (answer["isWhole"], answer["readUntil"], answer["records"]) == (False, 0, [])
    async with idle_trail.consumed():
        await eventually(idle_trail.is_whole, "it is read")
    await idle_trail.record("operator:duty", "/later", at=now_ms() + 5)
    (first,) = (answer := await idle_trail.answer())["records"]
    assert (answer["isWhole"], answer["readUntil"], first["path"]) == (False, first["at"], "/waits")
    assert (await idle_trail.answer(until=first["at"]))["isWhole"]


async def test_while_the_log_is_away_what_is_stored_is_told_and_that_there_may_be_more(idle_trail: Trail) -> None:
    await stored(idle_trail.trail, [record_of("operator:duty", "/a", at=now_ms() - 10)])
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
    await trail.record("operator:duty", "/a")
    newer = record_of("operator:duty", "/b").replace(v=2, needs=2)
    await stored(trail.trail, [newer], offset=1)
    answer = await trail.answer()
    assert ([record["path"] for record in answer["records"]], answer["isWhole"]) == (["/a"], False)


async def as_the_first_release(trail: Trail, events: Sequence[Audited]) -> None:
    """Stores them as it did: by the caller's names alone, and of no kind."""
    for event in events:
        document = document_of(event, codec.encode(event))
        document["callers"] = [event.who, event.who.partition(":")[2]]
        await trail.database["audit_trail"].insert_one(
            {name: value for name, value in document.items() if name not in ("kinds", "form")}
        )


async def test_records_that_an_older_registry_stores_are_completed(
    idle_trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(completion, "BATCH", 2)
    changed = AuditedChange(entity="partner/bank", before="#1", after="#2")
    events = [
        record_of("operator:duty", f"/{number}", changed, who_id="account/a", at=BEGIN + number) for number in range(5)
    ]
    await as_the_first_release(idle_trail, events)
    newer = document_of(record_of("operator:duty", "/newer"), b"") | {"form": FORM + 1}
    await idle_trail.database["audit_trail"].insert_one(newer)
    wanted = Wanted(0, now_ms() + 1, who="account/a", kind="change")
    assert (await idle_trail.trail.page(wanted, 10)).records == []
    turns = [await TrailCompletion(idle_trail.database).turn() for _ in range(3)]
    assert turns == [completion._AGAIN_S, completion._AGAIN_S, completion.EVERY_S]
    assert [event.path for event in (await idle_trail.trail.page(wanted, 10)).records] == [f"/{n}" for n in range(5)]
    before = await everything(idle_trail.database)
    assert [document["form"] for document in before["audit_trail"]].count(FORM + 1) == 1
    await TrailCompletion(idle_trail.database).turn()
    assert await everything(idle_trail.database) == before
    for event in events:
        await idle_trail.database["audit_trail"].delete_one({"_id": event.event_id})
    await stored(idle_trail.trail, events)
    assert await everything(idle_trail.database) | {"audit_reading": []} == before


async def test_what_cannot_be_read_is_looked_at_once(idle_trail: Trail) -> None:
    await as_the_first_release(idle_trail, [record_of("bootstrap", "/").replace(v=2, needs=2)])
    for _ in range(2):
        assert await TrailCompletion(idle_trail.database).turn() == completion.EVERY_S
    assert await idle_trail.database["audit_trail"].count_documents({"form": FORM, "kinds": None}) == 1


async def test_the_trail_is_made_again_from_the_log_as_it_was(trail: Trail) -> None:
    for number in range(3):
        await trail.record("operator:duty", f"/{number}", subjects=(subject("phone", PHONE),), is_wide=number == 1)
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
