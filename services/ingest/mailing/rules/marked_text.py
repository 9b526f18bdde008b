"""The texts with marks in a mailing's template, which a recipient's values are filled into. Pure."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import orjson

from services.ingest.rules import FIRST_MARK, MARK

_MARK = re.compile(f"({MARK.pattern})")
Values = Sequence[str]
"""A recipient's values, in the order of the template's names."""


class MarkedText(NamedTuple):
    """A text with marks: a format, and which value goes to each place; `escape` is how values are written there."""

    form: str
    places: tuple[int, ...]
    escape: Callable[[str], str] | None

    def fill(self, values: Values) -> str:
        if self.escape is None:
            return self.form % tuple([values[place] for place in self.places])
        return self.form % tuple([self.escape(values[place]) for place in self.places])


def marked_text(marked: str | None, escape: Callable[[str], str] | None = None) -> MarkedText | None:
    """None when there is nothing to fill in."""
    if marked is None or not _MARK.search(marked):
        return None
    pieces = _MARK.split(marked)
    form = "".join("%s" if place % 2 else piece.replace("%", "%%") for place, piece in enumerate(pieces))
    return MarkedText(form, tuple(ord(mark) - ord(FIRST_MARK) for mark in pieces[1::2]), escape)


def in_json(value: str) -> str:
    return orjson.dumps(value).decode()[1:-1]


def in_pairs(value: str) -> str:
    return value.replace(",", ",,")
