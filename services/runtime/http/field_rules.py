"""The rules that models hold fields to, in words of one voice: pydantic's are many, and end up before partners. Pure.

string_too_short, {"min_length": 1} ─▶ "must not be empty"
greater_than_equal, {"ge": 1}       ─▶ "must be at least 1"
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

NOT_JSON = "must be JSON in UTF-8, not nested too deeply"
"""Of a body."""
_Words = Callable[[Mapping[str, Any]], str]
_FORMS: dict[str, str] = {}
"""Rules of patterns: an expression says to programs what a field takes, and to people nothing."""
_OTHER = "must have another form"
"""What is said of a rule that has no words here: never a library's."""
_DATE = "must be a date such as 2029-12-31"
_OF_LENGTH = ("too_short", "too_long")
_OWN = ("value_error", "assertion_error")
"""Errors whose words are those of whoever has raised them."""
_RULES: dict[str, str] = {
    "missing": "mandatory",
    "string_type": "must be a string",
    "string_sub_type": "must be a string",
    "string_unicode": "must be text in Unicode",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a smaller number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "uuid_type": "must be a UUID",
    "uuid_parsing": "must be a UUID",
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "json_type": "must be JSON",
    "recursion_loop": "nested too deeply",
}
_RULES_WITH: dict[str, _Words] = {
    "string_too_short": lambda limit: _least(limit["min_length"], "character"),
    "string_too_long": lambda limit: f"must have at most {_count(limit['max_length'], 'character')}",
    "too_short": lambda limit: _least(limit["min_length"], "entry", "entries"),
    "too_long": lambda limit: f"must have at most {_count(limit['max_length'], 'entry', 'entries')}",
    "string_pattern_mismatch": lambda limit: _FORMS.get(limit["pattern"], _OTHER),
    "literal_error": lambda limit: f"must be {_plain(limit['expected'])}",
    "enum": lambda limit: f"must be {_plain(limit['expected'])}",
    "greater_than_equal": lambda limit: f"must be at least {limit['ge']}",
    "greater_than": lambda limit: f"must be more than {limit['gt']}",
    "less_than_equal": lambda limit: f"must be at most {limit['le']}",
    "less_than": lambda limit: f"must be less than {limit['lt']}",
}


def form(pattern: str, rule: str) -> str:
    """The pattern of a field, whose breach is told by `rule`. Raises RuntimeError for two rules of one pattern."""
    if _FORMS.setdefault(pattern, rule) != rule:
        raise RuntimeError(f"{pattern} has another rule: {_FORMS[pattern]}")
    return pattern


AGREED_NAME = form(r"^[\w.:~-]{1,128}$", "must be 1 to 128 letters, digits and _ . : ~ -")
"""Of what an app and a partner call by one name: activities, their types, broadcast channels."""


def words_of(error: Any) -> str:
    """The rule that one of pydantic's errors tells of; the value is never repeated."""
    kind, limits = error["type"], error.get("ctx") or {}
    if kind == "string_type" and _is_number(error.get("input")):
        return "must be a string: write it in quotes"
    if kind in _OF_LENGTH and isinstance(error.get("input"), str):  # of a text that may be absent as well
        kind = f"string_{kind}"
    if kind in _RULES:
        return _RULES[kind]
    if kind in _RULES_WITH and limits:
        return _RULES_WITH[kind](limits)
    if kind in _OWN:
        return str(error["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    return _OTHER


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _least(count: int, single: str, many: str = "") -> str:
    return "must not be empty" if count == 1 else f"must have at least {_count(count, single, many)}"


def _count(count: int, single: str, many: str = "") -> str:
    return f"{count} {single}" if count == 1 else f"{count} {many or single + 's'}"


def _plain(expected: str) -> str:
    """pydantic's "'a', 'b' or 'c'" without quotes, each once."""
    names = dict.fromkeys(re.split(r", | or ", expected.replace("'", "")))
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last
