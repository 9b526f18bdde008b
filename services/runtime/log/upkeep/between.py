"""Records of a topic between two times, read through once for a question of an operator."""

import time
from collections.abc import Callable

from aiokafka import TopicPartition

from services.runtime.log.upkeep.clients import opened_admin, opened_reader, partitions_of
from services.runtime.settings import Settings

_READ_S = 15.0
_LATE_MS = 3_600_000
"""So long after its own time an event may be written: the log was away, or a clock differs."""


async def read_between(settings: Settings, name: str, since: int, until: int, read: Callable[[bytes], None]) -> bool:
    """Give `read` the values that were written between these times (UTC ms), and for an hour after; whether all were
    read in time. Raises KafkaError."""
    topic = settings.kafka_topic_prefix + name
    async with opened_admin(settings) as admin:
        there = await partitions_of(admin, {topic} & set(await admin.list_topics()))
    places = [TopicPartition(topic, part["partition"]) for part in there.get(topic, ())]
    if not places:
        return True
    async with opened_reader(settings, places, fetches=False) as reader:
        ends = await reader.end_offsets(places)
        begins = await reader.offsets_for_times(dict.fromkeys(places, max(0, since)))
        for place, late in (await reader.offsets_for_times(dict.fromkeys(places, until + _LATE_MS))).items():
            ends[place] = late.offset if late is not None else ends[place]
        for place, begin in begins.items():
            reader.seek(place, begin.offset if begin is not None else ends[place])
        reader.resume(*places)
        deadline = time.monotonic() + _READ_S
        while left := [place for place, end in ends.items() if await reader.position(place) < end]:
            if time.monotonic() > deadline:
                return False
            reader.pause(*(set(places) - set(left)))  # what is behind its end
            for records in (await reader.getmany(timeout_ms=200)).values():
                for record in records:
                    if record.value is not None:
                        read(record.value)
    return True
