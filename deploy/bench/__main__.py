"""`make bench`, or `python -m deploy.bench [--quick] [row …]`: every row, one after the other, and one table.

    row ─▶ a process of its own: deploy.bench.<folder>.<row>.measured(count) ─▶ its lines as JSON ─▶ the table
                                                                                                        └─▶ the history

A row that fails says why and the others go on; the exit code is 1 then. A quick run leaves the history alone.
"""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from pathlib import Path

from deploy.bench import history
from deploy.bench.measure import Row, show
from deploy.bench.yardstick import Yardstick
from services.runtime.crypto import record_encryption
from services.runtime.crypto.recipient_keys import RecipientKeys


@dataclass(frozen=True)
class Size:
    """How much a row does; a quick run is noisier."""

    full: int
    quick: int
    deadline_s: int = 240  # several times what a row takes on a machine that does nothing else
    by_name_only: bool = False  # it takes too long to be run with all the others


PARTS = {
    "ingest": Size(6_000, 2_000),
    "batch": Size(90_000, 30_000),
    "router": Size(40_000, 15_000),
    "dispatch": Size(60_000, 20_000),
    "http2_client": Size(150_000, 50_000),
    "fcm": Size(20_000, 6_000),
    "fold": Size(15_000, 4_000),
    "timers": Size(100_000, 20_000),
}
"""Module of deploy.bench.parts: how many requests, messages or pushes."""
WHOLE = {
    "lifecycle": Size(4_000, 1_000),
    "idle_cost": Size(30, 10),
    "mailing": Size(20_000, 3_000, 900),
    "due": Size(20_000, 2_000, 900),
    "scale": Size(500_000, 50_000),
    "stored": Size(500_000, 50_000),
    "console": Size(1_000_000, 50_000, 600),
    "million": Size(1_000_000, 50_000, 7_200, by_name_only=True),
}
"""Module of deploy.bench.whole: how many messages, recipients or installations; of `idle_cost` seconds."""
ROWS = PARTS | WHOLE
END_S = 30  # for an interrupted row to end its servers
LAST_LINES = 8


class RowFailedError(Exception):
    """Why there are no lines of a row."""


def run_here(name: str, count: int, file: Path) -> None:
    """Run the row in this process."""
    record_encryption.use(RecipientKeys.drawn())  # for what is measured without servers
    rows: list[Row] = import_module(f"deploy.bench.{_folder(name)}.{name}").measured(count)
    file.write_text(json.dumps([asdict(row) for row in rows]))


def _folder(name: str) -> str:
    return "parts" if name in PARTS else "whole"


def run_apart(name: str, is_quick: bool) -> list[Row]:
    """Run the row in a process of its own, which is ended when it takes too long. Raises RowFailedError."""
    with tempfile.TemporaryDirectory() as folder:
        file, log = Path(folder) / "rows.json", Path(folder) / "log"
        command = [sys.executable, "-m", "deploy.bench", "--into", str(file), name]
        with (
            log.open("w") as output,
            subprocess.Popen(
                command + ["--quick"] * is_quick, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            ) as process,
        ):
            why = _await_end(process, ROWS[name].deadline_s)
        if why:
            last = log.read_text(errors="replace").splitlines()[-LAST_LINES:]
            raise RowFailedError("\n    ".join([why, *last]))
        return [Row(**row) for row in json.loads(file.read_text())]


def run_beside(yardstick: Yardstick, name: str, is_quick: bool) -> list[Row]:
    """Run the row apart, and note the speed of the machine before and after it. Raises RowFailedError."""
    before = yardstick.speed()
    rows = run_apart(name, is_quick)
    speed = (before + yardstick.speed()) / 2
    return [replace(row, speed=speed) for row in rows]


def _await_end(process: subprocess.Popen[bytes], deadline_s: int) -> str:
    """What went wrong, nothing when all went well."""
    try:
        code = process.wait(deadline_s)
        return f"exit code {code}" if code else ""
    except subprocess.TimeoutExpired:
        return f"not done after {deadline_s} s"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does: it ends its servers
            try:
                process.wait(END_S)
            except subprocess.TimeoutExpired:
                process.kill()


def machine() -> str:
    load = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, load before {load}"


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.bench", description="Measure, each figure beside its limit."
    )
    parser.add_argument("rows", nargs="*", metavar="row", help=", ".join(ROWS))
    parser.add_argument("--quick", action="store_true", help="less of everything: faster, noisier; keeps no history")
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    names: list[str] = given.rows or [name for name, size in ROWS.items() if not size.by_name_only]
    if unknown := set(names) - set(ROWS):
        parser.error(f"no row {', '.join(sorted(unknown))}; there are {', '.join(ROWS)}")
    if given.into:
        run_here(names[0], ROWS[names[0]].quick if given.quick else ROWS[names[0]].full, given.into)
        return 0
    title, yardstick, rows, failed = machine(), Yardstick(), list[Row](), 0
    for name in names:
        print(f"{name} … ", end="", flush=True)
        began = time.monotonic()
        try:
            rows += run_beside(yardstick, name, given.quick)
            print(f"{time.monotonic() - began:.0f} s")
        except RowFailedError as error:
            failed += 1
            print(f"failed: {error}")
        except KeyboardInterrupt:
            print("interrupted")
            show(rows, title)
            return 130
    show(rows, title)
    if rows and not given.quick:
        history.keep(rows)
        print(f"kept in docs/{history.TABLE}, drawn in docs/{history.DRAWING}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
