"""What every benchmark shares: processor time and memory of a process, and the table that is printed.

Machines are noisy and differ: a figure is so many units for each second of processor time (user and system, all
threads) that the process used, or a ratio of two things measured in one run.
"""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Row:
    """One line of the table. `limit` is what the line is held against, measured in the same run."""

    what: str
    figure: float
    unit: str
    aim: str = ""
    limit: str = ""
    note: str = ""


def cpu_seconds(pid: int) -> float:
    """Processor time used so far, user and system, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory_mib(pid: int) -> float:
    """Resident memory now, MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def wait_until(holds: Callable[[], bool], timeout_s: float, what: str) -> None:
    """Look every 50 ms. Raises TimeoutError that names what did not come."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come within {timeout_s:.0f} s")
        time.sleep(0.05)


def show(rows: Sequence[Row], title: str = "RPNS benchmark") -> None:
    """Print the table."""
    table = Table(title=title)
    for heading in ("what", "figure", "unit", "aim", "limit in the same run", "note"):
        table.add_column(heading, justify="right" if heading == "figure" else "left")
    for row in rows:
        figure = f"{row.figure:,.2f}" if row.figure < 10 else f"{row.figure:,.0f}"
        table.add_row(row.what, figure, row.unit, row.aim, row.limit, row.note)
    Console().print(table)
