"""The statistics worker on the real Kafka: repeated records, restarts and kill -9 change no figure."""

import asyncio
import signal
from collections import Counter
from collections.abc import Iterable

import pytest

from schemas import ids
from schemas.providers import Provider
from schemas.statistic_events import MINUTE_MS, NAMESPACE, CountedRecord, Outcome, Statistic, StatisticPart, key_of
from schemas.topics import STATISTIC_PARTS
from schemas.values import Channel
from services.runtime.clock import now_ms
from services.runtime.log.kafka import Append
from services.runtime.settings import Settings
from tests.support.statistics_worker import errors_in, worker_on

pytestmark = pytest.mark.real
BANKS = ("bank-1", "bank-2")


def statistic(place: int, minute: int, outcome: Outcome = "sent") -> Statistic:
    return Statistic(
        minute=minute - minute % MINUTE_MS,
        partner_id=BANKS[place % 2],
        application_id="app",
        channel=Channel.PUSH,
        provider=Provider.FCM,
        outcome=outcome,
    )


def parts_of(places: Iterable[int], minute: int, outcome: Outcome = "sent", batch: int = 40) -> list[StatisticPart]:
    """The parts of status that has read the records at these places, so many in each batch, of seven partitions."""
    left, parts = list(places), []
    while left:
        for bank in range(len(BANKS)):
            read = sorted((place % 7, place) for place in left[:batch] if place % 2 == bank)
            counted = tuple(
                CountedRecord(origin=f"status-events/{partition}", position=(place, 0), sent_after_ms=120)
                for partition, place in read
            )
            if counted:
                event_id = ids.event_id_of(NAMESPACE, f"{bank}/{outcome}/{read[0]}/{read[-1]}")
                of_bank = statistic(bank, minute, outcome)
                parts.append(StatisticPart(event_id=event_id, at=minute, statistic=of_bank, source=-1, counted=counted))
        del left[:batch]
    return parts


def counts_of(minute: int, sent: int, read: int = 0) -> dict[str, int]:
    """The counts when so many first places were sent, and so many read."""
    counts = Counter(key_of(statistic(place, minute)) for place in range(sent))
    counts.update(key_of(statistic(place, minute, "read")) for place in range(read))
    return dict(counts)


async def test_repetitions_are_counted_once_and_a_killed_worker_goes_on_exactly(settings: Settings) -> None:
    now = now_ms()
    async with worker_on(settings) as worker:
        await worker.start()
        await worker.count(*parts_of(range(1_000), now))
        await worker.count(*parts_of(range(400, 1_500), now, batch=70))  # status was killed, began at its last commit
        feeding = asyncio.ensure_future(worker.count(*parts_of(range(1_500, 3_000), now)))
        await worker.end(signal.SIGKILL)
        await feeding
        await worker.start()
        await worker.until(counts_of(now, 3_000))
        await worker.count(*parts_of(range(2_000, 3_000), now, batch=11))
        assert await worker.end() == 0
        await worker.start()
        await worker.count(*parts_of(range(2_500, 3_000), now), *parts_of(range(1), now, "read"))
        await worker.until(counts_of(now, 3_000, read=1))
        sent = worker.newest[key_of(statistic(0, now))].sent_after
        assert (sent.buckets[1], sent.sum_ms) == (1_500, 1_500 * 120)
        assert errors_in(worker.output) == []


async def test_a_statistic_that_changes_all_the_time_is_published_once_a_second(settings: Settings) -> None:
    now, seconds = now_ms(), 3.0
    async with worker_on(settings) as worker:
        await worker.start()
        begun = asyncio.get_running_loop().time()
        place = 0
        while asyncio.get_running_loop().time() - begun < seconds:
            await worker.count(*parts_of(range(place, place + 20), now))
            place += 20
            await asyncio.sleep(0.02)
        await worker.count(*parts_of(range(place), now))  # all of it again
        await worker.until(counts_of(now, place))
        took = asyncio.get_running_loop().time() - begun
        assert worker.published <= len(BANKS) * (took + 2)
        assert await worker.end() == 0
        assert errors_in(worker.output) == []


async def test_what_cannot_be_read_or_is_of_no_time_that_is_kept_is_put_aside(settings: Settings) -> None:
    now = now_ms()
    late, early, mad = (
        parts_of([place], minute)
        for place, minute in ((2, now - 2 * 86_400_000), (3, now + 2 * 86_400_000), (4, 10**30))
    )
    async with worker_on(settings) as worker:
        await worker.start()
        await worker.log.append([Append(STATISTIC_PARTS, "no statistic", b"{}")])
        await worker.count(*late, *early, *mad, *parts_of([0], now))
        await worker.until(counts_of(now, 1))
        assert await worker.end() == 0
        assert errors_in(worker.output) == []
