"""One stack for each data folder: the holder of its lock owns it. The kernel drops the lock when the owner dies."""

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.report import StackError

POLL_S = 0.05


def _lock_file(data_dir: Path) -> Path:
    return data_dir / "lock"


@contextmanager
def sole_owner(data_dir: Path) -> Iterator[None]:
    """Own the folder. Raises StackError when a running process does."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with _lock_file(data_dir).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise StackError(f"a stack is already running in {data_dir} (process {lock.read()})") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def owner(data_dir: Path) -> int | None:
    """The process that owns the folder now, None when nobody does."""
    try:
        lock = _lock_file(data_dir).open("r+")
    except FileNotFoundError:
        return None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(lock.read() or 0) or None
        return None


def end_owner(data_dir: Path, deadline_s: float) -> bool:
    """TERM the owner and wait until it has ended the stack, then KILL it (its guard ends the rest).

    False when nobody owned the folder.
    """
    pid = owner(data_dir)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + deadline_s
    while owner(data_dir) == pid:
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            deadline = float("inf")
        time.sleep(POLL_S)
    return True
