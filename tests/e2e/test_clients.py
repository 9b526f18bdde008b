"""Clients are generated from the documents that the gateway serves, and work on the stack that serves them."""

import asyncio
import base64
import json
import os
import subprocess
from pathlib import Path

import pytest

from deploy.clients import CONFIG, GENERATOR, PLACE
from deploy.gateway.routes import SERVICES
from deploy.local.provision import API_KEY
from schemas import DeliveryState
from tests.support.openapi import document_of
from tests.support.world import World

pytestmark = pytest.mark.skipif(not GENERATOR.exists(), reason="no generator of clients: python -m deploy.clients")


def generated(url: str, service: str, folder: Path) -> None:
    """A client of one service in `folder`; whatever the generator leaves out or wonders about is a failure."""
    document = folder / f"{service}.json"
    document.write_bytes(document_of(url, service))
    command = [str(GENERATOR), "generate", "--path", str(document), "--config", str(CONFIG), "--meta", "none"]
    ran = subprocess.run(
        [*command, "--output-path", str(folder / f"generated_{service}")], capture_output=True, text=True, check=False
    )
    output = ran.stdout + ran.stderr
    assert (ran.returncode, "warning" in output.lower()) == (0, False), output


SCRIPT = Path(__file__).parents[1] / "support" / "generated_client.py"


async def test_clients_are_generated_of_all_that_is_described_and_work(world: World, tmp_path: Path) -> None:
    sides = {"public": world.stack.public_url, "operators": world.stack.operators_url}
    for side, url in sides.items():
        (tmp_path / side).mkdir()
        await asyncio.gather(*(asyncio.to_thread(generated, url, service, tmp_path / side) for service in SERVICES))
    login, password, sender = world.bank.credentials
    basic = base64.b64encode(f"{login}:{password}".encode()).decode()
    arguments = [world.stack.public_url, basic, login, password, sender, world.new_phone(), API_KEY]
    ran = await asyncio.to_thread(
        subprocess.run,
        [str(PLACE / "bin" / "python"), str(SCRIPT), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "public")},
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["state"] in set(DeliveryState)
    assert {name: found[name] for name in ("refused", "status", "platform")} == {
        "refused": 9,
        "status": 404,
        "platform": "android",
    }
