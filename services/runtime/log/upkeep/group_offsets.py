"""Where a topic ends and how far a group has come, for whoever asks again and again: on one connection.

It is opened at the first question, so a start does not wait for it, and one that could not be opened is tried again.
"""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from types import TracebackType

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.topics import Topic
from services.runtime.log.upkeep.clients import opened_admin, opened_reader, partitions_of
from services.runtime.settings import Settings


class GroupOffsets:
    """Of one topic and one group, in which it is no member."""

    def __init__(self, settings: Settings, topic: Topic, group: str) -> None:
        self._settings, self._topic, self._group = settings, settings.kafka_topic_prefix + topic.name, group
        self._stack, self._opening = AsyncExitStack(), asyncio.Lock()
        self._reader: AIOKafkaConsumer | None = None

    async def __aenter__(self) -> "GroupOffsets":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def spans(self) -> Mapping[int, range]:
        """By partition: the offsets of what it holds, and where the next record will be. Raises KafkaError."""
        reader, places = await self._asked()
        begins, ends = await asyncio.gather(reader.beginning_offsets(places), reader.end_offsets(places))
        return {place.partition: range(begins[place], ends[place]) for place in places}

    async def committed(self) -> Mapping[int, int]:
        """By partition: the first offset that the group has not read, as far as it said so. Raises KafkaError."""
        reader, places = await self._asked()
        return {place.partition: await reader.committed(place) or 0 for place in places}

    async def _asked(self) -> tuple[AIOKafkaConsumer, list[TopicPartition]]:
        async with self._opening:
            reader = self._reader = self._reader or await self._opened()
        return reader, sorted(reader.assignment())

    async def _opened(self) -> AIOKafkaConsumer:
        async with opened_admin(self._settings) as admin:
            parts = (await partitions_of(admin, [self._topic]))[self._topic]
        places = [TopicPartition(self._topic, part["partition"]) for part in parts]
        group = self._settings.kafka_topic_prefix + self._group
        return await self._stack.enter_async_context(
            opened_reader(self._settings, places, fetches=False, asks_of=group)
        )
