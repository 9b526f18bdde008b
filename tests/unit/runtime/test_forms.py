"""What an expression demands of a field is told in words: every field that has one is sent what breaks it."""

import ast
import base64
import copy
import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import httpx
import pytest

from schemas import codec, ids
from schemas.application_events import ApplicationChanged
from services.registry.devices import Device
from services.runtime.access.logins import Logins
from services.runtime.access.operator_routes import route_of
from services.runtime.access.operator_tokens import OperatorTokens
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.http.field_rules import words_of
from services.runtime.http.listeners import OperatorsListener, PublicListener
from services.runtime.openapi.document import operations
from tests.support.apps import all_apps
from tests.support.source_tree import ROOT

SECRETS = Secrets(base64.b64encode(bytes(32)).decode())
ADMIN = "an-admin-token-of-more-than-32-characters"
INSTALLATION = "00000000-0000-4000-8000-00000000000a"
API_KEY = "key-of-the-app"
BREAKS = "\u00a7" * 200
"""Longer than any of them takes, of a letter that none of them takes."""
NO_RULES = ("/l/{code}",)
"""What has another form there is nobody's link, and is answered so."""
PLACES = {"installation_id": INSTALLATION, "application_id": "app", "provider": "apns", "packet_id": "1"}
Json = dict[str, Any]


class Devices:
    """The one installation."""

    async def load(self, wanted: Sequence[str]) -> dict[str, Device]:
        device = Device(installation_id=INSTALLATION, application_id="app", proof_hash="ab" * 32)
        return {INSTALLATION: device} if INSTALLATION in wanted else {}


class Field(NamedTuple):
    """A field with an expression: the parameter, or the place in the body."""

    service: str
    method: str
    path: str
    where: str  # path, query or body
    place: tuple[str, ...]


def everything() -> tuple[dict[str, Any], Directory]:
    directory = Directory()
    digest = SECRETS.digest(API_KEY, "api-key")
    app = ApplicationChanged(event_id=ids.uuid7(), at=1, application_id="app", name="App", api_key_digests=(digest,))
    directory.apply(app.entity_key, codec.encode(app))
    logins = Logins(directory, SECRETS)
    apps = all_apps(directory, SECRETS, logins, devices=Devices())
    logins.close()
    return apps, directory


APPS, DIRECTORY = everything()


def has_pattern(schema: Json) -> bool:
    return any("pattern" in part for part in (schema, *schema.get("anyOf", ())))


def places(document: Json, schema: Json, within: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Each field of a body that has an expression, by the names that lead to it; a list's first entry is `0`.

    `within`: the models around it, for one that holds itself (a segment) has each of its fields once.
    """
    for part in (schema, *schema.get("anyOf", ())):
        name = part.get("$ref", "").rpartition("/")[2]
        if name and name not in within:
            yield from places(document, document["components"]["schemas"][name], (*within, name))
        if "items" in part:
            yield from (("0", *inner) for inner in places(document, part["items"], within))
        for field, about in part.get("properties", {}).items():
            if has_pattern(about):
                yield (field,)
            yield from ((field, *inner) for inner in places(document, about, within))


def fields() -> Iterator[Field]:
    for service, app in APPS.items():
        document = app.openapi()
        for path, method, operation in operations(document):
            if path in NO_RULES:
                continue
            for parameter in operation.get("parameters", ()):
                if has_pattern(parameter["schema"]):
                    yield Field(service, method, path, parameter["in"], (parameter["name"],))
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            for place in places(document, content["schema"]) if content else ():
                yield Field(service, method, path, "body", place)


FIELDS = sorted(set(fields()))


def test_there_are_such_fields() -> None:
    assert len(FIELDS) > 25
    assert ("registry", "post", "/v1/operators", "body", ("name",)) in FIELDS
    assert ("ingest", "get", "/v1/mailings", "query", ("before",)) in FIELDS


def with_broken(body: Any, place: tuple[str, ...]) -> Any:
    """The example of a body with a value that breaks the field's expression."""
    name, *rest = place
    if name == "0":
        return [with_broken(body[0] if body else {}, tuple(rest)) if rest else BREAKS]
    made = dict(body) if isinstance(body, dict) else {}
    made[name] = with_broken(made.get(name), tuple(rest)) if rest else BREAKS
    return made


def example_of(service: str, method: str, path: str) -> Any:
    document = APPS[service].openapi()
    operation = document["paths"][path][method]
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    for part in (schema, *schema.get("anyOf", ())):
        if "$ref" in part:
            model = document["components"]["schemas"][part["$ref"].rpartition("/")[2]]
            return copy.deepcopy(model.get("examples", [{}])[0])
    return None


@pytest.mark.parametrize(("service", "method", "path", "where", "place"), FIELDS)
async def test_a_value_that_breaks_it_is_refused_in_words(
    service: str, method: str, path: str, where: str, place: tuple[str, ...]
) -> None:
    names = PLACES | ({place[0]: BREAKS} if where == "path" else {})
    url = re.sub(r"{(\w+)}", lambda found: names.get(found[1], "x"), path)
    body = example_of(service, method, path)
    if where == "body":
        body = with_broken(body, place)
    query = {place[0]: BREAKS} if where == "query" else {}
    answer = await asked(service, method, url, body, query)
    assert answer.status_code == 400, answer.text
    rules = {error["field"]: error["rule"] for error in answer.json()["errors"]}
    name = ".".join(place) if where == "body" else place[0]
    assert name in rules, rules
    assert rules[name] != words_of({"type": "string_pattern_mismatch", "ctx": {"pattern": "new"}}), "say it in words"
    for rule in rules.values():
        assert not re.search(r"[\\^${}\[\]]|pattern", rule), rule


async def asked(service: str, method: str, url: str, body: Any, query: dict[str, str]) -> httpx.Response:
    """By an operator where it is theirs, else by a device."""
    if url.startswith("/sdk/"):
        listener: Any = PublicListener(APPS[service])
        credential = SECRETS.credential(INSTALLATION, "app")
        headers = {"Authorization": f"Bearer {credential}", "X-Api-Key": API_KEY}
    else:
        assert route_of(method.upper(), url) is not None, url
        listener = OperatorsListener(APPS[service], OperatorTokens(DIRECTORY, SECRETS, ADMIN), ())
        headers = {"Authorization": f"Bearer {ADMIN}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=listener), base_url="http://here") as client:
        return await client.request(method.upper(), url, json=body, params=query, headers=headers)


def test_every_expression_has_its_words() -> None:
    """Also those that the documents do not show, because the text is looked at in another way before."""
    given, worded = [], set()
    for file in (ROOT / "services").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "pattern":
                given.append((file.name, node.value))
            if isinstance(node, ast.Assign) and is_form(node.value):
                worded |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    assert len(given) > 20
    assert len(worded) >= 4
    for name, value in given:
        assert is_form(value) or (isinstance(value, ast.Name) and value.id in worded), f"{name}:{value.lineno}"


def is_form(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "form"
