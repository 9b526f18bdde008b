"""JSON of somebody else, read for what can be read of it. Pure.

    any encoding of JSON, with or without a byte order mark; broken characters stand as U+FFFD
    a whole number of more than twenty digits stays its text: no field of ours is one, and Python refuses thousands

What is no JSON at all is None, however deep or long it is.
"""

import json
from typing import Any

_MOST_DIGITS = 20
_DIGITS_OF_64_BITS = 18


def text_of(body: bytes) -> str:
    """The body as text."""
    return body.decode(json.detect_encoding(body), "replace").removeprefix("\ufeff")


def value_of(text: str) -> Any:
    """The value; None for what is no JSON."""
    try:
        return json.loads(text, parse_int=_whole)
    except (ValueError, RecursionError):
        return None


def whole_number(value: object) -> int | None:
    """A whole number that is not negative, also in a string with blanks around it, or with zeros after a point."""
    text = str(value).strip() if isinstance(value, int | float | str) and not isinstance(value, bool) else ""
    whole, _, rest = text.partition(".")
    is_whole = whole.isascii() and whole.isdigit() and len(whole) <= _DIGITS_OF_64_BITS and not rest.strip("0")
    return int(whole) if is_whole else None


def _whole(digits: str) -> int | str:
    return int(digits) if len(digits) <= _MOST_DIGITS else digits
