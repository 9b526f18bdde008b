"""The error tables of the providers as facts (`provider_rows.json`), and the same read out of the specification.

The specification lies beside the checkout while it is being worked on; a checkout alone is held to the file.
"""

import re
from pathlib import Path
from typing import Any

import orjson

SPEC = Path(__file__).parents[3] / "shared" / "spec" / "providers.md"
_FILE = Path(__file__).with_name("provider_rows.json")
_ACTION = re.compile(r"\b(?:OK|DROP_TOKEN|FIX_PAYLOAD|REFRESH_AUTH|RECONNECT|ALERT|RETRY_AFTER|RETRY)\b")
_WORD = re.compile(r"no FcmError|message\.token|\b\d{3}\b|[A-Z]+(?:_[A-Z]+)+|UNREGISTERED|[A-Z][a-z]+[A-Z][A-Za-z]+")


def known(provider: str) -> Any:
    """The section of a provider."""
    return orjson.loads(_FILE.read_bytes())[provider]


def in_spec(heading: str, first_cells: str) -> list[list[str]]:
    """The cells of the table under a heading whose header begins so."""
    lines = SPEC.read_text().partition(f"\n### {heading}")[2].splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith(f"| {first_cells}"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def actions(cell: str) -> list[str]:
    """The actions that a cell names, in its order."""
    return _ACTION.findall(cell)


def words(cell: str) -> list[str]:
    """The identifiers that a cell names."""
    return _WORD.findall(cell)


def numbers(cell: str) -> list[str]:
    """`80300029/30/36/37` and `82000001–82000013` as the codes they stand for."""
    first, *rest = re.split(r"[/–]", cell)
    if "–" in cell:
        return [str(number) for number in range(int(first), int(rest[0]) + 1)]
    return [first, *(first[: -len(ending)] + ending for ending in rest)]
