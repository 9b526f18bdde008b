"""Faults of the log's contents and groups: members that come and go, and records that nobody can read."""

import asyncio
import os
from contextlib import suppress
from random import Random

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import KafkaError

from deploy.torture.faults.plan import Strike
from deploy.torture.faults.scene import Scene, note
from schemas import topics

GROUPS = ("router", "status", "registry", "router-bulk", "status-bulk")
_MEMBER_S = 2.0
_POISON = (b"", b"\x00\xff not json", b"{}", b'{"type": "nobody-knows", "v": 1}', b'{"type": "planned"}', b"[1, 2")
_BOUNDED_S = 10.0
_STATUS = (topics.MESSAGE_REQUESTED, topics.PROVIDER_DISPATCHED, topics.STATUS_EVENTS)
READS = {
    "router": [topics.MESSAGE_REQUESTED["single"].name],
    "router-bulk": [topics.MESSAGE_REQUESTED["bulk"].name],
    "registry": [topics.DEVICE_EVENTS.name],
    "status": [lanes["single"].name for lanes in _STATUS],
    "status-bulk": [lanes["bulk"].name for lanes in _STATUS],
}
"""The topics of each group."""


async def rebalance_storm(scene: Scene, strike: Strike, draw: Random) -> None:
    """A stranger joins a service's group and leaves it again, again and again; it reads nothing and commits nothing."""
    loop = asyncio.get_running_loop()
    until_s, joined = loop.time() + strike.lasts_s, 0
    while loop.time() < until_s:
        with suppress(KafkaError, TimeoutError):
            joined += await _join(scene, strike.victim)
        await asyncio.sleep(draw.uniform(0, _MEMBER_S))
    note(scene, strike, "joined", times=joined)


async def _join(scene: Scene, group: str) -> int:
    prefix = scene.stack.env.get("KAFKA_TOPIC_PREFIX", "")
    member = AIOKafkaConsumer(
        *(prefix + name for name in READS[group]),
        bootstrap_servers=scene.stack.kafka_bootstrap,
        group_id=prefix + group,
        enable_auto_commit=False,
        session_timeout_ms=6_000,
        heartbeat_interval_ms=1_000,
        partition_assignment_strategy=(RoundRobinPartitionAssignor, RangePartitionAssignor),
    )
    try:
        async with asyncio.timeout(_BOUNDED_S):
            await member.start()
        await asyncio.sleep(_MEMBER_S)
        return 1
    finally:
        with suppress(KafkaError, TimeoutError):
            async with asyncio.timeout(_BOUNDED_S):
                await member.stop()


async def poison(scene: Scene, strike: Strike, draw: Random) -> None:
    """Records that nobody can read, in every topic, with keys and without."""
    prefix = scene.stack.env.get("KAFKA_TOPIC_PREFIX", "")
    producer = AIOKafkaProducer(bootstrap_servers=scene.stack.kafka_bootstrap, acks="all", request_timeout_ms=5_000)
    written = 0
    try:
        async with asyncio.timeout(_BOUNDED_S):
            await producer.start()
        for topic in topics.all_topics():
            for value in (*_POISON, draw.randbytes(200)):
                with suppress(KafkaError, TimeoutError):
                    async with asyncio.timeout(_BOUNDED_S):
                        key = draw.choice((None, b"poison", os.urandom(8)))
                        await producer.send_and_wait(prefix + topic.name, value, key=key)
                    written += 1
    except (KafkaError, TimeoutError):
        pass  # no broker is there to take any
    finally:
        await producer.stop()
    note(scene, strike, "poisoned", records=written)
