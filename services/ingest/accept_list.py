"""A mailing's list, line by line: NDJSON or CSV. Pure; `Lines` cuts a stream into records, `read` judges one.

    {"to": "+79161234567", "id": "order-77", "name": "Anna", "amount": 120}        application/x-ndjson
    to;id;name;amount                                                              text/csv, first line: the columns
    +79161234567;order-77;Anna;120

Lines are numbered as an editor numbers them, from 1; the header of a CSV file is line 1. A quoted CSV field may hold
line breaks: its record is known by the line that it begins on. What the template does not ask for is not kept.
"""

import csv
import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import orjson

from services import phones
from services.ingest.accept_errors import Refused, invalid
from services.ingest.accept_fill import Template

MAX_LINE_BYTES = 16 * 1024
_MAX_RECORD_LINES = 50
_MAX_ID = 200
_MAX_USER = 300
_OWN = ("to", "externalUserId", "id")


class Row(NamedTuple):
    """One recipient, as it is kept until it is planned."""

    line: int
    phone: str | None
    user: str | None
    ref: str | None
    values: Sequence[str]


class Bad(NamedTuple):
    """A line that cannot be sent to, and why; never what it holds."""

    line: int
    field: str
    rule: str


class Raw(NamedTuple):
    """A record and the number of the line it begins on; None is one that is too long."""

    line: int
    content: bytes | None


class Lines:
    """Cuts what comes in pieces into records. Holds one record at most, however long the stream."""

    def __init__(self, first_line: int, quoted: bool) -> None:
        self._line = first_line  # of the first line that is held
        self._quoted = quoted
        self._held: list[bytes] = []  # lines of a record whose quotes are open
        self._rest = b""
        self._is_long = False

    @property
    def line(self) -> int:
        """The number of the record to come."""
        return self._line

    def feed(self, piece: bytes) -> Iterator[Raw]:
        """The records that end in this piece."""
        lines = (self._rest + piece).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            yield from self._ended(line)
        if len(self._rest) > MAX_LINE_BYTES:  # what follows belongs to it as well
            self._is_long, self._rest = True, self._rest[-1:]

    def end(self) -> Iterator[Raw]:
        """What is left when the stream ends, with or without a line break."""
        if self._rest:
            yield from self._ended(self._rest)
            self._rest = b""
        while self._held:
            yield from self._broken()

    def _ended(self, line: bytes) -> Iterator[Raw]:
        if self._is_long or len(line) > MAX_LINE_BYTES:
            while self._held:
                yield from self._broken()
            self._is_long = False
            yield self._taken(None, 1)
            return
        if not self._quoted or (b'"' not in line and not self._held):
            record = self._taken(line, 1)
            if line.strip():
                yield record
            return
        self._held.append(line)
        record_bytes = b"\n".join(self._held)
        if not _is_open(record_bytes):
            count = len(self._held)
            self._held = []
            yield self._taken(record_bytes, count)
        elif len(self._held) > _MAX_RECORD_LINES or len(record_bytes) > MAX_LINE_BYTES:
            yield from self._broken()

    def _broken(self) -> Iterator[Raw]:
        """A quote that is never closed must not swallow the lines after it: only its own line is bad."""
        first, *others = self._held
        self._held = []
        yield self._taken(first, 1)
        for line in others:
            yield from self._ended(line)

    def _taken(self, content: bytes | None, lines: int) -> Raw:
        record = Raw(self._line, None if content is None else content.removesuffix(b"\r"))
        self._line += lines
        return record


_QUOTED = re.compile(rb'(?:^|(?<=[,;\t]))"(?:[^"]|"")*"(?=[,;\t\r]|$)')
_OPENED = re.compile(rb'(?:^|[,;\t])"')


def _is_open(record: bytes) -> bool:
    """True when a quoted field goes on behind the end."""
    return _OPENED.search(_QUOTED.sub(b"", record)) is not None


class Table(NamedTuple):
    """The head of a CSV list: its delimiter and its columns."""

    delimiter: str
    columns: tuple[str, ...]


def table_of(header: Raw, names: Sequence[str]) -> Table:
    """Raises Refused when the columns cannot be a list of this mailing."""
    try:
        text = (header.content or b"").decode("utf-8-sig")
    except UnicodeDecodeError:
        raise invalid("header", "must be UTF-8") from None
    delimiter = max(",;\t", key=text.count)
    columns = tuple(column.strip() for column in next(csv.reader([text], delimiter=delimiter), []))
    if len(set(columns)) < len(columns):
        raise invalid("header", "names a column twice")
    if not {"to", "externalUserId"} & set(columns):
        raise invalid("header", "must name a column `to` or `externalUserId`")
    if missing := [name for name in names if name not in columns]:
        raise invalid("header", f"has no column for {{{{{missing[0]}}}}}")
    return Table(delimiter, columns)


def read(raw: Raw, template: Template, table: Table | None) -> Row | Bad:
    """Judge one record."""
    if raw.content is None:
        return Bad(raw.line, "line", f"must be at most {MAX_LINE_BYTES} bytes")
    content = raw.content.removeprefix(BOM_UTF8) if raw.line == 1 else raw.content
    try:
        return _row(raw.line, _cells(content, table), template)
    except Refused as refused:
        field, _, rule = refused.refusal.detail.partition(": ")
        return Bad(raw.line, field, rule)


def _row(line: int, cells: dict[str, Any], template: Template) -> Row:
    to, user, ref = (_own(cells, name) for name in _OWN)
    phone = None
    if to is not None:
        phone = phones.normalise(to)
        if phone is None:
            raise invalid("to", phones.RULE)
    elif user is None:
        raise invalid("to", "mandatory unless externalUserId is given")
    elif not template.has_push:
        raise invalid("to", f"mandatory for {template.first_channel}")
    if user is not None and len(user) > _MAX_USER:
        raise invalid("externalUserId", f"must have at most {_MAX_USER} characters")
    if ref is not None and len(ref) > _MAX_ID:
        raise invalid("id", f"must have at most {_MAX_ID} characters")
    values = [_value(cells, name) for name in template.names]
    template.check(values)
    return Row(line, phone, user, ref, values)


def _cells(content: bytes, table: Table | None) -> dict[str, Any]:
    if table is None:
        try:
            found = orjson.loads(content)
        except orjson.JSONDecodeError:
            raise invalid("line", "must be a JSON object in UTF-8") from None
        if not isinstance(found, dict):
            raise invalid("line", "must be a JSON object in UTF-8")
        return found
    try:
        cells = next(csv.reader([content.decode()], delimiter=table.delimiter, strict=True), [])
    except UnicodeDecodeError:
        raise invalid("line", "must be UTF-8") from None
    except csv.Error:
        raise invalid("line", "its quotes do not match") from None
    if len(cells) != len(table.columns):
        raise invalid("line", f"has {len(cells)} columns, the header has {len(table.columns)}")
    return dict(zip(table.columns, cells, strict=True))


def _own(cells: dict[str, Any], name: str) -> str | None:
    value = cells.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise invalid(name, "must be a string")
    if "\0" in value:
        raise invalid(name, "must not hold a NUL character")
    return value


def _value(cells: dict[str, Any], name: str) -> str:
    value = cells.get(name)
    if isinstance(value, str):
        if "\0" in value:
            raise invalid(name, "must not hold a NUL character")
        return value
    if value is None:
        raise invalid(name, "mandatory: the message has a placeholder for it")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid(name, "must be a string or a number")
    return str(value)
