"""`GET /v1/me`: each caller is told who it is to us, and what it may do, on the listener that it came in by."""

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher

from schemas import codec, ids
from schemas.application_events import OperatorTokenChanged, PartnerChanged, SenderChanged
from schemas.values import OperatorScope
from services.runtime.access.logins import Logins
from services.runtime.access.operator_tokens import PURPOSE, OperatorTokens
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.http.listeners import Api, OperatorsListener, PublicListener
from tests.support.apps import all_apps

SECRETS = Secrets(base64.b64encode(bytes(32)).decode())
ADMIN = "an-admin-token-of-more-than-32-characters"
LATER_MS = 4_000_000_000_000


@pytest.fixture
def directory() -> Directory:
    """Of one partner with two senders, of which one is switched off, and three operators."""
    found = Directory()
    hashed = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("secret")
    about: dict[str, Any] = {"event_id": "e", "at": 1}
    events: list[Any] = [
        PartnerChanged(partner_id="bank", uuid=ids.uuid7(), login="bank-login", password_hash=hashed, **about),
        SenderChanged(partner_id="bank", service_number="Bank", application_id="app", **about),
        SenderChanged(partner_id="bank", service_number="Old", enabled=False, **about),
    ]
    scopes: dict[str, tuple[OperatorScope, ...]] = {
        "duty": ("support",),
        "builder": ("read", "operator"),
        "chief": ("admin",),
    }
    for name, several in scopes.items():
        token: dict[str, Any] = {"name": name, "digest": SECRETS.digest(name, PURPOSE), "scopes": several}
        token |= {"created_at": 1, "expires_at": LATER_MS if name == "duty" else None}
        events.append(OperatorTokenChanged(operator_id=f"o-{name}", **token, **about))
    for event in events:
        found.apply(event.entity_key, codec.encode(event))
    return found


@pytest.fixture
def app(directory: Directory) -> Iterator[Api]:
    logins = Logins(directory, SECRETS)
    yield all_apps(directory, SECRETS, logins)["registry"]
    logins.close()


async def me(listener: Any, authorization: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=listener, raise_app_exceptions=False, client=("198.51.100.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://rpns") as client:
        return await client.get("/v1/me", headers={"Authorization": authorization})


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("duty", ("duty", "o-duty", ["support"], ["read", "support"], LATER_MS)),
        ("builder", ("builder", "o-builder", ["read", "operator"], ["read", "operator"], None)),
        ("chief", ("chief", "o-chief", ["admin"], ["read", "support", "operator", "admin"], None)),
        (ADMIN, ("bootstrap", None, ["admin"], ["read", "support", "operator", "admin"], None)),
    ],
    ids=["support", "several scopes", "admin", "the token of the settings"],
)
async def test_an_operator_learns_what_the_token_is_good_for(
    app: Api, directory: Directory, token: str, expected: tuple[Any, ...]
) -> None:
    listener = OperatorsListener(app, OperatorTokens(directory, SECRETS, ADMIN), ())
    answer = await me(listener, f"Bearer {token}")
    names = ("name", "operatorId", "scopes", "heldScopes", "expiresAt")
    others: dict[str, Any] = {"kind": "operator", "partnerId": None, "senders": [], "accountId": None}
    others["hasPassword"] = False
    assert (answer.status_code, answer.json()) == (200, others | dict(zip(names, expected, strict=True)))


async def test_a_partner_learns_its_id_and_the_senders_that_are_switched_on(app: Api) -> None:
    found = (await me(PublicListener(app), f"Basic {base64.b64encode(b'bank-login:secret').decode()}")).json()
    assert (found["kind"], found["name"], found["partnerId"]) == ("partner", "bank-login", "bank")
    assert found["senders"] == [{"serviceNumber": "Bank", "applicationId": "app"}]
    assert (found["scopes"], found["heldScopes"], found["operatorId"], found["expiresAt"]) == ([], [], None, None)


async def test_a_stranger_learns_nothing(app: Api, directory: Directory) -> None:
    operators = OperatorsListener(app, OperatorTokens(directory, SECRETS, ADMIN), ())
    wrong = f"Basic {base64.b64encode(b'bank-login:guess').decode()}"
    for listener, given in ((operators, "Bearer nobody"), (PublicListener(app), wrong), (PublicListener(app), "")):
        answer = await me(listener, given)
        assert answer.status_code == 401
        assert "partnerId" not in answer.text
