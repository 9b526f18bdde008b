"""The progress of one consumer that goes batch by batch: what is done and not committed yet, and its rebalances."""

import asyncio
import time
from collections.abc import Callable, Mapping
from enum import Enum

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, OffsetAndMetadata, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError

from services.runtime import telemetry
from services.runtime.faults import TRANSIENT_ERRORS

log = telemetry.logger("progress")
COMMIT_S = 0.25
"""A commit for each batch would be the dearest request of a small one. A crash repeats so much work; a rebalance and
the end of the process commit what is done."""
_BOUNDED_S = 10.0
Batch = dict[TopicPartition, list[ConsumerRecord]]


class Commit(Enum):
    """What became of a commit."""

    DONE = "done"
    REFUSED = "refused"  # after a rebalance: the new owner does the work again
    WAITS = "waits"  # the log is away


async def committed(
    consumer: AIOKafkaConsumer, offsets: Mapping[TopicPartition, OffsetAndMetadata], group: str
) -> Commit:
    """Commit offsets of a consumer, in bounded time; a refusal is counted, a wait is logged."""
    unavailable: tuple[type[Exception], ...] = (TimeoutError, *TRANSIENT_ERRORS)
    try:
        async with asyncio.timeout(_BOUNDED_S):
            await consumer.commit(offsets)
    except (CommitFailedError, IllegalStateError):
        telemetry.DROPPED_BATCHES.labels(group).inc()
        return Commit.REFUSED
    except unavailable as error:
        log.warning("a commit has to wait", group=group, error=repr(error))
        return Commit.WAITS
    return Commit.DONE


class Progress(ConsumerRebalanceListener):  # type: ignore[misc]
    """Commits by time, and counts rebalances, so that a batch fetched before one can be recognised."""

    def __init__(
        self, consumer: AIOKafkaConsumer, group: str, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self.rebalances = 0
        self._consumer, self._group, self._monotonic_s = consumer, group, monotonic_s
        self._done: dict[TopicPartition, int] = {}
        self._since_s = 0.0

    @property
    def is_behind(self) -> bool:
        """Whether something is done that is not committed."""
        return bool(self._done)

    def done(self, batch: Batch) -> None:
        """Note that the batch is done; it is committed with what follows within `COMMIT_S`."""
        if not self._done:
            self._since_s = self._monotonic_s()
        for place, part in batch.items():
            self._done[place] = part[-1].offset + 1
            telemetry.RECORDS.labels(place.topic).inc(len(part))

    async def commit_when_due(self) -> None:
        """Commit what has waited long enough."""
        if self._done and self._monotonic_s() - self._since_s >= COMMIT_S:
            await self.commit()

    async def commit(self) -> None:
        """Commit all that is done; while the log is away it stays to be committed. Raises nothing of the log's.

        A commit that is refused after a rebalance is dropped: the new owner does the work again.
        """
        done, self._done = self._done, {}
        if not done:
            return
        offsets = {place: OffsetAndMetadata(offset, "") for place, offset in done.items()}
        if await committed(self._consumer, offsets, self._group) is Commit.WAITS:
            self._done, self._since_s = done | self._done, self._monotonic_s()

    async def on_partitions_revoked(self, revoked: list[TopicPartition]) -> None:
        self.rebalances += 1
        await self.commit()
        self._done = {}

    async def on_partitions_assigned(self, assigned: list[TopicPartition]) -> None:
        self.rebalances += 1
