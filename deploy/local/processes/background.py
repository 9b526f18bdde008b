"""The stack in the background: a supervising process that reports to `up` over a pipe how the start goes.

up ──starts──▶ run --progress-fd N        {"step": …}  {"step": …}  then {"ready": …} or {"error": …}
 ▲                   │                    end of file without either = the supervisor died
 └────── pipe ◀──────┘
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from deploy.local.processes.process import ROOT
from deploy.local.report import Report, StackError, Step

END_S = 60.0


class Teller:
    """The supervisor's end of the pipe."""

    def __init__(self, descriptor: int) -> None:
        self._out = os.fdopen(descriptor, "w")

    def step(self, step: Step) -> None:
        self._write("step", asdict(step))

    def ready(self, description: dict[str, Any]) -> None:
        self._write("ready", description)
        self._out.close()

    def error(self, message: str) -> None:
        self._write("error", message)
        self._out.close()

    def _write(self, kind: str, value: object) -> None:
        if self._out.closed:  # `up` has heard enough
            return
        try:
            self._out.write(json.dumps({kind: value}) + "\n")
            self._out.flush()
        except BrokenPipeError:
            self._out = open(os.devnull, "w")  # noqa: SIM115  `up` is gone; the stack goes on


def start_in_background(data_dir: Path, report: Report, options: Sequence[str] = ()) -> dict[str, Any]:
    """Start a supervisor and follow it until the stack is ready; returns the stack's description. `options` of `run`.

    Raises StackError when it does not become ready. When the caller is interrupted, the start is undone.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    with _supervisor(data_dir, options) as (supervisor, lines):
        try:
            return _follow(lines, report, data_dir)
        except BaseException:
            supervisor.terminate()
            supervisor.wait(END_S)
            raise


def _follow(lines: Iterable[str], report: Report, data_dir: Path) -> dict[str, Any]:
    for line in lines:
        message = json.loads(line)
        if step := message.get("step"):
            report(Step(**step))
        elif error := message.get("error"):
            raise StackError(error)
        elif description := message.get("ready"):
            return dict(description)
    raise StackError(f"the stack's supervisor ended unexpectedly; see {data_dir / 'supervisor.log'}")


@contextmanager
def _supervisor(data_dir: Path, options: Sequence[str]) -> Iterator[tuple[subprocess.Popen[bytes], Iterable[str]]]:
    reader, writer = os.pipe()
    command = [sys.executable, "-m", "deploy.local", "run", "--data-dir", str(data_dir), "--progress-fd", str(writer)]
    command += options
    with (data_dir / "supervisor.log").open("wb") as log, os.fdopen(reader) as lines:
        supervisor = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=[writer],
            start_new_session=True,
        )
        os.close(writer)
        yield supervisor, lines
