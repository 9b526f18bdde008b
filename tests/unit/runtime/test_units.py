"""Every number that is a time says its unit, in its name or in its description: OpenAPI, and the events' schemas."""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

from services.runtime.access.logins import Logins
from services.runtime.crypto.master_key import Secrets
from services.runtime.directory import Directory
from services.runtime.openapi.document import operations
from tests.support.apps import all_apps
from tests.support.source_tree import ROOT

TIMES = re.compile(
    r"(?:^(?:at|from|to|since|until|before|deadline|ts|validity|ttl|expirationTime|minute|hour|send_by)|"
    r"At|_at|Time|_time|Minute|_minute|Ms|_ms|[a-z]S|_s|Min|_min|Days|_days)$"
)
"""Names of times, be it moments or lengths."""
UNITS = re.compile(r"\b(?:ms|milliseconds?|seconds?|a second|minutes?|hours?|days?|ttlUnit|Unix)\b")
COUNTS = ("lookedAt",)
"""Recipients, not a moment."""
NAMED = re.compile(r"(?:Ms|_ms|PerS|_per_s|[a-z]S|_s)$")
"""The name itself says it."""
Json = dict[str, Any]


def is_number(schema: Json) -> bool:
    return any(part.get("type") in ("integer", "number") for part in (schema, *schema.get("anyOf", ())))


def is_time(name: str, schema: Json) -> bool:
    return is_number(schema) and name not in COUNTS and TIMES.search(name) is not None


def wordless(name: str, schema: Json) -> bool:
    return is_time(name, schema) and not bool(UNITS.search(schema.get("description", "")))


def described() -> Iterator[tuple[str, str, Json]]:
    """Place, name and schema of every field and parameter of the APIs."""
    nobody, secrets = Directory(), Secrets(base64.b64encode(bytes(32)).decode())
    logins = Logins(nobody, secrets)
    for service, app in all_apps(nobody, secrets, logins).items():
        document = app.openapi()
        for name, schema in document["components"]["schemas"].items():
            yield from ((f"{service} {name}", field, about) for field, about in schema.get("properties", {}).items())
        for path, _, operation in operations(document):
            for about in operation.get("parameters", ()):
                yield path, about["name"], about["schema"] | {"description": about.get("description", "")}
    logins.close()


def test_every_time_of_the_apis_says_its_unit() -> None:
    times = [(place, name, schema) for place, name, schema in described() if is_time(name, schema)]
    assert len(times) > 80
    bare = [f"{place}: {name}" for place, name, schema in times if wordless(name, schema) and not NAMED.search(name)]
    assert bare == []


def test_every_time_of_the_events_says_its_unit() -> None:
    seen, bare = 0, []
    for file in (ROOT / "schemas" / "json").glob("*.json"):
        document = json.loads(file.read_text())
        for schema in (document, *document.get("$defs", {}).values()):
            for name, about in schema.get("properties", {}).items():
                seen += is_time(name, about)
                bare += [f"{file.name}: {name}"] if wordless(name, about) else []
    assert seen > 100
    assert bare == []
