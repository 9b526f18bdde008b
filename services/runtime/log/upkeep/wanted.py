"""The topics that this release and these settings ask for, dead-letter twins included. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from schemas import topics
from schemas.topics import Topic

Growth = Literal["any", "when idle", "never"]
"""When more partitions may be added: at any time, when nothing waits and nobody works, or not at all."""
KEPT_BY_PARTITION = {topics.STATISTIC_PARTS.name, topics.STATISTICS_CHANGELOG.name}
"""Of the statistics worker, whose table lies beside the partitions that it reads."""


@dataclass(frozen=True)
class Wanted:
    """One topic as it is to be made, by its name in the cluster."""

    name: str
    partitions: int
    replicas: int
    config: Mapping[str, str]
    growth: Growth = "when idle"


def every_topic() -> list[Topic]:
    """What a deployment needs, the statistics worker's own included."""
    return [*topics.all_topics(), topics.STATISTICS_CHANGELOG]


def wanted_topics(asked: Iterable[Topic], prefix: str, partitions: int, replicas: int) -> list[Wanted]:
    """`partitions` of a topic that does not say its own; `replicas` of each."""
    made = []
    for topic in asked:
        strength = {
            "min.insync.replicas": "2" if replicas >= 3 else "1",
            "unclean.leader.election.enable": "false",
        }
        name = prefix + topic.name
        config = _kept(topic.retention_ms) | strength
        made.append(Wanted(name, topic.partitions or partitions, replicas, config, _growth(topic)))
        if topic.dead_letters:
            twin = _kept(topics.MESSAGE_RETENTION_MS) | strength
            made.append(Wanted(name + topics.DEAD_LETTER, 1, replicas, twin, "any"))
    return made


def _kept(retention_ms: int | None) -> dict[str, str]:
    if retention_ms is None:
        return {"cleanup.policy": "compact"}
    return {"cleanup.policy": "delete", "retention.ms": str(retention_ms)}


def _growth(topic: Topic) -> Growth:
    if topic.retention_ms is None or topic.name in KEPT_BY_PARTITION:
        return "never"
    return "when idle"
