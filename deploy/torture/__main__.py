"""`python -m deploy.torture run` and `explain`; `make torture` is the first of them.

A run ends with 0 when every ledger agrees, with 1 when one does not, with 2 when it could not be played.
"""

import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from deploy.local import StackError, Step
from deploy.local.processes.process import ROOT
from deploy.torture.armed import PLANTS
from deploy.torture.explain import NothingKnown, timeline_of, timeline_table
from deploy.torture.faults import CATALOGUE
from deploy.torture.ledgers import verdict_table
from deploy.torture.run import Run, tortured

KEPT = ROOT / ".torture"
_SHOWN = 20  # of what is strange

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__)
console = Console(highlight=False, soft_wrap=True)
Folder = Annotated[Path, typer.Option(help="where runs are kept, each under its seed")]


@app.command()
def run(
    seed: Annotated[int, typer.Option(min=0, help="of load and faults; 0 draws one by the clock")] = 0,
    faults: Annotated[int, typer.Option(min=0)] = 10,
    messages: Annotated[int, typer.Option(min=1)] = 2_000,
    longest: Annotated[float, typer.Option(help="no fault lasts longer, seconds")] = 120.0,
    quiet: Annotated[float, typer.Option(help="how long messages may take to settle afterwards, seconds")] = 300.0,
    only: Annotated[str, typer.Option(help=f"faults, comma between: {', '.join(CATALOGUE)}")] = "",
    plant: Annotated[str, typer.Option(help=f"a fault built into the services: {', '.join(PLANTS)}")] = "",
    folder: Folder = KEPT,
) -> None:
    """Play one seed and compare the ledgers."""
    seed = seed or time.time_ns() // 1_000_000 % 1_000_000
    wanted = tuple(name.strip() for name in only.split(",") if name.strip())
    if unknown := ({*wanted} - CATALOGUE.keys()) | ({plant} - PLANTS.keys() - {""}):
        raise typer.BadParameter(f"unknown: {', '.join(sorted(unknown))}")
    began_s = time.monotonic()

    def show(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - began_s:6.1f} s[/] {escape(text)}")

    def report(step: Step) -> None:
        if step.state in ("failed", "fetching", "preparing"):
            show(f"{step.name} {step.state} {step.detail}")

    wished = Run(
        seed=seed, messages=messages, faults=faults, only=wanted, longest_s=longest, quiet_s=quiet, plant=plant
    )
    outcome = tortured(wished, folder / str(seed), show, report)
    console.print(verdict_table(outcome.verdict, seed))
    for text in outcome.strange[:_SHOWN]:
        console.print(f"[red]strange:[/] {escape(text)}")
    parts = ", ".join(f"{part} {took_s:.0f} s" for part, took_s in outcome.took_s.items())
    console.print(f"{parts}. Kept in {folder / str(seed)}.")
    wrong = [(kind, ref) for kind, refs in outcome.verdict.wrong.items() for ref in refs]
    if wrong:
        console.print(f"What happened to one of them: python -m deploy.torture explain {seed} {wrong[0][1]}")
    sys.exit(0 if outcome.is_clean else 1)


@app.command()
def explain(seed: int, ref: str, folder: Folder = KEPT) -> None:
    """What happened to this message of the run of this seed, fault by fault."""
    console.print(timeline_table(timeline_of(folder / str(seed), ref), ref))


def main() -> None:
    try:
        app()
    except (StackError, NothingKnown) as error:
        Console(stderr=True).print(f"[red]error:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
