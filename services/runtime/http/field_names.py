"""Names of fields: which a model knows at each level of a body, and which of them was meant. Pure.

shape_of(model) ─▶ Shape ─ unknown_in(value) ─▶ each name that the model does not know, with its path
nearest("rate", names) ─▶ "ratePerS"
"""

import difflib
import types
import typing
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, NamedTuple, Union

from pydantic import BaseModel, ConfigDict

from services.runtime.http.field_rules import words_of

MOST = 50
"""Unknown names of one body that are reported."""
_LONGEST = 60
_PARAMETERS = ("path", "query", "header", "cookie")
_KINDS = ("str", "int")
"""Of a field that may be either, pydantic says which one it has tried last."""


class RequestBody(BaseModel):
    """Base of every body of the native API: a field that nobody reads is refused by name, not dropped."""

    model_config = ConfigDict(extra="forbid")


class Unknown(NamedTuple):
    """A field that nobody reads: where it is, its name, and the names that are known there."""

    path: str
    name: str
    known: Collection[str]

    @property
    def meant(self) -> str | None:
        """The known one that may have been meant. Takes its time: not for each of thousands."""
        return nearest(self.name, self.known)


Within = Callable[[type[BaseModel], Mapping[str, Any], str], Iterable[Unknown]]
"""What more is looked into within an object of a model, where the model itself does not say."""


def unknown_in(
    model: type[BaseModel], value: object, path: str = "", within: Within = lambda *_: ()
) -> Iterator[Unknown]:
    """Each name that the model does not know, in the order of the body. Lists are looked into item by item."""
    if isinstance(value, list):
        for place, item in enumerate(value):
            yield from unknown_in(model, item, f"{path}[{place}]", within)
    if not isinstance(value, dict):
        return
    known = shape_of(model)
    for name in value:
        if name not in known:
            yield Unknown(joined(path, name), name, known.keys())
    for name, inner in known.items():
        if inner is not None and name in value:
            yield from unknown_in(inner, value[name], joined(path, name), within)
    yield from within(model, value, path)


@cache
def shape_of(model: type[BaseModel]) -> Mapping[str, type[BaseModel] | None]:
    """The model of each field by its name on the wire; None for a field that is not looked into."""
    return {field.alias or name: model_in(field.annotation) for name, field in model.model_fields.items()}


def names_at(model: type[BaseModel], place: Iterable[object]) -> Iterable[str]:
    """The names that are known at a place of a body; none where the model does not say."""
    for part in place:
        if isinstance(part, str):
            found = shape_of(model).get(part)
            if found is None:
                return ()
            model = found
    return shape_of(model)


def rule_of(error: Any, model: type[BaseModel] | None) -> str:
    """The rule that one of pydantic's errors tells of. `model`: the body, whose names may have been meant."""
    if error["type"] != "extra_forbidden":
        return words_of(error)
    place = [part for part in error["loc"] if part != "body"]
    known = names_at(model, place[:-1]) if model is not None else ()
    return "unknown field" + suggestion(nearest(str(place[-1]), known))


def joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def field_of(place: Sequence[object], within: str = "") -> str:
    """What pydantic's place of an error is called: `content.actions[0].title`, `body` for all of it.

    A parameter is called by its name, wherever it stands, also one that may be given several times.
    """
    if len(place) > 1 and place[0] in _PARAMETERS:
        return str(place[1])
    path = within
    for part in place[1:] if place and place[0] == "body" else place:
        if isinstance(part, int):
            path += f"[{part}]"
        elif part not in _KINDS:
            path = joined(path, str(part))
    return path or "body"


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The known name that was probably meant: one that is written alike, or that begins or ends with it."""
    if len(name) > _LONGEST:
        return None
    known = {_plain(known_name): known_name for known_name in names}
    plain = _plain(name)
    if plain in known:
        return known[plain]
    found = difflib.get_close_matches(plain, known, n=1, cutoff=0.7)
    if found:
        return known[found[0]]
    longer = [text for text in known if len(plain) >= 3 and (text.startswith(plain) or text.endswith(plain))]
    return known[min(longer, key=len)] if longer else None


def suggestion(meant: str | None) -> str:
    """The ending of a rule's text that names what was probably meant."""
    return "" if meant is None else f", did you mean {meant}?"


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")


def model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation holds, through Annotated, None and lists; None when there is none, or several."""
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        return model_in(typing.get_args(annotation)[0])
    if origin in (Union, types.UnionType, list, tuple):
        found = [model for model in map(model_in, typing.get_args(annotation)) if model is not None]
        return found[0] if len(found) == 1 else None
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
