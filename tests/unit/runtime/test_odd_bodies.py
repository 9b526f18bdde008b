"""Whatever comes as a body, every route of the native API refuses it by field and rule, in the words of its table."""

import base64
import gzip
import re
from collections.abc import Iterator

import httpx
import pytest
from starlette.types import Message

from schemas import ids
from schemas.language import Language
from services.ingest.http import read_body
from services.ingest.rules import Code, Refusal
from services.runtime.access.logins import Logins
from services.runtime.access.operator_routes import route_of
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.http.listeners import Api
from services.runtime.words import translation_of
from tests.support.apps import all_apps
from tests.unit.runtime.test_audit import ByOperator

SECRETS = Secrets(base64.b64encode(bytes(32)).decode())
JSON = {"content-type": "application/json"}
DEEP = b"[" * 100_000
Route = tuple[Api, str, str]


@pytest.fixture(scope="module")
def routes() -> Iterator[list[Route]]:
    """Those of operators that take JSON."""
    nobody = Directory()
    logins = Logins(nobody, SECRETS)
    yield [
        (app, method.upper(), path)
        for app in all_apps(nobody, SECRETS, logins).values()
        for path, item in app.openapi()["paths"].items()
        for method, operation in item.items()
        if "application/json" in operation.get("requestBody", {}).get("content", ())
        and route_of(method.upper(), filled(path)) is not None
    ]
    logins.close()


def filled(path: str) -> str:
    values = {
        "message_id": str(ids.uuid7()),
        "provider": "hms",
        "scope": "provider",
        "stop_id": "hms",
        "partition": "0",
    }
    return re.sub(r"\{([a-z_]+)(?::path)?\}", lambda found: values.get(found[1], "1"), path)


def may_lack_one(route: Route) -> bool:
    """Whether the route takes no body as well: null says the same."""
    app, method, path = route
    return not app.openapi()["paths"][path][method.lower()]["requestBody"].get("required", False)


async def answered(route: Route, body: bytes, headers: dict[str, str]) -> httpx.Response:
    app, method, path = route
    transport = httpx.ASGITransport(app=ByOperator(app), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://rpns") as client:
        return await client.request(method, filled(path), content=body, headers=headers)


def is_in_our_words(answer: httpx.Response) -> bool:
    """A problem whose every text is in the table of refusals."""
    if answer.headers.get("content-type") != "application/problem+json":
        return False
    problem = answer.json()
    texts = [problem["title"], *(error["rule"] for error in problem.get("errors", ()))]
    return all(translation_of(text, Language.RUSSIAN) != text for text in texts)


@pytest.mark.parametrize("body", [b"[]", b'"x"', b"1", b"null", b"true", b'{"noSuchField": 1}'])
async def test_json_of_another_form_is_refused_in_our_words(routes: list[Route], body: bytes) -> None:
    assert len(routes) > 15
    for route in routes:
        if body == b"null" and may_lack_one(route):
            continue
        answer = await answered(route, body, JSON)
        assert answer.status_code in (400, 403, 404), (route[1:], body, answer.text)
        assert is_in_our_words(answer), (route[1:], body, answer.text)


@pytest.mark.parametrize(
    "body", [b"{", b"nonsense", b"\xff", b"\x00", DEEP], ids=["cut", "text", "latin", "nul", "deep"]
)
async def test_what_is_no_json_is_refused_as_such(routes: list[Route], body: bytes) -> None:
    for route in routes:
        answer = await answered(route, body, JSON)
        assert answer.status_code in (400, 413), (route[1:], answer.text)
        assert is_in_our_words(answer), (route[1:], answer.text)
        if answer.status_code == 400:
            assert [error["field"] for error in answer.json()["errors"]] == ["body"], (route[1:], answer.text)
            assert answer.json()["errors"][0]["rule"].startswith("must be JSON"), (route[1:], answer.text)


@pytest.mark.parametrize(
    "headers", [{}, {"content-type": "text/plain"}, {"content-type": "application/x-www-form-urlencoded"}]
)
async def test_what_is_not_said_to_be_json_is_told_so(routes: list[Route], headers: dict[str, str]) -> None:
    count = 0
    for route in routes:
        answer = await answered(route, b'{"noSuchField": 1}', headers)
        assert answer.status_code in (400, 403, 404), (route[1:], answer.text)
        assert is_in_our_words(answer), (route[1:], answer.text)
        count += answer.json().get("errors", [{}])[0].get("field") == "Content-Type"
    assert count > 10


async def test_a_list_fits_that_is_as_long_as_the_document_allows() -> None:
    nobody = Directory()
    logins = Logins(nobody, SECRETS)
    apps = all_apps(nobody, SECRETS, logins)
    receipt: dict[str, object] = {
        "messageId": str(ids.uuid7()),
        "deliveryId": str(ids.uuid7()),
        "kind": "clicked",
        "action": "x" * 64,
    }
    receipt |= {"happenedAt": 1_796_041_285_005, "link": 127, "bulk": False}
    receipt |= {"activityId": "x" * 128, "attributesType": "x" * 128}
    for service, path, body in (
        ("registry", f"/sdk/api/v1/installations/{ids.uuid7()}/receipts", {"sentAt": 1, "receipts": [receipt] * 500}),
        ("status", "/v3/batch/states", {"messageIds": ["x" * 100] * 3000}),
    ):
        transport = httpx.ASGITransport(app=apps[service], raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://rpns") as client:
            answer = await client.post(path, json=body)
            assert answer.status_code == 401, (path, answer.text)
            answer = await client.post(path, content=b" " * 600_000, headers=JSON)
            assert answer.status_code == 413, (path, answer.text)
    logins.close()


async def test_a_compressed_body_is_told_to_come_as_it_is(routes: list[Route]) -> None:
    for route in routes:
        answer = await answered(route, gzip.compress(b"{}"), JSON | {"content-encoding": "gzip"})
        assert answer.status_code == 400, (route[1:], answer.text)
        assert [error["field"] for error in answer.json()["errors"]] == ["Content-Encoding"], route[1:]
        assert is_in_our_words(answer), (route[1:], answer.text)
        plain = await answered(route, b"{}", JSON | {"content-encoding": "identity"})
        assert "Content-Encoding" not in plain.text, route[1:]


async def test_so_is_one_of_the_partner_protocol() -> None:
    async def receive() -> Message:
        raise AssertionError("nobody has to read it")

    found = await read_body({"headers": [(b"content-encoding", b"gzip")]}, receive, 100)
    assert isinstance(found, Refusal)
    assert (found.code, found.field) == (Code.INVALID, "Content-Encoding")
