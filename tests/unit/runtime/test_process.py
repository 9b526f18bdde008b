"""A process that is to give way to others does; one with a master key that does not fit says so, and nothing else."""

import os
import subprocess
import sys
from pathlib import Path

AUTOGROUP = Path("/proc/self/autogroup")
CHILD = f"""
import os, pathlib
from services.runtime.process import give_way
give_way(7)
groups = pathlib.Path("{AUTOGROUP}")
print(os.nice(0), groups.read_text() if groups.exists() else "nice 7")
"""


def test_a_process_gives_way_with_its_whole_session() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CHILD], start_new_session=True, capture_output=True, text=True, check=True
    )
    own, _, group = done.stdout.strip().partition(" ")
    before = os.getpriority(os.PRIO_PROCESS, 0)  # these tests may have been given way to, or give way themselves
    assert (int(own), group.endswith("nice 7")) == (min(before + 7, 19), True)


WRONG_KEY = """
from services.runtime.process import Process, run
from services.runtime.crypto.master_key import BadMasterKey
async def start(process: Process) -> None:
    raise BadMasterKey("neither RPNS_MASTER_KEY nor one of RPNS_OLD_MASTER_KEYS")
run("router", start)
"""


def test_a_master_key_that_does_not_fit_ends_the_start_with_one_line_and_no_traceback() -> None:
    env = os.environ | {"RPNS_METRICS_PORT": "0", "RPNS_MASTER_KEY": "x", "RPNS_ADMIN_TOKEN": ""}
    done = subprocess.run([sys.executable, "-c", WRONG_KEY], check=False, capture_output=True, text=True, env=env)
    assert done.returncode == 2
    assert "router: neither RPNS_MASTER_KEY nor one of RPNS_OLD_MASTER_KEYS" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
