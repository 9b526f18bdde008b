"""Where a topic ends and how far a group has come, for whoever asks again and again: on connections that stay.

They are opened at the first question, so a start does not wait for them, and what could not be opened is tried again.
"""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from schemas.topics import Topic
from services.runtime.log.committed import committed_offsets
from services.runtime.log.upkeep.clients import opened_admin, opened_reader, partitions_of
from services.runtime.settings import Settings


class _Asked(NamedTuple):
    """`reader` knows of the partitions, `admin` of the group."""

    reader: AIOKafkaConsumer
    admin: AIOKafkaAdminClient
    places: list[TopicPartition]


class GroupOffsets:
    """Of one topic and one group, in which it is no member."""

    def __init__(self, settings: Settings, topic: Topic, group: str) -> None:
        self._settings, self._topic = settings, settings.kafka_topic_prefix + topic.name
        self._group = settings.kafka_topic_prefix + group
        self._stack, self._opening = AsyncExitStack(), asyncio.Lock()
        self._clients: _Asked | None = None

    async def __aenter__(self) -> "GroupOffsets":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def spans(self) -> Mapping[int, range]:
        """By partition: the offsets of what it holds, and where the next record will be. Raises KafkaError."""
        reader, _, places = await self._asked()
        begins, ends = await asyncio.gather(reader.beginning_offsets(places), reader.end_offsets(places))
        return {place.partition: range(begins[place], ends[place]) for place in places}

    async def committed(self) -> Mapping[int, int]:
        """By partition: the first offset that the group has not read, as far as it said so; of all at once. Raises
        KafkaError."""
        _, admin, places = await self._asked()
        found = await committed_offsets(admin, self._group, places)
        return {place.partition: max(0, found[place].offset) for place in places}

    async def _asked(self) -> _Asked:
        async with self._opening:
            clients = self._clients = self._clients or await self._opened()
        return clients

    async def _opened(self) -> _Asked:
        async with AsyncExitStack() as opening:
            admin = await opening.enter_async_context(opened_admin(self._settings))
            parts = (await partitions_of(admin, [self._topic]))[self._topic]
            places = sorted(TopicPartition(self._topic, part["partition"]) for part in parts)
            reader = await opening.enter_async_context(opened_reader(self._settings, places, fetches=False))
            self._stack.push_async_exit(opening.pop_all())
        return _Asked(reader, admin, places)
