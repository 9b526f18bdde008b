"""The fetches of one consumer that goes batch by batch.

    resume ─▶ getmany: all that the client holds ─▶ pause ─▶ batch after batch ─▶ nothing left ─▶ gather ─▶ resume …

gather     the last fetch brought       the next one begins
           nothing, or one record       at once: an idle loop waits for nothing
           several                      `gather_s` after the last one began: what has come meanwhile is one batch
           more than a batch holds      at once: there is more to be caught up with

While records are in hand nothing is fetched, and a fetch begins with nothing in hand. So it always asks for all
partitions at once, may wait for seconds when there is nothing (`kafka.long_fetch_wait_ms`), and is answered as soon as
a record comes. A fetch beside records in hand would leave their partition out, and its next record would wait for the
end of that long poll.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from services.runtime.log import kafka
from services.runtime.log.progress import COMMIT_S, Batch, Progress
from services.runtime.loops import pause

_TURN_MS, _IDLE_TURN_MS = 250, 5_000
"""How long one look for records takes at most: then the owner looks after its commits. One that has nothing to commit
may wait longer, and each look would cost an idle stack something; the end of the process ends it."""
_LOOK_S = COMMIT_S / 5
"""How often a loop that gathers looks whether a rebalance has come or something is to be committed."""
GATHER_S = 0.04
"""For loops on the way of a message and those that follow devices. A batch has fixed costs (a fetch, appends, a query
or two: some 3 ms of everybody's processor time) that are shared by what comes in this time, and a message passes two
or three such loops: a tenth of a second at most, and only while others come with it."""


class Fetches:
    """Hands out at most `most` records at a time. What is in hand when a rebalance begins is dropped: the client goes
    back to what is committed."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        progress: Progress,
        most: int,
        *,
        stop: asyncio.Event,
        gather_s: float = 0.0,
        monotonic_s: Callable[[], float] = time.monotonic,
        wait: Callable[[asyncio.Event, float], Awaitable[None]] = pause,
    ) -> None:
        self._consumer, self._progress, self._most = consumer, progress, most
        self._stop, self._gather_s, self._monotonic_s, self._wait = stop, gather_s, monotonic_s, wait
        self._gathered_at_s = 0.0  # when what the next fetch is to bring has gathered
        self._in_hand: deque[tuple[TopicPartition, list[ConsumerRecord]]] = deque()
        self._last: dict[TopicPartition, ConsumerRecord] = {}  # handed out since the last rebalance
        self._epoch = -1
        self.is_astray = False  # a fetch has failed: the client may have moved past what it did not hand out

    async def next(self) -> Batch:
        """The next records, in the order of each partition; empty when none came for a while."""
        if self.is_astray:
            await self._go_back()
        self.is_astray = True
        batch = await self._next()
        self.is_astray = False
        self.handed_out(batch)
        return batch

    def handed_out(self, batch: Batch) -> None:
        """Note that the owner has these records, and does them before it fetches again."""
        self._follow()
        self._last.update({place: records[-1] for place, records in batch.items()})

    async def _go_back(self) -> None:
        """To behind what was handed out last, else to what is committed. Where one partition cannot be read (a corrupt
        batch, an unknown codec), the client raises after it has taken the records of others, and gives them to nobody.
        """
        self._follow()
        self._in_hand.clear()
        for place in self._consumer.assignment():
            last = self._last.get(place)
            offset = last.offset + 1 if last is not None else await self._consumer.committed(place)
            if offset is None:
                await self._consumer.seek_to_beginning(place)
            else:
                self._consumer.seek(place, offset)

    async def _next(self) -> Batch:
        if self._in_hand:
            # A member that does not poll is removed; after a rebalance this brings what the new assignment holds.
            self._keep(await self._consumer.getmany(timeout_ms=0))
        if not self._in_hand:
            await self._gather()
            self._consumer.resume(*self._consumer.paused())
            self._keep(await self._fetched())
            if 1 < sum(len(records) for _, records in self._in_hand) < self._most:
                self._gathered_at_s = self._monotonic_s() + self._gather_s
        if self._in_hand:
            kafka.hold_fetches(self._consumer)
        return self._taken()

    async def _fetched(self) -> Batch:
        if self._progress.is_behind:
            fetched: Batch = await self._consumer.getmany(timeout_ms=_TURN_MS)
            return fetched
        looking = asyncio.ensure_future(self._consumer.getmany(timeout_ms=_IDLE_TURN_MS))
        ending = asyncio.ensure_future(self._stop.wait())
        try:
            await asyncio.wait({looking, ending}, return_when=asyncio.FIRST_COMPLETED)
            return looking.result() if looking.done() else Batch()
        finally:
            for task in (looking, ending):
                task.cancel()

    async def _gather(self) -> None:
        """Wait until it has gathered; the end of the process and a rebalance are not waited through, and commits go on.
        The client holds the membership meanwhile: the wait is far shorter than the time allowed between polls."""
        while (left_s := self._gathered_at_s - self._monotonic_s()) > 0:
            if self._stop.is_set() or self._epoch != self._progress.rebalances:
                return
            await self._wait(self._stop, min(left_s, _LOOK_S))
            await self._progress.commit_when_due()

    def _keep(self, fetched: Batch) -> None:
        self._follow()
        self._in_hand.extend(fetched.items())

    def _follow(self) -> None:
        """After a rebalance nothing is in hand, and the client is at what is committed."""
        if self._epoch != self._progress.rebalances:
            self._in_hand.clear()
            self._last.clear()
            self._epoch = self._progress.rebalances

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
