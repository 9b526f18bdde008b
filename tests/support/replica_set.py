"""A real MongoDB replica set on free ports, that can be told to fail: step down, stand still, answer with an error.

Errors are ordered by the server's own fail point `failCommand`, and only for clients that call themselves rpns, so that
the members go on talking to each other.
"""

import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from pymongo import MongoClient
from pymongo.errors import AutoReconnect, OperationFailure

from deploy.local.ports import HOST, free_ports
from deploy.local.processes.guard import Guard
from deploy.local.processes.process import Process, Program, wait_ready
from deploy.local.servers import mongo

WRITES = ("insert", "update", "delete", "findAndModify")
READS = ("find", "aggregate", "distinct", "getMore", "count")
ELECTION_MS = 2_000
DEADLINE_S = 60.0
Client = MongoClient[dict[str, Any]]


class ReplicaSet:
    """Use as a context manager."""

    def __init__(self, folder: Path, members: int) -> None:
        self.ports = free_ports(members)
        self._folder = folder
        self._exit = ExitStack()
        self._processes: dict[int, Process] = {}
        self._still: set[int] = set()

    @property
    def url(self) -> str:
        hosts = ",".join(f"{HOST}:{port}" for port in self.ports)
        return f"mongodb://{hosts}/?replicaSet=rs&heartbeatFrequencyMS=1000"

    def __enter__(self) -> Self:
        guard = self._exit.enter_context(Guard())
        for port in self.ports:
            plain = mongo.program(self._folder / str(port), self._folder / f"{port}.log", port, 0.25)
            options = ("--replSet", "rs", "--setParameter", "enableTestCommands=1", "--oplogSize", "64")
            program = Program(plain.name, [*plain.command, *options], plain.log, plain.is_ready, stop_s=20)
            self._processes[port] = Process(program, guard)
            self._exit.callback(self._processes[port].kill)
        wait_ready(list(self._processes.values()), lambda _: None)
        members = [{"_id": place, "host": f"{HOST}:{port}"} for place, port in enumerate(self.ports)]
        wanted = {"_id": "rs", "members": members, "settings": {"electionTimeoutMillis": ELECTION_MS}}
        with self.member(self.ports[0]) as client:
            client.admin.command("replSetInitiate", wanted)
        self.primary()
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on()
        self._exit.close()

    @contextmanager
    def member(self, port: int) -> Iterator[Client]:
        """One of them, asked directly."""
        url = f"mongodb://{HOST}:{port}/?directConnection=true"
        client: Client = MongoClient(url, serverSelectionTimeoutMS=3_000, socketTimeoutMS=5_000)
        with client:
            yield client

    def primary(self) -> int:
        """The port of the member that takes writes; waits for an election."""
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            for port in self.ports:
                if port not in self._still and self._is_primary(port):
                    return port
            time.sleep(0.1)
        raise AssertionError(f"no primary within {DEADLINE_S:.0f} s")

    def _is_primary(self, port: int) -> bool:
        with suppress(AutoReconnect), self.member(port) as client:
            return bool(client.admin.command("hello").get("isWritablePrimary"))
        return False

    def step_down(self) -> None:
        """The primary becomes a secondary, and another member is elected."""
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            try:
                with self.member(self.primary()) as client:
                    client.admin.command("replSetStepDown", 20, secondaryCatchUpPeriodSecs=3)
                return
            except AutoReconnect:
                return  # some releases close the connection instead of an answer
            except OperationFailure:  # its secondary has not caught up yet
                time.sleep(0.2)
        raise AssertionError(f"the primary did not step down within {DEADLINE_S:.0f} s")

    def stand_still(self) -> None:
        """A secondary stops, with its connections open: what is written is held by no majority of two."""
        secondary = next(port for port in self.ports if port != self.primary())
        os.kill(self._processes[secondary].pid, signal.SIGSTOP)
        self._still.add(secondary)

    def go_on(self) -> None:
        """What stood still goes on."""
        while self._still:
            os.kill(self._processes[self._still.pop()].pid, signal.SIGCONT)

    def fail(self, commands: Sequence[str], times: int, **how: Any) -> None:
        """So many of these commands of ours fail: `errorCode`, `writeConcernError`, `closeConnection`."""
        data: Mapping[str, Any] = {"failCommands": list(commands), "appName": "rpns", **how}
        self._order({"times": times} if times else "alwaysOn", data)

    def used_up(self, within_s: float = 1.0) -> None:
        """Until what was ordered last has happened as often as it was to, or that time is over: where all but a few
        wait, there may be nobody left to ask."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            with suppress(AutoReconnect), self.member(self.primary()) as client:
                found = client.admin.command({"getParameter": 1, "failpoint.failCommand": 1})
                if found["failpoint.failCommand"]["mode"] == 0:
                    return
            time.sleep(0.05)

    def until_no_majority(self, within_s: float = 30.0) -> None:
        """Until the member that is left has noticed that it is alone, and takes no more writes."""
        deadline = time.monotonic() + within_s
        (alone,) = (port for port in self.ports if port not in self._still)
        while self._is_primary(alone):
            assert time.monotonic() < deadline, "the primary goes on alone"
            time.sleep(0.1)

    def heal(self) -> None:
        for port in self.ports:
            with suppress(AutoReconnect, OperationFailure), self.member(port) as client:
                client.admin.command("configureFailPoint", "failCommand", mode="off")

    def _order(self, mode: object, data: Mapping[str, Any]) -> None:
        for port in self.ports:  # whichever is the primary when it comes to it
            if port not in self._still:
                with suppress(AutoReconnect), self.member(port) as client:
                    client.admin.command("configureFailPoint", "failCommand", mode=mode, data=data)
