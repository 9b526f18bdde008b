"""Schedules find nothing in what we ship, and each planted fault in what we do not."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from pymongo.errors import BulkWriteError

from services.runtime import mongo
from services.runtime.log.batch_consumer import BatchConsumer
from services.runtime.mongo import Collection, Written
from services.runtime.mongo.collection import _in_part
from services.status.message import Message, Messages
from services.status.reports.store import ReportStore
from tests.simulation.explain import lines_of
from tests.simulation.plan import Kind, drawn, of_kind
from tests.simulation.run import run
from tests.support.source_tree import ROOT

Plant = Callable[[pytest.MonkeyPatch], None]
COUNT = 200
"""Schedules of each run of the tests; ten thousand by command."""
WITHIN = 200
"""Schedules in which a planted fault has to show."""


def test_schedules_find_nothing() -> None:
    command = [sys.executable, "-m", "tests.simulation", "--count", str(COUNT)]
    found = subprocess.run(command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


def test_a_schedule_is_repeated_by_its_seed() -> None:
    seeds = ("3", "4", "9")
    first, second = ([list(lines_of(run(drawn(seed)))) for seed in seeds] for _ in range(2))
    assert first == second


def commits_first(planted: pytest.MonkeyPatch) -> None:
    """Commit before append."""
    finish = BatchConsumer._finish

    async def hasty(self: Any, consumer: Any, batch: Any) -> Any:
        self._progress.done(batch)
        await self._progress.commit()
        return await finish(self, consumer, batch)

    planted.setattr(BatchConsumer, "_finish", hasty)


def looks_at_no_conflict(planted: pytest.MonkeyPatch) -> None:
    """Compare-and-set, not looked at."""
    save = Messages.save

    async def blind(self: Messages, messages: Sequence[Message]) -> set[str]:
        await save(self, messages)
        return set()

    planted.setattr(Messages, "save", blind)


def trusts_one_server(planted: pytest.MonkeyPatch) -> None:
    """A write concern that failed, taken for success."""
    write = Collection.write

    async def trusting(self: Collection, operations: Any, *, ordered: bool = False) -> Written:
        try:
            return await write(self, operations, ordered=ordered)
        except mongo.Unavailable as error:
            cause = error.__cause__
            if isinstance(cause, BulkWriteError) and cause.details["writeConcernErrors"]:
                return _in_part(cause.details)
            raise

    planted.setattr(Collection, "write", trusting)


def keeps_no_lease(planted: pytest.MonkeyPatch) -> None:
    """The lease of a report, not renewed."""

    async def forgotten(*_: object) -> None:
        return None

    planted.setattr(ReportStore, "renew", forgotten)


@pytest.mark.parametrize(
    ("plant", "kind"),
    [
        (commits_first, "killed"),
        (looks_at_no_conflict, "zombie"),
        (trusts_one_server, "no majority"),
        (keeps_no_lease, "log trouble"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_planted_fault_is_found(plant: Plant, kind: Kind) -> None:
    """And it is what is found: the same schedule finds nothing without it."""
    with pytest.MonkeyPatch.context() as planted:
        plant(planted)
        schedules = (of_kind(str(seed), kind) for seed in range(WITHIN))
        finding = next((schedule for schedule in schedules if run(schedule).findings), None)
    assert finding is not None
    assert run(finding).findings == []
