"""The bodies that the pages of the APIs begin with are taken by the platform as they are."""

import base64
from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple

import aiohttp
import orjson
import pytest

from deploy.gateway.routes import SERVICES
from deploy.local.provision import API_KEY, APPLICATION_ID, BATCH_KEY, LOGIN, PASSWORD
from tests.support.openapi import document_of
from tests.support.world import Json, World

METHODS = ("post", "put", "patch")


class Call(NamedTuple):
    """`place` fills in what the path names, from what was answered before; `status`: 404 and 409 tell that the body was
    read, and that there is no such thing here."""

    method: str
    path: str
    caller: str
    status: int
    place: dict[str, str] = {}


_DEMO = {"application_id": APPLICATION_ID}
_ACME = {"application_id": "acme-app", "partner_id": "{partnerId}"}
_PHONE = {"installation_id": "{installationId}"}
CALLS = (
    Call("post", "/v1/applications", "operator", 201),
    Call("patch", "/v1/applications/{application_id}", "operator", 200, _ACME),
    Call("post", "/v1/applications/{application_id}/api-keys", "operator", 200, _ACME),
    Call("post", "/v1/applications/{application_id}/identity-keys", "operator", 200, _ACME),
    Call(
        "patch",
        "/v1/applications/{application_id}/credentials/{provider}",
        "operator",
        404,
        _ACME | {"provider": "fcm"},
    ),
    Call("post", "/v1/partners", "operator", 201),
    Call("patch", "/v1/partners/{partner_id}", "operator", 200, _ACME),
    Call("post", "/v1/partners/{partner_id}/batch-key", "operator", 200, _ACME),
    Call("post", "/v1/partners/{partner_id}/password", "operator", 200, _ACME),
    Call(
        "put", "/v1/partners/{partner_id}/senders/{service_number}", "operator", 200, _ACME | {"service_number": "Acme"}
    ),
    Call("patch", "/v1/me/settings", "acme", 200),
    Call("put", "/v1/stops/{scope}/{stop_id}", "acme", 404, {"scope": "mailing", "stop_id": "acme/none"}),
    Call("post", "/v1/operators", "operator", 201),
    Call("post", "/v1/accounts", "operator", 201),
    Call("patch", "/v1/accounts/{account_id}", "operator", 200, {"account_id": "{accountId}"}),
    Call("post", "/v1/session", "operator", 401),
    Call("post", "/v1/session/password", "operator", 401),
    Call("post", "/v1/erasures/preview", "operator", 200),
    Call("post", "/v1/erasures", "operator", 202),
    Call("post", "/v1/identities/revoke", "operator", 200),
    Call("post", "/v1/test-pushes", "operator", 202),
    Call(
        "post",
        "/v1/dead-letters/{topic}/{partition}/{offset}/redrive",
        "operator",
        404,
        {"topic": "broadcasts", "partition": "0", "offset": "999"},
    ),
    Call("post", "/v6/send", "nobody", 200),
    Call("post", "/v3/batch", "batch", 200),
    Call("post", "/v3/batch/states", "batch", 200),
    Call("post", "/v1/mailings", "demo", 201),
    Call("patch", "/v1/mailings/{any_id}", "demo", 200, {"any_id": "spring-1"}),
    Call(
        "put",
        "/v1/applications/{application_id}/broadcast-channels/{name}",
        "operator",
        202,
        _DEMO | {"name": "example"},
    ),
    Call(
        "post",
        "/v1/applications/{application_id}/broadcast-channels/{name}/messages",
        "operator",
        202,
        _DEMO | {"name": "example"},
    ),
    Call("post", "/v1/report-resends", "demo", 200),
    Call("post", "/sdk/api/v1/installations", "app", 201),
    Call("put", "/sdk/api/v1/installations/{installation_id}/token", "phone", 200, _PHONE),
    Call("post", "/sdk/api/v1/installations/{installation_id}/personalize", "phone", 200, _PHONE),
    Call("put", "/sdk/api/v1/installations/{installation_id}/settings", "phone", 200, _PHONE),
    Call("post", "/sdk/api/v1/installations/{installation_id}/sessions", "phone", 200, _PHONE),
    Call(
        "put",
        "/sdk/api/v1/installations/{installation_id}/activities/{activity_id}/token",
        "phone",
        200,
        _PHONE | {"activity_id": "derby"},
    ),
    Call(
        "put",
        "/sdk/api/v1/installations/{installation_id}/activity-types/{attributes_type}/start-token",
        "phone",
        200,
        _PHONE | {"attributes_type": "MatchAttributes"},
    ),
    Call("post", "/sdk/api/v1/installations/{installation_id}/receipts", "phone", 200, _PHONE),
    Call("post", "/sdk/api/v1/installations/{installation_id}/history/delete", "phone", 200, _PHONE),
    Call("post", "/sdk/api/v1/installations/{installation_id}/history/status", "phone", 200, _PHONE),
)


def shown(document: Json) -> Iterator[tuple[str, str, Any]]:
    """Method, path and example of each operation whose body a page begins with."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            content = operation.get("requestBody", {}).get("content", {}) if method in METHODS else {}
            schema = content.get("application/json", {}).get("schema", {})
            for part in (schema, *schema.get("anyOf", ())):
                model = document["components"]["schemas"].get(part.get("$ref", "").rpartition("/")[2], {})
                if "examples" in model:
                    yield method, path, model["examples"][0]


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session:
        yield session


async def test_every_example_of_the_documents_is_sent_and_taken(world: World, session: aiohttp.ClientSession) -> None:
    sides = (world.stack.public_url, world.stack.operators_url)
    examples: dict[tuple[str, str], tuple[str, Any]] = {}
    for url in reversed(sides):
        for service in SERVICES:
            found = orjson.loads(document_of(url, service))
            examples |= {(method, path): (url, example) for method, path, example in shown(found)}
    assert {(call.method, call.path) for call in CALLS} == examples.keys()
    known = {"token": world.stack.env["RPNS_ADMIN_TOKEN"]}
    answers = {}
    for call in CALLS:
        url, example = examples[call.method, call.path]
        if call.caller == "operator":
            url = world.stack.operators_url
        path = call.path.format(**{name: value.format(**known) for name, value in call.place.items()})
        headers = {name: value.format(**known) for name, value in _headers(call.caller).items()}
        async with session.request(call.method, url + path, json=example, headers=headers) as answer:
            body = await answer.read()
            answers[call.method, call.path] = (answer.status, body[:300])
        if answer.status < 300 and isinstance(made := orjson.loads(body or b"{}"), dict):
            whole = made | {
                name: value for part in made.values() if isinstance(part, dict) for name, value in part.items()
            }
            known |= {name: value for name, value in whole.items() if isinstance(value, str)}
    expected = {(call.method, call.path): call.status for call in CALLS}
    wrong = {at: answer for at, answer in answers.items() if answer[0] != expected[at]}
    assert wrong == {}


def _headers(caller: str) -> dict[str, str]:
    match caller:
        case "operator":
            return {"Authorization": "Bearer {token}"}
        case "demo":
            return _basic(LOGIN, PASSWORD)
        case "acme":
            return _basic("acme", "three words and 4711")
        case "batch":
            return {"Authorization": f"Key {BATCH_KEY}"}
        case "app":
            return {"X-Api-Key": API_KEY}
        case "phone":
            return {"X-Api-Key": API_KEY, "Authorization": "Bearer {credential}"}
        case _:
            return {}


def _basic(login: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()}
