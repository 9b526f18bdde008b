"""The examples of the OpenAPI documents: there is one of all that is sent and answered, and it holds to its schema.

That they are right in life: `tests/e2e/test_api_examples.py`.
"""

import base64
from collections import Counter
from collections.abc import Iterator

import pytest
from jsonschema import Draft202012Validator

from services.runtime.access.logins import Logins
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.openapi.examples import CONTENTS
from tests.support.api_examples.documents import JSON, Operation, operations_in
from tests.support.apps import all_apps


@pytest.fixture(scope="module")
def operations() -> Iterator[list[Operation]]:
    nobody, secrets = Directory(), Secrets(base64.b64encode(bytes(32)).decode())
    logins = Logins(nobody, secrets)
    apps = all_apps(nobody, secrets, logins)
    yield [operation for name, app in apps.items() for operation in operations_in(name, app.openapi())]
    logins.close()


def test_each_body_has_an_example_in_each_of_its_types_that_keeps_to_its_schema(operations: list[Operation]) -> None:
    shown: Counter[str] = Counter()
    for operation in operations:
        for kind, example in operation.examples():
            shown[kind] += 1
            if kind == JSON:
                schema = operation.about["requestBody"]["content"][kind]["schema"]
                Draft202012Validator(operation.whole(schema)).validate(example)
    assert shown.keys() == {"", JSON, "application/x-ndjson", "text/csv"}
    assert shown[JSON] > 30


def test_no_example_of_a_body_without_a_model_is_left_over(operations: list[Operation]) -> None:
    about = {name: operation.about for operation in operations if (name := operation.about["operationId"]) in CONTENTS}
    assert about.keys() == CONTENTS.keys()
    assert {name: about[name]["requestBody"]["content"].keys() for name in about} == {
        name: kinds.keys() for name, kinds in CONTENTS.items()
    }


def test_each_answer_has_an_example_that_keeps_to_its_schema(operations: list[Operation]) -> None:
    seen = 0
    for operation in operations:
        for status, schema, example in operation.answers():
            assert example is not None, (operation.name, status)
            Draft202012Validator(schema).validate(example)
            seen += 1
    assert seen > 100
