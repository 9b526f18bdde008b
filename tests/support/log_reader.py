"""Reading topics in tests: what has been appended, waited for with a deadline."""

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer

from schemas.events import Event
from schemas.topics import DEAD_LETTER, Topic
from services.runtime.crypto import record_encryption
from services.runtime.settings import Settings


async def events_of(settings: Settings, topic: Topic, count: int, timeout_s: float = 20) -> list[Event]:
    """The first `count` events of a topic, in the order of each partition. Raises TimeoutError with what there was."""
    raw = await records_of(settings, topic.name, count, timeout_s)
    decoded = [record_encryption.decode(topic, value) for value, _ in raw]
    return [event for event in decoded if event is not None]


async def all_events_of(settings: Settings, topic: Topic) -> list[Event]:
    """Every event that the topic holds now."""
    reader = AIOKafkaConsumer(
        settings.kafka_topic_prefix + topic.name,
        bootstrap_servers=settings.kafka_bootstrap,
        group_id=None,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=100,
    )
    found: list[Event | None] = []
    await reader.start()
    try:
        places = sorted(reader.assignment())
        ends = await reader.end_offsets(places)
        async with asyncio.timeout(20):
            while any([await reader.position(place) < ends[place] for place in places]):
                for records in (await reader.getmany(timeout_ms=100)).values():
                    found += [record_encryption.decode(topic, record.value) for record in records]
    finally:
        await reader.stop()
    return [event for event in found if event is not None]


async def dead_letters_of(settings: Settings, topic: Topic, count: int) -> list[tuple[bytes | None, dict[str, str]]]:
    """Value and headers of the first `count` dead letters of a topic."""
    found = await records_of(settings, topic.name + DEAD_LETTER, count)
    return [(value, {name: text.decode() for name, text in headers}) for value, headers in found]


async def records_of(
    settings: Settings, name: str, count: int, timeout_s: float = 20
) -> list[tuple[bytes | None, Sequence[tuple[str, bytes]]]]:
    """Value and headers of the first `count` records. Raises TimeoutError."""
    reader = AIOKafkaConsumer(
        settings.kafka_topic_prefix + name,
        bootstrap_servers=settings.kafka_bootstrap,
        group_id=None,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=100,
    )
    await reader.start()
    found: list[tuple[bytes | None, Sequence[tuple[str, bytes]]]] = []
    try:
        async with asyncio.timeout(timeout_s):
            while len(found) < count:
                for records in (await reader.getmany(timeout_ms=100)).values():
                    found += [(record.value, record.headers) for record in records]
    except TimeoutError:
        raise TimeoutError(f"{name}: {len(found)} of {count} records came") from None
    finally:
        await reader.stop()
    return found


async def end_of(settings: Settings, name: str) -> int:
    """How many records a topic has had, over all its partitions; 0 for one that does not exist."""
    reader = AIOKafkaConsumer(
        settings.kafka_topic_prefix + name, bootstrap_servers=settings.kafka_bootstrap, group_id=None
    )
    await reader.start()
    try:
        return sum((await reader.end_offsets(sorted(reader.assignment()))).values())
    finally:
        await reader.stop()
