"""A file of existing tokens as lines of NDJSON, one at a time and each with its number, in constant memory.

NDJSON   as it stands
CSV      a head of column names, in any case, with or without _ and -; an empty cell was not said;
         subscriptions are names with | between; subscription (of the web) is JSON
"""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from deploy.cli.fault import Fault

MAX_LINE_BYTES = 16_384
"""The platform's limit; a longer line is not even read to its end at once."""
TRUE, FALSE = {"true", "yes", "1"}, {"false", "no", "0"}


@dataclass(frozen=True)
class Bad:
    """A line that is not imported, and the rule that it breaks."""

    number: int
    field: str
    rule: str


@dataclass(frozen=True)
class Line:
    """One installation, in NDJSON without the line's end."""

    number: int
    content: bytes


def ndjson(file: BinaryIO) -> Iterator[Line | Bad]:
    """Every line that is not blank."""
    for number, content in bounded(file):
        if content is None:
            yield _too_long(number)
        elif content.strip():
            yield Line(number, content)


def table(file: BinaryIO) -> Iterator[Line | Bad]:
    """Every row of a CSV. Raises Fault when the head names no or unknown columns."""
    broken: list[Bad] = []
    lines = _decoded(file, broken)
    head = next(lines, "")
    names = _columns(head, delimiter := ";" if ";" in head and "," not in head else ",")
    last = 1

    def counted() -> Iterator[str]:
        nonlocal last
        for line in lines:
            last += 1
            yield line

    rows = csv.reader(counted(), delimiter=delimiter, strict=True)
    while True:
        first = last + 1
        try:
            row = next(rows, None)
            line = None if row is None else _line(first, names, row)
        except csv.Error as error:
            line = Bad(first, "line", f"must be CSV: {error}")
        yield from broken
        broken.clear()
        if line is None:
            return
        if not isinstance(line, Line) or line.content:
            yield line


def bounded(file: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """The lines and their numbers, without line end and byte order mark; None for one over the limit."""
    number = 0
    while part := file.readline(MAX_LINE_BYTES + 2):
        number += 1
        if number == 1:
            part = part.removeprefix(b"\xef\xbb\xbf")
        content = part.rstrip(b"\r\n")
        is_long = len(content) > MAX_LINE_BYTES
        while part and not part.endswith(b"\n"):
            part = file.readline(MAX_LINE_BYTES)
            is_long = is_long or bool(part.rstrip(b"\r\n"))
        yield number, None if is_long else content


def _too_long(number: int) -> Bad:
    return Bad(number, "line", f"must be at most {MAX_LINE_BYTES} bytes")


def _decoded(file: BinaryIO, broken: list[Bad]) -> Iterator[str]:
    """Lines as text; one that cannot be read becomes a blank one and is told in `broken`."""
    for number, content in bounded(file):
        text = ""
        if content is None:
            broken.append(_too_long(number))
        else:
            try:
                text = content.decode()
            except UnicodeDecodeError:
                broken.append(Bad(number, "line", "must be UTF-8"))
        yield text + "\n"


def _columns(head: str, delimiter: str) -> list[str]:
    try:
        given = next(csv.reader([head], delimiter=delimiter, strict=True), [])
    except csv.Error as error:
        raise Fault(f"the head of the CSV cannot be read: {error}") from None
    known = {name.lower(): name for name in CELLS}
    names = [known.get("".join(one for one in cell.lower() if one not in "_- ")) for cell in given]
    strange = [cell for cell, name in zip(given, names, strict=True) if name is None]
    if strange or not given:
        what = f"unknown column {strange[0][:40]!r}" if strange else "the first line must name the columns"
        raise Fault(f"{what}; there are: {', '.join(CELLS)}")
    found = [name for name in names if name is not None]
    if twice := next((name for name in found if found.count(name) > 1), None):
        raise Fault(f"column {twice} is there twice")
    return found


def _line(number: int, names: list[str], row: list[str]) -> Line | Bad:
    if not any(cell.strip() for cell in row):
        return Line(number, b"")
    if len(row) != len(names):
        return Bad(number, "line", f"must have {len(names)} cells; it has {len(row)}")
    said: dict[str, Any] = {}
    for name, cell in zip(names, row, strict=True):
        if text := cell.strip():
            try:
                said[name] = CELLS[name](text)
            except ValueError as error:
                return Bad(number, name, str(error))
    content = json.dumps(said).encode()
    return Line(number, content) if len(content) <= MAX_LINE_BYTES else _too_long(number)


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
