"""Signing in on real Kafka and MongoDB: accounts, passwords for once, sessions that end, names guessed at."""

import asyncio
import base64
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec
import pytest

from services.registry.provisioning import Provisioning, ProvisioningLock
from services.registry.sign_in.oidc.accounts import account_of as login_account_of
from services.registry.sign_in.oidc.person import Person
from services.runtime.access.operator_tokens import OperatorTokens
from services.runtime.access.sessions.same_site import HEADER
from services.runtime.access.sessions.statement import IDLE_MS, LONGEST_MS, Session, opened, sealed
from services.runtime.clock import now_ms
from services.runtime.crypto.master_key import Secrets
from tests.conftest import Servers, own_settings
from tests.support.listening import ADMIN
from tests.support.registry_app import Registry, registry

CONSOLE = {HEADER: "1"}
OWN = "a password of my own"


@pytest.fixture(scope="module")
async def here(stack_servers: Servers) -> AsyncIterator[Registry]:
    async with registry(own_settings(stack_servers)) as opened:
        yield opened


def name() -> str:
    return f"n{uuid.uuid4().hex[:12]}"


@asynccontextmanager
async def browser(here: Registry, base_url: str = "http://operators") -> AsyncIterator[httpx.AsyncClient]:
    """Keeps cookies, and asks as the console's page does."""
    transport = httpx.ASGITransport(app=here.listeners.operators, client=("198.51.100.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url=base_url, headers=CONSOLE) as client:
        yield client


async def made(here: Registry, *scopes: str) -> dict[str, Any]:
    answer = await here.client.post("/v1/accounts", json={"name": name(), "scopes": scopes}, headers=ADMIN)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def signed_in(client: httpx.AsyncClient, account: dict[str, Any], password: str = OWN) -> httpx.Response:
    return await client.post("/v1/session", json={"name": account["name"], "password": password})


async def accepted(client: httpx.AsyncClient, account: dict[str, Any]) -> None:
    """The invitation is accepted: a password of one's own is set, and the browser is signed in."""
    body = {"name": account["name"], "password": account["password"], "newPassword": OWN}
    answer = await client.post("/v1/session", json=body)
    assert answer.status_code == 200, answer.text


async def test_a_password_for_once_only_lets_its_holder_set_another(here: Registry) -> None:
    account = await made(here, "support")
    async with browser(here) as client:
        answer = await signed_in(client, account, account["password"])
        assert (answer.status_code, answer.json()["type"]) == (403, "password-change-needed")
        assert not client.cookies
        body = {"name": account["name"], "password": account["password"]}
        for new, rule in (
            ("short", "must have at least 12 characters"),
            ("aaaaaaaaaaaaaa", "must have at least 5 different characters"),
            (account["password"], "must be another one"),
        ):
            answer = await client.post("/v1/session", json=body | {"newPassword": new})
            assert answer.json()["errors"] == [{"field": "newPassword", "rule": rule}]
        await accepted(client, account)
        me = (await client.get("/v1/me")).json()
        assert (me["name"], me["accountId"], me["heldScopes"]) == (
            account["name"],
            account["accountId"],
            ["read", "support"],
        )
        again = await client.post("/v1/session", json=body | {"newPassword": "another one of mine"})
        assert (again.status_code, again.json()["type"]) == (401, "wrong-password")


async def test_a_session_has_the_scopes_of_its_account_at_that_moment(here: Registry) -> None:
    account = await made(here, "read")
    path = f"/v1/accounts/{account['accountId']}"
    async with browser(here) as client:
        await accepted(client, account)
        answer = await client.get("/v1/accounts")
        assert (answer.status_code, answer.json()["title"]) == (403, "Not in the account's scopes")
        assert (await here.client.patch(path, json={"scopes": ["admin"]}, headers=ADMIN)).json()["scopes"] == ["admin"]
        assert (await client.get("/v1/accounts")).status_code == 200


async def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(here: Registry) -> None:
    account = await made(here, "read")
    async with browser(here) as client:
        await accepted(client, account)
        (cookie,) = (await signed_in(client, account)).headers.get_list("set-cookie")
        assert cookie.startswith("rpns-session=")
        assert cookie.endswith("; Path=/; HttpOnly; SameSite=Strict")
    async with browser(here, "https://operators.example") as client:
        cookies = (await signed_in(client, account)).headers.get_list("set-cookie")
        assert [cookie.partition("=")[0] for cookie in cookies] == ["__Host-rpns-session", "__Host-rpns-known"]
        assert all("; Secure" in cookie and "; HttpOnly" in cookie for cookie in cookies)
        assert (await client.get("/v1/me")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {HEADER: ""},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
    ],
)
async def test_what_another_site_makes_the_browser_ask_for_is_refused(here: Registry, headers: dict[str, str]) -> None:
    account = await made(here, "admin")
    async with browser(here) as client:
        await accepted(client, account)
        for method, path in (("GET", "/v1/me"), ("POST", "/v1/accounts"), ("DELETE", "/v1/session")):
            answer = await client.request(method, path, headers=headers)
            assert (answer.status_code, answer.json()["title"]) == (403, "Not from another site")
        body = {"name": account["name"], "password": OWN}
        assert (await client.post("/v1/session", json=body, headers=headers)).status_code == 403
        assert (await client.get("/v1/me", headers={"Origin": "http://operators"})).status_code == 200


async def test_a_session_ends_where_it_is_signed_out_of_and_nowhere_else(here: Registry) -> None:
    account = await made(here, "read")
    async with browser(here) as first, browser(here) as other:
        await accepted(first, account)
        assert (await signed_in(other, account)).status_code == 200
        kept = dict(first.cookies)
        answer = await first.delete("/v1/session")
        assert answer.status_code == 204
        assert "Max-Age=0" in answer.headers["set-cookie"]
        first.cookies.update(kept)  # somebody has copied it
        answer = await first.get("/v1/me")
        assert (answer.status_code, answer.json()["type"]) == (401, "session-ended")
        assert (await other.get("/v1/me")).status_code == 200
        assert (await signed_in(first, account)).status_code == 200
        assert (await other.delete("/v1/sessions")).status_code == 204
        assert (await first.get("/v1/me")).status_code == 401


async def test_who_is_switched_off_or_given_another_password_is_signed_out(here: Registry) -> None:
    account = await made(here, "read")
    path = f"/v1/accounts/{account['accountId']}"
    async with browser(here) as client:
        await accepted(client, account)
        off = (await here.client.patch(path, json={"enabled": False}, headers=ADMIN)).json()
        assert off["state"] == "off"
        assert (await client.get("/v1/me")).status_code == 401
        assert (await signed_in(client, account)).json()["type"] == "wrong-password"
        await here.client.patch(path, json={"enabled": True}, headers=ADMIN)
        assert (await client.get("/v1/me")).status_code == 401
        assert (await signed_in(client, account)).status_code == 200
        reset = (await here.client.post(f"{path}/password", headers=ADMIN)).json()
        assert reset["state"] == "invited"
        assert (await client.get("/v1/me")).status_code == 401
        assert (await signed_in(client, account)).status_code == 401
        await accepted(client, account | {"password": reset["password"]})
        assert (await client.get("/v1/me")).status_code == 200


async def test_another_password_needs_the_one_that_is_and_ends_the_other_sessions(here: Registry) -> None:
    account = await made(here, "read")
    async with browser(here) as first, browser(here) as other:
        await accepted(first, account)
        await signed_in(other, account)
        body = {"password": "not that", "newPassword": "another of mine"}
        wrong = await first.post("/v1/session/password", json=body)
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (400, "password")
        assert (await first.get("/v1/me")).status_code == 200
        done = await first.post("/v1/session/password", json=body | {"password": OWN})
        assert done.status_code == 200, done.text
        assert [(await client.get("/v1/me")).status_code for client in (first, other)] == [200, 401]
        assert (await signed_in(other, account)).status_code == 401
        assert (await signed_in(other, account, "another of mine")).status_code == 200


def cookie_of(here: Registry, account: dict[str, Any], **fields: Any) -> dict[str, str]:
    """The headers of a browser with a session, good unless `fields` say otherwise."""
    session = Session.begun(here.directory.accounts[account["accountId"]], now_ms())
    return CONSOLE | {"Cookie": f"rpns-session={sealed(msgspec.structs.replace(session, **fields), here.secrets)}"}


async def test_a_session_that_is_renewed_goes_on_but_not_for_ever(here: Registry) -> None:
    account = await made(here, "read")
    started_at = now_ms() - LONGEST_MS + IDLE_MS // 2
    async with browser(here) as client:
        for since, expected in ((now_ms(), now_ms() + IDLE_MS), (started_at, started_at + LONGEST_MS)):
            answer = await client.post("/v1/session/renewal", headers=cookie_of(here, account, started_at=since))
            assert expected <= answer.json()["expiresAt"] <= expected + 60_000
            assert answer.headers["set-cookie"].startswith("rpns-session=")


@pytest.mark.parametrize("change", [{"expires_at": 1}, {"started_at": 1}], ids=["idle", "of before"])
async def test_a_cookie_that_is_out_of_time_is_no_session(here: Registry, change: dict[str, Any]) -> None:
    account = await made(here, "read")
    for enabled in (False, True):
        await here.client.patch(f"/v1/accounts/{account['accountId']}", json={"enabled": enabled}, headers=ADMIN)
    async with browser(here) as client:
        for fields, status in ((dict[str, Any](), 200), (change, 401)):
            assert (await client.get("/v1/me", headers=cookie_of(here, account, **fields))).status_code == status


async def test_a_cookie_of_another_key_is_no_session_and_one_of_a_former_key_is(here: Registry) -> None:
    account = await made(here, "read")
    other = Secrets(base64.b64encode(bytes([7] * 32)).decode())
    rotated = Secrets(base64.b64encode(bytes([7] * 32)).decode(), here.settings.master_key)
    headers = cookie_of(here, account)
    value = headers["Cookie"].partition("=")[2]
    for secrets, expected in ((here.secrets, True), (other, False), (rotated, True)):
        tokens = OperatorTokens(here.directory, secrets, "")
        session = opened(value, secrets)
        assert (session is not None and tokens.of_session(session) is not None) is expected
    async with browser(here) as client:
        damaged = CONSOLE | {"Cookie": f"rpns-session={value[:-8]}AAAAAAA="}
        assert (await client.get("/v1/me", headers=damaged)).json()["type"] == "session-ended"


async def test_a_name_that_is_guessed_at_waits_and_its_owner_gets_in_all_the_same(here: Registry) -> None:
    account, unknown = await made(here, "read"), {"name": name()}
    async with browser(here) as owner, browser(here) as stranger:
        await accepted(owner, account)
        for guessed in (account, unknown):
            answers = [await signed_in(stranger, guessed, f"guess {number}") for number in range(11)]
            refusals = [(answer.status_code, answer.json()["title"]) for answer in answers]
            assert refusals == [(401, "Unknown name or wrong password")] * 10 + [(429, "Too many wrong passwords")]
            assert 50 <= int(answers[-1].headers["Retry-After"]) <= 60
        assert (await signed_in(stranger, account)).status_code == 429
        assert (await signed_in(owner, account)).status_code == 200


async def test_a_reset_lets_a_newcomer_in_whose_name_was_guessed_at(here: Registry) -> None:
    account = await made(here, "read")
    async with browser(here) as newcomer:
        guesses = [(await signed_in(newcomer, account, f"guess {number}")).status_code for number in range(11)]
        assert guesses == [401] * 10 + [429]
        assert (await signed_in(newcomer, account, account["password"])).status_code == 429
        path = f"/v1/accounts/{account['accountId']}/password"
        reset = (await here.client.post(path, headers=ADMIN)).json()
        await accepted(newcomer, account | {"password": reset["password"]})


async def test_a_deleted_account_ends_and_its_name_begins_anew(here: Registry) -> None:
    account = await made(here, "read")
    path = f"/v1/accounts/{account['accountId']}"
    async with browser(here) as former, browser(here) as stranger:
        await accepted(former, account)
        for number in range(11):
            await signed_in(stranger, account, f"guess {number}")
        stale = await here.client.delete(path, headers=ADMIN | {"If-Match": account["version"]})
        assert stale.status_code == 409
        assert (await here.client.delete(path, headers=ADMIN)).status_code == 204
        assert (await former.get("/v1/me")).status_code == 401
        assert account["accountId"] not in [
            known["accountId"] for known in (await here.client.get("/v1/accounts", headers=ADMIN)).json()
        ]
        for answer in (
            await here.client.delete(path, headers=ADMIN),
            await here.client.patch(path, json={"enabled": True}, headers=ADMIN),
            await here.client.post(f"{path}/password", headers=ADMIN),
        ):
            assert (answer.status_code, answer.json()["title"]) == (404, "Unknown account")
        body = {"name": account["name"], "scopes": ["support"]}
        again = (await here.client.post("/v1/accounts", json=body, headers=ADMIN)).json()
        assert again["accountId"] != account["accountId"]
        assert (await former.get("/v1/me")).status_code == 401
        assert (await signed_in(former, account)).status_code == 401
        await accepted(stranger, again)
        assert (await former.get("/v1/me")).status_code == 401
    kept = here.directory.accounts[account["accountId"]]
    assert (kept.name, kept.password_hash, kept.scopes) == ("", "", ())


async def test_no_session_of_a_deleted_account_of_the_companys_login_comes_back_with_it(here: Registry) -> None:
    provisioning = Provisioning(here.directory, here.sink, ProvisioningLock(here.database, "accounts"))
    person = Person(name(), f"oidc:{name()}", ("read",))
    account = await login_account_of(provisioning, "https://login.example", person)
    session = Session.begun(account, now_ms())
    assert session.holds(account, now_ms())
    answer = await here.client.delete(f"/v1/accounts/{account.account_id}", headers=ADMIN)
    assert answer.status_code == 204
    again = await login_account_of(provisioning, "https://login.example", person)
    assert (again.account_id, again.name, again.scopes, again.enabled) == (
        account.account_id,
        person.name,
        ("read",),
        True,
    )
    assert not session.holds(again, now_ms())
    assert Session.begun(again, now_ms()).holds(again, now_ms())


async def test_a_change_that_names_nothing_or_what_is_so_already_makes_no_version(here: Registry) -> None:
    account = await made(here, "read")
    for body in ({}, {"scopes": ["read"]}, {"enabled": True}):
        answer = await here.client.patch(f"/v1/accounts/{account['accountId']}", json=body, headers=ADMIN)
        assert (answer.status_code, answer.json()["version"]) == (200, account["version"])
    partner = (await here.client.post("/v1/partners", json={"login": name()}, headers=ADMIN)).json()
    answer = await here.client.patch(f"/v1/partners/{partner['partnerId']}", json={}, headers=ADMIN)
    assert (answer.status_code, answer.json()["version"]) == (200, partner["version"])


async def test_a_switched_off_account_gets_no_password(here: Registry) -> None:
    account = await made(here, "read")
    path = f"/v1/accounts/{account['accountId']}"
    await here.client.patch(path, json={"enabled": False}, headers=ADMIN)
    answer = await here.client.post(f"{path}/password", headers=ADMIN)
    assert (answer.status_code, answer.json()["title"]) == (409, "Account is switched off")


@pytest.mark.parametrize("reserved", ["bootstrap", "unknown", "others", "operator", "partner", "kafka"])
@pytest.mark.parametrize("path", ["/v1/accounts", "/v1/operators"])
async def test_nobody_is_called_what_the_trail_calls_others(here: Registry, path: str, reserved: str) -> None:
    answer = await here.client.post(path, json={"name": reserved, "scopes": ["read"]}, headers=ADMIN)
    rule = "must be another name: the audit trail uses this one for itself"
    assert (answer.status_code, answer.json()["errors"]) == (400, [{"field": "name", "rule": rule}])


async def test_of_two_admins_who_switch_each_other_off_at_once_one_stays(here: Registry) -> None:
    first, other, invited = [await made(here, "admin") for _ in range(3)]
    ours = {account["accountId"] for account in (first, other, invited)}
    async with browser(here) as by_first, browser(here) as by_other:
        await accepted(by_first, first)
        await accepted(by_other, other)
        for known in (await here.client.get("/v1/accounts", headers=ADMIN)).json():
            if known["accountId"] not in ours and known["state"] != "off":
                await here.client.patch(f"/v1/accounts/{known['accountId']}", json={"enabled": False}, headers=ADMIN)
        answers = await asyncio.gather(
            by_first.patch(f"/v1/accounts/{other['accountId']}", json={"enabled": False}),
            by_other.patch(f"/v1/accounts/{first['accountId']}", json={"enabled": False}),
        )
        assert sorted(answer.status_code for answer in answers) in ([200, 401], [200, 409])
        last, left = (by_first, first) if answers[0].status_code == 200 else (by_other, other)
        path = f"/v1/accounts/{left['accountId']}"
        for answer in (
            await last.patch(path, json={"enabled": False}),
            await last.patch(path, json={"scopes": ["read"]}),
            await last.delete(path),
        ):
            assert (answer.status_code, answer.json()["title"]) == (409, "The last admin")
        await here.client.delete(f"/v1/accounts/{invited['accountId']}", headers=ADMIN)
        assert (await last.get("/v1/accounts")).status_code == 200


async def test_an_admin_gives_another_one_a_password_for_once_and_not_the_account_that_asks(here: Registry) -> None:
    own, other = await made(here, "admin"), await made(here, "admin")
    async with browser(here) as admin:
        await accepted(admin, own)
        answer = await admin.post(f"/v1/accounts/{own['accountId']}/password")
        assert (answer.status_code, answer.json()["title"]) == (409, "Your own account")
        assert (await admin.post(f"/v1/accounts/{other['accountId']}/password")).status_code == 200
        assert (await admin.get("/v1/accounts")).status_code == 200, "its session goes on"
    assert (await here.client.post(f"/v1/accounts/{own['accountId']}/password", headers=ADMIN)).status_code == 200


async def test_another_release_that_knows_no_accounts_never_waits_for_a_change_of_one(here: Registry) -> None:
    await here.client.post("/v1/partners", json={"login": name()}, headers=ADMIN)
    account = await made(here, "read")
    last = {lock["_id"]: lock["entity"] for lock in await here.database["provisioning"].find({}).to_list()}
    assert last["accounts"] == f"account/{account['accountId']}"
    assert last["turn"].startswith("partner/")


async def test_one_of_two_who_invite_the_same_name_at_once_is_refused(here: Registry) -> None:
    body = {"name": name(), "scopes": ["read"]}
    answers = await asyncio.gather(*(here.client.post("/v1/accounts", json=body, headers=ADMIN) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [201, 409]


async def test_a_token_has_no_session_to_end_and_no_password(here: Registry) -> None:
    for method, path in (("DELETE", "/session"), ("DELETE", "/sessions"), ("POST", "/session/renewal")):
        assert (await here.client.request(method, f"/v1{path}", headers=ADMIN)).json()["title"] == "No session"
