"""Reads and writes JSON that is handed on unread, without loss. Pure.

    loads(text)  ─▶ plain values, where writing them again gives the same text; else, in their places,
                    ExactInt, ExactFloat   numbers that say more than Python's: 1.10, 1e400, -0, 2**70
                    Members                an object that has a name more than once
    dumps(value) ─▶ compact UTF-8: white space and escapes may differ from what was read, and nothing else does

What cannot be handed on raises `NotJson`, whose text is a rule: numbers that are not finite, lone surrogates, values
nested deeper than MAX_DEPTH. Where only a part of a text is looked into, the rest stays as it was written.
"""

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import orjson

MAX_DEPTH = 200
_SAFE_DIGITS = 18
"""So many digits always fit into 64 bits."""
_MOST_DIGITS = 4000
"""Longer ones Python refuses to count with; they are kept as text all the same."""
NO_NUL = "must not hold a NUL character"
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


class NotJson(ValueError):
    """Not JSON in UTF-8, or JSON that cannot be handed on. The text is the rule that is broken."""


class ExactInt(int):
    """An integer of more than 64 bits, or -0."""

    text: str

    @classmethod
    def of(cls, text: str) -> "ExactInt":
        made = cls(text)
        made.text = text
        return made


class ExactFloat(float):
    """A number as it was written; the value is the nearest there is."""

    text: str

    @classmethod
    def of(cls, text: str) -> "ExactFloat":
        made = cls(text)
        made.text = text
        return made


class Members(dict[str, Any]):
    """An object that has a name more than once. As a dict it has the last of each."""

    def __init__(self, pairs: Iterable[tuple[str, Any]]) -> None:
        self.pairs = list(pairs)
        super().__init__(self.pairs)

    def __setitem__(self, name: str, value: Any) -> None:
        """Replaces all members of this name."""
        super().__setitem__(name, value)
        self.pairs = [*(pair for pair in self.pairs if pair[0] != name), (name, value)]


def loads(raw: bytes | str) -> Any:
    """The value of a text. Raises NotJson."""
    try:
        plain = orjson.loads(raw)
    except orjson.JSONDecodeError:
        found = _exact(raw)  # which takes a few numbers more
        dumps(found)
        return found
    return exact(plain, raw)


def exact(plain: Any, raw: bytes | str) -> Any:
    """The value of `raw`, from which some parser has read `plain`: `plain` if it lost nothing. Raises NotJson."""
    try:
        is_the_same = orjson.dumps(plain) == (raw.encode() if isinstance(raw, str) else raw)
    except TypeError:  # integers of more than 64 bits, or nested very deeply
        is_the_same = False
    return plain if is_the_same else _exact(raw)


def dumps(value: Any) -> bytes:
    """The value as compact UTF-8. Raises NotJson."""
    try:
        text = orjson.dumps(value, _written, orjson.OPT_PASSTHROUGH_SUBCLASS)
    except TypeError as error:
        return _dumped(value, error)
    if b"null" in text:  # which stands for what is not finite as well
        _check_finite(value)
    return text


def text_of(value: Any) -> str:
    """`dumps` as text. Raises NotJson."""
    return dumps(value).decode()


def pairs_of(value: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    """All members of an object, in order, also those that share a name."""
    return value.pairs if isinstance(value, Members) else value.items()


def object_of(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """An object of these members."""
    found = list(pairs)
    made = dict(found)
    return made if len(made) == len(found) else Members(found)


def mapped(value: Any, part: Callable[[Any], Any]) -> Any:
    """The same list or object with each part changed; anything else as it is."""
    if isinstance(value, dict):
        return object_of((name, part(inner)) for name, inner in pairs_of(value))
    if isinstance(value, list):
        return [part(inner) for inner in value]
    return value


def check_nul(raw: bytes) -> None:
    """Raises NotJson when a string of this JSON has a NUL character, which databases and phones may mistake."""
    if b"\\" in raw and b"\\u0000" in raw and _NUL.search(raw) is not None:
        raise NotJson(NO_NUL)


def _exact(raw: bytes | str) -> Any:
    try:
        text = raw if isinstance(raw, str) else raw.decode()
        found = json.loads(
            text,
            parse_float=_float,
            parse_int=_int,
            parse_constant=_constant,
            object_pairs_hook=object_of,
        )
    except RecursionError:
        raise NotJson("is nested too deeply") from None
    except UnicodeDecodeError:
        raise NotJson("must be JSON in UTF-8") from None
    except json.JSONDecodeError:
        raise NotJson("must be JSON in UTF-8") from None
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _check_depth(found)
    return found


def _float(text: str) -> float:
    number = float(text)
    return number if orjson.dumps(number).decode() == text else ExactFloat.of(text)


def _int(text: str) -> float:
    if len(text) <= _SAFE_DIGITS and text != "-0":
        return int(text)
    if len(text) > _MOST_DIGITS:
        return ExactFloat.of(text)
    number = int(text)
    return number if -(2**63) <= number < 2**64 and text != "-0" else ExactInt.of(text)


def _constant(_: str) -> NoReturn:
    raise NotJson("numbers must be finite")


def _written(value: Any) -> Any:
    """The JSON of a value that orjson does not write by itself."""
    if isinstance(value, ExactInt | ExactFloat):
        return orjson.Fragment(value.text)
    if isinstance(value, Members):
        return orjson.Fragment(
            b"{" + b",".join(dumps(name) + b":" + dumps(inner) for name, inner in value.pairs) + b"}"
        )
    if isinstance(value, str):  # a StrEnum
        return str.__str__(value)
    if isinstance(value, dict):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no JSON")


def _dumped(value: Any, error: TypeError) -> bytes:
    """The JSON of a value that orjson refused: for an integer of more than 64 bits, its depth, or a lone surrogate."""
    try:
        _check_depth(value)
        _check_finite(value)
        return orjson.dumps(_with_exact_ints(value), _written, orjson.OPT_PASSTHROUGH_SUBCLASS)
    except TypeError:
        if "surrogates" in str(error) or "UTF-8" in str(error):
            raise NotJson("must not hold a lone surrogate") from None
        raise NotJson("is nested too deeply" if "ecursion" in str(error) else "must be JSON in UTF-8") from None


def _with_exact_ints(value: Any) -> Any:
    if type(value) is int and not -(2**63) <= value < 2**64:
        return ExactInt.of(str(value))
    return mapped(value, _with_exact_ints)


def _check_finite(value: Any) -> None:
    for part in _parts(value):
        if type(part) is float and (part != part or part in (float("inf"), float("-inf"))):
            raise NotJson("numbers must be finite")


def _check_depth(value: Any) -> None:
    level, depth = [value], 0
    while level:
        if depth > MAX_DEPTH:
            raise NotJson("is nested too deeply")
        level = [part for outer in level for part in _children(outer)]
        depth += 1


def _parts(value: Any) -> Iterable[Any]:
    waiting = [value]
    while waiting:
        part = waiting.pop()
        yield part
        waiting += _children(part)


def _children(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [part for _, part in pairs_of(value)]
    return list(value) if isinstance(value, list | tuple) else []
