"""The AsyncAPI document: valid by AsyncAPI's own schema, whole, and as true as the access lists."""

import copy
from collections.abc import Iterator
from typing import Any, get_args

import orjson
import pytest
from jsonschema import Draft7Validator

from deploy.clients import ASYNCAPI_SCHEMA
from schemas import topics
from schemas.__main__ import FOLDER
from schemas.asyncapi import KEYS, asyncapi, records_of
from schemas.language import Language
from schemas.permissions import PERMISSIONS, rules
from services.runtime.cluster_settings import SaslMechanism

Json = dict[str, Any]


@pytest.fixture(scope="module")
def validator() -> Draft7Validator:
    if not ASYNCAPI_SCHEMA.exists():
        pytest.skip("AsyncAPI's schema is not installed: python -m deploy.clients")
    return Draft7Validator(orjson.loads(ASYNCAPI_SCHEMA.read_bytes()))


def test_the_document_is_valid(validator: Draft7Validator) -> None:
    assert [error.json_path for error in validator.iter_errors(asyncapi())] == []


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        (("operations", "router.receive.message-requested", "action"), "reads"),
        (("operations", "router.receive.message-requested", "channel"), "message-requested"),
        (("servers", "secured", "protocol"), None),
        (("channels", "message-requested", "bindings", "kafka", "topicConfiguration", "cleanup.policy"), "compact"),
        (("components", "securitySchemes", "plain", "type"), "basic"),
    ],
)
def test_the_schema_refuses_what_is_wrong(validator: Draft7Validator, place: tuple[str, ...], wrong: object) -> None:
    document = copy.deepcopy(asyncapi())
    part = document
    for name in place[:-1]:
        part = part[name]
    part[place[-1]] = wrong
    assert not validator.is_valid(document)


def references(part: object) -> Iterator[str]:
    if isinstance(part, dict):
        yield from (value for name, value in part.items() if name == "$ref")
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from references(inner)


def test_everything_that_is_referred_to_is_there() -> None:
    document = asyncapi()
    for reference in references(document):
        if reference.startswith("#/"):
            found: Any = document
            for name in reference.removeprefix("#/").split("/"):
                found = found[name]
        else:
            assert (FOLDER / reference).exists(), reference


def test_operations_are_what_the_access_lists_allow() -> None:
    channels = {topic.name for topic in topics.all_topics()}
    names = {"Read": "receive", "Write": "send"}
    allowed = {
        (rule.service, names[rule.operation], rule.name)
        for rule in rules()
        if rule.resource == "topic" and rule.name in channels and rule.operation in names
    }
    described = {
        (operation["tags"][0]["name"], operation["action"], operation["channel"]["$ref"].removeprefix("#/channels/"))
        for operation in asyncapi()["operations"].values()
    }
    assert described == allowed
    assert {service for service, _, _ in described} == PERMISSIONS.keys()


def test_a_message_goes_its_way_without_what_is_upkeep() -> None:
    usual = {
        name
        for name, operation in asyncapi()["operations"].items()
        if {"name": "upkeep"} not in operation["tags"] and name.endswith(".message-requested")
    }
    assert usual == {
        "ingest.send.message-requested",
        "router.receive.message-requested",
        "router.send.message-requested",
        "status.receive.message-requested",
        "status.send.message-requested",
        "traces.receive.message-requested",
    }


def test_a_topics_records_are_described_in_each_language() -> None:
    bulk = topics.MESSAGE_REQUESTED["bulk"]
    assert records_of(bulk) == (
        "bulk lane; key: message id; kept 37 days; dead letters: `message-requested.bulk.dead-letter`"
    )
    assert records_of(topics.INSTALLATIONS, Language.RUSSIAN) == "ключ: id установки; сжимается"
    assert KEYS.keys() == set(get_args(topics.Key))


def test_servers_say_how_to_log_in_and_no_address() -> None:
    document = asyncapi()
    assert {server["host"] for server in document["servers"].values()} == {"{bootstrap}"}
    described = " ".join(about["description"] for about in document["components"]["securitySchemes"].values())
    for mechanism in get_args(SaslMechanism):
        assert f"KAFKA_SASL_MECHANISM={mechanism}" in described
