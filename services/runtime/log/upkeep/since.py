"""Records of a topic from a time on, read through once for a question of an operator."""

import time
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from aiokafka import TopicPartition

from services.runtime.log.upkeep.clients import opened_admin, opened_reader, partitions_of
from services.runtime.settings import Settings

_READ_S = 15.0
Kept = TypeVar("Kept")


async def read_since(
    settings: Settings, name: str, since: int, keep: Callable[[bytes], Kept | None], most: int
) -> tuple[list[Kept], bool]:
    """What `keep` makes of the values since then (UTC ms), the newest last, at most so many; whether all were read in
    time. Raises KafkaError."""
    topic = settings.kafka_topic_prefix + name
    async with opened_admin(settings) as admin:
        there = await partitions_of(admin, {topic} & set(await admin.list_topics()))
    places = [TopicPartition(topic, part["partition"]) for part in there.get(topic, ())]
    found: deque[Kept] = deque(maxlen=most)
    if not places:
        return [], True
    async with opened_reader(settings, places, fetches=False) as reader:
        ends = await reader.end_offsets(places)
        begins = await reader.offsets_for_times(dict.fromkeys(places, max(0, since)))
        for place, begin in begins.items():
            reader.seek(place, begin.offset if begin is not None else ends[place])
        reader.resume(*places)
        deadline = time.monotonic() + _READ_S
        while any([await reader.position(place) < end for place, end in ends.items()]):
            if time.monotonic() > deadline:
                return list(found), False
            for records in (await reader.getmany(timeout_ms=200)).values():
                kept = (keep(record.value) for record in records if record.value is not None)
                found.extend(entry for entry in kept if entry is not None)
    return list(found), True
