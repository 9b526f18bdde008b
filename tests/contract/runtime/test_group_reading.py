"""What a group has read, as a real cluster tells it."""

from functools import partial

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import OffsetAndMetadata

from schemas import ids, topics
from services.runtime.clock import now_ms
from services.runtime.log import connection, kafka
from services.runtime.log.kafka import Append
from services.runtime.log.upkeep import GroupOffsets, GroupReading, ask_cluster
from services.runtime.log.upkeep.reading import REFRESH_MS
from services.runtime.settings import Settings

TOPIC = topics.STATUS_EVENTS["single"]


async def test_a_group_has_read_what_it_has_committed(settings: Settings) -> None:
    await kafka.create_topics(settings)
    await commit(settings, partition=0, offset=0)  # else nobody coordinates the group yet
    now, reading = now_ms(), GroupReading(partial(ask_cluster, settings, TOPIC, "status"))
    keys = [ids.uuid7() for _ in range(20)]
    await reading.refresh(now)
    assert {reading.until(key) for key in keys} == {now}  # nothing is there to be read
    async with kafka.opened_log(settings) as log:
        await log.append([Append(TOPIC, key, b"{}") for key in keys])
    await reading.refresh(now + REFRESH_MS)
    await commit(settings, partition=0, offset=20)
    await reading.refresh(now + 2 * REFRESH_MS)
    zero = [key for key in keys if topics.partition_of(key.encode(), settings.kafka_partitions) == 0]
    assert 0 < len(zero) < len(keys)
    assert {reading.until(key) for key in zero} == {now + 2 * REFRESH_MS}
    assert {reading.until(key) for key in set(keys) - set(zero)} == {now}


async def test_what_a_group_has_committed_is_told_of_all_partitions_at_once(settings: Settings) -> None:
    await kafka.create_topics(settings)
    await commit(settings, partition=1, offset=0)
    async with GroupOffsets(settings, TOPIC, "status") as offsets:
        assert (await offsets.spans(), await offsets.committed()) == ({0: range(0), 1: range(0)}, {0: 0, 1: 0})
        await commit(settings, partition=1, offset=7)
        assert await offsets.committed() == {0: 0, 1: 7}


async def commit(settings: Settings, *, partition: int, offset: int) -> None:
    """As a member of the group would."""
    place = TopicPartition(settings.kafka_topic_prefix + TOPIC.name, partition)
    async with AIOKafkaConsumer(
        **connection.options(settings), group_id=settings.kafka_topic_prefix + "status", enable_auto_commit=False
    ) as consumer:
        consumer.assign([place])
        await consumer.commit({place: OffsetAndMetadata(offset, "")})
