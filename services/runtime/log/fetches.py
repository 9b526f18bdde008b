"""The fetches of one consumer that goes batch by batch.

    resume ─▶ getmany: all that the client holds ─▶ pause ─▶ batch after batch ─▶ nothing left: the next fetch

While records are in hand nothing is fetched, and a fetch begins with nothing in hand. So it always asks for all
partitions at once, may wait for seconds when there is nothing (`kafka.LONG_FETCH_WAIT_MS`), and is answered as soon as
a record comes. A fetch beside records in hand would leave their partition out, and its next record would wait for the
end of that long poll.
"""

from collections import deque

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from services.runtime.log import kafka
from services.runtime.log.progress import Batch, Progress

_TURN_MS = 250
"""How long one look for records takes at most: then the owner looks after its commits and its end."""


class Fetches:
    """Hands out at most `most` records at a time. What is in hand when a rebalance begins is dropped: the client goes
    back to what is committed."""

    def __init__(self, consumer: AIOKafkaConsumer, progress: Progress, most: int) -> None:
        self._consumer, self._progress, self._most = consumer, progress, most
        self._in_hand: deque[tuple[TopicPartition, list[ConsumerRecord]]] = deque()
        self._epoch = -1

    async def next(self) -> Batch:
        """The next records, in the order of each partition; empty when none came for a while."""
        if self._in_hand:
            # A member that does not poll is removed; after a rebalance this brings what the new assignment holds.
            self._keep(await self._consumer.getmany(timeout_ms=0))
        if not self._in_hand:
            self._consumer.resume(*self._consumer.paused())
            self._keep(await self._consumer.getmany(timeout_ms=_TURN_MS))
        if self._in_hand:
            kafka.hold_fetches(self._consumer)
        return self._taken()

    def _keep(self, fetched: Batch) -> None:
        if self._epoch != self._progress.rebalances:
            self._in_hand.clear()
            self._epoch = self._progress.rebalances
        self._in_hand.extend(fetched.items())

    def _taken(self) -> Batch:
        taken, room = Batch(), self._most
        while self._in_hand and room > 0:
            place, records = self._in_hand.popleft()
            if len(records) > room:
                self._in_hand.appendleft((place, records[room:]))
                records = records[:room]
            taken.setdefault(place, []).extend(records)
            room -= len(records)
        return taken
