"""Clients that are generated from our OpenAPI documents: the generators, and what they are told.

    openapi-python-client generate --config deploy/clients/config.yaml --url …/docs/ingest/openapi.json
    openapi-typescript …/docs/ingest/openapi.json --output ingest.ts        then `openapi-fetch` with its `paths`

The one for Python pins an older typer than `rpns` needs, so it lives in a folder of its own, `.venv/clients`. What is
for TypeScript is locked in `typescript/`, with the schema that our AsyncAPI document is held against.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / ".venv" / "clients"
GENERATOR = PLACE / "bin" / "openapi-python-client"
CONFIG = Path(__file__).with_name("config.yaml")
"""What the generator has to know besides a document."""
TYPESCRIPT = Path(__file__).with_name("typescript")
NODE_MODULES = TYPESCRIPT / "node_modules"
ASYNCAPI_SCHEMA = NODE_MODULES / "@asyncapi/specs/schemas/3.0.0.json"
