"""Names that nobody reads are refused by every route of the native API, with the name and the one that was meant."""

import base64
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from schemas import ids
from services.ingest.http import problem_of
from services.ingest.mailing.rules.draft import ChangeBody, MailingBody
from services.ingest.rules.body import parsed
from services.ingest.rules.errors import Refused
from services.ingest.rules.unknown_fields import unknown_fields
from services.runtime.access.logins import Logins
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.http.field_names import nearest
from services.runtime.http.listeners import Api
from services.runtime.http.native_names import NATIVE, OF_OTHERS
from tests.support.apps import all_apps
from tests.support.requests import cascade, push

SECRETS = Secrets(base64.b64encode(bytes(32)).decode())
FOREIGN = {"WebSubscription", "WebKeys"}
"""What a browser makes, and may say more in."""
PROTOCOL = {
    *("LinkBody", "MessageBody", "PushData", "ChannelData", "ScheduleBody"),
    *("ContentBody", "ButtonBody", "OptionBody", "InstantContent"),
}
"""Described as `/v6/send` takes them, which is tolerant; in a mailing their names are told all the same (below)."""
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def apps() -> Iterator[dict[str, Api]]:
    nobody = Directory()
    logins = Logins(nobody, SECRETS)
    yield all_apps(nobody, SECRETS, logins)
    logins.close()


def native(apps: dict[str, Api]) -> Iterator[tuple[Api, str, str, dict[str, Any]]]:
    for app in apps.values():
        for path, item in app.openapi()["paths"].items():
            for method, operation in item.items():
                if path.startswith(NATIVE) and method in METHODS and path not in OF_OTHERS:
                    yield app, method, path, operation


async def asked(app: Any, method: str, path: str, query: str, body: bytes = b"") -> httpx.Response:
    values = {"installation_id": str(ids.uuid7()), "message_id": str(ids.uuid7())}
    filled = re.sub(r"\{([a-z_]+)(?::path)?\}", lambda found: values.get(found[1], "x"), path)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://rpns") as client:
        return await client.request(method, f"{filled}?{query}", content=body)


async def test_every_route_refuses_a_query_parameter_that_it_does_not_read(apps: dict[str, Api]) -> None:
    routes = list(native(apps))
    assert len(routes) > 60
    for app, method, path, _ in routes:
        answer = await asked(app, method, path, "noSuchName=1&other%20one=2")
        assert answer.status_code == 400, (method, path, answer.text)
        assert [error["field"] for error in answer.json()["errors"]] == ["noSuchName", "other one"], (method, path)


async def test_every_route_refuses_a_query_parameter_that_is_there_twice(apps: dict[str, Api]) -> None:
    seen = 0
    for app, method, path, operation in native(apps):
        for parameter in operation.get("parameters", ()):
            if parameter["in"] != "query" or "array" in str(parameter["schema"]):
                continue
            seen += 1
            answer = await asked(app, method, path, f"{parameter['name']}=1&{parameter['name']}=2")
            assert (answer.status_code, answer.json()["errors"]) == (
                400,
                [{"field": parameter["name"], "rule": "must be given once"}],
            ), (method, path)
    assert seen > 30


async def test_every_route_refuses_a_query_parameter_without_a_value(apps: dict[str, Api]) -> None:
    seen = 0
    for app, method, path, operation in native(apps):
        for parameter in operation.get("parameters", ()):
            if parameter["in"] != "query" or may_be_empty(parameter["schema"]):
                continue
            seen += 1
            name = parameter["name"]
            for query in (f"{name}=", name):
                answer = await asked(app, method, path, query)
                assert (answer.status_code, answer.json()["errors"]) == (
                    400,
                    [{"field": name, "rule": "must not be empty"}],
                ), (method, path)
    assert seen > 30


def may_be_empty(schema: dict[str, Any]) -> bool:
    return schema.get("default") == "" or any(kind.get("minLength") == 0 for kind in schema.get("anyOf", ()))


async def test_a_parameter_that_is_empty_by_default_may_be_given_empty(apps: dict[str, Api]) -> None:
    by_default = {
        (path, parameter["name"])
        for _, _, path, operation in native(apps)
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "query" and may_be_empty(parameter["schema"])
    }
    assert {("/v1/session/oidc", "place"), ("/v1/statistics", "groupBy")} <= by_default
    assert len(by_default) < 5, "others say by null that nothing is asked for"
    assert (await asked(apps["registry"], "GET", "/v1/session/oidc", "place=")).status_code != 400


async def test_every_route_that_takes_no_body_refuses_one(apps: dict[str, Api]) -> None:
    seen = 0
    for app, method, path, operation in native(apps):
        if "requestBody" in operation:
            continue
        seen += 1
        answer = await asked(app, method, path, "", b'{"at": "2029-12-31T10:00:00Z"}')
        assert (answer.status_code, answer.json().get("errors")) == (
            400,
            [{"field": "body", "rule": "none is taken here"}],
        ), (method, path, answer.text)
        assert (await asked(app, method, path, "", b"x" * 70_000)).status_code == 400, (method, path)
    assert seen > 40


@pytest.mark.parametrize("body", [b"", b"{}", b" {}\n", b"null"])
async def test_a_body_that_says_nothing_is_no_body(apps: dict[str, Api], body: bytes) -> None:
    for app, method, path, operation in native(apps):
        if "requestBody" not in operation:
            answer = await asked(app, method, path, "noSuchName=1", body)
            assert [error["field"] for error in answer.json()["errors"]] == ["noSuchName"], (method, path)


async def test_a_parameter_without_a_name_is_named_all_the_same(apps: dict[str, Api]) -> None:
    answer = await asked(apps["status"], "GET", "/v1/messages", "=1")
    assert [error["field"] for error in answer.json()["errors"]] == ["query"]


async def test_the_former_name_of_a_parameter_is_read_and_offered_to_nobody(apps: dict[str, Api]) -> None:
    answer = await asked(apps["status"], "GET", "/v1/statistics", "group_by=day&x=1")
    (fault,) = answer.json()["errors"]
    assert fault["field"] == "x"
    assert "groupBy" in fault["rule"]
    assert "group_by" not in fault["rule"]


async def test_another_method_is_answered_with_all_that_there_are(apps: dict[str, Api]) -> None:
    for service, path, methods in (
        ("status", "/sdk/api/v1/installations/{installation_id}/history/{message_id}", "DELETE, GET"),
        ("ingest", "/v1/mailings/x", "GET, PATCH"),
        ("ingest", "/v6/send", "POST"),
        ("registry", "/v1/installations/{installation_id}", "GET"),
    ):
        answer = await asked(apps[service], "PUT", path, "")
        assert (answer.status_code, answer.headers["allow"], answer.json()["detail"]) == (
            405,
            methods,
            f"allowed here: {methods}",
        )


async def test_the_parameter_that_was_meant_is_told(apps: dict[str, Api]) -> None:
    answer = await asked(apps["status"], "GET", "/v1/messages", "stat=REFUSED")
    (fault,) = answer.json()["errors"]
    assert fault["field"] == "stat"
    assert fault["rule"].startswith("unknown query parameter, did you mean state?; allowed: ")


def _schemas(schema: Any, parts: dict[str, Any], seen: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, list):
        for part in schema:
            yield from _schemas(part, parts, seen)
    if not isinstance(schema, dict):
        return
    name = schema.get("$ref", "").rpartition("/")[2]
    if name and name not in seen:
        seen.add(name)
        yield name, parts[name]
        yield from _schemas(parts[name], parts, seen)
    for part in schema.values():
        yield from _schemas(part, parts, seen)


def test_every_body_of_every_document_refuses_what_it_does_not_know(apps: dict[str, Api]) -> None:
    seen: set[str] = set()
    for app, method, path, operation in native(apps):
        body = operation.get("requestBody")
        for name, schema in _schemas(body, app.openapi()["components"]["schemas"], set()):
            if schema.get("type") == "object" and name not in FOREIGN | PROTOCOL:
                seen.add(name)
                assert schema.get("additionalProperties") is False, (method, path, name)
    assert len(seen) > 20


def test_a_mailings_unknown_names_are_told_at_every_depth() -> None:
    message = push(
        tl=5, content={"contentURL": "https://a.example/"}, extraOptions=[{"name": "RICH", "param_value": {}}]
    )
    body = {
        "name": "x", "rate": 5, "message": message | {"kind": 1}, "segment": {"platform": []},
        "scheduleInfo": {"timeStart": "10:00"}, "cascadeChainLink": cascade("READ", push(txt="a")),
    }  # fmt: skip
    suggestions = {field.path: field.meant for field in unknown_fields(MailingBody, body)}
    assert suggestions == {
        "rate": "ratePerS",
        "message.kind": None,
        "message.data.tl": "ttl",
        "message.data.content.contentURL": "contentUrl",
        "message.data.extraOptions[0].name": "param_name",
        "segment.platform": "platforms",
        "scheduleInfo.timeStart": None,
        "cascadeChainLink.message.data.txt": "text",
    }
    assert [field.meant for field in unknown_fields(ChangeBody, {"rate": 1})] == ["ratePerS"]


def test_each_field_of_a_mailing_that_is_wrong_is_an_error_of_its_own() -> None:
    with pytest.raises(Refused) as refused:
        parsed(MailingBody, {"name": "", "message": 5, "ratePerS": 0}, "")
    assert problem_of(refused.value).body.errors == [
        {"field": "message", "rule": "must be an object"},
        {"field": "name", "rule": "must not be empty"},
        {"field": "ratePerS", "rule": "must be at least 1"},
    ]


def test_what_is_the_partners_own_is_not_looked_into() -> None:
    own = {"any": {"thing": 1}}
    message = push(customPayload=own, extraOptions=[
        {"param_name": "RICH", "param_value": {"custom_payload": own}},
        {"param_name": "LIVE_ACTIVITY", "param_value": {"aps": {"content_state": own, "alert": own}}},
        {"param_name": "SECURE", "param_value": {"code": "1"}},
    ])  # fmt: skip
    viber = {"type": "VIBER", "data": {"instantContent": {"type": "text", "data": own}}}
    maximum = {"type": "MAX", "data": own}
    for message_body in (message, viber, maximum):
        assert unknown_fields(MailingBody, {"name": "x", "message": message_body}) == []


@pytest.mark.parametrize(
    ("name", "meant"),
    [("tl", "ttl"), ("TTL", "ttl"), ("ttl_unit", "ttlUnit"), ("txt", "text"), ("zzz", None), ("x" * 5000, None)],
)
def test_the_nearest_name_is_the_one_that_was_meant(name: str, meant: str | None) -> None:
    assert nearest(name, ["ttl", "ttlUnit", "text", "title"]) == meant
