"""Masks values about people in an answer, by its data model: what is not named as harmless is masked.

class View(Answer):
    SHOWN: ClassVar = ("message_id", "state")     its other fields, and those that are added later, are masked

phone, phones        7••••••••67    the first digit and the last two
external_user_id     ••••42         the last two characters of a long one
other text           ••••           whatever its length
anything else        null, or an empty map
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypeVar

from fastapi import Query
from pydantic import BaseModel

from services.runtime.looks.notes import LookNotes, note_masked, notes

Masked = Annotated[
    bool, Query(description="mask values about people; an operator's look at them unmasked is in the audit trail")
]
"""The parameter of routes that show values about people."""
DOTS = "••••"
_PHONES = ("phone", "phones")
_LONG = 7
_Model = TypeVar("_Model", bound=BaseModel)


def as_asked(answer: _Model, is_masked: bool) -> _Model:
    """The answer, masked if that is asked for; else it is noted whose values it shows."""
    if is_masked:
        note_masked()
        return masked(answer)
    if (found := notes()) is not None:
        _note(answer, found)
    return answer


def masked(answer: _Model) -> _Model:
    """The answer with only what its model names as `SHOWN`."""
    shown = getattr(answer, "SHOWN", ())
    values = ((name, getattr(answer, name)) for name in type(answer).model_fields)
    return type(answer).model_validate(
        {name: _kept(value) if name in shown else hidden(name, value) for name, value in values}
    )


def hidden(name: str, value: Any) -> Any:
    """What is shown in place of the value of the field."""
    if isinstance(value, list | tuple):
        return [hidden(name, part) for part in value]
    if isinstance(value, Mapping):
        return {}
    if isinstance(value, BaseModel):
        return masked(value)
    if not isinstance(value, str):
        return None
    if name in _PHONES and len(value) >= _LONG:
        return f"{value[0]}{'•' * (len(value) - 3)}{value[-2:]}"
    if name == "external_user_id" and len(value) >= _LONG:
        return DOTS + value[-2:]
    return value and DOTS


def _kept(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return masked(value)
    return [_kept(part) for part in value] if isinstance(value, list | tuple) else value


def _note(answer: BaseModel, found: LookNotes) -> None:
    for name, value in _texts(answer):
        if name in _PHONES:
            found.add_people("phone", [value])
        elif name == "external_user_id":
            found.add_people("user", [value])
        elif name == "message_id":
            found.add_messages([value])


def _texts(answer: BaseModel) -> Iterator[tuple[str, str]]:
    """Every text in the answer, with the name of its field."""
    for name in type(answer).model_fields:
        value = getattr(answer, name)
        for part in value if isinstance(value, list | tuple) else (value,):
            if isinstance(part, BaseModel):
                yield from _texts(part)
            elif isinstance(part, str) and part:
                yield name, part
