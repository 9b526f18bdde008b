"""Types for TypeScript are generated from the documents that the gateway serves; a client on them works there."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from deploy.clients import NODE_MODULES, TYPESCRIPT
from deploy.console.build import node
from deploy.gateway.routes import SERVICES
from deploy.local.provision import API_KEY
from schemas import DeliveryState
from tests.support.limit_headers import limits_of
from tests.support.openapi import document_of
from tests.support.world import World

pytestmark = pytest.mark.skipif(not NODE_MODULES.exists(), reason="no generator of types: python -m deploy.clients")
CLIENT = Path(__file__).parents[1] / "support" / "generated_client.ts"
GENERATE = ("openapi-typescript/bin/cli.js", "--default-non-nullable=false")
"""A field with a default may be left out of what is asked."""


def run(folder: Path, script: str, *arguments: str) -> str:
    """What a script of Node prints, of `node_modules` unless it is in the folder. Its errors fail the test."""
    program = folder / script if (folder / script).exists() else folder / "node_modules" / script
    command = [str(node()[0]), str(program), *arguments]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def project(folder: Path, url: str, services: Sequence[str]) -> None:
    """The types of each service in a folder that TypeScript's compiler takes."""
    folder.mkdir()
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "node_modules").symlink_to(NODE_MODULES)
    shutil.copy(TYPESCRIPT / "tsconfig.json", folder)
    for service in services:
        (folder / f"{service}.json").write_bytes(document_of(url, service))
        run(folder, GENERATE[0], f"{service}.json", "--output", f"{service}.ts", GENERATE[1])


async def test_types_compile_strictly_and_a_client_on_them_works(world: World, tmp_path: Path) -> None:
    partner, operator = tmp_path / "public", tmp_path / "operators"
    await asyncio.to_thread(project, partner, world.stack.public_url, SERVICES)
    await asyncio.to_thread(project, operator, world.stack.operators_url, SERVICES)
    shutil.copy(CLIENT, partner / "client.ts")
    for folder in (operator, partner):
        await asyncio.to_thread(run, folder, "typescript/bin/tsc", "--project", ".")
    arguments = [world.stack.public_url, *world.bank.credentials, world.new_phone(), API_KEY]
    found = json.loads(await asyncio.to_thread(run, partner, "client.js", *arguments))
    assert found["state"] in set(DeliveryState)
    assert (found["refused"], found["status"], found["platform"]) == (9, 404, "android")
    assert limits_of([(b"ratelimit", found["limits"].encode())])["ratelimit"].keys() == {"rate", "connections"}
