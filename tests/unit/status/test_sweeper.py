"""The sweeper reports each deadline once, and loses none to a fault half way."""

from collections.abc import AsyncIterator, Sequence

import pytest

from schemas import ids
from schemas.values import Lane
from services.runtime import mongo
from services.runtime.log.kafka import Append, LogUnavailable
from services.status.consumer import sweeper as sweeper_module
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
        self.looked_at = 0

    async def overdue(self, after: int, until: int) -> AsyncIterator[Overdue]:
        for number, overdue in enumerate(self.overdue_messages):
            self.looked_at += 1
            if number == self.breaks_after:
                self.breaks_after = None
                raise mongo.Unavailable("the cursor went with its server")
            yield overdue

    async def owed(self, lane: Lane, after: int, until: int) -> AsyncIterator[Overdue]:
        for owed in self.owed_reports:
            if owed.lane == lane and after < owed.at <= until:
                self.looked_at += 1
                yield owed

    async def append(self, records: Sequence[Append]) -> None:
        if self.log_away:
            self.log_away -= 1
            raise LogUnavailable("away")
        self.said += [record.key for record in records]

    async def hold(self, now: int, for_ms: int) -> bool:
        return True


class Fold:
    """What the fold of a lane has read: everything, or up to a time."""

    def __init__(self) -> None:
        self.read_until: int | None = None
        self.read_of: dict[str, int] = {}
        self.asked = 0
        self.is_away = False
        self._now = 0

    async def refresh(self, now: int) -> None:
        if self.is_away:
            raise LogUnavailable("away")
        self._now, self.asked = now, self.asked + 1

    def until(self, key: str) -> int:
        return self.read_of.get(key, self.latest)

    @property
    def latest(self) -> int:
        return self._now if self.read_until is None else self.read_until


def sweeper(bench: Bench, single: Fold | None = None, bulk: Fold | None = None) -> Sweeper:
    reading = {"single": single or Fold(), "bulk": bulk or Fold()}
    return Sweeper(bench, bench, bench, reading)  # type: ignore[arg-type]


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


async def test_a_report_is_not_missed_while_the_fold_has_not_read_what_may_settle_it() -> None:
    bench, fold = Bench(0), Fold()
    bench.owed_reports = [Overdue(ids.uuid7(), "bank", "single", 0, NOW)]
    sweeping = sweeper(bench, fold)
    fold.read_until = NOW + MISSED_AFTER_MS - 1
    assert [await sweeping.sweep(NOW + 100_000 * look) for look in range(1, 5)] == [0, 0, 0, 0]
    fold.read_until = NOW + MISSED_AFTER_MS
    assert await sweeping.sweep(NOW + 600_000) == 1


async def test_a_partition_that_lags_behind_holds_up_its_own_reports_alone() -> None:
    bench, fold = Bench(0), Fold()
    behind, read = (Overdue(ids.uuid7(), "bank", "single", 0, NOW) for _ in range(2))
    bench.owed_reports, fold.read_of = [behind, read], {behind.message_id: NOW}
    assert await sweeper(bench, fold).sweep(NOW + MISSED_AFTER_MS) == 1
    assert bench.said == [read.message_id]


async def test_a_mailing_that_outruns_the_fold_costs_the_sweeper_one_look_and_the_other_lane_nothing() -> None:
    bench, fold = Bench(0), Fold()
    fold.read_until = NOW
    waiting = [Overdue(ids.uuid7(), "bank", "bulk", 0, NOW) for _ in range(1000)]
    missed = Overdue(ids.uuid7(), "bank", "single", 0, NOW)
    bench.owed_reports = [*waiting, missed]
    assert await sweeper(bench, bulk=fold).sweep(NOW + MISSED_AFTER_MS) == 1
    assert (bench.said, bench.looked_at) == ([missed.message_id], 2)


async def test_nobody_asks_what_the_fold_has_read_while_nothing_is_owed_for_long() -> None:
    bench, fold = Bench(3), Fold()
    await sweeper(bench, fold).sweep(NOW)
    assert fold.asked == 0


async def test_a_deadline_that_the_fold_has_not_read_is_not_appended_again() -> None:
    bench, fold = Bench(3), Fold()
    fold.read_until = NOW
    sweeping = sweeper(bench, fold)
    assert [await sweeping.sweep(NOW + 1 + 130_000 * look) for look in range(4)] == [3, 0, 0, 0]
    fold.read_until = NOW + 1  # and it is still overdue
    assert await sweeping.sweep(NOW + 900_000) == 3


async def test_deadlines_beyond_what_the_table_holds_wait_for_a_later_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeper_module, "_MOST_APPENDED", 600)
    bench, fold = Bench(1_500), Fold()
    fold.read_until = 0
    sweeping = sweeper(bench, fold)
    assert [await sweeping.sweep(NOW + look) for look in range(3)] == [600, 0, 0]
    assert bench.looked_at == 601, "while the table is full nothing is looked for"
    bench.overdue_messages = bench.overdue_messages[600:]  # the fold has decided them
    assert [await sweeping.sweep(NOW + 130_000 * look) for look in (1, 2)] == [600, 600]
    assert len(set(bench.said)) == 1_500 - 300


async def test_deadlines_pass_also_while_nobody_can_say_what_the_fold_has_read() -> None:
    bench, fold = Bench(3), Fold()
    bench.owed_reports, fold.is_away = [Overdue(ids.uuid7(), "bank", "single", 0, NOW)], True
    with pytest.raises(LogUnavailable):
        await sweeper(bench, fold).sweep(NOW + MISSED_AFTER_MS)
    assert sorted(bench.said) == sorted(message.message_id for message in bench.overdue_messages)


async def test_deadlines_pass_also_behind_others_of_which_nobody_can_say_whether_they_were_read() -> None:
    bench, fold = Bench(3), Fold()
    sweeping = sweeper(bench, fold)
    assert await sweeping.sweep(NOW) == 3
    fold.is_away, fold.read_until = True, 0
    bench.overdue_messages.append(Overdue(ids.uuid7(), "bank", "single", 0, NOW + 130_000))
    assert await sweeping.sweep(NOW + 130_000) == 1
