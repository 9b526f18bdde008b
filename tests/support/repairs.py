"""Repairs as an operator has them done, on the stack of a test: commands, what a service says, what differs."""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from deploy.local.processes.process import ROOT
from tests.support.waiting import WAIT_S, eventually
from tests.support.world import SERVICES, Json, World

FOLDING = ("status", "registry", "ingest-broadcasts")
"""The beginnings of the names of the groups that fold what a repair folds."""


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


async def ran(world: World, *words: str, **env: str) -> Ran:
    """A command, as an operator types it."""
    pipe = asyncio.subprocess.PIPE
    about = {"RPNS_OPERATORS_URL": world.stack.operators_url, "RPNS_PUBLIC_URL": world.stack.public_url}
    process = await asyncio.create_subprocess_exec(
        ROOT / "deploy" / "rpns",
        *words,
        env={**os.environ, **world.stack.env, **about, **env},
        stdout=pipe,
        stderr=pipe,
    )
    out, err = await process.communicate()
    return Ran(process.returncode or 0, out.decode(), err.decode())


async def done(world: World, *words: str) -> Json:
    """What it has printed."""
    found = await ran(world, *words, "--json")
    assert found.code == 0, (words, found)
    return dict(json.loads(found.out))


async def listed(world: World, *words: str) -> list[Json]:
    """What it has listed."""
    found = await ran(world, *words, "--json")
    assert found.code == 0, (words, found)
    return list(json.loads(found.out))


async def said_by_router(world: World) -> str:
    """What the router says when it does not start because of its settings."""
    env = {**os.environ, **world.stack.env}
    service = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.router", env=env, stderr=asyncio.subprocess.PIPE
    )
    _, output = await service.communicate()
    assert service.returncode == 2, output.decode()
    return output.decode()


async def started(world: World, services: Sequence[str] = SERVICES, **env: str) -> None:
    for name in services:
        await asyncio.to_thread(world.stack.restart, name, env)


async def everything_is_folded(world: World) -> None:
    """What the partner has answered is in the log, and read."""
    waiting: list[str] = []

    async def nothing_waits() -> bool:
        cluster = json.loads((await ran(world, "status", "--json")).out)
        read = [group for group in cluster["groups"] if group["group"].startswith(FOLDING)]
        waiting[:] = [group["group"] for group in read if any(topic["waiting"] for topic in group["topics"])]
        return bool(read) and not waiting

    await eventually(nothing_waits, lambda: f"everything is read; not yet by {waiting}", WAIT_S, 0.2)


def differences(made: Json) -> dict[str, set[str]]:
    """The collections that differ between the two databases, and in what."""
    return {name: differing for name, found in made["compared"].items() if (differing := _differs(found))}


def _differs(found: Json) -> set[str]:
    """The fields that differ; also that documents are only on one side."""
    fields = {field for named in found["different"].values() for field in named}
    return fields | {side for side in ("missing", "extra", "unnamed") if found[side]}
