"""Counts everything once, however often it comes. Pure.

    row + part ─▶ row: of the part, the records whose position is above the last one of their origin

A part may come again, because this worker was ended, and its records in parts with other borders, because status was.
Either way the positions of one origin begin again at one that was seen and go on without a gap (each sender repeats
everything from its last commit, in order), so the last position of each origin shows what is new. A row remembers no
more than that: one position for each partition that status reads.
"""

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import Any

from schemas import ids
from schemas.statistic_events import (
    BOUNDS_MS,
    NAMESPACE,
    Histogram,
    Statistic,
    StatisticChanged,
    StatisticPart,
    key_of,
)


@dataclass(slots=True)
class Latencies:
    """A `Histogram` that can be added to."""

    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_MS) + 1))
    sum_ms: int = 0

    def add(self, latency_ms: int) -> None:
        self.buckets[bisect_left(BOUNDS_MS, latency_ms)] += 1
        self.sum_ms += latency_ms


@dataclass(slots=True)
class Row:
    """A statistic so far. `seen`: the last position of each origin, by `StatisticPart.source`."""

    count: int = 0
    sent_after: Latencies = field(default_factory=Latencies)
    delivered_after: Latencies = field(default_factory=Latencies)
    seen: dict[str, list[int]] = field(default_factory=dict)


Stored = list[Any]


def merged(row: Row, part: StatisticPart) -> bool:
    """Add what is new in the part to `row`; False when nothing is."""
    before = row.count
    for counted in part.counted:
        origin = f"{part.source}:{counted.origin}"
        position = list(counted.position)
        if position <= row.seen.get(origin, [-1, -1]):
            continue
        row.seen[origin] = position
        row.count += 1
        if counted.sent_after_ms is not None:
            row.sent_after.add(counted.sent_after_ms)
        if counted.delivered_after_ms is not None:
            row.delivered_after.add(counted.delivered_after_ms)
    return row.count > before


def changed(statistic: Statistic, row: Row, at: int) -> StatisticChanged:
    """The event for analytics: the statistic as it is now."""
    return StatisticChanged(
        event_id=ids.event_id_of(NAMESPACE, f"{key_of(statistic)}/{row.count}"),
        at=at,
        statistic=statistic,
        count=row.count,
        sent_after=_histogram(row.sent_after),
        delivered_after=_histogram(row.delivered_after),
    )


def stored(row: Row) -> Stored:
    """The row as the table keeps it: JSON, the fields in their order."""
    sent, delivered = row.sent_after, row.delivered_after
    return [row.count, sent.buckets, sent.sum_ms, delivered.buckets, delivered.sum_ms, row.seen]


def restored(kept: Stored) -> Row:
    """The row that the table has kept, or a new one. The table's own value is not changed."""
    if not kept:
        return Row()
    count, sent, sent_ms, delivered, delivered_ms, seen = kept
    return Row(count, Latencies(list(sent), sent_ms), Latencies(list(delivered), delivered_ms), dict(seen))


def _histogram(latencies: Latencies) -> Histogram:
    return Histogram(buckets=tuple(latencies.buckets), sum_ms=latencies.sum_ms)
