"""The rules of fields are told in our words, whatever pydantic would have said."""

import json
from datetime import date
from typing import Annotated, Any, Literal, get_args
from uuid import UUID

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core.core_schema import ErrorType

from services.runtime.http.field_names import field_of
from services.runtime.http.field_rules import form, words_of


class Inner(BaseModel):
    name: str


class Body(BaseModel):
    model_config = ConfigDict(strict=True)

    text: Annotated[str, Field(min_length=1, max_length=3)] = "x"
    code: Annotated[str, Field(min_length=4)] = "1234"
    ttl: Annotated[int, Field(ge=1, le=9)] = 1
    on: bool = True
    kind: Literal["a", "b"] = "a"
    either: Literal[0, 1, "0", "1"] = 0
    names: Annotated[list[str], Field(min_length=1, max_length=2)] = ["x"]
    inner: Inner | None = None
    key: UUID | None = None
    letters: Annotated[str, Field(pattern=form("^[a-c]+$", "must be of a, b and c"))] = "a"
    day: Annotated[date | None, Field(strict=False)] = None


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("text", "", "must not be empty"),
        ("text", "xxxx", "must have at most 3 characters"),
        ("text", 7, "must be a string: write it in quotes"),
        ("text", None, "must be a string"),
        ("code", "x", "must have at least 4 characters"),
        ("ttl", 0, "must be at least 1"),
        ("ttl", 10, "must be at most 9"),
        ("ttl", "x", "must be a whole number"),
        ("on", 1, "must be true or false"),
        ("kind", "c", "must be a or b"),
        ("either", 7, "must be 0 or 1"),
        ("names", [], "must not be empty"),
        ("names", ["x", "y", "z"], "must have at most 2 entries"),
        ("names", "x", "must be a list"),
        ("inner", {}, "mandatory"),
        ("inner", "x", "must be an object"),
        ("key", "x", "must be a UUID"),
        ("letters", "d", "must be of a, b and c"),
        ("day", "x", "must be a date such as 2029-12-31"),
        ("day", "2029-13-01", "must be a date such as 2029-12-31"),
        ("day", "2029-12-31T10:00:00", "must be a date such as 2029-12-31"),
        ("day", [], "must be a date such as 2029-12-31"),
    ],
)
def test_a_broken_rule_is_told_in_our_words(field: str, value: Any, rule: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Body.model_validate_json(json.dumps({field: value}))
    assert words_of(caught.value.errors()[0]) == rule


def test_whatever_else_pydantic_finds_is_never_told_in_its_words() -> None:
    kinds = set(get_args(ErrorType))
    assert len(kinds) > 90
    for kind in kinds - {"value_error", "assertion_error"}:
        assert words_of({"type": kind, "msg": "Input should be else", "ctx": {}}) != "Input should be else", kind


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (("body", "content", "actions", 0, "title"), "content.actions[0].title"),
        (("body", "receipts", 12), "receipts[12]"),
        (("body",), "body"),
        ((), "body"),
        (("query", "limit"), "limit"),
        (("query", "reason", 0), "reason"),
        (("path", "activity_id"), "activity_id"),
        (("header", "authorization"), "authorization"),
        (("body", "weekdaysSchedule", "str"), "weekdaysSchedule"),
        (("query",), "query"),
    ],
)
def test_a_field_has_one_name_wherever_it_stands(place: tuple[str | int, ...], name: str) -> None:
    assert field_of(place) == name


def test_a_text_has_characters_also_where_it_may_be_absent() -> None:
    error = {"type": "too_long", "msg": "", "ctx": {"max_length": 3, "field_type": "Value"}, "input": "xxxx"}
    assert words_of(error) == "must have at most 3 characters"
    assert words_of(error | {"input": ["x"] * 4}) == "must have at most 3 entries"


def test_a_pattern_has_one_rule() -> None:
    assert form("^[a-c]+$", "must be of a, b and c") == "^[a-c]+$"
    with pytest.raises(RuntimeError, match="another rule"):
        form("^[a-c]+$", "must be something else")
