"""The rules of fields are told in our words, whatever pydantic would have said."""

import json
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

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
    ],
)
def test_a_broken_rule_is_told_in_our_words(field: str, value: Any, rule: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Body.model_validate_json(json.dumps({field: value}))
    assert words_of(caught.value.errors()[0]) == rule


def test_a_pattern_has_one_rule() -> None:
    assert form("^[a-c]+$", "must be of a, b and c") == "^[a-c]+$"
    with pytest.raises(RuntimeError, match="another rule"):
        form("^[a-c]+$", "must be something else")
