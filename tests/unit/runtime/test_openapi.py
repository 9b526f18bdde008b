"""The OpenAPI documents: true, and in words, so that clients can be generated from them."""

import base64
import re
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic.alias_generators import to_camel

from services.runtime.access.logins import Logins
from services.runtime.access.operator_routes import is_open
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.openapi.document import operations
from services.runtime.openapi.examples import EXAMPLES
from services.runtime.openapi.words import MODELS
from services.runtime.openapi.words.everywhere import FIELDS, PARAMETERS
from tests.support.apps import all_apps
from tests.support.console_documents import wanted

NAMES = ("ingest", "registry", "status")
PROTOCOL = ("/v6/send", "/v3/batch")
OPEN = ("/v6/send", "/l/{code}", "/gateway/v6/reports/{callback}")
"""Paths that need no proof of who calls, or have it in the body or the path."""
Json = dict[str, Any]


@pytest.fixture(scope="module")
def documents() -> Iterator[dict[str, Json]]:
    nobody, secrets = Directory(), Secrets(base64.b64encode(bytes(32)).decode())
    logins = Logins(nobody, secrets)
    yield {name: app.openapi() for name, app in all_apps(nobody, secrets, logins).items()}
    logins.close()


def test_the_console_is_typed_by_the_documents_as_they_are() -> None:
    stale = [path.name for path, text in wanted().items() if not path.exists() or path.read_bytes() != text]
    assert stale == [], "python -m tests.support.console_documents"


def schemas_of(documents: dict[str, Json]) -> Iterator[tuple[str, Json]]:
    for document in documents.values():
        yield from document["components"]["schemas"].items()


def test_every_property_and_every_parameter_is_described(documents: dict[str, Json]) -> None:
    bare = {
        f"{name}.{field}"
        for name, schema in schemas_of(documents)
        for field, about in schema.get("properties", {}).items()
        if not about.get("description")
    }
    assert bare == set(), "say what they mean in services/runtime/openapi/words, or where the field is declared"
    for document in documents.values():
        for path, method, operation in operations(document):
            for parameter in operation.get("parameters", ()):
                assert parameter.get("description"), (method, path, parameter["name"])


def test_a_field_that_may_be_left_out_has_no_default_of_null(documents: dict[str, Json]) -> None:
    found = {
        (name, field)
        for name, schema in schemas_of(documents)
        for field, about in schema.get("properties", {}).items()
        if "default" in about and about["default"] is None
    }
    assert found == set()
    asked = documents["ingest"]["components"]["schemas"]["SendRequest"]
    assert set(asked["required"]) == {"login", "password", "message"}


def test_no_words_are_left_of_what_is_gone(documents: dict[str, Json]) -> None:
    fields: dict[str, set[str]] = {}
    for name, schema in schemas_of(documents):
        fields.setdefault(name, set()).update(schema.get("properties", {}))
    parameters = {
        parameter["name"]
        for document in documents.values()
        for _, _, operation in operations(document)
        for parameter in operation.get("parameters", ())
    }
    assert {(model, field) for model, words in MODELS.items() for field in words if field not in fields[model]} == set()
    assert FIELDS.keys() <= set().union(*fields.values())
    assert PARAMETERS.keys() <= parameters
    assert EXAMPLES.keys() <= fields.keys()


def test_words_name_fields_as_they_are_answered(documents: dict[str, Json]) -> None:
    fields = {field for _, schema in schemas_of(documents) for field in schema.get("properties", {})}
    for document in documents.values():
        words = set(re.findall(r"[a-z]+(?:_[a-z0-9]+)+", " ".join(descriptions_in(document))))
        assert {word for word in words if to_camel(word) in fields} == set()


def descriptions_in(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (text for text in (part.get("description"), part.get("summary")) if isinstance(text, str))
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from descriptions_in(inner)


@pytest.mark.parametrize("name", NAMES)
def test_operation_ids_are_short_and_each_is_one(documents: dict[str, Json], name: str) -> None:
    found = [operation["operationId"] for _, _, operation in operations(documents[name])]
    assert len(found) == len(set(found)) > 10
    assert [name for name in found if not re.fullmatch(r"[a-z][A-Za-z0-9]{3,27}", name)] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_error_is_one_that_is_answered_and_of_its_own_type(documents: dict[str, Json], name: str) -> None:
    for path, method, operation in operations(documents[name]):
        errors = {
            status: answer for status, answer in operation["responses"].items() if not status.startswith(("2", "3"))
        }
        assert "422" not in errors, (method, path)
        for status, answer in errors.items():
            assert re.fullmatch(r"[45]\d\d", status), (method, path)
            assert answer["description"], (method, path, status)
            if path not in PROTOCOL:
                assert list(answer["content"]) == ["application/problem+json"], (method, path, status)
            if status in ("429", "503"):
                assert "Retry-After" in answer["headers"], (method, path)
        if path not in OPEN and not is_open(method.upper(), path):
            assert operation["security"], (method, path)
            assert "401" in errors, (method, path)


@pytest.mark.parametrize("name", NAMES)
def test_a_body_that_is_too_large_is_told_of_where_there_is_a_body(documents: dict[str, Json], name: str) -> None:
    for path, method, operation in operations(documents[name]):
        if path not in PROTOCOL:
            assert ("413" in operation["responses"]) == ("requestBody" in operation), (method, path)


def test_a_conflict_is_told_of_where_something_may_stand_in_the_way(documents: dict[str, Json]) -> None:
    found = {
        (method, path)
        for document in documents.values()
        for path, method, operation in operations(document)
        if "409" in operation["responses"]
    }
    assert {path for method, path in found if method == "get"} == {"/v1/mailings/{any_id}/definition"}
    mailing = "/v1/mailings/{any_id}"
    assert found >= {
        *(("post", f"{mailing}/{move}") for move in ("start", "pause", "resume", "cancel", "recipients")),
        *((method, path) for method, path in (("post", "/v1/mailings"), ("patch", mailing))),
        ("post", "/v1/messages/{any_id}/cancel"),
        ("post", "/v1/report-resends"),
        ("post", "/v1/partners"),
    }


def test_a_query_that_may_be_wrong_may_be_refused(documents: dict[str, Json]) -> None:
    for document in documents.values():
        for path, method, operation in operations(document):
            if any(parameter["in"] == "query" for parameter in operation.get("parameters", ())):
                assert "400" in operation["responses"], (method, path)


def test_limits_are_described_where_they_are_told(documents: dict[str, Json]) -> None:
    telling = {
        (name, path, status)
        for name, document in documents.items()
        for path, _, operation in operations(document)
        for status, answer in operation["responses"].items()
        if "RateLimit" in answer.get("headers", {})
    }
    assert {path for name, path, _ in telling if name == "ingest"} == set(PROTOCOL)
    assert {path for name, path, _ in telling if name == "registry"} == {"/v1/identities/revoke"}
    assert ("status", "/v1/messages", "200") in telling
    assert ("status", "/v3/batch/states", "429") in telling
    assert {status for _, _, status in telling}.isdisjoint({"401", "403"})
    assert not {path for name, path, _ in telling if name == "status" and path.startswith(("/sdk", "/l/", "/gateway"))}


def test_a_client_is_told_one_type_of_registered_delivery(documents: dict[str, Json]) -> None:
    about = documents["ingest"]["components"]["schemas"]["PushData"]["properties"]["registeredDelivery"]
    assert [part for part in about["anyOf"] if part != {"type": "null"}] == [{"type": "integer", "enum": [0, 1, 2]}]


@pytest.mark.parametrize("name", NAMES)
def test_it_says_where_it_is_served(documents: dict[str, Json], name: str) -> None:
    assert [server["url"] for server in documents[name]["servers"]] == ["/"]
