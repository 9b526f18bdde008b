"""Topics of the cluster: read as they are, made and changed as `plan.py` allows.

`plan` and `apply` are the operator's (`rpns topics`); the services themselves create what is missing at their start,
or, with RPNS_CREATE_TOPICS=0, only look and refuse to start (`services/runtime/log/topics.py`).
"""

from collections.abc import Mapping, Sequence

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from services.runtime.log.upkeep.clients import opened_admin, opened_reader, partitions_of, settings_of
from services.runtime.log.upkeep.groups import read_groups
from services.runtime.log.upkeep.plan import Change, Found, changes
from services.runtime.log.upkeep.wanted import Wanted, every_topic
from services.runtime.settings import Settings


async def read_topics(settings: Settings, wanted: Sequence[Wanted]) -> dict[str, Found]:
    """Those of the wanted topics that exist, by name. Raises KafkaError."""
    async with opened_admin(settings) as admin:
        there = set(await admin.list_topics())
        names = [topic.name for topic in wanted if topic.name in there]
        described, configs = await partitions_of(admin, names), await settings_of(admin, names) if names else {}
    counts = {topic.name: topic.partitions for topic in wanted}
    growing = [name for name in names if len(described[name]) < counts[name]]
    used, waiting, readers = await _use_of(settings, {name: len(described[name]) for name in growing})
    return {
        name: Found(
            name,
            partitions=len(described[name]),
            replicas=min((len(part["replicas"]) for part in described[name]), default=0),
            config=configs[name],
            has_records=name in used,
            waiting=waiting.get(name, 0),
            readers=readers.get(name, 0),
        )
        for name in names
    }


async def _use_of(settings: Settings, partitions: Mapping[str, int]) -> tuple[set[str], dict[str, int], dict[str, int]]:
    """Of topics: those that hold or held records, how many wait in each, and how many readers run anywhere: a service
    whose groups read other topics may write to these."""
    if not partitions:
        return set(), {}, {}
    places = [TopicPartition(name, number) for name, count in partitions.items() for number in range(count)]
    async with opened_reader(settings, places, fetches=False) as reader:
        begins, ends = await reader.beginning_offsets(places), await reader.end_offsets(places)
    used = {place.topic for place, end in ends.items() if end}
    prefix = settings.kafka_topic_prefix
    groups = await read_groups(settings, [topic.name for topic in every_topic()])
    waiting: dict[str, int] = {}
    for group in groups:
        for topic in group.topics:
            name = prefix + topic.topic
            waiting[name] = waiting.get(name, 0) + topic.waiting
    for name in {prefix + topic.name for topic in every_topic() if topic.dead_letters} & used - waiting.keys():
        # no group has ever read it, and some service of ours should
        waiting[name] = sum(end - begins[place] for place, end in ends.items() if place.topic == name)
    running = sum(len(group.members) for group in groups)
    return used, waiting, dict.fromkeys(partitions, running)


async def planned(settings: Settings, wanted: Sequence[Wanted], *, grow: bool = False) -> list[Change]:
    """What differs. Raises KafkaError."""
    return changes(wanted, await read_topics(settings, wanted), grow=grow)


async def applied(settings: Settings, asked: Sequence[Change]) -> list[Change]:
    """Make the changes that are safe, and tell which. Raises KafkaError at the first that the broker refuses."""
    safe = [change for change in asked if change.is_safe]
    async with opened_admin(settings) as admin:
        await _create(admin, [change.topic for change in safe if change.kind == "missing"])
        await _set(admin, {change.topic.name: change.config for change in safe if change.kind == "settings"})
        grown = {change.topic.name: change.topic.partitions for change in safe if change.kind == "partitions"}
        if grown:
            await admin.create_partitions({name: NewPartitions(count) for name, count in grown.items()})
    return safe


async def _create(admin: AIOKafkaAdminClient, missing: Sequence[Wanted]) -> None:
    if not missing:
        return
    made = [
        NewTopic(topic.name, topic.partitions, topic.replicas, topic_configs=dict(topic.config)) for topic in missing
    ]
    for name, code, *_ in (await admin.create_topics(made)).topic_errors:
        if code and for_code(code) is not TopicAlreadyExistsError:
            raise for_code(code)(name)


async def _set(admin: AIOKafkaAdminClient, wanted: Mapping[str, Mapping[str, str]]) -> None:
    """The request replaces all settings of a topic, so those that others have made go with it."""
    if not wanted:
        return
    own = await settings_of(admin, wanted, own_only=True)
    asked = [
        ConfigResource(ConfigResourceType.TOPIC, name, {**own.get(name, {}), **config})
        for name, config in wanted.items()
    ]
    for answer in await admin.alter_configs(asked):
        for code, message, _, name in answer.resources:
            if code:
                raise for_code(code)(f"{name}: {message}")
