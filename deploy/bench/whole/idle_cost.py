"""What a stack costs that has nothing to do: processor time of each process for each second, and its memory.

The whole stack with its demo's partner and application, a while after its start, when what is made once has been made.
Kafka's JVM compiles in its first minute, so less of it would be left on a machine that runs for days.
"""

import sys
import tempfile
import time
from pathlib import Path

from deploy.bench.measure import Row, cpu_seconds, memory_mib, show
from deploy.local import Stack
from deploy.local.provision import provision
from deploy.local.services import SERVICES

SETTLE_S = 20
AIM_MS = 60
MEMORY_AIM_MIB = {"router": 60, "dispatch": 60}
"""Of those that have no API."""


def measured(seconds: int = 30) -> list[Row]:
    """A row for all processes together, and the memory of each service."""
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder)) as stack:
        provision(stack.describe())
        time.sleep(SETTLE_S)
        before, began = _processor_s(stack), time.monotonic()
        time.sleep(seconds)
        took_s = time.monotonic() - began
        spent = {name: (used - before[name]) / took_s * 1e3 for name, used in _processor_s(stack).items()}
        memory = {name: memory_mib(stack.pids[name]) for name in SERVICES}
    parts = ", ".join(f"{name} {ms:.1f}" for name, ms in sorted(spent.items(), key=lambda item: -item[1]))
    rows = [Row("an idle stack", sum(spent.values()), "ms of processor time a second", f"{AIM_MS}", note=parts)]
    for name, mib in memory.items():
        aim = str(MEMORY_AIM_MIB.get(name, ""))
        rows.append(Row(f"memory of {name}, idle", mib, "MiB", aim, memory_mib=mib))
    return rows


def _processor_s(stack: Stack) -> dict[str, float]:
    return {name: cpu_seconds(pid) for name, pid in stack.pids.items()}


def main() -> None:
    """Print the rows."""
    show(measured(int(sys.argv[1]) if len(sys.argv) > 1 else 30))


if __name__ == "__main__":
    main()
