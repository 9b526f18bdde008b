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
from deploy.cli.words import phrase

_TABLES = ("columns", "values")
Texts = dict[str, str]


def read_map(file: Path) -> tuple[Texts, Texts]:
    """Its columns and values, by our names. Raises Fault, which names what is wrong and shows nothing of a value."""
    try:
        text = file.read_text("utf-8")
        found: Any = json.loads(text) if file.suffix.lower() == ".json" else tomllib.loads(text)
    except OSError as error:
        raise Fault(f"--map {file}: {phrase('cannot be read: {why}', why=error.strerror)}") from None
    except (ValueError, RecursionError):
        rule = phrase("must be TOML in UTF-8, or JSON where its name ends in .json")
        raise Fault(f"--map {file}: {rule}") from None
    if not isinstance(found, dict):
        raise Fault(f"--map {file}: {phrase('must be an object with columns and values')}")
    if strange := sorted(found.keys() - set(_TABLES)):
        rule = phrase(
            "unknown table {table}; there are: {tables}", table=repr(strange[0][:40]), tables=", ".join(_TABLES)
        )
        raise Fault(f"--map {file}: {rule}")
    columns, values = (_texts(file, table, found.get(table, {})) for table in _TABLES)
    return columns, values


def _texts(file: Path, table: str, found: Any) -> Texts:
    if not isinstance(found, dict):
        raise Fault(f"--map {file}: {phrase('{table} must be a table of names', table=table)}")
    for name, value in found.items():
        if not isinstance(value, str) or not value.strip():
            rule = phrase("{field} must be text, not empty", field=f"{table}.{name[:40]}")
            raise Fault(f"--map {file}: {rule}")
    return {name.strip(): value.strip() for name, value in found.items()}
