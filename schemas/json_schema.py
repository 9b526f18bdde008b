"""The JSON Schema (2020-12) of an event, for readers in other languages.

msgspec says what a struct holds; what the contract promises beyond that is added here: the name of the type (`const`),
a type beside every enum, the names that an object may have, and defaults, which records leave out.
"""

from typing import Any

import msgspec

from schemas.events import Event
from schemas.values import Frozen

Schema = dict[str, Any]
_MOMENT = "UTC milliseconds since the epoch"
_UNITS = {
    **dict.fromkeys(("at", "deadline", "until", "send_by", "minute"), _MOMENT),
    **dict.fromkeys(("begin_minute", "end_minute"), "minutes since midnight"),
    "hour": "hours since the epoch",
    "utc_offset_min": "minutes east of UTC",
}
"""Of numbers by their names."""
_UNITS_BEHIND = {
    "_at": _MOMENT,
    "_ms": "milliseconds",
    "_per_s": "a second",
    "_s": "seconds",
    "_min": "minutes",
    "_days": "days",
}
"""By what names end with; the first that fits."""


def schema_of(event: type[Event]) -> Schema:
    """The schema of the event; the values that it is made of are in `$defs`."""
    values: dict[str, Schema] = msgspec.json.schema(event)["$defs"]
    numbers = {f"#/$defs/{name}": value for name, value in values.items() if _type_of(value) == "integer"}
    made = {name: _value(value, numbers) for name, value in sorted(values.items()) if f"#/$defs/{name}" not in numbers}
    within = [field.type for field in msgspec.structs.fields(event) if isinstance(field.type, type)]
    for kind in (event, *(inner for inner in within if issubclass(inner, Event))):
        for field in msgspec.structs.fields(kind):
            _complete(made[kind.__name__]["properties"][field.encode_name], field)
    schema = made.pop(event.__name__)
    return ({"$defs": made} if made else {}) | schema


def _complete(described: Schema, field: msgspec.structs.FieldInfo) -> None:
    """Add which names an object may have, and the default of a value."""
    kind = msgspec.inspect.type_info(field.type)
    if isinstance(kind, msgspec.inspect.DictType) and isinstance(kind.key_type, msgspec.inspect.EnumType):
        described["propertyNames"] = {"$ref": f"#/$defs/{kind.key_type.cls.__name__}"}
    if isinstance(field.default, Frozen):
        described["default"] = msgspec.structs.asdict(field.default)


def _value(described: Schema, numbers: dict[str, Schema]) -> Schema:
    """A struct or an enum. `numbers`: the enums of numbers, by reference, which are said in their places."""
    if "properties" not in described:
        return _ordered(described)
    fields = {name: _field(name, field, numbers) for name, field in described["properties"].items()}
    required = [name for name in described["required"] if "default" not in fields[name]]
    made = described | {"properties": fields} | {"required": required}
    return {word: part for word, part in sorted(made.items()) if word != "required" or required}


def _field(name: str, described: Schema, numbers: dict[str, Schema]) -> Schema:
    made = _ordered(numbers.get(described.get("$ref", ""), described))
    if name == "type" and len(made.get("enum", ())) == 1:  # of the event, or of one within it
        made = {"const": made["enum"][0], "default": made["enum"][0], "type": "string"}
    title = {} if "$ref" in made else {"title": name.replace("_", " ").title()}
    unit = {"description": found} if _is_number(made) and (found := _unit_of(name)) else {}
    return dict(sorted((made | title | unit).items()))


def _is_number(described: Schema) -> bool:
    return any(part.get("type") in ("integer", "number") for part in (described, *described.get("anyOf", ())))


def _unit_of(name: str) -> str:
    """What a number of this name counts; empty for what has no unit."""
    behind = (unit for end, unit in _UNITS_BEHIND.items() if name.endswith(end))
    return _UNITS.get(name) or next(behind, "")


def _ordered(described: Schema) -> Schema:
    """The schema with a type beside every enum, its words in alphabetical order."""
    named = {"type": _type_of(described)} if "enum" in described else {}
    return {word: _inner(word, part) for word, part in sorted((described | named).items())}


def _inner(word: str, part: Any) -> Any:
    if isinstance(part, list) and word not in ("enum", "default"):
        return [_ordered(option) for option in part]
    return _ordered(part) if isinstance(part, dict) and word != "default" else part


def _type_of(described: Schema) -> str:
    values = described.get("enum", ())
    return "integer" if values and all(isinstance(value, int) for value in values) else "string"
