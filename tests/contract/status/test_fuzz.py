"""Status as a process, asked what its OpenAPI document allows and forbids: never a 5xx, always a reason."""

import asyncio
import itertools
import os
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as bounded
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from deploy.local.ports import HOST, free_ports
from schemas.topics import APPLICATION_EVENTS
from services.runtime import mongo
from services.runtime.crypto.master_key import Secrets
from services.runtime.log import kafka
from services.runtime.log.kafka import Append
from services.runtime.settings import Settings
from tests.conftest import Servers, environment_of, own_settings
from tests.support.listening import ADMIN
from tests.support.status_devices import APPLICATION
from tests.support.waiting import wait_until_ready

ROOT = Path(__file__).resolve().parents[3]
DEVICES = 200
"""Of them each asks a few times only, so that none asks too often."""
PATHS = {"/v1/messages/{any_id}", "/v1/messages", "/v1/events"} | {
    f"/sdk/api/v1/installations/{{installation_id}}/{rest}"
    for rest in (
        "messages/{message_id}/content",
        "history",
        "history/{message_id}",
        "history/status",
        "history/delete",
    )
}
STREAM = "/v1/events"
pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")


@dataclass(frozen=True)
class Running:
    """A started status service that knows no message."""

    url: str
    operators_url: str
    log: Path
    devices: Iterator[tuple[str, dict[str, str]]]  # installation id and headers, for ever


@pytest.fixture(scope="module")
def running(stack_servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    settings, (port, operators, metrics_port) = own_settings(stack_servers), free_ports(3)
    devices = asyncio.run(store_devices(settings))
    chosen = environment_of(settings)
    ports = {
        "RPNS_PORT": str(port),
        "RPNS_OPERATORS_PORT": str(operators),
        "RPNS_METRICS_PORT": str(metrics_port),
    }
    log = tmp_path_factory.mktemp("status") / "status.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.status"], cwd=ROOT, stderr=out, env={**os.environ, **chosen, **ports}
        )
    try:
        wait_until_ready(f"http://{HOST}:{metrics_port}/readyz", process, log)
        yield Running(f"http://{HOST}:{port}", f"http://{HOST}:{operators}", log, itertools.cycle(devices))
    finally:
        process.terminate()
        assert process.wait(30) == 0, log.read_text()


async def store_devices(settings: Settings) -> list[tuple[str, dict[str, str]]]:
    """Installations of one application, as the registry writes them."""
    secrets, ids = Secrets(settings.master_key), [str(uuid.uuid4()) for _ in range(DEVICES)]
    await kafka.create_topics(settings)
    async with kafka.opened_log(settings) as log, mongo.database(settings) as database:
        await log.append([Append(APPLICATION_EVENTS, APPLICATION.entity_key, APPLICATION)], 30)
        common = {"application_id": "app", "platform": "ios", "proof_hash": "proof"}
        await database["installations"].insert_many([{"_id": installation_id, **common} for installation_id in ids])
    return [
        (installation_id, {"Authorization": f"Bearer {secrets.credential(installation_id, 'app')}"})
        for installation_id in ids
    ]


def test_whatever_is_asked_is_answered_with_success_or_a_reason(running: Running) -> None:
    described = [schemathesis.openapi.from_url(f"{url}/openapi.json") for url in (running.operators_url, running.url)]
    found = [
        operation.ok()
        for document in described
        for operation in document.get_all_operations()
        if isinstance(operation, Ok)
    ]
    operations = list({event.label: event for event in found}.values())
    assert {operation.path for operation in operations} >= PATHS
    seen: Counter[int] = Counter()
    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            if operation.path != STREAM:  # it would never end
                exercise(running, operation.as_strategy(generation_mode=mode), seen)
    assert seen[200] > 10
    assert seen[400] > 10
    assert seen[404] > 10


def exercise(running: Running, cases: "st.SearchStrategy[schemathesis.Case[Any]]", seen: Counter[int]) -> None:
    @bounded(
        max_examples=12,  # of each operation, of what is allowed and of what is not
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def one(case: "schemathesis.Case[Any]") -> None:
        headers = ADMIN
        if "installation_id" in case.path_parameters:
            case.path_parameters["installation_id"], headers = next(running.devices)
        answer = case.call(headers=headers)
        seen[answer.status_code] += 1
        assert answer.status_code < 500, f"{case.as_curl_command()}: {answer.text}"
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == ["application/problem+json"], answer.text
            assert answer.json()["title"]

    one()


@pytest.mark.parametrize(
    "path",
    [
        "/v1/messages?limit=0",
        "/v1/messages?limit=" + "9" * 400,
        "/v1/messages?state=NOWHERE",
        "/v1/messages?phone=none",
        "/v1/messages?phone=%00",
        "/v1/messages?from=yesterday",
        "/v1/messages?from=" + "9" * 30,
        "/v1/messages?to=9999-99-99",
        "/v1/messages?to=0001-01-01T00:00:00%2B23:59",
        "/v1/messages?to=%D9%A1",
        "/v1/messages?cursor=x",
        "/v1/messages?cursor=%FF",
        "/v1/messages?cursor=" + "A" * 500,
        "/v1/messages?user=" + "x" * 301,
        "/v1/messages?extraParam=x",
        "/v1/messages?from=2&to=1",
        "/v1/messages/export?partner=bank&format=xml",
        "/v1/statistics?groupBy=colour",
        "/v1/statistics?from=never",
        "/v1/events",
        "/v1/events?partner=bank&after=-1",
        "/v1/events?partner=bank&after=1.5",
        "/v1/events?partner=bank&after=99999999999999999999",
        "/v1/events?partner=bank&after=%D9%A1",
    ],
    ids=lambda path: path[4:40],
)
def test_a_senseless_query_is_refused_with_the_reason(running: Running, path: str) -> None:
    answer = requests.get(running.operators_url + path, headers=ADMIN, timeout=10)
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["rule"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/messages/%00",
        "/v1/messages/%ED%A0%80",
        "/v1/messages/%FF%FE",
        "/v1/messages/" + "9" * 300,
        "/v1/messages/$where",
        "/v1/messages/x%2Fy",
        "/v1/nothing",
    ],
)
def test_what_is_not_there_is_not_found(running: Running, path: str) -> None:
    answer = requests.get(running.operators_url + path, headers=ADMIN, timeout=10)
    assert answer.status_code == 404, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_other_methods_and_bodies_are_refused_with_a_reason(running: Running) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = requests.request(
            method, f"{running.operators_url}/v1/messages", data=b"x" * 70_000, headers=ADMIN, timeout=10
        )
        assert answer.status_code == 405
        assert answer.json()["title"]


def test_a_body_that_nobody_asked_for_is_refused(running: Running) -> None:
    for body in (b"{", b"x" * 70_000, b"\xff"):
        answer = requests.get(f"{running.operators_url}/v1/messages", data=body, headers=ADMIN, timeout=10)
        assert answer.status_code == 400


def test_nothing_that_came_was_an_error_to_the_service(running: Running) -> None:
    assert not [line for line in running.log.read_text().splitlines() if '"level":"error"' in line]
