"""What the audit trail tells of who signs in, and of who tries."""

import base64
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.types import Scope

from schemas import codec
from schemas.application_events import AccountChanged
from schemas.audit_events import Audited
from services.runtime import telemetry
from services.runtime.access.audit import AuditedApp
from services.runtime.access.logins import Logins
from services.runtime.access.operator_tokens import OperatorTokens
from services.runtime.crypto import passwords
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.http.listeners import OperatorsListener
from tests.support.apps import all_apps
from tests.unit.runtime.test_audit import Sink

SECRETS = Secrets(base64.b64encode(bytes(32)).decode())
PASSWORD = "a password of my own"
ACCOUNT = AccountChanged(
    event_id="e",
    at=1,
    account_id="a",
    name="support-1",
    scopes=("support",),
    created_at=1,
    password_hash=passwords.hashed(PASSWORD),
)


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
async def client(sink: Sink) -> AsyncIterator[httpx.AsyncClient]:
    directory = Directory()
    directory.apply(ACCOUNT.entity_key, codec.encode(ACCOUNT))
    logins, tokens = Logins(directory, SECRETS), OperatorTokens(directory, SECRETS, "")
    app = all_apps(directory, SECRETS, logins)["registry"]

    def refused(who: str, scope: Scope, status: int) -> None:
        sink.refused.append((who, scope["path"], status))

    app = AuditedApp(app, "registry", sink, (), fingerprint=tokens.fingerprint, refused=refused)  # type: ignore[arg-type]
    transport = httpx.ASGITransport(app=OperatorsListener(app, tokens, ()), client=("198.51.100.7", 1))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://operators", headers={"X-RPNS-Console": "1"}
    ) as client:
        yield client
    logins.close()


async def tried(client: httpx.AsyncClient, name: str, password: str) -> int:
    return (await client.post("/v1/session", json={"name": name, "password": password})).status_code


def shown(event: Audited) -> dict[str, str]:
    (change,) = event.changes
    return {"entity": change.entity, **{value.name: value.after for value in change.values}}


async def test_a_sign_in_is_recorded_with_who_it_was_and_a_renewal_is_not(
    client: httpx.AsyncClient, sink: Sink
) -> None:
    assert await tried(client, "Support-1 ", PASSWORD) == 200
    assert (await client.post("/v1/session/renewal")).status_code == 200
    assert (await client.get("/v1/session")).json()["session"]["name"] == "support-1"
    (event,) = sink.events
    assert (event.who, event.address, event.route, event.status) == (
        "operator:support-1",
        "198.51.100.7",
        "/v1/session",
        200,
    )
    assert shown(event) | {"scopes": ""} == {"entity": "session/a", "name": "support-1", "scopes": ""}


async def test_a_wrong_password_is_recorded_with_the_account_and_with_the_wait_that_follows(
    client: httpx.AsyncClient, sink: Sink
) -> None:
    outcomes = {name: telemetry.SIGN_INS.labels("password", name) for name in ("wrong", "locked out", "slowed down")}
    before = {name: counter._value.get() for name, counter in outcomes.items()}
    assert [await tried(client, "support-1", f"guess {number}") for number in range(11)] == [401] * 10 + [429]
    assert {(event.who, event.status) for event in sink.events} == {("unknown", 401)}
    assert shown(sink.events[0]) == {"entity": "session/a", "name": "support-1"}
    assert int(shown(sink.events[-1])["waitS"]) in range(50, 61)
    assert len(sink.events) == 10
    assert [status for _, _, status in sink.refused] == [429]
    after = {name: counter._value.get() - before[name] for name, counter in outcomes.items()}
    assert after == {"wrong": 9, "locked out": 1, "slowed down": 1}


async def test_what_was_typed_for_a_name_that_does_not_exist_is_nowhere(client: httpx.AsyncClient, sink: Sink) -> None:
    assert await tried(client, "my-password-by-mistake", "x") == 401
    assert sink.events == []
    assert [status for _, _, status in sink.refused] == [401]
