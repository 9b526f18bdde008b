"""A session that begins with a change of its account is good at services that have yet to read that change."""

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from schemas.application_events import AccountChanged
from schemas.values import OperatorScope
from services.runtime.access import operator_tokens
from services.runtime.access.operator_tokens import OperatorTokens
from services.runtime.access.sessions.cookies import NAME
from services.runtime.access.sessions.same_site import HEADER
from services.runtime.access.sessions.statement import Session, sealed
from services.runtime.clock import now_ms
from services.runtime.crypto import record_encryption
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.http.listeners import OperatorsListener
from tests.support.waiting import eventually

SECRETS = Secrets(base64.b64encode(bytes(32)).decode())


class Looked(dict[str, AccountChanged]):
    """Counts how often an account is looked up."""

    looks = 0

    def get(self, key: str, default: Any = None) -> Any:
        self.looks += 1
        return super().get(key, default)


class App:
    """Answers 204 to whoever comes through."""

    def openapi(self) -> dict[str, Any]:
        return {"paths": {}}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await Response(status_code=204)(scope, receive, send)


def account(at: int, *scopes: OperatorScope, enabled: bool = True) -> AccountChanged:
    return AccountChanged(
        event_id=f"e{at}",
        at=at,
        account_id="oidc-1",
        name="oidc:ops",
        scopes=scopes,
        created_at=1,
        enabled=enabled,
    )


def known_to(directory: Directory, event: AccountChanged) -> None:
    directory.apply(event.entity_key, record_encryption.encode(event))


@pytest.fixture
def directory() -> Directory:
    return Directory()


@pytest.fixture
async def client(directory: Directory) -> AsyncIterator[httpx.AsyncClient]:
    listener = OperatorsListener(App(), OperatorTokens(directory, SECRETS, ""), ())
    transport = httpx.ASGITransport(app=listener)
    async with httpx.AsyncClient(transport=transport, base_url="http://push.example.org") as opened:
        yield opened


async def asked(client: httpx.AsyncClient, known: AccountChanged) -> int:
    cookie = sealed(Session.begun(known, now_ms()), SECRETS)
    headers = {HEADER: "1", "Cookie": f"{NAME}={cookie}"}
    return (await client.get("/v1/messages", headers=headers)).status_code


@pytest.mark.parametrize("before", [None, account(1, "read"), account(1, "support", enabled=False)])
async def test_a_request_waits_for_the_change_that_its_session_began_with(
    client: httpx.AsyncClient, directory: Directory, before: AccountChanged | None
) -> None:
    if before is not None:
        known_to(directory, before)
    directory.accounts = looked = Looked(directory.accounts)
    asking = asyncio.create_task(asked(client, account(2, "support")))

    async def has_looked_twice() -> bool:
        return looked.looks > 1

    await eventually(has_looked_twice, "the listener has looked, and looks again")
    known_to(directory, account(2, "support"))
    assert await asking == 204


async def test_what_is_known_is_decided_at_once(client: httpx.AsyncClient, directory: Directory) -> None:
    known_to(directory, account(2, "support"))
    assert await asked(client, account(2, "support")) == 204
    known_to(directory, account(3, "read"))
    assert await asked(client, account(2, "support")) == 403
    known_to(directory, account(4, "support", enabled=False))
    assert await asked(client, account(2, "support")) == 401


async def test_a_change_that_does_not_come_is_not_waited_for_for_long(
    client: httpx.AsyncClient, directory: Directory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operator_tokens, "BEHIND_S", 0.05)
    assert await asked(client, account(2, "support")) == 401
    known_to(directory, account(1, "read"))
    assert await asked(client, account(2, "support")) == 403
