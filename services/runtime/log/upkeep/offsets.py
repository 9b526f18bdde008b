"""What consumer groups have committed, with dispatch's metadata: read for a backup, given back where it is lost."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, OffsetAndMetadata, TopicPartition
from aiokafka.errors import GroupAuthorizationFailedError

from schemas import topics
from services.runtime.log import connection
from services.runtime.log.committed import committed_offsets
from services.runtime.log.upkeep.clients import opened_admin
from services.runtime.log.upkeep.replay import Place
from services.runtime.settings import Settings


@dataclass(frozen=True)
class Committed:
    """The offset that a group would read next; `metadata` names what above it is finished (`log/offsets.py`)."""

    offset: int
    metadata: str = ""


Groups = Mapping[str, Mapping[Place, Committed]]
"""By group, without the prefix."""


async def read_offsets(settings: Settings) -> dict[str, dict[Place, Committed]]:
    """What the groups of this deployment have committed. Raises KafkaError."""
    prefix = settings.kafka_topic_prefix
    found: dict[str, dict[Place, Committed]] = {}
    async with opened_admin(settings) as admin:
        for name in sorted(name for name, *_ in await admin.list_consumer_groups() if name.startswith(prefix)):
            known = _of_ours(prefix, await committed_offsets(admin, name))
            if known:
                found[name.removeprefix(prefix)] = known
    return found


async def hidden_groups(settings: Settings, names: Iterable[str]) -> list[str]:
    """Those that this login may not look at: a list of all groups leaves them out. Raises KafkaError."""
    found = []
    async with opened_admin(settings) as admin:
        for name in names:
            try:
                await admin.find_coordinator(settings.kafka_topic_prefix + name)
            except GroupAuthorizationFailedError:
                found.append(name)
    return found


async def has_read_before(settings: Settings, service: str) -> bool:
    """Whether a group of this service has committed anything in a topic of ours: other software of the same cluster may
    have groups whose names begin alike. Raises KafkaError."""
    prefix = settings.kafka_topic_prefix
    async with opened_admin(settings) as admin:
        for name in [name for name, *_ in await admin.list_consumer_groups() if name.startswith(prefix + service)]:
            known = _of_ours(prefix, await committed_offsets(admin, name))
            if any(at.offset > 0 for at in known.values()):
                return True
    return False


def _of_ours(prefix: str, offsets: Mapping[TopicPartition, OffsetAndMetadata]) -> dict[Place, Committed]:
    """What was committed in topics of this deployment."""
    ours = {prefix + topic.name for topic in topics.all_topics()}
    return {
        Place(place.topic.removeprefix(prefix), place.partition): Committed(at.offset, at.metadata or "")
        for place, at in offsets.items()
        if at.offset >= 0 and place.topic in ours
    }


async def write_offsets(settings: Settings, groups: Groups) -> None:
    """Commit for groups that have no members. Raises KafkaError."""
    prefix = settings.kafka_topic_prefix
    for name, offsets in groups.items():
        places = {TopicPartition(prefix + place.topic, place.partition): at for place, at in offsets.items()}
        consumer = AIOKafkaConsumer(**connection.options(settings), group_id=prefix + name, enable_auto_commit=False)
        try:
            await consumer.start()
            consumer.assign(list(places))
            await consumer.commit({place: OffsetAndMetadata(at.offset, at.metadata) for place, at in places.items()})
        finally:
            await consumer.stop()
