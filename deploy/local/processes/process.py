"""One program of the stack: start it, wait until it can do its work, end it."""

import http.client
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.ports import HOST
from deploy.local.processes.guard import Guard, signal_group
from deploy.local.report import StackError

ROOT = Path(__file__).resolve().parents[3]
POLL_S = 0.02


@dataclass(frozen=True)
class Program:
    """What to run, how it shows that it is ready, and how long starting and ending may take."""

    name: str
    command: Sequence[str]
    log: Path
    is_ready: Callable[["Process"], bool]
    env: Mapping[str, str] = field(default_factory=dict)
    start_s: float = 120.0
    stop_s: float = 15.0


class Process:
    """A started program. It leads a process group of its own, so a Ctrl-C in the terminal reaches only its owner."""

    def __init__(self, program: Program, guard: Guard) -> None:
        self.program = program
        self._guard = guard
        self.started_at_s = time.time()  # to compare with times of files
        self._started_at = time.monotonic()
        program.log.parent.mkdir(parents=True, exist_ok=True)
        with program.log.open("ab") as log:
            self._log_start = log.tell()
            try:
                self._popen = subprocess.Popen(
                    program.command,
                    cwd=ROOT,
                    env={**os.environ, **program.env},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise StackError(f"{program.name} cannot be started: {error.strerror}: {program.command[0]}") from error
        guard.watch(self._popen.pid)
        self._is_watched = True

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def code(self) -> int | None:
        """The exit code, None while it runs."""
        return self._popen.poll()

    def is_ready(self) -> bool:
        """Raises StackError when it has ended, or when its time to become ready is over."""
        if self.program.is_ready(self):
            return True
        if self.code is not None:
            raise StackError(f"{self.program.name} ended with code {self.code} while starting{self.last_lines()}")
        if self.age_s() > self.program.start_s:
            late = f"{self.program.name} was not ready after {self.program.start_s:.0f} s"
            raise StackError(f"{late}{self.last_lines()}")
        return False

    def age_s(self) -> float:
        return time.monotonic() - self._started_at

    def output(self) -> str:
        """What it has written to its log since this start."""
        with self.program.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def last_lines(self, count: int = 15) -> str:
        lines = self.output().splitlines()[-count:]
        return "".join(f"\n    {line[:300]}" for line in [f"end of {self.program.log}:", *lines])

    def ask_to_end(self) -> None:
        if self.code is None:
            signal_group(self.pid, signal.SIGTERM)

    def wait_ended(self) -> bool:
        """Wait for the end that was asked for, then take what is left by force. True when force was needed."""
        try:
            self._popen.wait(self.program.stop_s)
            forced = False
        except subprocess.TimeoutExpired:
            forced = True
        self.kill()
        return forced

    def kill(self) -> None:
        """SIGKILL to the whole group; returns when the process is gone. Does nothing when it already is."""
        if self._is_watched:
            self._is_watched = False
            signal_group(self.pid, signal.SIGKILL)
            self._popen.wait()
            self._guard.forget(self.pid)


def wait_ready(processes: Sequence[Process], on_ready: Callable[[Process], None]) -> None:
    """Wait until all are ready; `on_ready` hears of each when it is. Raises StackError as soon as one of them fails."""
    awaited = list(processes)
    while awaited:
        for process in tuple(awaited):
            if process.is_ready():
                awaited.remove(process)
                on_ready(process)
        if awaited:
            time.sleep(POLL_S)


def answers_200(port: int, path: str, host: str = HOST) -> bool:
    """Whether GET http://host:port/path is answered with 200."""
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
