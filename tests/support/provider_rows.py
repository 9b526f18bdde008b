"""The error tables of the providers as facts (`provider_rows.json`), against which their code is proved complete."""

from pathlib import Path
from typing import Any

import orjson

_FILE = Path(__file__).with_name("provider_rows.json")


def known(provider: str) -> Any:
    """The section of a provider."""
    return orjson.loads(_FILE.read_bytes())[provider]
