"""The history of the figures, and the drawing of it.

    rows of a full run ─append─▶ docs/performance-history.csv     date, commit, line, figure, unit, aim, limit, machine
                                       └─draw─▶ docs/performance.svg      a panel for each line, oldest run on the left

Machines differ and are noisy: a step in a panel says something where neither the limit of the same run nor the speed of
the machine moved with it.
A commit ends with a plus when the tree held changes that were not committed.
"""

import csv
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from deploy.bench.drawing import Panel, drawn
from deploy.bench.measure import Row, digits_of

DOCS = Path(__file__).parents[2] / "docs"
TABLE, DRAWING = "performance-history.csv", "performance.svg"


class Entry(NamedTuple):
    """One line of one run; the names are the table's columns."""

    date: str  # UTC, ISO 8601
    commit: str
    line: str
    figure: float
    unit: str
    aim: str
    limit: str
    machine: str  # its speed (`yardstick.py`); empty where it was not measured


def keep(rows: Sequence[Row], folder: Path = DOCS) -> None:
    """Append the rows of a run to the table, and draw it."""
    date, commit = datetime.now(UTC).isoformat(timespec="seconds"), current_commit()
    added = [
        Entry(
            date=date,
            commit=commit,
            line=row.what,
            figure=round(row.figure, 3),
            unit=row.unit,
            aim=row.aim,
            limit=row.limit,
            machine="" if row.speed is None else digits_of(row.speed),
        )
        for row in rows
    ]
    table = folder / TABLE
    is_new = not table.exists()
    former = [] if is_new else entries(table)  # which refuses a table that is none of ours
    with table.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        if is_new:
            writer.writerow(Entry._fields)
        writer.writerows(added)
    (folder / DRAWING).write_text(drawn(panels(former + added)), encoding="utf-8")


def entries(table: Path) -> list[Entry]:
    """All lines of all runs, in the order of the table. Raises ValueError for a table that is not one of `keep`."""
    with table.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != Entry._fields:
            raise ValueError(f"{table.name}: its columns must be {', '.join(Entry._fields)}")
        return [Entry(**{**entry, "figure": float(entry["figure"])}) for entry in reader]  # type: ignore[arg-type]


def panels(found: Sequence[Entry]) -> list[Panel]:
    """A panel for each line, in the order in which the lines first came."""
    lines: dict[str, list[Entry]] = {}
    for entry in found:
        lines.setdefault(entry.line, []).append(entry)
    return [
        Panel(
            title=line,
            unit=runs[-1].unit,
            aim=runs[-1].aim,
            points=[(entry.commit, entry.figure) for entry in runs],
        )
        for line, runs in lines.items()
    ]


def current_commit() -> str:
    """The commit of this tree; empty where git cannot tell."""
    try:
        commit = _git("rev-parse", "--short=10", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no", "--", ":!docs")
    except (OSError, subprocess.CalledProcessError):
        return ""
    return commit + "+" * bool(changed)


def _git(*arguments: str) -> str:
    found = subprocess.run(["git", *arguments], cwd=DOCS, check=True, capture_output=True, text=True)
    return found.stdout.strip()
