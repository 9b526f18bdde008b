"""JSON of somebody else, read for what can be read of it. Pure.

    any encoding of JSON, with or without a byte order mark; broken characters stand as U+FFFD
    a whole number of more than twenty digits stays its text: no field of ours is one, and Python refuses thousands

What is no JSON at all is None, however deep or long it is.
"""

import json
from typing import Any

_MOST_DIGITS = 20


def text_of(body: bytes) -> str:
    """The body as text."""
    return body.decode(json.detect_encoding(body), "replace").removeprefix("\ufeff")


def value_of(text: str) -> Any:
    """The value; None for what is no JSON."""
    try:
        return json.loads(text, parse_int=_whole)
    except (ValueError, RecursionError):
        return None


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) <= _MOST_DIGITS else digits
