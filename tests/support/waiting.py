"""Waiting in tests: by conditions, never for a fixed time."""

import subprocess
from pathlib import Path

import requests

from deploy.waiting import LOOK_ELSEWHERE_S, WAIT_S, eventually, wait_until

__all__ = ["LOOK_ELSEWHERE_S", "WAIT_S", "eventually", "wait_until", "wait_until_ready"]


def wait_until_ready(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Until a program of ours answers at `/readyz`, or has ended. Fails with what it logged."""

    def is_ready() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            return requests.get(url, timeout=5).status_code == 200
        except requests.ConnectionError:
            return False  # it does not listen yet

    wait_until(is_ready, log.read_text, 60, LOOK_ELSEWHERE_S)
