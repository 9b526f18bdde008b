"""The two listeners: every route of every service is walked, so none is forgotten."""

import base64
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import httpx
import pytest
from fastapi import Request
from starlette.types import Receive, Scope, Send
from structlog.testing import capture_logs

from schemas import codec, ids
from schemas.application_events import AccountChanged, OperatorTokenChanged
from schemas.values import OperatorScope
from services.runtime import telemetry
from services.runtime.access.logins import Logins
from services.runtime.access.operator_routes import (
    HELD,
    LOGIN,
    LOGIN_CALLBACK,
    PARTNERS_OWN,
    ROUTES,
    WAYS,
    is_open,
    is_operators_alone,
    may,
    route_of,
)
from services.runtime.access.operator_tokens import FREE_FAILURES, PURPOSE, Operator, OperatorTokens, still_holds
from services.runtime.access.sessions.statement import Session, opened, sealed
from services.runtime.clock import now_ms
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.http.listeners import Api, OperatorsListener, PublicListener, operator_of
from tests.support.apps import all_apps

SECRETS = Secrets(base64.b64encode(bytes(32)).decode())
ADMIN = "an-admin-token-of-more-than-32-characters"
SCOPES: tuple[OperatorScope, ...] = get_args(OperatorScope)
OPEN = {
    ("POST", "/v6/send"): "login and password are in the body",
    ("POST", "/gateway/v6/reports/{callback}"): "the unguessable part of the address, and the caller's network",
    ("GET", "/l/{code}"): "a recipient follows a link",
    ("GET", "/v1/session"): "tells whom a cookie has signed in, if anybody, and only at the operators' listener",
    ("POST", "/v1/session"): "name and password are in the body, and only at the operators' listener",
    ("GET", WAYS): "the console asks before anybody has signed in; likewise",
    ("GET", LOGIN): "sends to the company's login; likewise",
    ("GET", LOGIN_CALLBACK): "the login's answer is in the query; likewise",
}
"""What is asked for without any header that proves who is calling, and why."""
OPEN_WITHOUT_MORE = {
    ("GET", "/v1/session"): 200,
    ("POST", "/v1/session"): 400,
    ("GET", WAYS): 200,
    ("GET", LOGIN): 404,
    ("GET", LOGIN_CALLBACK): 404,
}
"""What is answered to a request that has nothing else: who signs in is in the body, and no company's login is named."""
Route = tuple[str, str, str]  # service, method, path


class Reached:
    """An application that notes by whom it was reached."""

    def __init__(self, openapi: Callable[[], dict[str, Any]]) -> None:
        self.openapi, self.by = openapi, list[str]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        operator = operator_of(Request(scope))
        self.by.append(operator.by if operator is not None else "")
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


class Clock:
    def __init__(self) -> None:
        self.s = time.monotonic()

    def __call__(self) -> float:
        return self.s


@pytest.fixture
def directory() -> Directory:
    return Directory()


@pytest.fixture(scope="module")
def apps() -> Iterator[dict[str, Api]]:
    """They know nobody; who is an operator, `tokens` knows."""
    nobody = Directory()
    logins = Logins(nobody, SECRETS)
    yield all_apps(nobody, SECRETS, logins)
    logins.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(directory: Directory, clock: Clock) -> OperatorTokens:
    return OperatorTokens(directory, SECRETS, ADMIN, clock)


def named(directory: Directory, token: str, *scopes: OperatorScope, **more: Any) -> OperatorTokenChanged:
    """A token that the directory knows."""
    about = {"operator_id": ids.uuid7(), "name": "duty", "digest": SECRETS.digest(token, PURPOSE), "created_at": 1}
    event = OperatorTokenChanged.stored({"event_id": "e", "at": 1, **about, "scopes": scopes, **more})
    directory.apply(event.entity_key, codec.encode(event))
    return event


def walked(apps: dict[str, Api]) -> list[Route]:
    return [
        (name, method.upper(), path)
        for name, app in apps.items()
        for path, item in app.openapi()["paths"].items()
        for method in item
    ]


def filled(path: str) -> str:
    """A path that the route takes."""
    values = {"installation_id": str(ids.uuid7()), "message_id": str(ids.uuid7()), "provider": "fcm", "packet_id": "1"}
    values |= {"scope": "provider", "stop_id": "hms", "code": "abcdefghijkl"}
    return re.sub(r"\{([a-z_]+)(?::path)?\}", lambda found: values.get(found[1], "x"), path)


async def asked(app: Any, method: str, path: str, **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=("198.51.100.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://rpns") as client:
        return await client.request(
            method, path, headers={name.replace("_", "-"): header for name, header in headers.items()}
        )


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_every_function_that_makes_routes_is_walked() -> None:
    root = Path(__file__).parents[3]
    made = {
        name
        for path in (root / "services").rglob("*.py")
        for name in re.findall(r"^def (\w+_routes)\(", path.read_text(), re.MULTILINE)
    }
    used = "".join(
        (root / place).read_text()
        for place in ("tests/support/apps.py", "services/registry/api.py", "services/status/api/messages.py")
    )
    assert {name for name in made if f"{name}(" not in used} == set()


def test_every_route_is_an_operators_with_a_scope_or_not_under_v1(apps: dict[str, Api]) -> None:
    found = {(method, path) for _, method, path in walked(apps)}
    known = {(route.method, route.path.replace(":path", "")) for route in (*ROUTES, *PARTNERS_OWN)}
    assert {match for match in found if match[1].startswith("/v1/")} == known


@pytest.mark.parametrize("path", ["/v1/partners", "/v1/partners/", "/v1/partners/x", "/v1/operators", "/v1/erasures/1"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
def test_nothing_of_an_operators_path_is_public_by_any_method(method: str, path: str) -> None:
    assert is_operators_alone(method, path)


def test_a_path_that_is_shared_by_one_method_is_an_operators_by_another() -> None:
    assert not is_operators_alone("GET", "/v1/installations/0b9c")
    assert is_operators_alone("POST", "/v1/installations/import")
    assert not is_operators_alone("PUT", "/v1/stops/packet/bank/7")
    assert not is_operators_alone("GET", "/v1/nothing")
    assert route_of("PUT", "/v1/stops/packet/bank/7") is not None


async def test_the_public_listener_has_no_operators_route_even_with_the_right_token(apps: dict[str, Api]) -> None:
    alone = [route for route in walked(apps) if is_operators_alone(route[1], filled(route[2]))]
    assert len(alone) > 20
    for name, method, path in alone:
        for headers in ({}, bearer(ADMIN), {"authorization": "Basic YTpi"}):
            answer = await asked(PublicListener(apps[name]), method, filled(path), **headers)
            assert (answer.status_code, answer.json()["title"]) == (404, "Not Found"), (method, path)


async def test_the_operators_token_opens_no_shared_route_on_the_public_listener(apps: dict[str, Api]) -> None:
    shared = [route for route in walked(apps) if route[2].startswith("/v1/") and not is_operators_alone(*route[1:])]
    assert len(shared) > 20
    for name, method, path in shared:
        answer = await asked(PublicListener(apps[name]), method, filled(path), **bearer(ADMIN))
        assert answer.status_code == 401, (method, path)


async def test_the_operators_listener_asks_for_a_token_before_anything_else(
    apps: dict[str, Api], tokens: OperatorTokens
) -> None:
    for name, method, path in walked(apps):
        listener = OperatorsListener(apps[name], tokens, ())
        for headers in ({}, {"authorization": "Basic YTpi"}, {"x_api_key": "k"}):
            answer = await asked(listener, method, filled(path), **headers)
            expected = 401 if route_of(method, filled(path)) is not None else 404
            if is_open(method, path):
                expected = OPEN_WITHOUT_MORE[method, path]
            assert answer.status_code == expected, (method, path)


@pytest.mark.parametrize("scope", SCOPES)
async def test_a_token_reaches_the_routes_of_its_scope_and_no_others(
    apps: dict[str, Api], tokens: OperatorTokens, directory: Directory, scope: OperatorScope
) -> None:
    named(directory, "t", scope)
    for name, method, path in walked(apps):
        route = route_of(method, filled(path))
        if route is None or is_open(method, path):
            continue
        reached = Reached(apps[name].openapi)
        answer = await asked(OperatorsListener(reached, tokens, ()), method, filled(path), **bearer("t"))
        assert answer.status_code == (204 if route.scope in HELD[scope] else 403), (method, path)
        assert reached.by == (["operator:duty"] if route.scope in HELD[scope] else [])
        if answer.status_code == 403:
            assert route.scope in answer.json()["detail"]


def signed_in(directory: Directory, *scopes: OperatorScope, **changes: Any) -> dict[str, str]:
    """What the console sends for an account that the directory knows."""
    about = {"account_id": "a", "name": "duty", "created_at": 1, "scopes": scopes}
    account = AccountChanged.stored({"event_id": "e", "at": 1, **about, **changes})
    directory.apply(account.entity_key, codec.encode(account))
    session = Session.begun(account, now_ms())
    return {"cookie": f"rpns-session={sealed(session, SECRETS)}", "x_rpns_console": "1"}


def signed_in_by(tokens: OperatorTokens, cookie: str) -> Operator | None:
    session = opened(cookie, SECRETS)
    return None if session is None else tokens.of_session(session)


@pytest.mark.parametrize("scope", SCOPES)
async def test_a_session_reaches_the_routes_of_its_accounts_scope_in_every_service_and_no_others(
    apps: dict[str, Api], tokens: OperatorTokens, directory: Directory, scope: OperatorScope
) -> None:
    headers = signed_in(directory, scope)
    for name, method, path in walked(apps):
        route = route_of(method, filled(path))
        if route is None or is_open(method, path):
            continue
        reached = Reached(apps[name].openapi)
        answer = await asked(OperatorsListener(reached, tokens, ()), method, filled(path), **headers)
        assert answer.status_code == (204 if route.scope in HELD[scope] else 403), (method, path)
        assert reached.by == (["operator:duty"] if route.scope in HELD[scope] else [])
        if answer.status_code == 403:
            assert answer.json()["title"] == "Not in the account's scopes"


async def test_no_cookie_opens_anything_without_the_consoles_header_or_at_the_public_listener(
    apps: dict[str, Api], tokens: OperatorTokens, directory: Directory
) -> None:
    headers = signed_in(directory, "admin")
    for name, method, path in walked(apps):
        if route_of(method, filled(path)) is None or is_open(method, path):
            continue
        reached = Reached(apps[name].openapi)
        listener = OperatorsListener(reached, tokens, ())
        answer = await asked(listener, method, filled(path), cookie=headers["cookie"])
        assert (answer.status_code, answer.json()["title"]) == (403, "Not from another site"), (method, path)
        await asked(PublicListener(reached), method, filled(path), **headers)
        assert "operator:duty" not in reached.by


async def test_a_token_that_is_shown_counts_and_the_cookie_beside_it_does_not(
    apps: dict[str, Api], tokens: OperatorTokens, directory: Directory
) -> None:
    headers = signed_in(directory, "read")
    listener = OperatorsListener(apps["registry"], tokens, ())
    assert (await asked(listener, "GET", "/v1/operators", **headers)).status_code == 403
    assert (await asked(listener, "GET", "/v1/operators", **headers, **bearer(ADMIN))).status_code == 200
    assert (await asked(listener, "GET", "/v1/partners", **headers, **bearer("wrong"))).status_code == 401


def test_what_goes_on_for_long_learns_that_a_session_has_ended(directory: Directory, tokens: OperatorTokens) -> None:
    cookie = signed_in(directory, "support")["cookie"].partition("=")[2]
    operator = signed_in_by(tokens, cookie)
    assert operator is not None
    assert operator.session is not None
    assert still_holds(operator, directory)
    signed_in(directory, "support", ended_sessions=[{"session_id": operator.session.session_id, "until": 1}])
    assert not still_holds(operator, directory)


def test_what_goes_on_for_long_ends_when_the_account_may_do_other_things(
    directory: Directory, tokens: OperatorTokens
) -> None:
    cookie = signed_in(directory, "support")["cookie"].partition("=")[2]
    operator = signed_in_by(tokens, cookie)
    assert operator is not None
    assert still_holds(operator, directory)
    signed_in(directory, "read")
    assert not still_holds(operator, directory)
    now_reading = signed_in_by(tokens, cookie)
    assert now_reading is not None
    assert still_holds(now_reading, directory)


def test_each_scope_holds_what_it_should() -> None:
    assert {scope: sorted(implied) for scope, implied in HELD.items()} == {
        "read": ["read"],
        "support": ["read", "support"],
        "operator": ["operator", "read"],
        "admin": sorted(SCOPES),
    }
    assert may(("support", "operator"), "support")
    assert not may(("support", "operator"), "admin")
    assert not may((), "read")


@pytest.mark.parametrize(
    ("more", "status"),
    [({}, 404), ({"revoked": True}, 401), ({"expires_at": 1}, 401), ({"expires_at": 4_000_000_000_000}, 404)],
)
async def test_a_token_that_was_revoked_or_has_expired_is_wrong(
    apps: dict[str, Api], tokens: OperatorTokens, directory: Directory, more: dict[str, Any], status: int
) -> None:
    named(directory, "t", "read", **more)
    listener = OperatorsListener(apps["registry"], tokens, ())
    assert (await asked(listener, "GET", "/v1/partners/nobody", **bearer("t"))).status_code == status


async def test_a_token_is_revoked_under_way(directory: Directory, tokens: OperatorTokens, apps: dict[str, Api]) -> None:
    made = named(directory, "t", "read")
    listener = OperatorsListener(apps["registry"], tokens, ())
    assert (await asked(listener, "GET", "/v1/partners", **bearer("t"))).status_code == 200
    named(directory, "t", "read", operator_id=made.operator_id, revoked=True)
    assert (await asked(listener, "GET", "/v1/partners", **bearer("t"))).status_code == 401


async def test_a_token_digested_under_a_former_master_key_goes_on(directory: Directory, apps: dict[str, Api]) -> None:
    named(directory, "t", "read")
    new = Secrets(base64.b64encode(bytes([1] * 32)).decode(), base64.b64encode(bytes(32)).decode())
    listener = OperatorsListener(apps["registry"], OperatorTokens(directory, new, ""), ())
    assert (await asked(listener, "GET", "/v1/partners", **bearer("t"))).status_code == 200


async def test_no_admin_token_is_no_token_at_all(directory: Directory, apps: dict[str, Api]) -> None:
    listener = OperatorsListener(apps["registry"], OperatorTokens(directory, SECRETS, ""), ())
    for given in ("Bearer ", "Bearer", "bearer  ", f"Bearer {ADMIN}"):
        assert (await asked(listener, "GET", "/v1/partners", authorization=given)).status_code == 401


async def test_wrong_tokens_are_slowed_down_for_as_long_as_the_answer_says(
    apps: dict[str, Api], tokens: OperatorTokens, directory: Directory, clock: Clock
) -> None:
    listener = OperatorsListener(apps["registry"], tokens, ())
    refused = telemetry.OPERATOR_TOKENS_REFUSED.labels("slowed down")._value.get()

    async def status(token: str) -> int:
        return (await asked(listener, "GET", "/v1/partners", **bearer(token))).status_code

    assert await status(ADMIN) == 200
    with capture_logs() as logs:
        assert [await status(f"guess-{number}") for number in range(FREE_FAILURES)] == [401] * FREE_FAILURES
        answer = await asked(listener, "GET", "/v1/partners", **bearer("guess"))
        assert [await status("guess") for _ in range(3)] == [429] * 3
    assert answer.status_code == 429
    assert [(line["event"], line["network"]) for line in logs] == [
        ("wrong operators' tokens of a network are slowed down", "198.51.100.7")
    ]
    assert telemetry.OPERATOR_TOKENS_REFUSED.labels("slowed down")._value.get() == refused + 4
    named(directory, "right", "read")
    assert await status("right") == 429  # as little is told of it as of a guess
    assert await status(ADMIN) == 200  # a colleague who was in before is not locked out
    clock.s += float(answer.headers["Retry-After"]) - 1
    assert await status("right") == 429
    clock.s += 1
    assert await status("right") == 200


async def test_one_network_slows_no_other_down(tokens: OperatorTokens, directory: Directory) -> None:
    named(directory, "right", "read")
    for number in range(FREE_FAILURES + 1):
        tokens.check(f"Bearer guess-{number}", "2001:db8::/64")
    assert not hasattr(tokens.check("Bearer right", "2001:db8::/64"), "by")
    assert hasattr(tokens.check("Bearer right", "2001:db8:1::/64"), "by")


async def test_each_listeners_document_tells_of_what_it_serves(apps: dict[str, Api], tokens: OperatorTokens) -> None:
    for name, app in apps.items():
        public = (await asked(PublicListener(app), "GET", "/openapi.json")).json()["paths"]
        operators = (await asked(OperatorsListener(app, tokens, ()), "GET", "/openapi.json")).json()["paths"]
        for path in public:
            assert not all(is_operators_alone(method.upper(), filled(path)) for method in public[path]), (name, path)
        assert all(path.startswith("/v1/") for path in operators)
        assert operators
        assert public.keys() | operators.keys() == app.openapi()["paths"].keys()


async def test_each_listeners_document_names_the_proofs_that_it_takes(
    apps: dict[str, Api], tokens: OperatorTokens
) -> None:
    for name, app in apps.items():
        for listener, foreign in ((PublicListener(app), "operator"), (OperatorsListener(app, tokens, ()), "partner")):
            document = (await asked(listener, "GET", "/openapi.json")).json()
            assert foreign not in document["components"]["securitySchemes"], name
            for path, item in document["paths"].items():
                for method, operation in item.items():
                    ways = [way for each in operation.get("security", ()) for way in each]
                    assert foreign not in ways, (name, method, path)
                    assert ways or (method.upper(), path) in OPEN, (name, method, path)


def test_every_route_of_every_document_names_how_to_prove_who_is_calling(apps: dict[str, Api]) -> None:
    without = {
        (method, path)
        for name, method, path in walked(apps)
        if not apps[name].openapi()["paths"][path][method.lower()].get("security")
    }
    assert without == OPEN.keys()
    for app in apps.values():
        document = app.openapi()
        schemes = document["components"]["securitySchemes"]
        used = {
            scheme
            for item in document["paths"].values()
            for operation in item.values()
            for requirement in operation.get("security", ())
            for scheme in requirement
        }
        assert used == schemes.keys()


async def test_without_proof_every_route_answers_401(apps: dict[str, Api]) -> None:
    public = [
        (service, method, path)
        for service, method, path in walked(apps)
        if not is_operators_alone(method, filled(path)) and (method, path) not in OPEN
    ]
    assert len(public) > 50
    for name, method, path in public:
        answer = await asked(PublicListener(apps[name]), method, filled(path))
        # an application that takes none of Huawei's receipts has no address for them
        assert answer.status_code == (404 if "/gateway/hms" in path else 401), (method, path, answer.text)


def test_what_goes_on_for_long_learns_that_a_token_was_revoked(directory: Directory, tokens: OperatorTokens) -> None:
    event = named(directory, token := "rpns_op_" + "x" * 40, "support")
    operator = tokens.check(f"Bearer {token}", "198.51.100.7")
    first = tokens.check(f"Bearer {ADMIN}", "198.51.100.7")
    assert isinstance(operator, Operator)
    assert isinstance(first, Operator)
    assert [still_holds(who, directory) for who in (operator, first)] == [True, True]
    named(directory, token, "support", operator_id=event.operator_id, revoked=True)
    assert [still_holds(who, directory) for who in (operator, first)] == [False, True]


@pytest.mark.parametrize("end", ["", "/", "//", "%0A"])
async def test_what_is_an_operators_alone_is_404_at_the_public_listener_however_its_path_ends(
    apps: dict[str, Api], end: str
) -> None:
    alone = [route for route in walked(apps) if is_operators_alone(route[1], filled(route[2]))]
    assert len(alone) > 20
    for service, method, path in alone:
        answer = await asked(PublicListener(apps[service]), method, filled(path) + end, **bearer(ADMIN))
        assert answer.status_code == 404, (method, path + end)
