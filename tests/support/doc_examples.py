"""Reads the executable examples of `docs/features/`: their form is told in `docs/features/README.md`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

_BLOCK = re.compile(r"^```(http|http-answer)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"\{([a-z_]+(?:\+[0-9]+)?)\}")
ANY = "…"
Values = Mapping[str, str]


class BadExample(ValueError):
    """The page is not written as `docs/features/README.md` says."""


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Example:
    """A request and, where the page shows one, the answer: status and the body's text."""

    request: str
    answer: str | None

    def filled(self, values: Values) -> Request:
        """The request with its names filled in. Raises BadExample."""
        head, _, body = fill(self.request, values).partition("\n\n")
        first, *rest = head.strip().splitlines()
        method, _, path = first.partition(" ")
        headers = dict(line.split(": ", 1) for line in rest)
        return Request(method, path.strip(), headers, body.strip().encode())

    def expected(self, values: Values) -> tuple[int, str] | None:
        """The status, and the body as text, empty when it does not matter."""
        if self.answer is None:
            return None
        status, _, body = fill(self.answer, values).partition("\n")
        return int(status.split()[0]), body.strip()


def examples(page: Path) -> Iterator[Example]:
    """Those of a page, in order. Raises BadExample."""
    blocks = _BLOCK.findall(page.read_text())
    for place, (kind, text) in enumerate(blocks):
        if kind == "http":
            following = blocks[place + 1] if place + 1 < len(blocks) else ("", "")
            yield Example(text, following[1] if following[0] == "http-answer" else None)
        elif place == 0 or blocks[place - 1][0] != "http":
            raise BadExample(f"{page.name}: an answer without a request")


def fill(text: str, values: Values) -> str:
    """Names in braces by their values; braces that hold anything else stay. Raises BadExample for an unknown name."""

    def value(found: re.Match[str]) -> str:
        name, _, more = found[1].partition("+")
        if name not in values:
            raise BadExample(f"{found[0]} is not a name that can be filled in")
        return values[name] + (f"-{more}" if more else "")

    return _NAME.sub(value, text)


def fits(expected: Any, actual: Any) -> bool:
    """Whether an answer is the one that the page shows."""
    if expected == ANY:
        return True
    if isinstance(expected, dict) and isinstance(actual, dict):
        shown = {key for key in expected if key != ANY}
        whole = ANY in expected or shown == set(actual)
        return whole and all(key in actual and fits(expected[key], actual[key]) for key in shown)
    if isinstance(expected, list) and isinstance(actual, list):
        if ANY in expected:  # what is shown, in its order, and others in between
            rest = iter(actual)
            return all(any(fits(item, other) for other in rest) for item in expected if item != ANY)
        return len(expected) == len(actual) and all(map(fits, expected, actual))
    return type(expected) is type(actual) and bool(expected == actual)


def body_fits(expected: str, actual: bytes) -> bool:
    """JSON is compared by value, line by line where there are several; other text must be equal."""
    if not expected:
        return True
    try:
        wanted = orjson.loads(expected)
    except orjson.JSONDecodeError:
        lines = actual.decode().strip().splitlines()
        return len(lines) == len(expected.splitlines()) and all(map(_line_fits, expected.splitlines(), lines))
    try:
        return fits(wanted, orjson.loads(actual))
    except orjson.JSONDecodeError:
        return False


def _line_fits(expected: str, actual: str) -> bool:
    if expected == ANY:
        return True
    try:
        return fits(orjson.loads(expected), orjson.loads(actual))
    except orjson.JSONDecodeError:
        return expected == actual
