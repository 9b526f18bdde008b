"""The clients with which operators' questions are asked of the brokers: opened for one question, closed behind it."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from services.runtime.log import connection
from services.runtime.settings import Settings

_OF_TOPIC = 1
"""Source of a setting that was made for the topic itself (KIP-226); the others are the broker's defaults."""


@asynccontextmanager
async def opened_admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    """Raises KafkaError when the cluster cannot be reached."""
    admin = AIOKafkaAdminClient(**connection.options(settings), request_timeout_ms=30_000)
    try:
        await admin.start()
        yield admin
    finally:
        await admin.close()


@asynccontextmanager
async def opened_reader(
    settings: Settings, places: Iterable[TopicPartition], *, fetches: bool = True
) -> AsyncIterator[AIOKafkaConsumer]:
    """Reads partitions without a group, and commits nothing; little at a time. Without `fetches` it answers questions
    about their offsets alone: of partitions that it does not have it would look for each topic by itself."""
    reader = AIOKafkaConsumer(
        **connection.options(settings),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=256 * 1024,
    )
    try:
        await reader.start()
        if assigned := list(places):
            reader.assign(assigned)
            if not fetches:
                reader.pause(*assigned)
        yield reader
    finally:
        await reader.stop()


async def settings_of(
    admin: AIOKafkaAdminClient, names: Iterable[str], *, own_only: bool = False
) -> dict[str, dict[str, str]]:
    """The settings of topics by name; `own_only`: without the broker's defaults."""
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    found: dict[str, dict[str, str]] = {}
    for answer in await admin.describe_configs(asked):
        for _, _, _, name, entries in answer.resources:
            found[name] = {entry[0]: entry[1] for entry in entries if not own_only or entry[3] == _OF_TOPIC}
    return found


async def partitions_of(admin: AIOKafkaAdminClient, names: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """The partitions of topics that exist, by name, as the broker describes them."""
    asked = list(names)
    described = await admin.describe_topics(asked) if asked else []
    return {found["topic"]: found["partitions"] for found in described}
