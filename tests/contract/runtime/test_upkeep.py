"""Upkeep on a real Kafka: topics made and changed, groups and what waits, dead letters read and counted."""

import asyncio
from collections.abc import Sequence

import pytest

from schemas import ids, topics
from schemas.events import RequestRepeated
from services.runtime.log import kafka, upkeep
from services.runtime.log.batch_consumer import BatchConsumer, Record, StepResult
from services.runtime.log.kafka import Append
from services.runtime.log.topics import TopicsMissing
from services.runtime.log.upkeep.clients import opened_admin, settings_of
from services.runtime.log.upkeep.settling import leaderless
from services.runtime.settings import Settings
from tests.support.waiting import eventually

STATUS = topics.STATUS_EVENTS["single"]


def wanted(settings: Settings, partitions: int) -> list[upkeep.Wanted]:
    return upkeep.wanted_topics([STATUS], settings.kafka_topic_prefix, partitions, 1)


def appends(count: int) -> list[Append]:
    return [
        Append(STATUS, event.message_id, event)
        for event in (
            RequestRepeated(event_id=ids.uuid7(), at=1, message_id=ids.uuid7(), partner_id="bank", request_id="r")
            for _ in range(count)
        )
    ]


@pytest.fixture
async def made(settings: Settings) -> Settings:
    await upkeep.applied(settings, await upkeep.planned(settings, wanted(settings, 2)))
    return settings


async def test_what_is_made_is_as_wanted(made: Settings) -> None:
    assert await upkeep.planned(made, wanted(made, 2)) == []


async def test_a_process_that_must_not_make_topics_names_all_that_it_misses(settings: Settings) -> None:
    checking = settings.model_copy(update={"create_topics": False})
    with pytest.raises(TopicsMissing) as refused:
        await kafka.create_topics(checking, [STATUS])
    assert f"{settings.kafka_topic_prefix}status-events (2 partitions)" in str(refused.value)
    await kafka.create_topics(settings, [STATUS])
    await kafka.create_topics(checking, [STATUS])


async def test_a_weaker_setting_is_set_and_what_others_set_stays(made: Settings) -> None:
    (topic, _) = wanted(made, 2)
    short = upkeep.Wanted(topic.name, 2, 1, {"retention.ms": "60000", "segment.ms": "7000000"})
    await upkeep.applied(made, await upkeep.planned(made, [short]))
    await upkeep.applied(made, [upkeep.Change(short, "settings", "", config=short.config)])
    await upkeep.applied(made, await upkeep.planned(made, [topic]))
    async with opened_admin(made) as admin:
        found = (await settings_of(admin, [topic.name], own_only=True))[topic.name]
    assert found["retention.ms"] == topic.config["retention.ms"]
    assert found["segment.ms"] == "7000000"


async def test_an_empty_topic_grows_and_one_in_use_only_at_rest_and_when_asked(made: Settings) -> None:
    await upkeep.applied(made, await upkeep.planned(made, wanted(made, 3)))
    assert await upkeep.planned(made, wanted(made, 3)) == []
    async with kafka.opened_log(made) as sink:
        await sink.append(appends(5))
    (change,) = await upkeep.planned(made, wanted(made, 4), grow=True)
    assert "5 records that wait" in change.refusal  # though no group has ever read there
    consumer = kafka.consumer(made, [STATUS], "status")
    await consumer.start()
    try:
        async with asyncio.timeout(30):
            while not consumer.assignment():
                await consumer.getmany(timeout_ms=100)
            while sum([await consumer.position(place) for place in consumer.assignment()]) < 5:
                await consumer.getmany(timeout_ms=100)
        await consumer.commit()
        (change,) = await upkeep.planned(made, wanted(made, 4), grow=True)
        assert "1 running readers" in change.refusal
    finally:
        await consumer.stop()

    async def is_alone() -> bool:
        return "running readers" not in (await upkeep.planned(made, wanted(made, 4), grow=True))[0].refusal

    await eventually(is_alone, "the reader has left", timeout_s=60)
    assert "--grow" in (await upkeep.planned(made, wanted(made, 4)))[0].refusal
    await upkeep.applied(made, await upkeep.planned(made, wanted(made, 4), grow=True))
    assert await upkeep.planned(made, wanted(made, 4)) == []


async def test_growth_between_two_halves_of_a_load_loses_nothing_and_keeps_each_keys_order(made: Settings) -> None:
    """As an operator does it: intake ends, what waits is read, services end, topics grow, services begin again."""
    seen: list[tuple[str, int]] = []

    async def step(records: Sequence[Record]) -> StepResult:
        events = [record.event for record in records]
        seen.extend((event.message_id, event.at) for event in events if isinstance(event, RequestRepeated))
        return StepResult()

    async def read_to(log: kafka.Log, count: int) -> None:
        stop = asyncio.Event()
        reading = asyncio.create_task(BatchConsumer(made, log, [STATUS], "status", step, stop=stop).run())
        await eventually(lambda: len(seen) >= count, "the load is read", timeout_s=60)
        stop.set()
        await reading

    messages = [ids.uuid7() for _ in range(20)]
    halves = [[(message, at) for at in range(first, first + 10) for message in messages] for first in (0, 10)]
    async with kafka.opened_log(made) as log:
        await log.append([_repeat(*pair) for pair in halves[0]])
        assert "records that wait" in (await upkeep.planned(made, wanted(made, 6), grow=True))[0].refusal
        await read_to(log, 200)
        grown = await _grown(made, 6)
        assert [change.what for change in grown] == ["2 partitions instead of 6"]
    async with kafka.opened_log(made) as log:
        await log.append([_repeat(*pair) for pair in halves[1]])
        await read_to(log, 400)
    assert sorted(seen) == sorted(halves[0] + halves[1])
    for message in messages:
        assert [at for found, at in seen if found == message] == list(range(20))


def _repeat(message_id: str, at: int) -> Append:
    event = RequestRepeated(event_id=ids.uuid7(), at=at, message_id=message_id, partner_id="bank", request_id="r")
    return Append(STATUS, message_id, event)


async def _grown(settings: Settings, partitions: int) -> list[upkeep.Change]:
    """What was made, once the readers have left."""

    async def made() -> list[upkeep.Change]:
        return await upkeep.applied(settings, await upkeep.planned(settings, wanted(settings, partitions), grow=True))

    return await eventually(made, "the readers have left, and the topic has grown", timeout_s=60)


async def test_groups_tell_who_holds_what_how_much_waits_and_since_when(made: Settings) -> None:
    consumer = kafka.consumer(made, [STATUS], "status")
    async with kafka.opened_log(made) as sink:
        await sink.append(appends(4))
        await consumer.start()
        try:
            async with asyncio.timeout(30):
                while sum([await consumer.position(place) for place in consumer.assignment()]) < 4:
                    await consumer.getmany(timeout_ms=100)
            await consumer.commit()
            await sink.append(appends(6))
            others = kafka.consumer(made, [STATUS], "registry-dispatched")
            await others.start()
            await others.commit(dict.fromkeys(others.assignment(), (0, "")))
            idle, group = await upkeep.read_groups(made, [STATUS.name])
            await others.stop()
        finally:
            await consumer.stop()
    assert (idle.name, idle.waiting) == ("registry-dispatched", 10)
    (lag,) = group.topics
    (member,) = group.members
    assert (group.name, lag.topic, lag.lane, lag.waiting, lag.partitions) == ("status", STATUS.name, "single", 6, 2)
    assert 0 <= lag.oldest_ms < 60_000
    assert member.instance == made.instance
    assert member.holds == {STATUS.name: (0, 1)}
    assert lag.unheld == ()


async def test_dead_letters_are_read_newest_first_and_found_by_their_place(made: Settings) -> None:
    async with kafka.opened_log(made) as sink:
        for number in range(3):
            headers = {"reason": f"reason {number}", "topic": STATUS.name, "place": f"0/{number}"}
            await sink.dead_letter(STATUS, b"key", f"{number}".encode(), headers)
    letters = await upkeep.read_letters(made, [STATUS.name], 2)
    assert [letter.value for letter in letters] == [b"2", b"1"]
    assert await upkeep.spans_of_letters(made, [STATUS.name]) == {STATUS.name: {0: range(3)}}
    found = await upkeep.read_letter(made, STATUS.name, 0, 1)
    assert found is not None
    assert (found.key, found.headers["reason"]) == (b"key", "reason 1")
    assert await upkeep.read_letter(made, STATUS.name, 0, 3) is None


async def test_topics_that_were_just_made_have_leaders_and_groups_can_be_joined(settings: Settings) -> None:
    await kafka.create_topics(settings)
    names = [topic.name for topic in upkeep.wanted_topics(upkeep.every_topic(), settings.kafka_topic_prefix, 2, 1)]
    async with opened_admin(settings) as admin:
        there = set(await admin.list_topics())
        assert await leaderless(admin, [name for name in names if name in there]) == []
        assert await admin.find_coordinator(f"{settings.kafka_topic_prefix}anybody") >= 0
