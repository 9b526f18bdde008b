"""Reads a list, CSV or JSON lines, as records, by one set of rules. Pure; `lines.py` cuts the lines.

    sep=;                                  may stand before the header, as Excel writes it
    Phone; First Name ;;                   the header: `,` `;` tab or `|` between; case, blanks, _ and - mean nothing
    +79161234567;Gold;;                    cells; blank columns and blank rows are passed over
    {"phone": "+79161234567", "firstName": "Gold"}      the same as a JSON line

`phone` and `to` mean the same. What cannot be read is reported by line, field and rule, never by what it holds.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from schemas import lossless
from schemas.lossless import NO_NUL
from services.runtime.lists.cells import text_of
from services.runtime.lists.csv_header import DELIMITERS, Names, Table, header_text, table_of
from services.runtime.lists.lines import MAX_LINE_BYTES, UTF8_RULE, Lines, ListFault, RawLine, Utf8

_SEP = re.compile(r'"?sep=(\\t|.)["\s;,|]*', re.IGNORECASE)
_NOT_PLAIN = (int, float, list, dict)
"""What a parser may read with loss: 1.10, or more than 64 bits."""
_JSON_RULE = "must be a JSON object in UTF-8"


class Fault(NamedTuple):
    """Why a record cannot be read."""

    field: str
    rule: str


class Record(NamedTuple):
    """One record by the names that were asked for. Of JSON lines other names are in it as well."""

    line: int
    cells: Mapping[str, Any]
    fault: Fault | None = None
    is_csv: bool = True  # what a spreadsheet has made of its cells is to be undone
    content: bytes | None = None  # as it stands, in UTF-8; None: too long


@dataclass(frozen=True)
class Understood:
    """How a list was read, to be reported before what is wrong with it."""

    format: str
    encoding: str
    delimiter: str | None = None
    columns: tuple[str, ...] = ()  # by what they mean
    ignored: int = 0  # columns that mean nothing
    rows: int = 0

    def __str__(self) -> str:
        if self.format != "CSV":
            return f"JSON lines in {self.encoding}"
        if self.delimiter is None:
            return f"CSV in {self.encoding}"
        between = "tabs" if self.delimiter == "\t" else f"`{self.delimiter}`"
        columns = f", columns {', '.join(self.columns)}" if self.columns else ""
        more = f" (and {self.ignored} more)" if self.ignored else ""
        return f"CSV in {self.encoding}, {between} between{columns}{more}"


class Records:
    """One list, or the lines of it from `first_line` on; every part of a CSV begins with its header."""

    def __init__(self, names: Names, is_csv: bool, encoding: str = "", first_line: int = 1) -> None:
        self.table: Table | None = None
        self.head: list[bytes] = []  # the lines of a CSV's header as they stand, in UTF-8: `sep=` may be one
        self.text = Utf8(encoding)
        self._names, self._is_csv, self._first_line = names, is_csv, first_line
        self._lines = Lines(1 if is_csv else first_line, is_csv)
        self._delimiter: str | None = None
        self._rows = 0

    @property
    def line(self) -> int:
        """The number of the record to come."""
        return self._lines.line

    @property
    def understood(self) -> Understood:
        encoding = self.text.encoding.upper() if self.text.encoding.startswith("utf") else self.text.encoding
        if not self._is_csv:
            return Understood("JSON lines", encoding, rows=self._rows)
        table = self.table or Table(self._delimiter or "", (), ())
        columns = tuple(name for name in table.columns if name is not None)
        ignored = len(table.strange)
        return Understood("CSV", encoding, table.delimiter or None, columns, ignored=ignored, rows=self._rows)

    def feed(self, piece: bytes) -> Iterator[Record]:
        """The records that end in this piece. Raises ListFault for what is no list."""
        yield from self.feed_utf8(self.text.feed(piece))

    def feed_utf8(self, piece: bytes) -> Iterator[Record]:
        """The same of what is known to be UTF-8 without a mark."""
        for raw in self._lines.feed(piece):
            yield from self._records(raw)

    def end(self) -> Iterator[Record]:
        """What is left when the stream ends. Raises ListFault."""
        yield from self.feed_utf8(self.text.end())
        for raw in self._lines.end():
            yield from self._records(raw)
        if self._is_csv and self.table is None:
            raise ListFault("header", "mandatory: the first line names the columns")

    def _records(self, raw: RawLine) -> Iterator[Record]:
        if self._is_csv and self.table is None:
            self._read_header(raw)
            return
        if not self._is_csv and not self._rows:
            _check_no_array(raw)
        try:
            cells = _object(raw, self._names) if self.table is None else _cells(raw, self.table)
        except _Broken as broken:
            self._rows += 1
            yield Record(raw.line, {}, broken.fault, content=raw.content)
            return
        if cells is not None:
            self._rows += 1
            yield Record(raw.line, cells, is_csv=self._is_csv, content=raw.content)

    def _read_header(self, raw: RawLine) -> None:
        text = header_text(raw)
        if self._delimiter is None and (line := _SEP.fullmatch(text.strip(" "))):
            self._delimiter = "\t" if line[1] == "\\t" else line[1]
            if self._delimiter not in DELIMITERS:
                raise ListFault("header", "`sep=` must be followed by `,` `;` `|` or a tab")
            self.head.append(raw.content or b"")
            return
        found = table_of(text, self._names, self._delimiter)
        if found is None:
            return
        self.table = found
        self.head.append(raw.content or b"")
        self._lines.delimited_by(found.delimiter)
        if self._first_line > self._lines.line:
            self._lines.line = self._first_line


class _Broken(Exception):
    def __init__(self, field: str, rule: str) -> None:
        super().__init__(rule)
        self.fault = Fault(field, rule)


def _content(raw: RawLine) -> bytes:
    if raw.content is None:
        raise _Broken("line", f"must be at most {MAX_LINE_BYTES} bytes")
    return raw.content


def _cells(raw: RawLine, table: Table) -> dict[str, str] | None:
    """The cells of a row, by what their columns mean; None for a blank row."""
    content = _content(raw)
    try:
        text = content.decode()
        row = next(csv.reader([text], delimiter=table.delimiter, strict=True), [])
    except UnicodeDecodeError:
        raise _Broken("line", UTF8_RULE) from None
    except csv.Error:
        raise _Broken("line", "its quotes do not match") from None
    if not any(cell.strip() for cell in row):
        return None
    if "\0" in text:
        raise _Broken("line", NO_NUL)
    if len(row) < len(table.columns) or any(cell.strip() for cell in row[len(table.columns) :]):
        raise _Broken("line", f"has {len(row)} columns, the header has {len(table.columns)}")
    return {name: text_of(cell) for name, cell in zip(table.columns, row, strict=False) if name is not None}


def _object(raw: RawLine, names: Names) -> dict[str, Any]:
    """A JSON line, with the names that were asked for in place of their synonyms."""
    content = _content(raw)
    try:
        try:
            found = orjson.loads(content)
        except orjson.JSONDecodeError:
            found = lossless.loads(content)  # which takes a few numbers more
        if isinstance(found, dict) and any(isinstance(value, _NOT_PLAIN) for value in found.values()):
            found = lossless.exact(found, content)
    except lossless.NotJson:
        raise _Broken("line", _JSON_RULE) from None
    if not isinstance(found, dict):
        raise _Broken("line", _JSON_RULE)
    for other, name in names.synonyms.items():
        value = found.pop(other, None)
        if value in (None, ""):
            continue
        if found.get(name) not in (None, "", value):
            raise _Broken(name, f"must not differ from `{other}`, which means the same")
        found[name] = value
    return found


def _check_no_array(raw: RawLine) -> None:
    start = (raw.content or b"").strip()
    if start.startswith(b"["):
        raise ListFault("list", "must be JSON lines, one object a line; this is a JSON array")
    if start == b"{":
        raise ListFault("list", "must be JSON lines, one object a line; this one goes over several lines")
