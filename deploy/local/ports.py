"""Ports of the local stack.

Free ports are taken from below the range that the system hands out to outgoing connections, so that no
client can grab one between the moment it was found free and the moment its server listens. Nor can another
stack, then or while a server that was killed is being started again: whoever chose a port keeps a claim to it.
"""

import fcntl
import os
import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import gettempdir

from deploy.local.report import StackError

LOWEST, HIGHEST = 20_000, 32_000
HOST = "127.0.0.1"
_MOST_CLAIMED = 600
"""Of one process, some ten stacks: tests of thousands of small services would otherwise claim all there are."""
_claimed: dict[int, None] = {}
"""The oldest first."""


def is_free(port: int, host: str = HOST) -> bool:
    with socket.socket() as probe:
        # As the servers do it: connections of an earlier run in TIME_WAIT do not count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_ports(count: int, host: str = HOST) -> list[int]:
    """`count` different ports that nothing listens on and no stack has claimed; claimed for this process.

    Raises StackError when there are not that many.
    """
    found: list[int] = []
    for port in random.sample(range(LOWEST, HIGHEST), k=HIGHEST - LOWEST):
        if len(found) == count:
            break
        if _claim(port):
            if is_free(port, host):
                found.append(port)
            else:
                _give_back(port)
    if len(found) < count:
        raise StackError(f"no {count} free ports between {LOWEST} and {HIGHEST} on {host}")
    for port in list(_claimed)[: max(0, len(_claimed) - max(_MOST_CLAIMED, count))]:
        _give_back(port)
    return found


def _claim(port: int) -> bool:
    """Whether nobody else has claimed it, nor this process."""
    if port in _claimed:
        return False
    try:
        fcntl.lockf(_claims(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except OSError:
        return False
    _claimed[port] = None
    return True


def _give_back(port: int) -> None:
    del _claimed[port]
    fcntl.lockf(_claims(), fcntl.LOCK_UN, 1, port)


@cache
def _claims() -> int:
    """A byte for each port, locked by the process that chose it. The locks end with the process, or when it closes
    the file, so it is never closed."""
    return os.open(Path(gettempdir()) / f"rpns-{os.getuid()}-ports", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)


@contextmanager
def reserved(port: int, purpose: str, setting: str, host: str = HOST) -> Iterator[None]:
    """Hold the port for one stack. Raises StackError when it is taken.

    To look whether it is free is not enough: two stacks that start at once both find it so, and Caddy shares a port
    with every other Caddy of the same user (SO_REUSEPORT), which would mix their requests.
    """
    with (Path(gettempdir()) / f"rpns-{os.getuid()}-port-{port}").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_locked = True
        except BlockingIOError:
            is_locked = False
        if not is_locked or not is_free(port, host):
            raise StackError(f"port {port} on {host} ({purpose}) is taken; set {setting} to a free one")
        yield


def usual(port: int, purpose: str, setting: str) -> int:
    """The port, or 0, which takes a free one, when somebody else has it."""
    try:
        with reserved(port, purpose, setting):
            return port
    except StackError:
        return 0


def accepts(port: int, host: str = HOST) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0
