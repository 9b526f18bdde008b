"""Schedules find nothing in what we ship, and each planted fault in what we do not."""

import os
import subprocess
import sys

import pytest

from tests.simulation import plants
from tests.simulation.explain import lines_of
from tests.simulation.plan import Kind, drawn, of_kind
from tests.simulation.plants import Plant
from tests.simulation.run import run
from tests.support.source_tree import ROOT

COUNT = 10_000
"""Schedules of each run of the tests."""
AT_ONCE = 1_000
"""So many are one test: several processes share them out."""
WITHIN = 200
"""Schedules in which a planted fault has to show."""


@pytest.mark.parametrize("first", range(0, COUNT, AT_ONCE))
def test_schedules_find_nothing(first: int) -> None:
    command = [sys.executable, "-m", "tests.simulation", "--first", str(first), "--count", str(AT_ONCE), "--jobs", "1"]
    found = subprocess.run(command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    assert found.stdout.startswith(f"{AT_ONCE} schedules from seed {first} on"), found.stdout


def test_a_schedule_is_repeated_by_its_seed() -> None:
    seeds = ("3", "4", "9")
    first, second = ([list(lines_of(run(drawn(seed)))) for seed in seeds] for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("plant", "kind"),
    [
        (plants.commits_first, "killed"),
        (plants.looks_at_no_conflict, "zombie"),
        (plants.trusts_one_server, "no majority"),
        (plants.keeps_no_lease, "log trouble"),
        (plants.notes_no_attempt, "log trouble"),
        (plants.never_goes_back, "fetch trouble"),
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
