"""The tour's table: one row for each thing that was sent."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.tour.scene import Row


def rows(console: Console, played: Sequence[tuple[str, Sequence[Row]]]) -> bool:
    """Print it; true when all is as expected."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for column in ("feature", "sent", "shown", "reported to the partner", ""):
        table.add_column(column, overflow="fold")
    all_good = True
    for title, found in played:
        for place, row in enumerate(found):
            all_good = all_good and row.as_expected
            mark = "[green]✓[/]" if row.as_expected else "[red]✗[/]"
            name = escape(title) if place == 0 else ""
            table.add_row(name, escape(row.sent), escape(row.shown), escape(row.reported), mark)
    console.print()
    console.print(table, highlight=False)
    return all_good
