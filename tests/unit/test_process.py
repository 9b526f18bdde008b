"""A process that is to give way to others does."""

import subprocess
import sys
from pathlib import Path

AUTOGROUP = Path("/proc/self/autogroup")
CHILD = f"""
import os, pathlib
from services.process import give_way
give_way(7)
groups = pathlib.Path("{AUTOGROUP}")
print(os.nice(0), groups.read_text() if groups.exists() else "nice 7")
"""


def test_a_process_gives_way_with_its_whole_session() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHILD], start_new_session=True, capture_output=True, text=True, check=True
    )
    own, _, group = done.stdout.strip().partition(" ")
    assert (own, group.endswith("nice 7")) == ("7", True)
