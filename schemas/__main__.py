"""Writes `schemas/json/`: a JSON Schema for each event and an AsyncAPI document of the topics, for other languages.

python -m schemas            write them
python -m schemas --check    exit 1 when a file is not what the code says
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from schemas import codec
from schemas.asyncapi import asyncapi
from schemas.json_schema import schema_of
from schemas.personal import PERSONAL
from schemas.topics import all_topics

FOLDER = Path(__file__).parent / "json"


def documents() -> dict[str, bytes]:
    """File name to content, for every file in `schemas/json/`."""
    files = {f"{name}.json": _bytes(schema) for name, schema in event_schemas().items()}
    return files | {"asyncapi.json": _bytes(asyncapi())}


def event_schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema (2020-12) of each event, by the name of its type."""
    schemas = {}
    for topic in all_topics():
        for event in topic.events:
            schema, name = schema_of(event), codec.type_of(event)
            if event in PERSONAL:
                schema["properties"]["personal"] = _sealed(PERSONAL[event].parts.fields)
            schemas[name] = {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema
    return dict(sorted(schemas.items()))


def _sealed(fields: Sequence[str]) -> dict[str, Any]:
    """The schema of `personal`, which holds the personal fields in the log (schemas/personal.py)."""
    return {
        "title": "Personal",
        "type": "object",
        "description": f"Sealed for those whom it is about; empty or absent in its own place: {', '.join(fields)}",
        "properties": {
            "keys": {"type": "array", "items": {"type": "string", "pattern": "^[0-9a-f]{12}[.][0-9a-f]{6}[.][0-9]+$"}},
            "box": {"type": "string", "contentEncoding": "base64"},
        },
        "required": ["keys", "box"],
    }


def _bytes(document: dict[str, Any]) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def main(arguments: list[str]) -> int:
    """Write or check; the exit code."""
    wanted = documents()
    present = {path.name: path.read_bytes() for path in FOLDER.glob("*.json")}
    stale = sorted(name for name in wanted | present if wanted.get(name) != present.get(name))
    if "--check" in arguments:
        for name in stale:
            sys.stderr.write(f"schemas/json/{name} is not what the code says; run `make schemas`\n")
        return 1 if stale else 0
    FOLDER.mkdir(exist_ok=True)
    for name in present.keys() - wanted.keys():
        (FOLDER / name).unlink()
    for name, content in wanted.items():
        (FOLDER / name).write_bytes(content)
    sys.stdout.write(f"schemas/json: {len(wanted)} files, {len(stale)} changed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
