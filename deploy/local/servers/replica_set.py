"""A MongoDB replica set on one machine: its members' programs, how it is begun, and how clients reach it."""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.local.ports import HOST
from deploy.local.processes.process import Program
from deploy.local.report import StackError
from deploy.local.servers import mongo

NAME = "rs"
ELECTION_MS = 4_000
_ALREADY_INITIALIZED = 23
_DEADLINE_S, _LOOK_S = 60.0, 0.1
Client = MongoClient[dict[str, Any]]


def url(ports: Sequence[int]) -> str:
    """What clients are given."""
    return f"mongodb://{','.join(f'{HOST}:{port}' for port in ports)}/?replicaSet={NAME}&heartbeatFrequencyMS=2000"


def member_program(name: str, folder: Path, log: Path, port: int, cache_gb: float) -> Program:
    """One of its members; `name` is that of the process."""
    plain = mongo.program(folder, log, port, cache_gb)
    return replace(plain, name=name, command=[*plain.command, "--replSet", NAME, "--oplogSize", "256"])


def member(port: int) -> Client:
    """A client of one member alone, to be closed; waits for it for three seconds."""
    address = f"mongodb://{HOST}:{port}/?directConnection=true"
    return MongoClient(address, serverSelectionTimeoutMS=3_000, socketTimeoutMS=5_000)


def begin(ports: Sequence[int]) -> None:
    """Make them a set, unless they are one; returns when there is a primary. Raises StackError."""
    wanted = {
        "_id": NAME,
        "members": [{"_id": place, "host": f"{HOST}:{port}"} for place, port in enumerate(ports)],
        "settings": {"electionTimeoutMillis": ELECTION_MS},
    }
    with member(ports[0]) as client:
        try:
            client.admin.command("replSetInitiate", wanted)
        except OperationFailure as error:
            if error.code != _ALREADY_INITIALIZED:
                raise StackError(f"MongoDB's replica set could not be begun: {error}") from error
            known = client.local["system.replset"].find_one() or {}
            client.admin.command("replSetReconfig", {**wanted, "version": known.get("version", 1) + 1}, force=True)
    deadline_s = time.monotonic() + _DEADLINE_S
    while primary(ports) is None:
        if time.monotonic() > deadline_s:
            raise StackError(f"MongoDB's replica set has no primary after {_DEADLINE_S:.0f} s")
        time.sleep(_LOOK_S)


def primary(ports: Sequence[int]) -> int | None:
    """The port of the member that takes writes; None while there is none."""
    for port in ports:
        with suppress(PyMongoError), member(port) as client:
            if client.admin.command("hello").get("isWritablePrimary"):
                return port
    return None
