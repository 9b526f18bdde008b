"""JSON that the login answers with: an object, or nothing that is of use. Pure."""

import json
import re
from typing import Any

_WORD = re.compile(r"[A-Za-z0-9_.-]{1,60}", re.ASCII)


def object_of(raw: bytes | str) -> dict[str, Any] | None:
    """The object; None for what is none."""
    try:
        found = json.loads(raw)  # not orjson: a claim may be an integer of more than 64 bits
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def word_of(text: object) -> str:
    """An error's code as it may be logged; its description is left out, which may quote what was sent."""
    return text if isinstance(text, str) and _WORD.fullmatch(text) else "an error without a code"
