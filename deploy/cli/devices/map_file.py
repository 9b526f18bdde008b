"""A file that says which columns of a table are which of ours, in place of many options: TOML, or JSON by its ending.

[columns]                      as --column OURS=THEIRS
token = "registration_id"
[values]                       as --value OURS=CELL
provider = "fcm"
"""

import json
import tomllib
from pathlib import Path
from typing import Any

from deploy.cli.fault import Fault

_TABLES = ("columns", "values")
Texts = dict[str, str]


def read_map(file: Path) -> tuple[Texts, Texts]:
    """Its columns and values, by our names. Raises Fault, which names what is wrong and shows nothing of a value."""
    try:
        text = file.read_text("utf-8")
        found: Any = json.loads(text) if file.suffix.lower() == ".json" else tomllib.loads(text)
    except OSError as error:
        raise Fault(f"--map {file}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise Fault(f"--map {file}: must be TOML in UTF-8, or JSON where its name ends in .json") from None
    if not isinstance(found, dict):
        raise Fault(f"--map {file}: must be an object with {' and '.join(_TABLES)}")
    if strange := sorted(found.keys() - set(_TABLES)):
        raise Fault(f"--map {file}: unknown table {strange[0][:40]!r}; there are: {', '.join(_TABLES)}")
    columns, values = (_texts(file, table, found.get(table, {})) for table in _TABLES)
    return columns, values


def _texts(file: Path, table: str, found: Any) -> Texts:
    if not isinstance(found, dict):
        raise Fault(f"--map {file}: {table} must be a table of names")
    for name, value in found.items():
        if not isinstance(value, str) or not value.strip():
            raise Fault(f"--map {file}: {table}.{name[:40]} must be text, not empty")
    return {name.strip(): value.strip() for name, value in found.items()}
