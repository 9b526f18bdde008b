"""The sweeper reports each deadline once, and loses none to a fault half way."""

from collections.abc import AsyncIterator, Sequence

import pytest

from schemas import ids
from services.runtime import mongo
from services.runtime.log.kafka import Append, LogUnavailable
from services.status.consumer.sweeper import MISSED_AFTER_MS, Sweeper
from services.status.message import Overdue

NOW = 1_800_000_000_000


class Bench:
    """Messages, a log and a lease, each of which may fail."""

    def __init__(self, count: int) -> None:
        self.overdue_messages = [Overdue(ids.uuid7(), "bank", "single", 0, NOW) for _ in range(count)]
        self.owed_reports: list[Overdue] = []
        self.said: list[str] = []
        self.breaks_after: int | None = None
        self.log_away = 0

    async def overdue(self, after: int, until: int) -> AsyncIterator[Overdue]:
        for number, overdue in enumerate(self.overdue_messages):
            if number == self.breaks_after:
                self.breaks_after = None
                raise mongo.Unavailable("the cursor went with its server")
            yield overdue

    async def owed(self, after: int, until: int) -> AsyncIterator[Overdue]:
        for owed in self.owed_reports:
            if after < owed.at <= until:
                yield owed

    async def append(self, records: Sequence[Append]) -> None:
        if self.log_away:
            self.log_away -= 1
            raise LogUnavailable("away")
        self.said += [record.key for record in records]

    async def hold(self, now: int, for_ms: int) -> bool:
        return True


def sweeper(bench: Bench) -> Sweeper:
    return Sweeper(bench, bench, bench)  # type: ignore[arg-type]


async def test_deadlines_read_before_a_cursor_broke_are_appended_by_the_next_look() -> None:
    bench = Bench(700)
    bench.breaks_after = 650  # 500 are appended, 150 are in hand
    sweeping = sweeper(bench)
    with pytest.raises(mongo.Unavailable):
        await sweeping.sweep(NOW)
    assert await sweeping.sweep(NOW + 1) == 200
    assert sorted(bench.said) == sorted(message.message_id for message in bench.overdue_messages)


async def test_only_what_the_log_did_not_take_is_appended_by_the_next_look() -> None:
    bench = Bench(3)
    bench.log_away = 1
    sweeping = sweeper(bench)
    with pytest.raises(LogUnavailable):
        await sweeping.sweep(NOW)
    assert [await sweeping.sweep(NOW + later) for later in (1, 2)] == [3, 0]


async def test_a_report_is_missed_once_nobody_can_have_it_in_memory_any_more() -> None:
    bench = Bench(0)
    bench.owed_reports = [Overdue(ids.uuid7(), "bank", "single", 0, NOW)]
    sweeping = sweeper(bench)
    late = MISSED_AFTER_MS
    assert [await sweeping.sweep(NOW + later) for later in (0, late - 1, late, late + 1)] == [0, 0, 1, 0]
