"""The registry as a process, fed with what its OpenAPI document allows and forbids: never a 5xx, always a reason."""

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
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from deploy.local.ports import HOST, free_ports
from services.runtime.access.operator_routes import OPEN
from services.runtime.live import LIVE
from tests.conftest import Servers, environment_of, own_settings
from tests.support.listening import ADMIN
from tests.support.waiting import wait_until_ready

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")


@dataclass(frozen=True)
class Running:
    """A started registry with one application and one installation."""

    url: str
    operators_url: str
    health: str
    log: Path
    installation_id: str
    credential: str
    api_key: str


@pytest.fixture(scope="module")
def running(stack_servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    settings, (port, operators, metrics_port) = own_settings(stack_servers), free_ports(3)
    chosen = environment_of(settings)
    ports = {
        "RPNS_PORT": str(port),
        "RPNS_OPERATORS_PORT": str(operators),
        "RPNS_METRICS_PORT": str(metrics_port),
        "RPNS_DEVICE_PACE": "1000",
    }
    log = tmp_path_factory.mktemp("registry") / "registry.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.registry"], cwd=ROOT, stderr=out, env={**os.environ, **chosen, **ports}
        )
    try:
        health = f"http://{HOST}:{metrics_port}"
        wait_until_ready(f"{health}/readyz", process, log)
        yield provisioned(f"http://{HOST}:{port}", f"http://{HOST}:{operators}", health, log)
    finally:
        process.terminate()
        assert process.wait(30) == 0, log.read_text()


def provisioned(url: str, operators_url: str, health: str, log: Path) -> Running:
    asked = f"{operators_url}/v1/applications"
    application = requests.post(asked, json={"name": "Bank"}, headers=ADMIN, timeout=10).json()
    body = {
        "installationId": str(uuid.uuid4()),
        "proof": uuid.uuid4().hex,
        "deviceId": "d",
        "platform": "ios",
        "appVersion": "1",
    }
    headers = {"X-Api-Key": application["apiKey"]}
    made = requests.post(f"{url}/sdk/api/v1/installations", json=body, headers=headers, timeout=10).json()
    return Running(
        url,
        operators_url,
        health=health,
        log=log,
        installation_id=body["installationId"],
        credential=made["credential"],
        api_key=application["apiKey"],
    )


def described(running: Running) -> list[Any]:
    """What each listener says that it serves, and no operation twice."""
    documents = [schemathesis.openapi.from_url(f"{url}/openapi.json") for url in (running.operators_url, running.url)]
    found = [
        operation.ok()
        for document in documents
        for operation in document.get_all_operations()
        if isinstance(operation, Ok)
    ]
    return list({operation.label: operation for operation in found}.values())


@schemathesis.serializer("application/x-ndjson")
def lines_of(_context: object, value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def test_whatever_comes_is_answered_with_success_or_a_reason(running: Running) -> None:
    operations = described(running)
    assert len(operations) > 25
    seen: Counter[int] = Counter()
    for operation in operations:
        if operation.path.endswith(LIVE):  # it would never end
            continue
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                cases = operation.as_strategy(generation_mode=mode)
                exercise(running, cases, seen)
            except Unsatisfiable:
                assert mode is GenerationMode.NEGATIVE  # nothing about it can be wrong: it has no input
    assert seen[200] > 20
    assert seen[400] > 20


def exercise(running: Running, cases: "st.SearchStrategy[schemathesis.Case[Any]]", seen: Counter[int]) -> None:
    @bounded(
        max_examples=8,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def call(case: "schemathesis.Case[Any]") -> None:
        is_device = case.path.startswith("/sdk/")
        if is_device and "installation_id" in case.path_parameters:
            case.path_parameters["installation_id"] = running.installation_id
        bearer = running.credential if is_device else ADMIN["Authorization"].partition(" ")[2]
        headers = {"Authorization": f"Bearer {bearer}", "X-Api-Key": running.api_key}
        answer = case.call(headers=headers)
        seen[answer.status_code] += 1
        assert answer.status_code < 500, f"{case.as_curl_command()}: {answer.text}"
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == ["application/problem+json"], answer.text
            assert answer.json()["title"]

    call()


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b'{"login": ' + b"1" * 5_000 + b"}",
        b'{"login": "\\ud800", "name": "\\ud800", "externalUserId": "\\ud800", "applicationId": "\\ud800"}',
        b'{"login": "\\u0000", "name": "\\u0000", "externalUserId": "\\u0000", "applicationId": "\\u0000"}',
        b'{"login": "\xff"}',
        b'{"defaultTtlS": {"\\ud800": 1}, "login": "x", "subscriptions": [{"id": "\\ud800"}]}',
        b'{"receipts": [{"\\ud800": NaN}], "happenedAt": 1e400}',
        b"x" * 70_000,
    ],
    ids=lambda body: body[:12].decode(errors="replace"),
)
def test_no_body_however_broken_is_an_internal_error(running: Running, body: bytes) -> None:
    for operation in described(running):
        if not operation.body:
            continue
        path = operation.path.replace("{installation_id}", running.installation_id).replace("{provider}", "apns")
        path = (
            path.replace("{partner_id}", "nobody").replace("{application_id}", "none").replace("{service_number}", "n")
        )
        bearer = running.credential if path.startswith("/sdk/") else ADMIN["Authorization"].partition(" ")[2]
        headers = {
            "Authorization": f"Bearer {bearer}",
            "X-Api-Key": running.api_key,
            "Content-Type": "application/json",
        }
        url = running.url if path.startswith("/sdk/") else running.operators_url
        answer = requests.request(operation.method, url + path, data=body, headers=headers, timeout=10)
        assert answer.status_code < 500, f"{operation.label}: {answer.text}"
        if answer.status_code >= 400:
            assert answer.json()["title"]


def test_nothing_that_came_was_an_error_to_the_service(running: Running) -> None:
    lines = running.log.read_text().splitlines()
    assert not [line for line in lines if '"level":"error"' in line]
    assert requests.get(f"{running.health}/readyz", timeout=5).text == "ok\n"


def test_the_document_tells_every_route_and_what_may_go_wrong(running: Running) -> None:
    receipts, importing = "/sdk/api/v1/installations/{installation_id}/receipts", "/v1/installations/import"
    for url, its, not_its in ((running.url, receipts, importing), (running.operators_url, importing, receipts)):
        document = requests.get(f"{url}/openapi.json", timeout=10).json()
        routes = {(method, path) for path, methods in document["paths"].items() for method in methods}
        assert ("post", its) in routes
        assert ("post", not_its) not in routes
        proved = [(method, path) for method, path in routes if (method.upper(), path) not in OPEN]
        assert all("401" in document["paths"][path][method]["responses"] for method, path in proved)
