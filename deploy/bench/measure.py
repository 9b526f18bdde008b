"""What every benchmark shares: processor time and memory of a process, and the table that is printed.

Each row has a module of its own with `measured(count) -> list[Row]`; `__main__.py` runs them all.

Machines are noisy and differ: a figure is so many units for each second of processor time (user and system, all
threads) that the process used, or a ratio of two things measured in one run.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.box import MARKDOWN
from rich.console import Console
from rich.table import Table

from services.runtime import mongo
from services.runtime.crypto import record_encryption
from services.runtime.crypto.delivery_ids import DeliveryIds
from services.runtime.crypto.master_key import Secrets
from services.runtime.mongo.recipient_keys import RecipientKeysStore
from services.runtime.settings import Settings

WIDTH = 130  # of the table where there is no terminal
DELIVERIES = DeliveryIds((bytes(32),))
"""For what is made without servers."""
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Row:
    """One line of the table. `limit` is what the line is held against, measured in the same run."""

    what: str
    figure: float
    unit: str
    aim: str = ""
    limit: str = ""
    note: str = ""  # printed below the table
    memory_mib: float | None = None  # of the process that is measured, under the load
    speed: float | None = None  # of the machine, before and after it (`yardstick.py`)


def cpu_seconds(pid: int) -> float:
    """Processor time used so far, user and system, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory_mib(pid: int) -> float:
    """Resident memory now, MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


async def seal_as(settings: Settings) -> None:
    """Write to the log what the services behind `settings` can open."""
    async with mongo.database(settings) as database:
        record_encryption.use(await RecipientKeysStore(database, Secrets(settings.master_key)).load())


def show(rows: Sequence[Row], title: str = "RPNS benchmark") -> None:
    """Print the table, in Markdown so that a document can hold it, and the notes below it."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    table = Table(title=title, box=MARKDOWN)
    numbers = ("figure", "memory MiB", "machine")
    for heading in ("what", "figure", "unit", "aim", "limit, same run", "memory MiB", "machine"):
        table.add_column(heading, justify="right" if heading in numbers else "left")
    for row in rows:
        memory = "" if row.memory_mib is None else f"{row.memory_mib:.0f}"
        speed = "" if row.speed is None else digits_of(row.speed)
        table.add_row(row.what, digits_of(row.figure), row.unit, row.aim, row.limit, memory, speed)
    console.print(table)
    for row in rows:
        if row.note:
            console.print(f"{row.what}: {row.note}", highlight=False, markup=False)


def digits_of(figure: float) -> str:
    """The figure, with as many digits as mean something."""
    if figure < 10:
        return f"{figure:,.2f}"
    return f"{figure:,.1f}" if figure < 100 else f"{figure:,.0f}"
