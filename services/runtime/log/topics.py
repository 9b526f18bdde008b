"""The topics as they are made and as they are found: what `schemas/topics.py` knows, with the settings' replicas.

A topic that exists is not changed. What it is made to survive may be less than this deployment asks for; then a record
that was acknowledged can be lost with one broker, and it is said at every start, and by `rpns_weak_topics`. With
RPNS_CREATE_TOPICS=0 nothing is made either: a process that misses topics refuses to start, and names them all. What
operators do about topics is in `upkeep/`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from schemas import topics
from schemas.topics import Topic
from services.runtime import telemetry
from services.runtime.log import connection
from services.runtime.log.upkeep.settling import OFFSETS, settle
from services.runtime.log.upkeep.wanted import wanted_topics
from services.runtime.settings import BadSettings, Settings

log = telemetry.logger("kafka")


class TopicsMissing(BadSettings):
    """This process must not make topics, and some that it needs do not exist; the message names them all."""


async def create_topics(settings: Settings, wanted: Iterable[Topic] | None = None) -> None:
    """Create what is missing, dead-letter twins included, and wait until it can be used. Any process may call it,
    several at once.

    Raises TopicsMissing where the settings say that it must not.
    """
    admin = AIOKafkaAdminClient(**connection.options(settings), request_timeout_ms=30_000)
    try:
        await admin.start()
        existing = set(await admin.list_topics())
        made = _new_topics(settings, topics.all_topics() if wanted is None else list(wanted))
        missing = [topic for topic in made if topic.name not in existing]
        await _compare(admin, [topic for topic in made if topic.name in existing])
        if missing and not settings.create_topics:
            raise TopicsMissing(missing_words(settings, missing))
        if missing:
            answer = await admin.create_topics(missing)
            for name, code, *_ in answer.topic_errors:
                if code and for_code(code) is not TopicAlreadyExistsError:
                    raise for_code(code)(name)
        # Whoever makes no topics may not see that one either, and would be refused at each start.
        is_new = bool(missing) or (settings.create_topics and OFFSETS not in existing)
        await settle(admin, [topic.name for topic in made], is_new=is_new)
    finally:
        await admin.close()


async def _compare(admin: AIOKafkaAdminClient, wanted: Sequence[NewTopic]) -> None:
    """Say which topics that were there before hold less than this release would create: a record could be lost."""
    names = [topic.name for topic in wanted]
    weak: dict[str, str] = {}
    if names:
        described = {found["topic"]: found for found in await admin.describe_topics(names)}
        answers = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
        configs = {
            name: {entry[0]: entry[1] for entry in entries}
            for answer in answers
            for _, _, _, name, entries in answer.resources
        }
        for topic in wanted:
            replicas = min((len(part["replicas"]) for part in described[topic.name]["partitions"]), default=0)
            found = Strength(replicas, configs.get(topic.name, {}))
            fault = weakness(found, topic.replication_factor, topic.topic_configs)
            if fault:
                weak[topic.name] = fault
    telemetry.WEAK_TOPICS.set(len(weak))
    for name, fault in weak.items():
        log.warning("a topic is weaker than it should be", topic=name, fault=fault)


class Strength(NamedTuple):
    """What a topic that exists is made to survive: its least number of replicas, and its settings."""

    replicas: int
    config: Mapping[str, str]


def weakness(found: Strength, replicas: int, config: Mapping[str, str]) -> str:
    """What of `found` is less than wanted; empty when nothing is."""
    faults = []
    if found.replicas < replicas:
        faults.append(f"{found.replicas} replicas instead of {replicas}")
    least, wanted = found.config.get("min.insync.replicas", "1"), config["min.insync.replicas"]
    if int(least) < int(wanted):
        faults.append(f"min.insync.replicas {least} instead of {wanted}")
    if found.config.get("unclean.leader.election.enable", "false") == "true":
        faults.append("unclean.leader.election.enable is true")
    return ", ".join(faults)


def missing_words(settings: Settings, missing: Sequence[NewTopic]) -> str:
    """What to tell the operator, one line a topic."""
    lines = [f"{topic.name} ({topic.num_partitions} partitions)" for topic in missing]
    head = f"RPNS_CREATE_TOPICS: is off, and {len(lines)} topics do not exist at {settings.kafka_bootstrap}"
    return "\n  ".join([f"{head}; `rpns topics apply` makes them:", *lines])


def _new_topics(settings: Settings, wanted: list[Topic]) -> list[NewTopic]:
    made = wanted_topics(wanted, settings.kafka_topic_prefix, settings.kafka_partitions, settings.kafka_replication)
    return [NewTopic(topic.name, topic.partitions, topic.replicas, topic_configs=dict(topic.config)) for topic in made]
