"""What the OpenAPI documents say: operations, the examples of their bodies, what each answers.

An answer is as documented when its status is, its type is, it holds to the schema, and has the keys and types that the
answer's example shows.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator

from deploy.gateway.routes import SERVICES
from services.runtime.openapi.document import operations
from tests.support.openapi import document_of

Json = dict[str, Any]
JSON = "application/json"


@dataclass(frozen=True)
class Operation:
    """One method of one path, as the document of one address describes it."""

    name: str
    """The service's and the operation's: `ingest.send`."""
    method: str
    path: str
    about: Json
    document: Json

    @property
    def ways(self) -> list[str]:
        """The schemes by which callers prove themselves, any one of them; none: it is open."""
        return [scheme for way in self.about.get("security", ()) for scheme in way]

    def examples(self) -> Iterator[tuple[str, Any]]:
        """Bodies and their types; one that is None where none is taken. Fails for a type without an example."""
        content = self.about.get("requestBody", {}).get("content", {})
        if not content:
            yield "", None
        for kind, about in content.items():
            found = self._example(about)
            assert found is not None, f"{self.name}: no example of {kind}"
            yield kind, found

    def answers(self) -> Iterator[tuple[str, Json, Any]]:
        """Status, schema and example of each success that is answered in JSON; an example that is None is missing."""
        for status, answer in self.about["responses"].items():
            if status < "4" and (about := answer.get("content", {}).get(JSON)) is not None:
                yield status, self.whole(about["schema"]), self._example(about)

    def fault_of(self, status: int, kind: str, body: bytes) -> str | None:
        """What is wrong with an answer; None: it is as documented."""
        answer = self.about["responses"].get(str(status))
        if answer is None or status >= 400:
            return f"answered {status}: {body[:600].decode(errors='replace')}"
        content = answer.get("content", {})
        if bool(content) != bool(body) or (content and kind not in content):
            return f"answered {kind or 'nothing'}, not {list(content)}"
        return self._fault_in(content[kind], json.loads(body)) if kind == JSON else None

    def _fault_in(self, about: Json, answer: Any) -> str | None:
        whole = self.whole(about["schema"])
        if (fault := next(Draft202012Validator(whole).iter_errors(answer), None)) is not None:
            return f"breaks its schema at {fault.json_path}: {fault.message[:300]}"
        return Shape(self.document).difference(about["schema"], self._example(about), answer)

    def whole(self, schema: Json) -> Json:
        """The schema with what it names."""
        return {**schema, "components": self.document["components"]}

    def _example(self, about: Mapping[str, Any]) -> Any:
        """Of the type itself, of its model, of a list's items."""
        if "example" in about:
            return about["example"]
        for part in (about["schema"], *about["schema"].get("anyOf", ())):
            if part.get("type") == "array":
                item = self._example({"schema": part["items"]})
                return None if item is None else [item]
            schema = self.document["components"]["schemas"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part
            for example in schema.get("examples", ()):
                return example
        return None


@dataclass(frozen=True)
class Shape:
    """What has the same keys and types as what. Null fits everything that may be null, an empty list any list."""

    document: Json

    def difference(self, schema: Json, shown: Any, answer: Any, place: str = "$") -> str | None:
        """Where an answer differs from the example, beyond values; None: nowhere."""
        schema = self._resolved(schema)
        if shown is None or answer is None:
            return None
        if isinstance(shown, dict) and isinstance(answer, dict):
            named = schema.get("properties", {})
            if named and shown.keys() != answer.keys():
                return f"{place} has {sorted(answer)}, shown are {sorted(shown)}"
            more = schema.get("additionalProperties", {})
            inner = {
                key: named.get(key, more if isinstance(more, dict) else {}) for key in shown.keys() & answer.keys()
            }
            found = [self.difference(inner[key], shown[key], answer[key], f"{place}.{key}") for key in sorted(inner)]
        elif isinstance(shown, list) and isinstance(answer, list):
            items = schema.get("items", {})
            found = [self._none_fits(items, shown, item, f"{place}[{nth}]") for nth, item in enumerate(answer)]
        else:
            is_same = _kind(shown) == _kind(answer)
            found = [None if is_same else f"{place} is {answer!r}, shown is {shown!r}"]
        return next((fault for fault in found if fault), None)

    def _none_fits(self, schema: Json, shown: list[Any], item: Any, place: str) -> str | None:
        faults = [self.difference(schema, example, item, place) for example in shown]
        return next(iter(faults), None) if all(faults) else None

    def _resolved(self, schema: Json) -> Json:
        if "$ref" in schema:
            return self._resolved(self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
        kinds = [kind for kind in schema.get("anyOf", ()) if kind.get("type") != "null"]
        return self._resolved(kinds[0]) if len(kinds) == 1 else schema


def _kind(value: Any) -> str:
    return "number" if type(value) in (int, float) else type(value).__name__


def operations_in(service: str, document: Json) -> Iterator[Operation]:
    """Those of a service's document."""
    for path, method, about in operations(document):
        yield Operation(f"{service}.{about['operationId']}", method.upper(), path, about, document)


def served(*urls: str) -> dict[str, list[Operation]]:
    """Operations by name, of all services at these addresses of the gateway; one that is at both has two entries."""
    found: dict[str, list[Operation]] = {}
    for url in urls:
        for service in SERVICES:
            for operation in operations_in(service, json.loads(document_of(url, service))):
                found.setdefault(operation.name, []).append(operation)
    return found
