"""Outcomes that are counted, and the statistics made of them. For analytics: read `delivery-statistics`.

    status ─statistic-parts─▶ statistics ─delivery-statistics─▶ status, analytics
             what a batch adds    a table by statistic and minute

A statistic is a key (`Statistic`): partner, application, channel, provider, outcome, code and minute. Each outcome of a
delivery counts once: one that was planned, sent, delivered and read counts under all four; one that failed and was
confirmed afterwards counts as failed too. Source: docs/features/statistics.md.
"""

from typing import Annotated, Literal

import msgspec

from schemas.events import Event
from schemas.providers import Provider
from schemas.values import Channel, Frozen

NAMESPACE = "5f0b4b52-95d2-5e0a-9a75-0d4f4f3ad7c5"
"""Of the ids of statistics, which belong to no message."""
MINUTE_MS = 60_000
BOUNDS_MS = (100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 1_800_000, 7_200_000, 86_400_000)
"""Upper bounds of the latency buckets, each inclusive; a last bucket takes what is longer."""

Outcome = Literal["planned", "sent", "delivered", "read", "refused", "expired", "suppressed"]
Position = tuple[int, int]
"""Offset of the record that decided it, and the place among what the record decided."""


class Statistic(Frozen, omit_defaults=False):
    """The key of what is counted together, whose text (`key_of`) stays as it is."""

    minute: int  # UTC ms at which the minute begins
    partner_id: str
    application_id: str = ""
    channel: Channel
    provider: Provider | None = None  # None: there was nobody to send it to
    outcome: Outcome
    error_code: int = 0  # of refused, expired, suppressed


class CountedRecord(Frozen):
    """A delivery, or a link without any, reached an outcome: decided once, by the record at `origin`, `position`."""

    origin: str  # topic and partition of the record
    position: Position
    sent_after_ms: int | None = None  # from acceptance, or from the hour of a schedule, to the provider's answer
    delivered_after_ms: int | None = None  # from there to the first receipt; with the later of both outcomes


class StatisticPart(Event, tag="statistic-part"):
    """The outcomes that a batch of status adds to a statistic, in the order of `origin` and `position`.

    Status may append them again after a crash, in parts with other borders. Of one origin the positions only grow, so a
    reader that remembers the last one of each origin counts everything once.
    """

    statistic: Statistic
    source: int  # -1; former releases counted by partitions of a topic between, each with origins of its own
    counted: Annotated[tuple[CountedRecord, ...], msgspec.Meta(min_length=1)]


class Histogram(Frozen):
    """Latencies by bucket: `buckets[i]` is how many were above BOUNDS_MS[i-1] and not above BOUNDS_MS[i]."""

    buckets: tuple[int, ...] = (0,) * (len(BOUNDS_MS) + 1)
    sum_ms: int = 0


class StatisticChanged(Event, tag="statistic-changed"):
    """A statistic as it is from now on. `count` only grows: of several with one key the highest is the newest."""

    statistic: Statistic
    count: int
    sent_after: Histogram = Histogram()
    delivered_after: Histogram = Histogram()


def key_of(statistic: Statistic) -> str:
    """The record's key: the fields in their order, so that no two statistics share one."""
    return msgspec.json.encode(statistic).decode()
