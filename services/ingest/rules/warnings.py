"""The warnings beside an answer: the header RPNS-Warnings, and names for the trace. Pure.

    RPNS-Warnings: unknown field message.data.tl, did you mean ttl?; unknown field prio; and 3 more

The header is ASCII and bounded, whatever the names hold: a name is percent-encoded and cut. The trace keeps only what
looks like a name, since a partner may have put somebody's number where a name should be.
"""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from services.runtime.http.field_names import Unknown, suggestion

HEADER = b"rpns-warnings"
REPEATED = "id was used before with another recipient or content: the first request stands"
_MOST_BYTES = 1000
_MOST_OF_NAME, _MOST_NAMES = 160, 20
_NO_NAME = re.compile(r"[^A-Za-z0-9_.\[\]-]+|[0-9]{5,}")


def warnings_of(unknown: Iterable[Unknown], prefix: str = "") -> list[str]:
    """A warning for each unknown field."""
    return [
        f"unknown field {quote((prefix + field.path)[:_MOST_OF_NAME], safe='._-[]')}{suggestion(field.meant)}"
        for field in unknown
    ]


def header_of(warnings: Sequence[str]) -> bytes:
    """The header's value; warnings that do not fit are counted."""
    text, count = "", 0
    for warning in warnings:
        longer = f"{text}; {warning}" if text else warning
        if len(longer) > _MOST_BYTES:
            break
        text, count = longer, count + 1
    return (text if count == len(warnings) else f"{text}; and {len(warnings) - count} more").encode("ascii")


def names_of(unknown: Sequence[Unknown]) -> tuple[str, ...] | None:
    """The names for the trace; None for none."""
    if not unknown:
        return None
    return tuple(_NO_NAME.sub("?", field.path[:_MOST_OF_NAME]) for field in unknown[:_MOST_NAMES])
