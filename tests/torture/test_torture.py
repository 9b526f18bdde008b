"""A short run of the torture: three brokers, a replica set of three, every service twice, a few faults of one seed.

The long ones are `make torture`. What only time decides (windows that open, lifetimes that end) is left to those.
"""

from pathlib import Path

from rich.console import Console

from deploy.torture.ledgers import verdict_table
from deploy.torture.run import Run, tortured

SHORT = Run(
    seed=10601,
    messages=400,
    faults=6,
    only=("kill", "crash at a step", "primary steps down", "broker killed", "answers lost"),
    without=("scheduled", "silent"),
    longest_s=5.0,
    quiet_s=90.0,
)


def test_four_ledgers_agree_after_a_few_faults(tmp_path: Path) -> None:
    progress: list[str] = []
    outcome = tortured(SHORT, tmp_path, progress.append)
    Console(soft_wrap=True).print(verdict_table(outcome.verdict, SHORT.seed), outcome.took_s)
    assert outcome.is_clean, (outcome.verdict.wrong, outcome.strange, progress)
    assert outcome.verdict.accepted == SHORT.messages
    assert len(outcome.strikes) == SHORT.faults
