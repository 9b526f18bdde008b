"""Looks at the cluster again and again, for the metrics of lag. Each instance of the registry does; all figures agree.

It asks the brokers for what has been committed and where the topics end, and reads the first record that waits: some
dozens of requests each time, and nothing on the way of a message.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas import topics
from services.registry.dead_letters import Marks, topics_with_letters
from services.runtime import telemetry
from services.runtime.log.upkeep import Group, read_groups, spans_of_letters
from services.runtime.loops import keep_on
from services.runtime.settings import Settings

EVERY_S = 30.0


@dataclass(frozen=True)
class ClusterWatch:
    """Raises TRANSIENT_ERRORS."""

    settings: Settings
    marks: Marks

    async def groups(self) -> list[Group]:
        return await read_groups(self.settings, [topic.name for topic in topics.all_topics()])

    async def open_letters(self) -> dict[str, int]:
        """How many dead letters nobody has dealt with, by topic, without those that have none."""
        spans = await spans_of_letters(self.settings, topics_with_letters())
        done = await self.marks.count_done(spans) if spans else {}
        counts = {topic: sum(map(len, parts.values())) - done.get(topic, 0) for topic, parts in spans.items()}
        return {topic: count for topic, count in counts.items() if count}

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`."""
        await keep_on("cluster", self._turn, stop, EVERY_S)

    async def _turn(self) -> None:
        show(await self.groups(), await self.open_letters())


def show(groups: Sequence[Group], letters: Mapping[str, int]) -> None:
    """Set the metrics; what is gone since the last time goes from them too."""
    for gauge in (telemetry.CONSUMER_LAG, telemetry.OLDEST_WAITING, telemetry.UNHELD_PARTITIONS):
        gauge.clear()
    for group in groups:
        for topic in group.topics:
            labels = (group.name, topic.topic, topic.lane)
            telemetry.CONSUMER_LAG.labels(*labels).set(topic.waiting)
            telemetry.OLDEST_WAITING.labels(*labels).set(topic.oldest_ms / 1000)
            telemetry.UNHELD_PARTITIONS.labels(group.name, topic.topic).set(len(topic.unheld))
    telemetry.OPEN_DEAD_LETTERS.clear()
    for name, count in letters.items():
        telemetry.OPEN_DEAD_LETTERS.labels(name).set(count)
