"""Ports that one process has chosen are no other's until it ends or has chosen many since."""

import subprocess
import sys

import pytest

from deploy.local import ports
from deploy.local.ports import free_ports
from deploy.local.report import StackError

_CHOOSE = """
import sys
from deploy.local import ports
ports.LOWEST, ports.HIGHEST = int(sys.argv[1]), int(sys.argv[1]) + 1
print(ports.free_ports(1))
"""


def _chosen_elsewhere(port: int) -> "subprocess.CompletedProcess[str]":
    """What another process gets that could have this port alone."""
    return subprocess.run([sys.executable, "-c", _CHOOSE, str(port)], capture_output=True, text=True, check=False)


def test_a_port_that_was_chosen_is_no_other_process_though_nothing_listens_there() -> None:
    (port,) = free_ports(1)
    assert "StackError: no 1 free ports" in _chosen_elsewhere(port).stderr


def test_a_port_is_free_again_when_the_process_that_chose_it_has_ended() -> None:
    (port,) = free_ports(1)
    ports._give_back(port)
    assert [_chosen_elsewhere(port).stdout for _ in range(2)] == [f"[{port}]\n"] * 2


def test_a_process_does_not_choose_its_own_port_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    (port,) = free_ports(1)
    monkeypatch.setattr(ports, "LOWEST", port)
    monkeypatch.setattr(ports, "HIGHEST", port + 1)
    with pytest.raises(StackError):
        free_ports(1)


def test_whoever_chooses_many_keeps_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "_MOST_CLAIMED", 3)
    first, newest = free_ports(2), free_ports(3)
    assert list(ports._claimed) == newest
    assert _chosen_elsewhere(first[0]).stdout == f"[{first[0]}]\n"
