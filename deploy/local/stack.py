"""The stack: what is started, in which order, and how it ends.

    kafka ─┐
    mongo ─┼─▶ services (each ready by its /readyz) ─▶ gateway ─▶ ready
  sandbox ─┘

The end is the reverse, each step with a deadline, then by force. It comes the same way after stop(), an exception and a
Ctrl-C; when the owner is killed, guard.py does it.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from deploy.local import services as ours
from deploy.local.cluster import OPERATOR, SecuredServers
from deploy.local.ports import HOST, free_ports, reserved
from deploy.local.processes.owner import sole_owner
from deploy.local.processes.process import Program
from deploy.local.processes.runner import Runner
from deploy.local.report import Report, StackError, Step, quiet
from deploy.local.servers import gateway as caddy
from deploy.local.servers import kafka, kafka_files, mongo, replicated
from deploy.local.servers.replicated import ReplicatedServers
from deploy.local.settings import environment, load_secrets, write_private
from deploy.sandbox.providers import PARTS

DESCRIPTION = "stack.json"
DATA = ("kafka", "mongo", "cluster", "sandbox", "gateway", "log", "secrets.json", DESCRIPTION)
PUBLIC_PORT_SETTING = "RPNS_PUBLIC_PORT"
OPERATORS_PORT_SETTING = "RPNS_OPERATORS_PORT"


class Stack:
    """The local stack in `data_dir`, one at a time for each folder.

    data_dir         where data, logs and secrets live; kept between starts
    public_port      port of the gateway on 127.0.0.1; 0 takes a free one
    operators_port   port of the operators' API on 127.0.0.1; 0 takes a free one
    public_host      an address of this machine that the gateway listens at as well, for phones in the same network
    services         names of services; "dispatch-2" is a second dispatch, "dispatch-bulk" one for the bulk lane; ()
                     starts none
    sandbox          whether to start the providers' sandbox
    gateway          whether to start the gateway
    fresh            forget the data of earlier starts first
    env              variables for the services and the sandbox; they win over everything else
    replicated       start three brokers and a replica set of three (`deploy/local/servers/replicated.py`)
    launcher         module that starts the services: `python -m LAUNCHER services.router`; empty: they start themselves
    kafka_bootstrap, mongo_url
                     running servers to use instead of starting ours; by default from KAFKA_BOOTSTRAP, MONGO_URL
    secured          start servers as a bank runs them: TLS, users, access lists (`deploy/local/cluster/`)
    mongo_cache_gb   of a MongoDB that this starts; below 1 for a laptop, what the indexes need for millions of devices
    report           gets each step

    Methods raise StackError with a message for a person. They block, and may be called from any thread, one at a time.
    """

    def __init__(
        self,
        data_dir: Path,
        public_port: int = 0,
        services: Sequence[str] = ours.SERVICES,
        *,
        operators_port: int = 0,
        public_host: str = HOST,
        sandbox: bool = True,
        gateway: bool = True,
        fresh: bool = False,
        env: Mapping[str, str] | None = None,
        kafka_bootstrap: str | None = None,
        mongo_url: str | None = None,
        secured: bool = False,
        replicated: bool = False,
        launcher: str = "",
        mongo_cache_gb: float = mongo.CACHE_GB,
        report: Report = quiet,
    ) -> None:
        self.data_dir = data_dir.resolve()
        self.public_port, self.public_url, self._public_host = public_port, "", public_host
        self.operators_port, self.operators_url = operators_port, ""
        self._given_kafka = kafka_bootstrap or os.environ.get("KAFKA_BOOTSTRAP", "")
        self._given_mongo = mongo_url or os.environ.get("MONGO_URL", "")
        self.kafka_bootstrap, self.mongo_url = self._given_kafka, self._given_mongo
        self.env: dict[str, str] = {}  # what all services got, complete after start()
        self.sandbox: dict[str, Any] = {}  # the sandbox's sandbox.json
        self.ports: dict[str, ours.Ports] = {}  # of each service: .api and .metrics
        self._services, self._with_sandbox, self._with_gateway = tuple(services), sandbox, gateway
        self._mongo_cache_gb = mongo_cache_gb
        self._is_secured, self._is_replicated, self._launcher = secured, replicated, launcher
        self._secured: SecuredServers | None = None
        self._replicated: ReplicatedServers | None = None
        self._fresh, self._extra_env, self._report = fresh, dict(env or {}), report
        self._exit = ExitStack()
        self._runner = Runner(report)

    def start(self) -> Self:
        """Returns when everything is ready. Whatever goes wrong, nothing is left running."""
        try:
            self._exit.enter_context(sole_owner(self.data_dir))
            self._description.unlink(missing_ok=True)
            if self._fresh:
                forget(self.data_dir)
            self._exit.callback(self._description.unlink, missing_ok=True)
            self._choose_ports()
            self._exit.enter_context(self._runner)
            self._runner.start(self._foundations())
            self._settle()
            self._runner.start(self._service(name, ports) for name, ports in self.ports.items())
            if self._with_gateway:
                self._runner.start([self._gateway()])
            self.describe_again()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End everything that was started, last first. Does nothing when nothing runs."""
        self._exit.close()

    def kill(self, name: str) -> None:
        """SIGKILL one process, as a crash would. Names: kafka mongo sandbox gateway and the services."""
        self._runner.kill(name)

    def end(self, name: str) -> None:
        """End one process in order."""
        self._runner.end(name)

    def restart(self, name: str, env: Mapping[str, str] | None = None) -> None:
        """End it if it runs, start it again on its ports with `env` added to its own; returns when it is ready."""
        self._runner.restart(name, env or {})

    def revive(self, name: str, env: Mapping[str, str] | None = None) -> None:
        """Start what has ended again, as `restart` does, without waiting until it is ready."""
        self._runner.revive(name, env or {})

    def logs(self, name: str) -> str:
        """What a process has written since its last start; earlier output is in `data_dir`/log."""
        return self._runner.output(name)

    @property
    def pids(self) -> dict[str, int]:
        """The processes that run now, by name."""
        return self._runner.pids()

    @property
    def ended(self) -> dict[str, int]:
        """Exit codes of the processes that do not run any more."""
        return self._runner.ended()

    @property
    def started_again(self) -> dict[str, int]:
        """How often each process was started again, because it had ended with code 1."""
        return self._runner.started_again()

    @property
    def mongo_ports(self) -> dict[str, int]:
        """Of the members of its replica set, by process; none where there is no set of three."""
        return {} if self._replicated is None else self._replicated.mongo_ports

    def login_of(self, service: str) -> dict[str, str]:
        """The settings by which this service alone reaches Kafka; none where everybody may."""
        return {} if self._secured is None else self._secured.login(service)

    def describe_again(self) -> None:
        """For `python -m deploy.local status`: processes that were started again have other ids."""
        write_private(self._description, self.describe())

    def describe(self) -> dict[str, Any]:
        """What `python -m deploy.local status` shows; holds secrets."""
        return {
            "public_url": self.public_url,
            "operators_url": self.operators_url,
            "kafka_bootstrap": self.kafka_bootstrap,
            "mongo_url": self.mongo_url,
            "processes": self.pids,
            "ports": {name: asdict(ports) for name, ports in self.ports.items()},
            "env": self.env,
            "sandbox": self.sandbox,
        }

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def _description(self) -> Path:
        """The file that describes the stack, there while it is ready."""
        return self.data_dir / DESCRIPTION

    def _log(self, name: str) -> Path:
        return self.data_dir / "log" / f"{name}.log"

    def _choose_ports(self) -> None:
        """Choose all ports at once: two searches could find the same port while nothing listens on it yet."""
        if self._with_gateway and self.public_port:
            self._exit.enter_context(reserved(self.public_port, "the public address", PUBLIC_PORT_SETTING))
        if self._with_gateway and self.operators_port:
            self._exit.enter_context(reserved(self.operators_port, "the operators' address", OPERATORS_PORT_SETTING))
        parts = len(PARTS)
        free = iter(free_ports(6 + replicated.PORTS + parts + 3 * len(self._services)))
        self._replicated_ports = list(islice(free, replicated.PORTS))
        self._kafka_port, self._controller_port, self._mongo_port, self._proxy_port = islice(free, 4)
        gateway_port, operators_port = islice(free, 2)
        self._sandbox_ports = list(islice(free, parts))
        self.ports = {name: ours.Ports(next(free), next(free), next(free)) for name in self._services}
        if self._with_gateway:
            self.public_port = self.public_port or gateway_port
            self.public_url = f"http://{self._public_host}:{self.public_port}"
            self.operators_port = self.operators_port or operators_port
            self.operators_url = f"http://{HOST}:{self.operators_port}"

    def _foundations(self) -> Iterator[Program]:
        if self._with_sandbox:
            yield ours.sandbox(self.data_dir / "sandbox", self._sandbox_ports, self._extra_env, self._log("sandbox"))
        if self._is_secured:
            yield from self._secured_servers()
            return
        if self._is_replicated:
            yield from self._replicated_servers()
            return
        if self._given_mongo:
            self._report(Step("mongo", "external"))  # its URL may hold a password
        else:
            self.mongo_url = f"mongodb://{HOST}:{self._mongo_port}"
            yield mongo.program(self.data_dir / "mongo", self._log("mongo"), self._mongo_port, self._mongo_cache_gb)
        if self._given_kafka:
            self._report(Step("kafka", "external", self.kafka_bootstrap))
        else:
            files = kafka_files.ready_files(self._report, kafka.prepare)
            self.kafka_bootstrap = f"{HOST}:{self._kafka_port}"
            ports = (self._kafka_port, self._controller_port)
            yield kafka.program(files, self.data_dir / "kafka", self._log("kafka"), *ports)

    def _replicated_servers(self) -> Iterator[Program]:
        files = self._files_for_own("replicated")
        self._replicated = ReplicatedServers(self.data_dir / "cluster", files, self._replicated_ports)
        self.kafka_bootstrap, self.mongo_url = self._replicated.kafka_bootstrap, self._replicated.mongo_url
        yield from self._replicated.programs(self._log)

    def _files_for_own(self, kind: str) -> kafka_files.KafkaFiles:
        if self._given_kafka or self._given_mongo:
            raise StackError(f"{kind} servers are started here: unset KAFKA_BOOTSTRAP and MONGO_URL")
        return kafka_files.ready_files(self._report, kafka.prepare)

    def _secured_servers(self) -> Iterator[Program]:
        files = self._files_for_own("secured")
        self._secured = SecuredServers(self.data_dir / "cluster", files)
        self.kafka_bootstrap = f"{HOST}:{self._kafka_port}"
        self.mongo_url = self._secured.mongo_url(self._mongo_port)
        ports = {
            "kafka": self._kafka_port,
            "controller": self._controller_port,
            "mongo": self._mongo_port,
            "proxy": self._proxy_port,
        }
        yield from self._secured.programs(self._log, ports, self._mongo_cache_gb)

    def _service(self, name: str, ports: ours.Ports) -> Program:
        env = {**self.env, **self.login_of(ours.module_of(name))}
        program = ours.service(name, ports, env, self._log(name), ours.lanes_of(name, self.ports))
        return ours.launched(program, self._launcher) if self._launcher else program

    def _settle(self) -> None:
        """Read what the sandbox says about itself, and complete the environment of the services."""
        if self._with_sandbox:
            self.sandbox = json.loads((self.data_dir / "sandbox" / "sandbox.json").read_text())
        own = load_secrets(self.data_dir / "secrets.json")
        shared = environment(self.kafka_bootstrap, self.mongo_url, self.public_url, own, self.sandbox)
        replicas = {"KAFKA_REPLICATION": str(replicated.REPLICAS)} if self._replicated is not None else {}
        self.env = {**shared, **replicas, **self._extra_env}
        if self._replicated is not None:
            self._replicated.begin()
        if self._secured is not None:
            self._secured.prepare(self.env, self._mongo_port)
            self.env |= self._secured.login(OPERATOR) | self._secured.way_out(self._proxy_port)

    def _gateway(self) -> Program:
        public: dict[str, list[int]] = {}
        operators: dict[str, list[int]] = {}
        for name, ports in self.ports.items():
            service = name if name in ours.BULK else ours.module_of(name)
            public.setdefault(service, []).append(ports.api)
            operators.setdefault(service, []).append(ports.operators)
        site = caddy.Site(self.public_port, public, self._public_host, self.sandbox.get("control", ""))
        sites = site, caddy.Site(self.operators_port, operators)
        return caddy.program(self.data_dir / "gateway", self._log("gateway"), *sites)


def forget(data_dir: Path) -> None:
    """Remove what a stack has stored in `data_dir`, and nothing else that lies there."""
    for name in DATA:
        path = data_dir / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
