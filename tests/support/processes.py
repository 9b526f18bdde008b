"""How the tests are shared out when several processes run them (`pytest -n 3`, as `make test` does).

A file is run by one process, so that what a module sets up is set up once. The end-to-end tests, which share one stack,
are run by one process, and those of them that start services of their own beside it by another one, with a stack for
itself: both first, for they take longest. Only the simulation, which sets up nothing, is shared out test by test. Each
process starts servers of its own.
"""

import os

import pytest
from xdist.scheduler import LoadScopeScheduling

from deploy.local import ports

END_TO_END = "tests/e2e/"
BESIDE = "tests/e2e/beside/"
"""The tests that start services beside those of the stack: a third of what is end to end, by time."""
APART = "tests/simulation/"
_MOST = 8
"""Processes; each has so great a part of the ports."""


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # xdist does not tell its types
    """Gives a process whole files, and to two of them what is end to end."""

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(APART):
            return nodeid
        together = (scope for scope in (BESIDE, END_TO_END) if nodeid.startswith(scope))
        return next(together, nodeid.partition("::")[0])


def end_to_end_first(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(END_TO_END))


def take_own_ports() -> None:
    """Else two processes might find the same port free, before either listens on it."""
    name = os.environ.get("PYTEST_XDIST_WORKER")  # gw0, gw1 …
    if name is None:
        return
    size = (ports.HIGHEST - ports.LOWEST) // _MOST
    ports.LOWEST += int(name.removeprefix("gw")) % _MOST * size
    ports.HIGHEST = ports.LOWEST + size
