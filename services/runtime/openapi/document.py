"""Completes the document that FastAPI makes of an API.

FastAPI promises a 422 that we never answer (every error is a problem of RFC 9457, broken rules are 400), and does not
know what stands before the routes: the listeners' 401, 403 and 429, the limit of a body, a database that is away.
"""

from collections.abc import Callable, Iterator, Mapping, Set
from http import HTTPStatus
from typing import Any

from services.runtime.http.native_names import NATIVE
from services.runtime.openapi.examples import CONTENTS, EXAMPLES
from services.runtime.openapi.words import described, meaning_of, parameter_meaning

_METHODS = ("get", "put", "post", "delete", "patch")
_WITH_BODY = ("put", "post", "patch")
_PROBLEM = "ProblemBody"
_PROBLEM_TYPE = "application/problem+json"
_NOT_OURS = ("422", "4XX")
_HOT = ("/v6/send", "/v3/batch")
"""Paths that say themselves what they answer."""
_FASTAPIS = ("HTTPValidationError", "ValidationError")
_ERRORS = {
    "400": "The request breaks a rule; `errors` names field and rule",
    "401": "The caller is not authenticated",
    "403": "The caller may not do this: its address, its scope, or who it is",
    "404": "No such thing, or none that the caller may see",
    "409": "What is asked for does not fit what there is; `title` and `detail` say why",
    "413": "The body is too large",
    "415": "The list is of a type, an alphabet or a packing that is not read",
    "429": "Too many calls; `Retry-After` says when to call again",
    "503": "The log or the database is away; `Retry-After` says when to try again",
}
_SAY_NOTHING = {HTTPStatus(int(status)).phrase for status in (*_ERRORS, "410")}
_TRY_AGAIN = {
    "Retry-After": {"description": "Seconds to wait before the same is sent again", "schema": {"type": "integer"}}
}

_LIMITS = {
    "RateLimit-Policy": {
        "description": "The caller's limits: requests a second (`rate`), and at once (`connections`)",
        "schema": {"type": "string"},
        "example": '"rate";q=1000;w=1, "connections";q=100;qu="concurrent-requests"',
    },
    "RateLimit": {
        "description": "How many more of each the instance that answers would take now (`r`), and the seconds until "
        "one more (`t`). Absent where a request is refused before it is counted",
        "schema": {"type": "string"},
        "example": '"rate";r=999;t=1, "connections";r=99',
    },
}
"""draft-ietf-httpapi-ratelimit-headers-11; written by `access/partner_limits.py`."""
_BEFORE_LIMITS = ("401", "403")
IsLimited = Callable[[str, Set[str]], bool]
"""Whether requests to a path, with these security schemes, count among a partner's."""


def nothing_limited(path: str, schemes: Set[str]) -> bool:
    """No path is limited by partner."""
    return False


def complete(document: dict[str, Any], is_limited: IsLimited = nothing_limited) -> None:
    """Make a document true, and put words to it."""
    document["servers"] = [{"url": "/", "description": "The address that this document came from"}]
    for path, method, operation in operations(document):
        _answers(path, method, operation)
        for kind, example in CONTENTS.get(operation["operationId"], {}).items():
            operation["requestBody"]["content"][kind]["example"] = example
        if is_limited(path, _schemes(operation)):
            _tell_limits(operation)
        for parameter in operation.get("parameters", ()):
            if "description" not in parameter and (words := parameter_meaning(parameter["name"])):
                parameter["description"] = words
        if "tags" not in operation:
            operation["tags"] = [_tag(path)]
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for name in _FASTAPIS:
        schemas.pop(name, None)
    for name, schema in schemas.items():
        _describe(name, schema)


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Path, method and operation of each."""
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield path, method, item[method]


def _describe(name: str, schema: dict[str, Any]) -> None:
    for field, about in schema.get("properties", {}).items():
        if "default" in about and about["default"] is None:
            del about["default"]  # absent means the same; a generator takes what has a default for always there
        if "description" not in about and (words := meaning_of(name, field)):
            described(about, words)
    if name in EXAMPLES:
        schema["examples"] = [EXAMPLES[name]]


def _answers(path: str, method: str, operation: dict[str, Any]) -> None:
    """The errors that are answered, and no others; all of them of their own type."""
    answers: dict[str, Any] = operation["responses"]
    for status in _NOT_OURS if "requestBody" in operation else (*_NOT_OURS, "413"):
        answers.pop(status, None)
    if path not in _HOT:
        for status in _expected(path, method, operation):
            answers.setdefault(status, {"description": _ERRORS[status], "content": _problem()})
    for status, answer in answers.items():
        if status[0] in "45" and _is_problem(answer):
            answer["content"] = _problem()
            if answer["description"] in _SAY_NOTHING:
                answer["description"] = _ERRORS.get(status, answer["description"])
        if status in ("429", "503"):
            answer["headers"] = answer.get("headers", {}) | _TRY_AGAIN
    operation["responses"] = dict(sorted(answers.items()))


def _expected(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[str]:
    if method in _WITH_BODY or path.startswith(NATIVE) or _has_query(operation):
        yield "400"  # in the native API an unknown query parameter breaks a rule
    if _schemes(operation):
        yield from ("401", "403", "429")
    if "{" in path:
        yield "404"
    if "requestBody" in operation:
        yield "413"
    yield "503"


def _has_query(operation: Mapping[str, Any]) -> bool:
    return any(parameter["in"] == "query" for parameter in operation.get("parameters", ()))


def _schemes(operation: Mapping[str, Any]) -> set[str]:
    return {name for way in operation.get("security", ()) for name in way}


def _tell_limits(operation: dict[str, Any]) -> None:
    for status, answer in operation["responses"].items():
        if status not in _BEFORE_LIMITS:
            answer["headers"] = answer.get("headers", {}) | _LIMITS


def _is_problem(answer: Mapping[str, Any]) -> bool:
    return any(
        content.get("schema", {}).get("$ref", "").endswith(f"/{_PROBLEM}")
        for content in answer.get("content", {}).values()
    )


def _problem() -> dict[str, Any]:
    return {_PROBLEM_TYPE: {"schema": {"$ref": f"#/components/schemas/{_PROBLEM}"}}}


def _tag(path: str) -> str:
    """What a path is about: its first part that is a name."""
    parts = [part for part in path.split("/") if part and not part.startswith(("v", "{"))]
    return "messages" if path.startswith(("/v6", "/v3")) else parts[0]
