"""Mailings are counted soon after they have changed, and a process without any hardly asks the database."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from services.runtime import mongo
from services.status.fold import fold
from services.status.statistics import mailing_outcomes
from services.status.statistics.mailing_outcomes import MailingOutcomeCounter
from tests.support.status_events import Story, followed, replay
from tests.support.waiting import eventually


class Database:
    """What is stale, and how often anybody asked; away when it is to be."""

    def __init__(self) -> None:
        self.noted: set[str] = set()
        self.counted: list[str] = []
        self.looks = self.repeats = 0
        self.counts: list[tuple[str, str, int]] = []
        self.is_away = False

    async def changed(self, mailing_ids: Iterable[str]) -> None:
        self.noted |= set(mailing_ids)

    async def stale(self) -> list[tuple[str, int]]:
        self.looks += 1
        if self.is_away:
            raise mongo.Unavailable("away")
        return [(mailing_id, 1) for mailing_id in self.noted]

    async def count_by_state(self, mailing_id: str) -> list[tuple[str, str, int]]:
        return [("DELIVERED", "", 5)]

    async def count_repeats(self, mailing_id: str) -> int:
        return self.repeats

    async def put(self, mailing_id: str, _: int, counts: list[tuple[str, str, int]], __: int) -> None:
        self.noted.remove(mailing_id)
        self.counts = counts
        self.counted.append(mailing_id)

    async def hold(self, *_: Any) -> bool:
        return True

    async def release(self) -> None:
        pass


async def test_what_was_noted_here_is_counted_at_once_and_what_was_noted_elsewhere_a_little_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mailing_outcomes, "_LOOK_ELSEWHERE_S", 3_600)
    database, stop, story = Database(), asyncio.Event(), Story()
    counter = MailingOutcomeCounter(database, database, database)  # type: ignore[arg-type]
    running = asyncio.create_task(counter.run(stop, 0.005))
    await eventually(lambda: database.looks == 1, "it looks when it begins")
    for turn in range(1, 4):
        await counter.take([(replay(story.requested(mailing_id="m")), [])])
        await eventually(lambda turn=turn: len(database.counted) == turn, "it is counted")  # type: ignore[misc]
    await asyncio.sleep(0.05)
    assert database.looks == 4
    monkeypatch.setattr(mailing_outcomes, "_LOOK_ELSEWHERE_S", 0.0)
    await counter.take([(replay(story.requested(mailing_id="m")), [])])
    await eventually(lambda: len(database.counted) == 4, "it is counted")
    database.noted.add("elsewhere")
    await eventually(lambda: database.counted[-1] == "elsewhere", "what another instance has noted")
    stop.set()
    await running


@pytest.mark.parametrize(("took_s", "pause_s"), [(0.0, 0.5), (0.01, 0.5), (0.2, 4.0), (1.0, 20.0), (5.0, 20.0)])
def test_figures_are_never_late_by_more_than_a_count_and_twenty_seconds(took_s: float, pause_s: float) -> None:
    assert mailing_outcomes.pause_s(took_s, interval_s=0.5) == pause_s


async def test_a_line_whose_id_was_used_before_is_counted_as_refused_for_a_duplicate() -> None:
    database, story = Database(), Story()
    counter = MailingOutcomeCounter(database, database, database)  # type: ignore[arg-type]
    await counter.take([followed(story.requested(), story.planned("i-1"), story.repeated(mailing_id="m"))])
    assert database.noted == {"m"}
    database.repeats = 2
    await counter.count(1)
    assert (database.counted, database.counts) == (["m"], [("DELIVERED", "", 5), ("REFUSED", "duplicated", 2)])


async def test_a_receipt_of_a_message_has_only_its_own_mailing_counted() -> None:
    database, story = Database(), Story()
    counter = MailingOutcomeCounter(database, database, database)  # type: ignore[arg-type]
    message = replay(story.requested(mailing_id="own"), story.planned("i-1"), story.repeated(mailing_id="m"))
    await counter.take([(message, fold(message, story.receipt("i-1")))])
    assert database.noted == {"own"}


async def test_what_could_not_be_counted_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailing_outcomes, "_LOOK_ELSEWHERE_S", 3_600)
    database, stop = Database(), asyncio.Event()
    database.is_away = True
    counter = MailingOutcomeCounter(database, database, database)  # type: ignore[arg-type]
    running = asyncio.create_task(counter.run(stop, 0.005))
    await counter.take([(replay(Story().requested(mailing_id="m")), [])])
    await eventually(lambda: database.looks >= 2, "it tries again")
    database.is_away = False
    await eventually(lambda: database.counted == ["m"], "it is counted")
    stop.set()
    await running
