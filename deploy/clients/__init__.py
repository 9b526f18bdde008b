"""Clients that are generated from our OpenAPI documents: the generator, and what it is told.

    openapi-python-client generate --config deploy/clients/config.yaml --url …/docs/ingest/openapi.json

The generator pins an older typer than `rpns` needs, so it lives in a folder of its own, `.venv/clients`.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / ".venv" / "clients"
GENERATOR = PLACE / "bin" / "openapi-python-client"
CONFIG = Path(__file__).with_name("config.yaml")
"""What the generator has to know besides a document."""
