"""Statistics are published once a second at most, and no record is given back before."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from schemas.providers import Provider
from schemas.statistic_events import Statistic, StatisticChanged
from schemas.values import Channel
from services.runtime.log.kafka import Append, LogUnavailable
from services.statistics import publication
from services.statistics.merge import Row
from services.statistics.publication import Publication
from tests.support.status_events import NOW
from tests.support.waiting import eventually


class Appended:
    """A log that can be away, or slow."""

    def __init__(self) -> None:
        self.counts: list[int] = []
        self.appends = 0
        self.failures: list[Exception] = []
        self.open = asyncio.Event()
        self.open.set()

    async def append(self, records: Sequence[Append]) -> None:
        self.appends += 1
        await self.open.wait()
        if self.failures:
            raise self.failures.pop()
        for record in records:
            assert isinstance(record.event, StatisticChanged)
            self.counts.append(record.event.count)


class Part:
    """A record in hand."""

    given_back = False

    def ack(self) -> bool:
        assert not self.given_back
        self.given_back = True
        return True


def statistic(partner_id: str = "bank") -> Statistic:
    return Statistic(minute=NOW, partner_id=partner_id, channel=Channel.PUSH, provider=Provider.APNS, outcome="sent")


async def noted(made: Publication, *counts: int, partner_id: str = "bank") -> list[Part]:
    parts = [Part() for _ in counts]
    for count, part in zip(counts, parts, strict=True):
        await made.note(statistic(partner_id), Row(count=count), part)
    return parts


def publication_on(sink: Any) -> Publication:
    return Publication(sink)


async def test_of_several_the_newest_is_published_and_each_record_given_back() -> None:
    sink = Appended()
    made = publication_on(sink)
    parts = await noted(made, 1, 2, 3) + await noted(made, 7, partner_id="shop")
    assert not any(part.given_back for part in parts)
    await made.flush()
    assert (sink.counts, sink.appends) == ([3, 7], 1)
    assert all(part.given_back for part in parts)


async def test_a_busy_statistic_is_published_once_in_each_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publication, "EVERY_S", 0.2)
    sink = Appended()
    made = publication_on(sink)
    running = asyncio.create_task(made.run())
    begun = asyncio.get_running_loop().time()
    for count in range(1, 60):
        await noted(made, count)
        await asyncio.sleep(0.01)
    await eventually(lambda: sink.counts[-1] == 59, "the newest is published")
    most = (asyncio.get_running_loop().time() - begun) / 0.2 + 2
    assert 2 <= len(sink.counts) <= most
    running.cancel()


async def test_while_the_log_is_away_nothing_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.runtime.faults.backoff_s", lambda attempt: 0.0)
    sink = Appended()
    sink.failures = [LogUnavailable("away"), LogUnavailable("away")]
    made = publication_on(sink)
    parts = await noted(made, 1)
    await made.flush()
    assert (sink.appends, sink.counts, parts[0].given_back) == (3, [1], True)


async def test_what_could_not_be_published_at_once_stays_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publication, "_AT_ONCE_S", 0.05)
    sink = Appended()
    sink.open.clear()
    made = publication_on(sink)
    parts = await noted(made, 1) + await noted(made, 5, partner_id="shop")
    await made.flush_at_once()
    assert not any(part.given_back for part in parts)
    parts += await noted(made, 2)
    sink.open.set()
    await made.flush()
    assert sorted(sink.counts) == [2, 5]
    assert all(part.given_back for part in parts)


async def test_no_more_than_so_many_records_are_in_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publication, "_MOST_IN_HAND", 3)
    sink = Appended()
    made = publication_on(sink)
    parts = await noted(made, 1, 2, 3, 4)
    assert [part.given_back for part in parts] == [True, True, True, False]
    assert sink.counts == [3]


async def test_records_are_given_back_in_their_order_those_put_aside_among_them() -> None:
    order: list[int] = []

    class Numbered(Part):
        def __init__(self, number: int) -> None:
            self.number = number

        def ack(self) -> bool:
            order.append(self.number)
            return True

    made = publication_on(Appended())
    await made.note(statistic("bank"), Row(count=1), Numbered(0))
    await made.note(statistic("shop"), Row(count=1), Numbered(1))
    await made.finish(Numbered(2))
    await made.note(statistic("bank"), Row(count=2), Numbered(3))
    assert order == []
    await made.flush()
    assert order == [0, 1, 2, 3]


async def test_an_error_that_nobody_knows_is_raised() -> None:
    sink = Appended()
    sink.failures = [RuntimeError("a bug")]
    made = publication_on(sink)
    parts = await noted(made, 1)
    with pytest.raises(RuntimeError, match="a bug"):
        await made.flush()
    assert not parts[0].given_back
