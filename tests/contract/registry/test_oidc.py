"""Operators sign in to the console at their company's login: there and back, and what is refused."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from deploy.sandbox.oidc.faults import Fault
from deploy.sandbox.oidc.tokens import Algorithm
from services.registry.provisioning import ProvisioningLock
from services.registry.sign_in.oidc import kept, provider
from services.registry.sign_in.oidc.door import COOKIE
from services.registry.sign_in.oidc.exchange import Exchange
from services.registry.sign_in.oidc.flow import LASTS_S
from services.runtime.mongo.errors import OutOfTime
from tests.conftest import Servers, own_settings
from tests.support.listening import ADMIN
from tests.support.oidc_console import CLIENT, OidcConsole, oidc_console, query_of
from tests.support.registry_app import Registry, registry


@pytest.fixture(scope="module")
async def here(stack_servers: Servers) -> AsyncIterator[Registry]:
    async with registry(own_settings(stack_servers)) as opened:
        yield opened


@pytest.fixture
async def console(here: Registry) -> AsyncIterator[OidcConsole]:
    async with oidc_console(here) as opened:
        yield opened


async def test_whoever_signs_in_at_the_login_is_in_the_console_with_the_scopes_of_the_groups(
    console: OidcConsole,
) -> None:
    assert await console.sign_in("support/%2B79161234567") == "support/%2B79161234567"
    me = (await console.me()).json()
    assert (me["name"], me["scopes"]) == ("oidc:ops", ["support"])


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
async def test_tokens_of_each_of_the_allowed_algorithms_are_taken(here: Registry, algorithm: Algorithm) -> None:
    async with oidc_console(here, algorithm=algorithm) as console:
        assert await console.sign_in() == ""
        assert (await console.me()).status_code == 200


async def test_a_login_that_takes_the_secret_in_the_form_gets_it_there(console: OidcConsole) -> None:
    console.login.takes_secret_by = "client_secret_post"
    assert await console.sign_in() == ""


async def test_the_login_is_asked_for_a_code_with_state_nonce_and_the_hash_of_a_verifier(console: OidcConsole) -> None:
    first, second = query_of(await console.begin()), query_of(await console.begin())
    assert first["client_id"] == CLIENT
    assert (first["response_type"], first["scope"]) == ("code", "openid profile email")
    assert first["code_challenge_method"] == "S256"
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) == 43
        assert first[name] != second[name]


async def test_the_cookie_of_a_sign_in_is_for_ten_minutes_and_no_script(console: OidcConsole) -> None:
    answer = await console.browser.get("/v1/session/oidc")
    about = answer.headers["Set-Cookie"].split("; ")
    assert {"HttpOnly", "SameSite=Lax", f"Max-Age={LASTS_S}"} <= set(about)
    assert query_of(answer.headers["Location"])["state"] not in answer.headers["Set-Cookie"]


async def test_the_sign_in_is_in_the_audit_trail_by_a_name_that_no_account_with_a_password_has(
    console: OidcConsole,
) -> None:
    console.login.person.claims |= {"sub": "audited", "preferred_username": "on-call"}
    assert await console.sign_in() == ""
    record = next(found for found in await console.recorded() if found.who == "operator:oidc:on-call")
    assert (record.route, record.status, record.method) == ("/v1/session/oidc/callback", 303, "GET")
    assert record.path == "/v1/session/oidc/callback"
    assert any(change.entity.startswith("session/oidc-") for change in record.changes)


async def test_scopes_follow_the_groups_at_the_next_sign_in_and_the_person_stays_the_same_when_renamed(
    console: OidcConsole,
) -> None:
    console.login.person.claims |= {"sub": "moved", "preferred_username": "before"}
    await console.sign_in()
    accounts = {account.name: account.account_id for account in console.registry.directory.accounts.values()}
    console.login.person.claims |= {"preferred_username": "after", "groups": ["rpns-admins", "rpns-support"]}
    await console.sign_in()
    me = (await console.me()).json()
    assert (me["name"], me["scopes"]) == ("oidc:after", ["support", "admin"])
    assert console.registry.directory.accounts[accounts["oidc:before"]].name == "oidc:after"


async def test_an_administrator_signs_somebody_out_and_switches_them_off(console: OidcConsole) -> None:
    console.login.person.claims |= {"sub": "leaver", "preferred_username": "leaver"}
    await console.sign_in()
    found = (await console.browser.get("/v1/accounts", headers=ADMIN)).json()
    account_id = next(account["accountId"] for account in found if account["name"] == "oidc:leaver")
    path = f"/v1/accounts/{account_id}"
    assert (await console.browser.patch(path, headers=ADMIN, json={"enabled": False})).status_code == 200
    assert (await console.me()).status_code == 401
    assert await console.sign_in() == "sign-in/disabled"
    assert (await console.browser.patch(path, headers=ADMIN, json={"enabled": True})).status_code == 200
    assert (await console.me()).status_code == 401
    assert await console.sign_in() == ""


async def test_an_account_of_the_login_gets_neither_password_nor_scopes_here(console: OidcConsole) -> None:
    await console.sign_in()
    account_id = next(name for name in console.registry.directory.accounts if name.startswith("oidc-"))
    path = f"/v1/accounts/{account_id}"
    assert (await console.browser.post(f"{path}/password", headers=ADMIN)).status_code == 409
    assert (await console.browser.patch(path, headers=ADMIN, json={"scopes": ["admin"]})).status_code == 409


NAMELESS = "no-name/preferred_username%2C%20email"
AWAY: list[Fault] = [
    "discovery: names another issuer",
    "discovery: is no JSON",
    "discovery: fails",
    "discovery: is silent",
    "discovery: has a token endpoint without TLS",
    "keys: fail",
    "token: fails",
    "token: is silent",
    "token: has no ID token",
    "token: redirects",
]
UNPROVED: list[Fault] = [
    "answer: names another issuer",
    "answer: names no issuer",
    "token: refuses the code",
    "ID token: another nonce",
    "ID token: no nonce",
    "ID token: another audience",
    "ID token: several audiences",
    "ID token: of another party",
    "ID token: another issuer",
    "ID token: has expired",
    "ID token: of the future",
    "ID token: never expires",
    "ID token: no algorithm",
    "ID token: the public key as a secret",
    "ID token: a key that nobody knows",
    "ID token: another key under the known name",
    "ID token: its own key in the header",
    "ID token: changed afterwards",
    "ID token: no subject",
    "ID token: is no JWT",
]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        *((fault, "away") for fault in AWAY),
        *((fault, "unproved") for fault in UNPROVED),
        ("token: refuses the client", "misconfigured"),
    ],
)
async def test_a_login_that_errs_signs_nobody_in_and_the_console_says_why(
    console: OidcConsole, monkeypatch: pytest.MonkeyPatch, fault: Fault, reason: str
) -> None:
    monkeypatch.setattr(provider, "TIMEOUT_S", 0.5)
    console.login.wrong = {fault}
    assert await console.sign_in("support") == f"sign-in/{reason}"
    assert (await console.me()).status_code == 401


async def test_once_a_login_is_back_people_sign_in_again(console: OidcConsole, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "FAILED_S", 0.0)
    console.login.wrong = {"discovery: fails"}
    assert await console.sign_in() == "sign-in/away"
    console.login.wrong = set()
    assert await console.sign_in() == ""


async def test_a_login_that_is_away_is_not_asked_by_each_who_tries(console: OidcConsole) -> None:
    console.login.wrong = {"discovery: fails"}
    assert set(await asyncio.gather(*(console.sign_in() for _ in range(20)))) == {"sign-in/away"}
    assert len(console.login.asked) == 1


async def test_a_new_key_is_looked_up_at_once_and_no_more_often_than_once_a_minute(
    console: OidcConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await console.sign_in() == ""
    console.login.rotate("ES256")
    assert await console.sign_in() == "sign-in/unproved"  # its keys were looked up a moment ago
    monkeypatch.setattr(provider, "KEYS_LEAST_S", 0.0)
    assert await console.sign_in() == ""
    monkeypatch.setattr(provider, "KEYS_LEAST_S", 60.0)
    before = console.login.asked.count("/keys")
    console.login.wrong = {"ID token: a key that nobody knows"}
    for _ in range(3):
        assert await console.sign_in() == "sign-in/unproved"
    assert console.login.asked.count("/keys") == before


@pytest.mark.parametrize(
    ("error", "reason"),
    [("access_denied", "cancelled"), ("login_required", "cancelled"), ("server_error", "refused"), ("<b>", "refused")],
)
async def test_an_error_of_the_login_is_told_in_a_word_of_ours(console: OidcConsole, error: str, reason: str) -> None:
    console.login.person.refuses = error
    assert await console.sign_in() == f"sign-in/{reason}"


@pytest.mark.parametrize(
    ("claims", "shown"),
    [
        ({"groups": None}, "no-groups/groups"),
        ({"groups": 7}, "no-groups/groups"),
        ({"groups": []}, "no-role/groups"),
        ({"groups": ["everybody", 7]}, "no-role/groups"),
        ({"groups": "everybody"}, "no-role/groups"),
        ({"preferred_username": None}, NAMELESS),
        ({"preferred_username": "a\nb"}, NAMELESS),
        ({"preferred_username": None, "email": "a@b.example", "email_verified": False}, NAMELESS),
    ],
)
async def test_whoever_lacks_a_claim_is_told_which(console: OidcConsole, claims: dict[str, object], shown: str) -> None:
    console.login.person.claims |= claims
    assert await console.sign_in() == f"sign-in/{shown}"
    assert (await console.me()).status_code == 401


async def test_an_answer_without_a_sign_in_of_this_browser_is_refused(console: OidcConsole) -> None:
    back = await console.at_login(await console.begin())
    console.browser.cookies.clear()
    assert await console.end(back) == "sign-in/expired"
    back = await console.at_login(await console.begin())
    await console.begin()
    assert await console.end(back) == "sign-in/expired"


async def test_a_sign_in_ends_once(console: OidcConsole) -> None:
    back = await console.at_login(await console.begin())
    kept_cookies = dict(console.browser.cookies)
    assert await console.end(back) == ""
    console.browser.cookies.clear()
    assert await console.end(back) == "sign-in/expired"
    console.browser.cookies.update(kept_cookies)
    assert await console.end(back) == "sign-in/expired"
    assert console.login.asked.count("/token") == 1


async def test_any_instance_ends_what_another_has_begun_and_the_login_takes_the_code_once(console: OidcConsole) -> None:
    back, elsewhere = await console.at_login(await console.begin()), provider.Provider(console.settings)
    exchange = Exchange(elsewhere, console.registry.secrets, console.settings)
    try:
        person = await exchange.finish(exchange.opened(console.browser.cookies[COOKIE]), query_of(back))
    finally:
        await elsewhere.close()
    assert person.name == "oidc:ops"
    assert await console.end(back) == "sign-in/unproved"


async def test_who_signs_in_for_the_first_time_while_nothing_can_be_written_is_told_so(
    console: OidcConsole, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_: ProvisioningLock, within_s: float) -> None:
        raise OutOfTime

    async def taken(_: ProvisioningLock, within_s: float) -> None:
        return None

    console.login.person.claims |= {"sub": "unwritten", "preferred_username": "unwritten"}
    for acquire in (away, taken):
        monkeypatch.setattr(ProvisioningLock, "acquire", acquire)
        assert await console.sign_in() == "sign-in/unavailable"
    assert (await console.me()).status_code == 401
    monkeypatch.undo()
    assert await console.sign_in() == ""


async def test_a_sign_in_is_over_after_ten_minutes(console: OidcConsole) -> None:
    back = await console.at_login(await console.begin())
    console.clock.ahead_ms = (LASTS_S + 1) * 1000
    assert await console.end(back) == "sign-in/expired"


async def test_a_changed_cookie_is_none(console: OidcConsole) -> None:
    back = await console.at_login(await console.begin())
    name, value = next(iter(console.browser.cookies.items()))
    console.browser.cookies.clear()
    console.browser.cookies.set(name, value[:-4] + "AAA=", domain="127.0.0.1")
    assert await console.end(back) == "sign-in/expired"


async def test_a_parameter_that_is_there_twice_is_no_answer(console: OidcConsole) -> None:
    back = await console.at_login(await console.begin())
    assert await console.end(f"{back}&state={query_of(back)['state']}") == "sign-in/expired"


@pytest.mark.parametrize(
    "place", ["//evil.example", "https://evil.example", "a\r\nSet-Cookie:x=1", "javascript:x", "\\x"]
)
async def test_the_way_back_leads_into_the_console_and_nowhere_else(console: OidcConsole, place: str) -> None:
    answer = await console.browser.get("/v1/session/oidc", params={"place": place})
    back = await console.at_login(answer.headers["Location"])
    shown = (await console.browser.get(back.removeprefix("http://127.0.0.1:8081"))).headers["Location"]
    assert shown.startswith("/console/#/")
    assert ":" not in shown


async def test_networks_whose_answers_do_not_hold_are_slowed_down(console: OidcConsole) -> None:
    console.login.wrong = {"token: refuses the code"}
    shown = {await console.sign_in() for _ in range(12)}
    assert shown == {"sign-in/unproved", "sign-in/slowed-down"}
    assert console.login.asked.count("/token") == 10


async def test_the_console_is_told_which_ways_in_there_are(here: Registry) -> None:
    async with oidc_console(here, oidc_label="Bank SSO") as console:
        answer = await console.browser.get("/v1/session/ways")
        assert answer.json() == {"ways": ["oidc", "password", "token"], "oidcLabel": "Bank SSO"}


async def test_over_https_cookies_are_for_https_alone_whatever_the_gateway_says_of_it(here: Registry) -> None:
    url = "https://push.example.org"
    async with oidc_console(here, url=url) as console:
        begun = await console.browser.get("/v1/session/oidc")
        kept_cookie, *about = begun.headers["Set-Cookie"].split("; ")
        assert kept_cookie.startswith("__Host-")
        assert "Secure" in about
        back = (await console.at_login(begun.headers["Location"])).removeprefix(url)
        ended = await console.browser.get(back, headers={"Cookie": kept_cookie})
        assert ended.headers["Location"] == "/console/#/"
        given = [cookie for cookie in ended.headers.get_list("Set-Cookie") if "rpns-session" in cookie]
        assert [cookie.startswith("__Host-") and "Secure" in cookie.split("; ") for cookie in given] == [True]
