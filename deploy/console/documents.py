"""What the console is typed by: the shape of the operators' API and the portal's, without words, in `openapi/`.

tests/support/console_documents.py ─▶ openapi/{ingest,registry,status}.json ─ the build ─▶ dist/documents/*.ts
                                                                                            ▲ src/documents.ts ◀─ pages
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from deploy.console import FOLDER
from services.runtime.access.operator_routes import route_of
from services.runtime.http.listeners import described

Json = dict[str, Any]
_WORDS = {"description", "summary", "title", "example", "examples", "tags", "security", "headers"}
_OWN, _SEND = "/v1/me/", "/v6/send"
"""Partners' own, which the portal asks."""
_NAMED = {"properties", "paths", "schemas"}
"""Objects whose keys are names of ours."""


def files(documents: Mapping[str, Json]) -> dict[Path, bytes]:
    """The files by service's document, as they are to be."""
    return {FOLDER / "openapi" / f"{name}.json": _text(shape_of(document)) for name, document in documents.items()}


def shape_of(document: Json) -> Json:
    """Paths of operators and of the portal, what they take and answer where it succeeds, and the schemas of that."""
    paths = _bare(described(document, _is_asked)["paths"], is_named=True)
    for item in paths.values():
        for operation in item.values():
            operation["responses"] = {
                status: answer for status, answer in operation["responses"].items() if status.startswith("2")
            }
    known, wanted = _bare(document["components"]["schemas"], is_named=True), set[str]()
    left = set(_named(paths))
    while left:
        wanted |= left
        left = {name for schema in left for name in _named(known[schema])} - wanted
    schemas = {name: known[name] for name in sorted(wanted)}
    return {"openapi": document["openapi"], "info": {"title": "", "version": "1"}, "paths": paths} | {
        "components": {"schemas": schemas}
    }


def _is_asked(method: str, path: str) -> bool:
    return route_of(method, path) is not None or path.startswith(_OWN) or path == _SEND


def _bare(part: Any, *, is_named: bool = False) -> Any:
    """The part without words."""
    if isinstance(part, list):
        return [_bare(inner) for inner in part]
    if not isinstance(part, dict):
        return part
    return {
        key: _bare(inner, is_named=key in _NAMED and not is_named)
        for key, inner in part.items()
        if is_named or key not in _WORDS
    }


def _named(part: Any) -> Iterator[str]:
    """The names of the schemas that it refers to."""
    if isinstance(part, list):
        for inner in part:
            yield from _named(inner)
    elif isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"].rpartition("/")[2]
        for inner in part.values():
            yield from _named(inner)


def _text(document: Json) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
