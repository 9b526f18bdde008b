"""The statistics worker on the real Kafka: repeated records, restarts and kill -9 change no figure."""

import asyncio
import signal
from collections import Counter
from collections.abc import Sequence

import pytest

from schemas import ids
from schemas.providers import Provider
from schemas.statistic_events import MINUTE_MS, DeliveryCounted, Outcome, Statistic, key_of
from schemas.topics import DELIVERY_COUNTED
from schemas.values import Channel
from services.runtime.clock import now_ms
from services.runtime.log.kafka import Append
from services.runtime.settings import Settings
from tests.support.statistics_worker import errors_in, worker_on

pytestmark = pytest.mark.real
BANKS = ("bank-1", "bank-2")


def counted(place: int, outcome: Outcome = "sent", minute: int | None = None, latency: int = 120) -> DeliveryCounted:
    """The outcome that the record at offset `place` has decided; the message decides on which partition."""
    message_id = ids.uuid5("7b0f6c7e-6f0b-4a55-9b68-0f4f9d2f0a11", str(place % 7))
    partner_id = BANKS[place % 2]
    at = now_ms() if minute is None else minute
    return DeliveryCounted(
        event_id=ids.event_id_of(message_id, f"{place}/{outcome}"),
        at=at,
        message_id=message_id,
        partner_id=partner_id,
        statistic=Statistic(
            minute=at - at % MINUTE_MS,
            partner_id=partner_id,
            application_id="app",
            channel=Channel.PUSH,
            provider=Provider.FCM,
            outcome=outcome,
        ),
        origin=f"status-events/{place % 7}",
        position=(place, 0),
        sent_after_ms=latency,
    )


def counts_of(events: Sequence[DeliveryCounted]) -> dict[str, int]:
    return dict(Counter(key_of(event.statistic) for event in {event.event_id: event for event in events}.values()))


async def test_repetitions_are_counted_once_and_a_killed_worker_goes_on_exactly(settings: Settings) -> None:
    now = now_ms()
    events = [counted(place, minute=now) for place in range(3_000)]
    async with worker_on(settings) as worker:
        await worker.start()
        await worker.count(*events[:1_000])
        await worker.count(*events[400:1_500])  # status was killed and began again at its last commit
        feeding = asyncio.ensure_future(worker.count(*events[1_500:]))
        await worker.end(signal.SIGKILL)
        await feeding
        await worker.start()
        await worker.until(counts_of(events))
        await worker.count(*events[2_000:])
        assert await worker.end() == 0
        await worker.start()
        last = counted(3_000, "read", now)
        await worker.count(*events[2_500:], last)
        await worker.until(counts_of([*events, last]))
        sent = worker.newest[key_of(events[0].statistic)].sent_after
        assert (sent.buckets[1], sent.sum_ms) == (1_500, 1_500 * 120)
        assert errors_in(worker.output) == []


async def test_what_cannot_be_read_or_is_of_no_time_that_is_kept_is_put_aside(settings: Settings) -> None:
    good, late = counted(1), counted(2, minute=now_ms() - 2 * 86_400_000)
    early, mad = counted(3, minute=now_ms() + 2 * 86_400_000), counted(4, minute=10**30)
    async with worker_on(settings) as worker:
        await worker.start()
        await worker.log.append([Append(DELIVERY_COUNTED, good.message_id, b"{}")])
        await worker.count(late, early, mad, good)
        await worker.until(counts_of([good]))
        assert await worker.end() == 0
        assert errors_in(worker.output) == []
