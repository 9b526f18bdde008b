"""JSON that we hand on unread, and objects whose names come with hyphens or underscores. Pure."""

import json
from typing import Any

import orjson

from services.ingest.accept_errors import invalid


def opaque(value: object, field: str) -> str:
    """JSON text of a value that we hand on unread. Raises error 4 for what JSON cannot say."""
    try:
        text = orjson.dumps(value)
        if b"null" not in text:
            return text.decode()
    except TypeError:  # integers of more than 64 bits, which the library below can
        pass
    try:  # orjson would say null for what is not finite
        told = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        told.encode()
        return told
    except UnicodeEncodeError:
        raise invalid(field, "must not hold a lone surrogate") from None
    except RecursionError:
        raise invalid(field, "is nested too deeply") from None
    except ValueError:
        raise invalid(field, "numbers must be finite") from None


def hyphened(value: object, field: str) -> dict[str, Any]:
    """The object with hyphens in its names. Raises error 4."""
    return {name.replace("_", "-"): part for name, part in mapping_of(value, field).items()}


def mapping_of(value: object, field: str) -> dict[str, Any]:
    """The object that it must be. Raises error 4."""
    if not isinstance(value, dict):
        raise invalid(field, "must be an object")
    return value
