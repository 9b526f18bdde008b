"""The header of a CSV list: which of its columns mean something, and by which delimiter. Pure."""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from schemas.lossless import NO_NUL
from services.runtime.lists.lines import MAX_LINE_BYTES, UTF8_RULE, ListFault, RawLine

DELIMITERS = (";", ",", "\t", "|")
_KEY = re.compile(r"[\s_\-\u00ad\u200b-\u200f\u2060\ufeff]+")


@dataclass(frozen=True)
class Names:
    """The columns that mean something: those wanted, and the other names of some."""

    wanted: Sequence[str]
    synonyms: Mapping[str, str]

    def of(self, column: str) -> str | None:
        """What a column of this name means; None: nothing."""
        if column in self.wanted:
            return column
        key = key_of(column)
        alike = [name for name in self.wanted if key_of(name) == key]
        if len(alike) == 1:
            return alike[0]
        return next((name for other, name in self.synonyms.items() if key_of(other) == key), None)


class Table(NamedTuple):
    """The header of a CSV list: its delimiter, and what each column means; None: nothing that was asked for."""

    delimiter: str
    columns: tuple[str | None, ...]
    strange: tuple[str, ...]  # names of columns that mean nothing


def key_of(column: str) -> str:
    """What of a column's name counts: case, blanks, _ and - do not."""
    return _KEY.sub("", column).casefold()


def table_of(text: str, names: Names, delimiter: str | None = None) -> Table | None:
    """The header, read by the delimiter that gives the most columns that mean something. None: a blank row."""
    rows = {between: _row(text, between) for between in (delimiter or DELIMITERS)}
    if not any(rows.values()):
        raise ListFault("header", "its quotes do not match")

    def worth(between: str) -> tuple[int, int]:
        return sum(names.of(cell) is not None for cell in rows[between]), len(rows[between])

    best = max(rows, key=worth)
    cells = [cell.strip() for cell in rows[best]]
    while cells and not cells[-1]:
        cells.pop()
    if not cells:
        return None
    meant = [names.of(cell) if cell else None for cell in cells]
    given = [name or key_of(cell) or cell for name, cell in zip(meant, cells, strict=True) if cell]
    if twice := next((name for name in given if given.count(name) > 1), None):
        raise ListFault("header", "names a column twice" + (f": `{twice}`" if twice in names.wanted else ""))
    strange = tuple(cell for name, cell in zip(meant, cells, strict=True) if cell and name is None)
    return Table(best, tuple(meant), strange)


def _row(text: str, delimiter: str) -> list[str]:
    """The cells of the row; empty when it cannot be read with this delimiter."""
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def header_text(raw: RawLine) -> str:
    """The text of the header's line. Raises ListFault for what is no header of a CSV."""
    if raw.content is None:
        raise ListFault("header", f"must be at most {MAX_LINE_BYTES} bytes")
    try:
        text = raw.content.decode()
    except UnicodeDecodeError:
        raise ListFault("header", UTF8_RULE) from None
    if "\0" in text:
        raise ListFault("header", NO_NUL)
    if text.lstrip().startswith(("{", "[")):
        raise ListFault("header", "must name the columns; these are JSON lines, not CSV")
    return text
