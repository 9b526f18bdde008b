"""A file of existing tokens as lines of NDJSON, one at a time and each with its number, in constant memory.

NDJSON   as it stands
CSV      a header of column names; an empty cell was not said; subscriptions are names with | between; subscription (of
         the web) is JSON

Both are read as the lists of mailings are (`services/runtime/lists/csv_or_json.py`): any encoding, line end, delimiter.
"""

import dataclasses
import gzip
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from deploy.cli.devices.exports import BadCell, Export, LeftOut
from deploy.cli.fault import Fault
from deploy.cli.words import phrase, rule_in
from services.runtime.lists.cells import plain
from services.runtime.lists.csv_header import Names, key_of
from services.runtime.lists.csv_or_json import Record, Records, Understood
from services.runtime.lists.lines import MAX_LINE_BYTES, ListFault

PIECE_BYTES = 64 * 1024
REASON = "reject_reason"
"""The column, or field, in which `--rejects` says why a line was refused. It is not read."""
TRUE, FALSE = {"true", "yes", "1"}, {"false", "no", "0"}


@dataclass(frozen=True)
class Bad:
    """A line that is not imported, and the rule that it breaks."""

    number: int
    field: str
    rule: str
    source: bytes | None = dataclasses.field(default=None, compare=False, repr=False)  # as `Record.content`


@dataclass(frozen=True)
class Line:
    """One installation, in NDJSON without the line's end."""

    number: int
    content: bytes
    source: bytes | None = dataclasses.field(default=None, compare=False, repr=False)  # as `Record.content`


class Lines:
    """The lines of a file. `understood` is how it was read so far, to be said before what is wrong with it.

    Of another platform's export `left_out` counts what is no device of ours, by reason.
    """

    def __init__(self, file: BinaryIO, is_csv: bool, encoding: str = "", export: Export | None = None) -> None:
        self._file, self._is_csv, self._export = file, is_csv, export
        names = Names(tuple(CELLS), SYNONYMS) if export is None else Names(export.columns, {})
        self.records = Records(names, is_csv, encoding)
        self.left_out: Counter[str] = Counter()

    @property
    def understood(self) -> Understood:
        return self.records.understood

    def __iter__(self) -> Iterator[Line | Bad]:
        """Raises Fault for a file that is no list, or whose header names unknown columns."""
        try:
            while piece := self._file.read(PIECE_BYTES):
                yield from self._lines(self.records.feed(piece))
            yield from self._lines(self.records.end())
        except ListFault as fault:
            about = phrase("read as {format}", format=understood_words(self.understood))
            raise Fault(f"{rule_in(str(fault))} ({about})") from None
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise Fault(phrase("the file is damaged: its compression breaks off")) from None

    def _lines(self, records: Iterator[Record]) -> Iterator[Line | Bad]:
        for record in records:
            self._check_head()
            if record.fault is not None:
                yield Bad(record.line, *record.fault, record.content)
            elif self._export is not None:
                yield from self._of_export(record, self._export)
            elif self._is_csv:
                yield _line(record)
            else:
                yield _bounded(record, {name: value for name, value in record.cells.items() if name != REASON})
        self._check_head()

    def _of_export(self, record: Record, export: Export) -> Iterator[Line | Bad]:
        try:
            yield _bounded(record, export.fields(record.cells))
        except LeftOut as reason:
            self.left_out[str(reason)] += 1
        except BadCell as bad:
            yield Bad(record.line, bad.column, bad.rule, record.content)

    def _check_head(self) -> None:
        table = self.records.table
        if table is None:
            return
        if self._export is not None:
            if missing := [name for name in self._export.needed if name not in table.columns]:
                raise ListFault("header", f"has no column {missing[0]!r}")
            return
        strange = [name for name in table.strange if not is_reason(name)]
        if not any(table.columns):  # no header at all, then: its cells are somebody's token or phone
            raise ListFault("header", f"names no column that is known; there are: {', '.join(CELLS)}")
        if strange:
            raise ListFault("header", f"unknown column {strange[0][:40]!r}; there are: {', '.join(CELLS)}")


def understood_words(how: Understood) -> str:
    """How the file was read so far."""
    if how.format != "CSV":
        return phrase("JSON lines in {encoding}", encoding=how.encoding)
    parts = [phrase("CSV in {encoding}", encoding=how.encoding)]
    if how.delimiter is not None:
        between = phrase("tabs") if how.delimiter == "\t" else f"`{how.delimiter}`"
        parts.append(phrase("{delimiter} between", delimiter=between))
    if how.columns:
        more = f" ({phrase('and {count} more', count=how.ignored)})" if how.ignored else ""
        parts.append(phrase("columns {columns}", columns=", ".join(how.columns)) + more)
    return ", ".join(parts)


def is_reason(column: str) -> bool:
    """Whether a CSV's column of this name is the one of REASON."""
    return key_of(column) == key_of(REASON)


def _line(record: Record) -> Line | Bad:
    """A row of a CSV, by what its cells mean."""
    fields: dict[str, Any] = {}
    for name, cell in record.cells.items():
        try:
            if cell.strip():
                fields[name] = MEANINGS[name](cell)
        except ValueError as error:
            return Bad(record.line, name, str(error), record.content)
    return _bounded(record, fields)


def _bounded(record: Record, fields: dict[str, Any]) -> Line | Bad:
    content = json.dumps(fields).encode()
    if len(content) > MAX_LINE_BYTES:
        return Bad(record.line, "line", f"must be at most {MAX_LINE_BYTES} bytes", record.content)
    return Line(record.line, content, record.content)


def _switch(text: str) -> bool:
    if text.lower() not in TRUE | FALSE:
        raise ValueError("must be true or false")
    return text.lower() in TRUE


def _subscriptions(text: str) -> list[dict[str, str]]:
    return [{"id": name.strip()} for name in text.split("|") if name.strip()]


def _object(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("must be JSON") from None


CELLS: dict[str, Callable[[str], Any]] = {
    "provider": str.lower,
    "token": str,
    "subscription": _object,
    "environment": str.lower,
    "bundle": str,
    "variant": str.lower,
    "platform": str.lower,
    "externalUserId": str,
    "phone": str,
    "deviceId": str,
    "appVersion": str,
    "osVersion": str,
    "model": str,
    "locale": str,
    "timeZone": str,
    "pushEnabled": _switch,
    "pushOsEnabled": _switch,
    "subscriptions": _subscriptions,
}
"""Columns, and what a cell of each means. Each raises ValueError with the rule."""
SYNONYMS = {"to": "phone"}
NAMING = {"phone", "externalUserId", "deviceId"}
"""Columns whose cells a spreadsheet may have taken for numbers."""


def _meaning(name: str) -> Callable[[str], Any]:
    def of(cell: str) -> Any:
        return CELLS[name](plain(cell, is_number=name == "phone") if name in NAMING else cell.strip())

    return of


MEANINGS = {name: _meaning(name) for name in CELLS}
"""What a cell of each column means, whatever a spreadsheet has made of it. Each raises ValueError with the rule."""


def parts(lines: Iterable[Line | Bad], most_lines: int, most_bytes: int) -> Iterator[tuple[list[Line], list[Bad]]]:
    """What is sent in one call, and the bad lines between."""
    good: list[Line] = []
    bad: list[Bad] = []
    size = 0
    for line in lines:
        if isinstance(line, Bad):
            bad.append(line)
        else:
            good.append(line)
            size += len(line.content) + 1
        if len(good) + len(bad) >= most_lines or size >= most_bytes:
            yield good, bad
            good, bad, size = [], [], 0
    if good or bad:
        yield good, bad
