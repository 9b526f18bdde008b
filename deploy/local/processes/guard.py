"""Ends the stack's processes when their owner dies, however it dies.

    owner ──"+pid" / "-pid" lines──▶ guard        end of file = the owner is gone: TERM, wait, KILL

The guard is a process of its own at the other end of a pipe: the kernel closes the pipe even when the owner is killed,
and, unlike a parent-death signal, it does not care which thread of the owner started what.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

GRACE_S = 10.0


class Guard:
    """The owner's end. Enter before starting processes; leaving ends the guard itself."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(__file__))], stdin=subprocess.PIPE, start_new_session=True
        )
        return self

    def watch(self, pid: int) -> None:
        self._send(f"+{pid}\n")

    def forget(self, pid: int) -> None:
        self._send(f"-{pid}\n")

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode())
        self._process.stdin.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(GRACE_S * 2)


def signal_group(pid: int, number: int) -> bool:
    """Signal the process group that `pid` leads; False when it is gone."""
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return False
    return True


def end_groups(pids: list[int], grace_s: float) -> None:
    """TERM to all, newest first; KILL to whatever is left after `grace_s`."""
    left = [pid for pid in reversed(pids) if signal_group(pid, signal.SIGTERM)]
    deadline = time.monotonic() + grace_s
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = [pid for pid in left if signal_group(pid, 0)]
    for pid in left:
        signal_group(pid, signal.SIGKILL)


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    watched: list[int] = []
    for line in sys.stdin:
        pid = int(line[1:])
        if line.startswith("+"):
            watched.append(pid)
        else:
            watched.remove(pid)
    end_groups(watched, GRACE_S)


if __name__ == "__main__":
    main()
