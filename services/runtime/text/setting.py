"""A setting: a field of a frozen dataclass, read from text. Pure.

    port: int = setting(0, "RPNS_PORT", "port of the API", least=0, most=65535)

What a text may be says the field's type: text, a number, a switch, one of a few words, or several of them with commas
between. It is done here in a few lines, because a library for it is a tenth of the memory of a service without an API.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

_SWITCHES = {
    **dict.fromkeys(("1", "true", "t", "yes", "y", "on"), True),
    **dict.fromkeys(("0", "false", "f", "no", "n", "off"), False),
}
_Value = TypeVar("_Value")


@dataclasses.dataclass(frozen=True, slots=True)
class Setting:
    """How a field is given, and what its value must be."""

    variable: str
    meaning: str
    least: float | None = None
    most: float | None = None
    above: float | None = None

    def checked(self, value: Any) -> Any:
        """The value. Raises ValueError."""
        if not isinstance(value, int | float) or isinstance(value, bool):
            return value
        if self.least is not None and not value >= self.least:
            raise ValueError(f"must be at least {self.least:g}")
        if self.most is not None and not value <= self.most:
            raise ValueError(f"must be at most {self.most:g}")
        if self.above is not None and not value > self.above:
            raise ValueError(f"must be greater than {self.above:g}")
        return value


def setting(
    default: _Value,
    variable: str,
    meaning: str,
    *,
    least: float | None = None,
    most: float | None = None,
    above: float | None = None,
) -> _Value:
    """A field whose text lies in `variable`; its type is that of what it is assigned to."""
    about = {"setting": Setting(variable, meaning, least, most, above)}
    field: Any = dataclasses.field(default=default, metadata=about)
    return field  # type: ignore[no-any-return]


def settings_of(kind: type[Any]) -> dict[str, tuple[Setting, Any]]:
    """The settings of a dataclass and their defaults, by field."""
    return {
        field.name: (field.metadata["setting"], field.default)
        for field in dataclasses.fields(kind)
        if "setting" in field.metadata
    }


def read(kind: type[Any], texts: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """The values of the settings that have a text, by field; and what is wrong, by the names of variables."""
    values: dict[str, Any] = {}
    faults: list[str] = []
    types = get_type_hints(kind)
    for name, (about, _) in settings_of(kind).items():
        text = texts.get(about.variable)
        if text is None:
            continue
        try:
            values[name] = about.checked(_value(text, types[name]))
        except ValueError as error:
            faults.append(f"{about.variable}: {error}")
    return values, faults


def _value(text: str, kind: Any) -> Any:
    if kind is str:
        return text
    if kind is bool:
        if text.strip().lower() not in _SWITCHES:
            raise ValueError("must be 1 or 0")
        return _SWITCHES[text.strip().lower()]
    if kind in (int, float):
        return _number(text, kind)
    if get_origin(kind) is Literal:
        if text not in get_args(kind):
            raise ValueError(f"must be {', '.join(get_args(kind)[:-1])} or {get_args(kind)[-1]}")
        return text
    return tuple(_value(part.strip(), get_args(kind)[0]) for part in text.split(","))


def _number(text: str, kind: type[int] | type[float]) -> int | float:
    try:
        number = kind(text)
    except ValueError:
        raise ValueError("must be a whole number" if kind is int else "must be a number") from None
    if not math.isfinite(number):
        raise ValueError("must be a number")
    return number
