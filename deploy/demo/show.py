"""The end of the demo: what became of one message step by step, and the table of outcomes."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.cli.messages.trace import lines
from deploy.demo.scenes import Outcome, Scene
from deploy.play.bank import Json


def trace(console: Console, message: Json, ref: str) -> None:
    """The answer of GET /v1/messages/{id}, the part that says why."""
    console.print(f"\n[bold]What the platform knows of a message[/]  [dim]GET /v1/messages/{ref}[/]", highlight=False)
    console.print(f"  {escape(message['explanation'])}", highlight=False)
    lines(console, message["trace"])


def outcomes(console: Console, played: Sequence[tuple[Scene, Outcome]]) -> bool:
    """One row for each message; true when all are as they should be."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for column in ("", "message", "expected", "actual", ""):
        table.add_column(column)
    all_good = True
    for number, (scene, outcome) in enumerate(played, 1):
        is_good = outcome == scene.expected
        all_good = all_good and is_good
        mark, style = ("[green]✓[/]", "") if is_good else ("[red]✗[/]", "[red]")
        table.add_row(str(number), escape(scene.title), scene.expected.words(), f"{style}{outcome.words()}", mark)
    console.print()
    console.print(table, highlight=False)
    return all_good
