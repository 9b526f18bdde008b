"""Services by themselves on servers that run already, and the processor time that one and the database use."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from deploy.bench.measure import cpu_seconds
from deploy.local import Stack
from deploy.waiting import wait_until

_FIRST_S, _LAST_S = 30, 300
_LOOK_S = 0.5
"""Seldom, because telling its metrics is work of the process that is measured."""


def services_on(servers: Stack, folder: str, *names: str) -> Stack:
    """The services on these servers, not started."""
    stack = Stack(
        Path(tempfile.mkdtemp(dir=folder)) / names[0],
        services=names,
        sandbox=False,
        gateway=False,
        kafka_bootstrap=servers.kafka_bootstrap,
        mongo_url=servers.mongo_url,
        env={"RPNS_MASTER_KEY": servers.env["RPNS_MASTER_KEY"]},  # by which the log is sealed
    )
    stack.env = dict(servers.env)
    return stack


def processor_time(
    stack: Stack, mongo_pid: int, committed: Callable[[Stack], float], count: int
) -> tuple[float, float]:
    """Seconds of the stack's one service, and of MongoDB, for so many records, from the first batch to the last."""
    with stack:
        (name,) = stack.ports
        pid = stack.pids[name]
        wait_until(lambda: committed(stack) > 0, "the first batch", _FIRST_S)
        before, before_mongo, done = cpu_seconds(pid), cpu_seconds(mongo_pid), committed(stack)
        wait_until(lambda: committed(stack) >= count, "the last commit", _LAST_S, _LOOK_S)
        whole = count / (count - done)
        return (cpu_seconds(pid) - before) * whole, (cpu_seconds(mongo_pid) - before_mongo) * whole
