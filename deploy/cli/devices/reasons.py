"""A refused line with its reason in front, to be read again by the same options.

    provider;token;phone                reject_reason;provider;token;phone
    fcm;t1;12                    ─▶     "line 2: phone: must be …";fcm;t1;12
    {"token": "t1", "phone": 12} ─▶     {"reject_reason": "line 2: phone: must be …", "token": "t1", "phone": 12}

The line itself stays as it was, also where its quotes do not match. So the reason stands in front of it, where no cell
that is missing or too many moves it, and always in quotes, which close nothing that another row has left open.
"""

import csv
import json
import re

from deploy.cli.devices.lines import REASON, is_reason
from services.runtime.lists.csv_or_json import Records

_SPACES = " \t\r\n"


class Reasons:
    """Of one file whose header, if it has one, was read. `head` is the header with the column, in UTF-8."""

    def __init__(self, records: Records) -> None:
        self.head: list[bytes] = []
        self._encoding = records.text.encoding
        self._delimiter = ""  # empty: JSON lines
        self._place: int | None = None  # of the column in the rows that are read
        if records.table is None:
            return
        self._delimiter = records.table.delimiter
        *before, header = records.head
        names = next(csv.reader([header.decode()], delimiter=self._delimiter, strict=True))
        self._place = next((place for place, name in enumerate(names) if is_reason(name)), None)
        self.head = [*before, self._row(REASON, header)]

    def added(self, source: bytes, reason: str) -> bytes:
        """The line with this reason, and none that it had, in UTF-8."""
        on_one_line = " ".join(reason.split())
        plain = on_one_line.encode(self._encoding, "replace").decode(self._encoding)
        if not self._delimiter:
            return _object(source, plain)
        return self._row('"' + plain.replace('"', '""') + '"', source)

    def _row(self, first: str, row: bytes) -> bytes:
        rest = row if self._place is None else _without_cell(row, self._delimiter, self._place)
        return f"{first}{self._delimiter}".encode() + rest


def _without_cell(row: bytes, delimiter: str, place: int) -> bytes:
    """A row without the cell at this place, as far as it has one; also where its quotes do not match."""
    between = re.escape(delimiter.encode())
    cell = re.compile(rb'(?:"(?:[^"]|"")*"(?=' + between + rb"|\Z)|[^" + between + rb"]*)")
    at = 0
    for _ in range(place + 1):
        if at > len(row):
            return row
        begin, at = at, len(row) + 1 if (found := cell.match(row, at)) is None else found.end() + 1
    return row[:begin] + row[at:] if at <= len(row) else row[: max(begin - 1, 0)]


def _object(source: bytes, reason: str) -> bytes:
    """A JSON line with the field; what is no object stands behind one that has only it, and is refused again."""
    text = source.decode(errors="surrogateescape").strip(_SPACES)
    field = f'"{REASON}": {json.dumps(reason, ensure_ascii=False)}'
    if not text.startswith("{"):
        return f"{{{field}}} {text}".encode(errors="surrogateescape")
    rest = _without_field(text)[1:].lstrip(_SPACES)
    between = "" if rest.startswith("}") else ", "
    return f"{{{field}{between}{rest}".encode(errors="surrogateescape")


def _without_field(text: str) -> str:
    """An object's text without the field REASON, as far as it can be read."""
    decoder = json.JSONDecoder()
    begin = 1
    try:
        while True:
            name, at = decoder.raw_decode(text, _past_space(text, begin))
            if text[at := _past_space(text, at)] != ":":
                return text
            _, at = decoder.raw_decode(text, _past_space(text, at + 1))
            at = _past_space(text, at)
            is_last = text[at] != ","
            if name == REASON:
                return text[: begin - (is_last and begin > 1)] + text[at + (not is_last) :]
            if is_last:
                return text
            begin = at + 1
    except (ValueError, IndexError, RecursionError):
        return text


def _past_space(text: str, at: int) -> int:
    while text[at] in _SPACES:
        at += 1
    return at
