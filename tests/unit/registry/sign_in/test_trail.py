"""What the audit trail tells of who signs in, and of who tries."""

import asyncio
import base64
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest

from schemas import codec
from schemas.application_events import AccountChanged
from schemas.audit_events import Audited
from schemas.language import Language
from services.registry.audit_trail.document import document_of
from services.registry.audit_trail.words import sentence_of
from services.registry.sign_in import Accounts
from services.runtime import telemetry
from services.runtime.access.audit import AuditedApp
from services.runtime.access.logins import Logins
from services.runtime.access.operator_tokens import OperatorTokens
from services.runtime.access.refusals import Refusals
from services.runtime.crypto import passwords
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.http.listeners import OperatorsListener
from services.runtime.http.server import Problem
from services.runtime.log.kafka import Append
from tests.support.apps import all_apps
from tests.support.waiting import eventually
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
UNKNOWN = "my-password-by-mistake"


class Stopped(Sink):
    """A log that takes nothing, and never says so."""

    async def append(self, records: Sequence[Append], timeout_s: float | None = None) -> None:
        await asyncio.Event().wait()


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def refusals(sink: Sink) -> Refusals:
    return Refusals(sink, "registry", ())  # type: ignore[arg-type]


@pytest.fixture
def directory() -> Directory:
    directory = Directory()
    directory.apply(ACCOUNT.entity_key, codec.encode(ACCOUNT))
    return directory


@pytest.fixture
async def client(directory: Directory, sink: Sink, refusals: Refusals) -> AsyncIterator[httpx.AsyncClient]:
    logins, tokens = Logins(directory, SECRETS), OperatorTokens(directory, SECRETS, "")
    app = all_apps(directory, SECRETS, logins)["registry"]
    app = AuditedApp(app, "registry", sink, (), fingerprint=tokens.fingerprint, refused=refusals.note)  # type: ignore[arg-type]
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


async def test_a_sign_in_is_recorded_with_whose_account_it_was_and_a_renewal_is_not(
    client: httpx.AsyncClient, sink: Sink
) -> None:
    assert await tried(client, "Support-1 ", PASSWORD) == 200
    assert (await client.post("/v1/session/renewal")).status_code == 200
    assert (await client.get("/v1/session")).json()["session"]["name"] == "support-1"
    (event,) = sink.events
    assert (event.who, event.who_id, event.address, event.route, event.status) == (
        "operator:support-1",
        "account/a",
        "198.51.100.7",
        "/v1/session",
        200,
    )
    assert shown(event) | {"scopes": ""} == {"entity": "session/a", "name": "support-1", "scopes": ""}


async def test_wrong_passwords_of_an_account_are_added_up_and_found_by_its_name(
    client: httpx.AsyncClient, sink: Sink, refusals: Refusals
) -> None:
    outcomes = {name: telemetry.SIGN_INS.labels("password", name) for name in ("wrong", "locked out", "slowed down")}
    before = {name: counter._value.get() for name, counter in outcomes.items()}
    assert [await tried(client, "support-1", f"guess {number}") for number in range(11)] == [401] * 10 + [429]
    await eventually(lambda: len(sink.events) == 2, "the first of each answer is told at once")
    await refusals.flush()
    assert [(event.who, event.status, event.count) for event in sink.events] == [
        ("unknown", 401, 1),
        ("unknown", 429, 1),
        ("unknown", 401, 9),
    ]
    for event in sink.events:
        assert shown(event) == {"entity": "session/a", "name": "support-1"}
        assert {"support-1", "account/a"} <= set(document_of(event, b"")["callers"])
        assert "failed to sign in to the account support-1" in sentence_of(event, Language.ENGLISH)
        assert "вход в учётную запись support-1 не удался" in sentence_of(event, Language.RUSSIAN)
    after = {name: counter._value.get() - before[name] for name, counter in outcomes.items()}
    assert after == {"wrong": 9, "locked out": 1, "slowed down": 1}


async def test_what_was_typed_for_a_name_that_does_not_exist_is_nowhere(
    client: httpx.AsyncClient, sink: Sink, refusals: Refusals
) -> None:
    assert [await tried(client, UNKNOWN, "x") for _ in range(10)] == [401] * 10
    await refusals.flush()
    (event,) = sink.events
    assert (event.who, event.status, event.count, event.changes) == ("unknown", 401, 10, ())
    assert UNKNOWN not in codec.encode(event).decode()
    assert sentence_of(event, Language.ENGLISH) == "gave a name that no account has to sign in"


async def test_a_password_for_once_that_lost_against_a_reset_is_in_the_trail(
    client: httpx.AsyncClient, sink: Sink, refusals: Refusals, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    invited = ACCOUNT.replace(event_id="e2", at=2, is_one_time=True)
    directory.apply(invited.entity_key, codec.encode(invited))

    async def lost(*_: object) -> AccountChanged:
        raise Problem(409, "Changed meanwhile")

    monkeypatch.setattr(Accounts, "set_password", lost)
    body = {"name": "support-1", "password": PASSWORD, "newPassword": "another one of mine"}
    assert (await client.post("/v1/session", json=body)).status_code == 409
    await refusals.flush()
    (event,) = sink.events
    assert (event.who, event.status, event.count) == ("unknown", 409, 1)
    assert shown(event) == {"entity": "session/a", "name": "support-1"}


@pytest.mark.parametrize("sink", [Stopped()], ids=["Kafka is stopped"])
@pytest.mark.parametrize("name", ["support-1", UNKNOWN])
async def test_no_wrong_password_waits_for_the_log_whether_there_is_the_name_or_not(
    client: httpx.AsyncClient, name: str
) -> None:
    async with asyncio.timeout(30):
        assert await tried(client, name, "a guess") == 401


async def test_an_invited_one_who_is_asked_for_a_password_of_their_own_has_not_failed(
    client: httpx.AsyncClient, sink: Sink, refusals: Refusals, directory: Directory
) -> None:
    invited = ACCOUNT.replace(event_id="e2", at=2, is_one_time=True)
    directory.apply(invited.entity_key, codec.encode(invited))
    assert await tried(client, "support-1", PASSWORD) == 403
    await refusals.flush()
    assert sink.events == []
    ended = invited.replace(event_id="e3", at=3, password_expires_at=1)
    directory.apply(ended.entity_key, codec.encode(ended))
    assert await tried(client, "support-1", PASSWORD) == 403
    await refusals.flush()
    assert [(event.status, event.count) for event in sink.events] == [(403, 1)]
