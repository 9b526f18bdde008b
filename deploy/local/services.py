"""How our own processes are started: the services, the statistics worker and the sandbox that plays the providers."""

import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from deploy.local.ports import HOST
from deploy.local.processes.process import Process, Program, answers_200
from deploy.sandbox.providers import PARTS

SERVICES = ("ingest", "registry", "router", "dispatch", "status", "statistics")
BULK = tuple(f"{name}-bulk" for name in ("ingest", "registry", "router", "dispatch", "status"))
"""Instances for the bulk lane; where one runs, the others of its service are for single messages."""
TRACES = "traces"
"""Started beside the others where a collector is named (`RPNS_TRACES_URL`)."""
KNOW_NO_PARTNERS = ("statistics", TRACES)
"""Those that do not read `application-events`."""
BULK_NICENESS = 10
CLOCK_STEP_S = 0.02  # how far a file's time may lag behind the clock


@dataclass(frozen=True)
class Ports:
    api: int
    metrics: int  # /healthz /readyz /metrics
    operators: int


def module_of(name: str) -> str:
    """The service of an instance: dispatch for "dispatch" and for "dispatch-2"."""
    return name.partition("-")[0]


def lanes_of(name: str, names: Collection[str]) -> dict[str, str]:
    """The settings by which an instance keeps to its lane, if there are instances for the bulk lane alone."""
    if name in BULK:
        return {"RPNS_LANES": "bulk", "RPNS_NICENESS": str(BULK_NICENESS)}
    if name == "statistics" and set(BULK) & set(names):  # nobody waits for them
        return {"RPNS_NICENESS": str(BULK_NICENESS)}
    return {"RPNS_LANES": "single"} if f"{module_of(name)}-bulk" in names else {}


def service(name: str, ports: Ports, env: Mapping[str, str], log: Path, lanes: Mapping[str, str]) -> Program:
    module = module_of(name)
    own = {
        "RPNS_INSTANCE": f"{module}-{name.partition('-')[2] or 1}",
        "RPNS_PORT": str(ports.api),
        "RPNS_METRICS_PORT": str(ports.metrics),
        "RPNS_OPERATORS_PORT": str(ports.operators),
        **lanes,
    }
    command = [sys.executable, "-m", f"services.{module}"]
    return Program(name, command, log, lambda _: answers_200(ports.metrics, "/readyz"), env={**env, **own}, stop_s=30)


def launched(program: Program, launcher: str) -> Program:
    """A service that this module starts, and whatever else that module does."""
    python, _, *service_and_more = program.command
    return replace(program, command=[python, "-m", launcher, *service_and_more])


def sandbox(folder: Path, ports: Sequence[int], env: Mapping[str, str], log: Path) -> Program:
    """The sandbox writes its addresses into sandbox.json when it is ready; an earlier start's may lie there.

    Its ports are chosen here, so that it comes back on them when it is restarted beside running services.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "sandbox.json"

    def has_written(process: Process) -> bool:
        return file.exists() and file.stat().st_mtime > process.started_at_s - CLOCK_STEP_S

    command = [sys.executable, "-m", "deploy.sandbox", "--data-dir", str(folder), "--host", HOST]
    for part, port in zip(PARTS, ports, strict=True):
        command += [f"--{part.replace('_', '-')}-port", str(port)]
    return Program("sandbox", command, log, has_written, env=env)
