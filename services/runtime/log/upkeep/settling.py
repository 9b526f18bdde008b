"""Waits for topics that are just being made: until each partition has a leader, and each group a coordinator.

A client that comes sooner is refused for seconds, and says so in a warning each time. Where a broker is away a topic
has no leader either, and nobody knows when it has: then the wait ends by itself, and clients go on as they do.
"""

import asyncio
from collections.abc import Collection
from itertools import count

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    LeaderNotAvailableError,
    NotCoordinatorForGroupError,
    UnknownTopicOrPartitionError,
    for_code,
)

from services.runtime import telemetry

log = telemetry.logger("kafka")
OFFSETS = "__consumer_offsets"
"""The topic that the first group makes the cluster create."""
LONGEST_S, LONGEST_OF_NEW_S = 20.0, 60.0
"""How long is waited: what was there before may be without a leader for another reason than that it is being made."""
_PAUSE_S, _GROUPS_PAUSE_S = 0.1, 0.5
"""Between two looks; a look for groups makes the broker ask for their topic each time."""
_BEING_MADE = (UnknownTopicOrPartitionError, LeaderNotAvailableError)
_COMING = (GroupCoordinatorNotAvailableError, GroupLoadInProgressError, NotCoordinatorForGroupError)


async def settle(admin: AIOKafkaAdminClient, names: Collection[str], *, is_new: bool) -> None:
    """Returns when these topics have leaders and, on a cluster or with topics that are new, groups coordinators."""
    longest_s = LONGEST_OF_NEW_S if is_new else LONGEST_S
    waiting = await leaderless(admin, names)
    is_new = is_new or bool(waiting)
    try:
        async with asyncio.timeout(longest_s):
            while waiting:
                await asyncio.sleep(_PAUSE_S)
                waiting = await leaderless(admin, waiting)
            while is_new:
                if await _has_coordinators(admin):
                    return
                await asyncio.sleep(_GROUPS_PAUSE_S)
    except TimeoutError:
        what = "topics have no leader yet" if waiting else "groups have no coordinator yet"
        log.warning(what, topics=sorted(waiting), waited_s=longest_s)


async def leaderless(admin: AIOKafkaAdminClient, names: Collection[str]) -> list[str]:
    """Those of the topics of which a partition has no leader, as far as one of the brokers knows."""
    described = await admin.describe_topics(list(names)) if names else []
    return [
        topic["topic"]
        for topic in described
        if for_code(topic["error_code"]) in _BEING_MADE or any(part["leader"] < 0 for part in topic["partitions"])
    ]


async def _has_coordinators(admin: AIOKafkaAdminClient) -> bool:
    """Whether groups can be joined, whatever they are called. Asking makes the cluster create their topic."""
    try:
        await admin.find_coordinator(_group_in(0, 1))
        (offsets,) = await admin.describe_topics([OFFSETS])
        partitions = len(offsets["partitions"]) or 1
        # One at a time: aiokafka 0.14 cannot read an answer about several.
        answers = [await admin.describe_consumer_groups([_group_in(at, partitions)]) for at in range(partitions)]
    except GroupAuthorizationFailedError:  # whoever may not look, does not wait
        return True
    except _COMING:
        return False
    return not any(for_code(group[0]) in _COMING for (answer,) in answers for group in answer.groups)


def _group_in(partition: int, partitions: int) -> str:
    """The name of a group, which nobody joins, that this partition of the topic is responsible for."""
    names = (f"rpns-start-{number}" for number in count())
    return next(name for name in names if abs(_java_hash(name)) % partitions == partition)


def _java_hash(text: str) -> int:
    """As `String.hashCode` of Java, by which Kafka assigns groups to partitions."""
    number = 0
    for letter in text.encode():
        number = (31 * number + letter) & 0xFFFFFFFF
    return number - (1 << 32) if number >> 31 else number
