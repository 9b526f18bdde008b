"""The form of a JSON body as data: small checks that are put together like the documentation's tables.

A check returns nothing or raises MalformedError, whose path is built while it passes through the enclosing checks:

    check = record({"ttl": text(pattern=r"\\d+s"), "buttons": items(record({"name": text(1, 40)}), 3)})
    check({"buttons": [{"name": ""}]})   →   MalformedError: buttons[0].name: shorter than 1
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson

MAX_DEPTH = 100

Check = Callable[[Any], None]


class MalformedError(Exception):
    """What is wrong with a body, and where."""

    def __init__(self, why: str, *path: str) -> None:
        super().__init__(why)
        self.why = why
        self.path = ".".join(path)

    def within(self, parent: str) -> "MalformedError":
        """The same, seen from one level further out."""
        joint = "." if self.path and not self.path.startswith("[") else ""
        self.path = f"{parent}{joint}{self.path}"
        return self

    def __str__(self) -> str:
        return f"{self.path}: {self.why}" if self.path else self.why


def parse_object(body: bytes) -> dict[str, Any]:
    """A JSON object no deeper than MAX_DEPTH; orjson itself refuses NaN, lone surrogates and bad UTF-8."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedError(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise MalformedError("not a JSON object")
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise MalformedError(f"nested deeper than {MAX_DEPTH}")
    return value


def _depth(value: Any) -> int:
    """Levels of nesting; breadth first, so that no input can exhaust the stack."""
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return depth


def text(shortest: int = 0, longest: int | None = None, pattern: str | None = None, hint: str | None = None) -> Check:
    """A string; lengths in code points; `hint` replaces the pattern in the message."""
    wanted = re.compile(pattern, re.ASCII) if pattern is not None else None

    def check(value: Any) -> None:
        if not isinstance(value, str):
            raise MalformedError("must be a string")
        if len(value) < shortest:
            raise MalformedError(f"shorter than {shortest}")
        if longest is not None and len(value) > longest:
            raise MalformedError(f"longer than {longest}")
        if wanted is not None and not wanted.fullmatch(value):
            raise MalformedError(f"must be {hint or 'like ' + wanted.pattern}")

    return check


def integer(lowest: int, highest: int) -> Check:
    def check(value: Any) -> None:
        if type(value) is not int:
            raise MalformedError("must be an integer")
        if not lowest <= value <= highest:
            raise MalformedError(f"must be {lowest} to {highest}")

    return check


def number(lowest: float, highest: float) -> Check:
    def check(value: Any) -> None:
        if type(value) not in (int, float):
            raise MalformedError("must be a number")
        if not lowest <= value <= highest:
            raise MalformedError(f"must be {lowest} to {highest}")

    return check


def flag(value: Any) -> None:
    if not isinstance(value, bool):
        raise MalformedError("must be true or false")


def choice(*values: Any) -> Check:
    """One of the values, type included: 1 is not True."""

    def check(value: Any) -> None:
        if not any(type(value) is type(known) and value == known for known in values):
            raise MalformedError(f"must be one of {', '.join(map(str, values))}")

    return check


def items(check_one: Check, most: int | None = None, least: int = 0) -> Check:
    def check(value: Any) -> None:
        if not isinstance(value, list):
            raise MalformedError("must be an array")
        if len(value) < least:
            raise MalformedError(f"needs at least {least} elements")
        if most is not None and len(value) > most:
            raise MalformedError(f"more than {most} elements")
        for index, element in enumerate(value):
            try:
                check_one(element)
            except MalformedError as error:
                raise error.within(f"[{index}]") from None

    return check


def mapping(check_value: Check, most: int | None = None) -> Check:
    """An object with any keys."""

    def check(value: Any) -> None:
        if not isinstance(value, dict):
            raise MalformedError("must be an object")
        if most is not None and len(value) > most:
            raise MalformedError(f"more than {most} keys")
        for key, element in value.items():
            try:
                check_value(element)
            except MalformedError as error:
                raise error.within(key) from None

    return check


def anything(value: Any) -> None:
    """No rule."""


def record(fields: Mapping[str, Check], needed: tuple[str, ...] = (), also: Check | None = None) -> Check:
    """An object with these keys and no others; `also` is a rule over the whole object, checked last."""

    def check(value: Any) -> None:
        if not isinstance(value, dict):
            raise MalformedError("must be an object")
        for key, element in value.items():
            check_one = fields.get(key)
            if check_one is None:
                raise MalformedError("is no known field", key)
            try:
                check_one(element)
            except MalformedError as error:
                raise error.within(key) from None
        for key in needed:
            if key not in value:
                raise MalformedError("is a required field", key)
        if also is not None:
            also(value)

    return check
