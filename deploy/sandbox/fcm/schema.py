"""proto3 JSON by FCM's own description: `fcm_schema.json` is the discovery document without its prose.

`read(body)` gives the request with every field under its lowerCamelCase name (snake_case is accepted too, null
means absent), or raises MalformedError with the path as Google writes it: `message.data[0].value`. Each schema is
compiled once into closures, because the bench sends through this.
"""

import contextlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from deploy.sandbox.http.json_form import MalformedError

# Published as upper case; Google's own Admin SDK sends it in lower case (`docs/providers.md` §2.3).
_LOWER_CASE_TOO = {("AndroidConfig", "priority")}

_DURATION = re.compile(r"-?\d{1,12}(\.\d{1,9})?s", re.ASCII)
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_INT32 = re.compile(r"-?\d{1,10}", re.ASCII)

Reader = Callable[[Any], Any]


def load() -> Reader:
    """The reader of a SendMessageRequest."""
    document = orjson.loads(Path(__file__).with_name("fcm_schema.json").read_bytes())
    return _Compiler(document["schemas"]).reader({"$ref": document["request"]})


class _Compiler:
    def __init__(self, schemas: dict[str, Any]) -> None:
        self._schemas = schemas
        self._compiled: dict[str, Reader] = {}

    def reader(self, schema: dict[str, Any], owner: str = "", name: str = "") -> Reader:
        if "$ref" in schema:
            return self._message(schema["$ref"])
        if "enum" in schema:
            return _enum(tuple(schema["enum"]), (owner, name) in _LOWER_CASE_TOO)
        match schema["type"], schema.get("format"):
            case "array", _:
                return _array(self.reader(schema["items"]))
            case "object", _:
                values = schema["additionalProperties"]
                return _struct if values["type"] == "any" else _string_map
            case "string", "google-duration":
                return _formatted(_DURATION, "a duration such as 3.5s")
            case "string", "google-datetime":
                return _formatted(_TIMESTAMP, "an RFC 3339 timestamp")
            case "string", None:
                return _string
            case "boolean", None:
                return _bool
            case "integer", "int32":
                return _int32
            case "number", "float":
                return _float
        raise ValueError(f"the schema of {owner}.{name} is not understood: {schema}")

    def _message(self, name: str) -> Reader:
        if name not in self._compiled:
            properties: dict[str, dict[str, Any]] = self._schemas[name]["properties"]
            fields: dict[str, tuple[str, Reader]] = {}
            for camel, schema in properties.items():
                fields[camel] = fields[_snake(camel)] = (camel, self.reader(schema, name, camel))
            self._compiled[name] = _message(fields)
        return self._compiled[name]


def _snake(camel: str) -> str:
    return re.sub(r"[A-Z]", lambda capital: "_" + capital[0].lower(), camel)


def _message(fields: dict[str, tuple[str, Reader]]) -> Reader:
    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise MalformedError(f"Invalid value ({_shown(value)}), a message was expected")
        result: dict[str, Any] = {}
        for key, field_value in value.items():
            field = fields.get(key)
            if field is None:
                raise MalformedError(f'Unknown name "{key}": Cannot find field.')
            if field_value is None:
                continue
            try:
                result[field[0]] = field[1](field_value)
            except MalformedError as error:
                raise error.within(key) from None
        return result

    return read


def _array(read_one: Reader) -> Reader:
    def read(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise MalformedError(f"Invalid value ({_shown(value)}), an array was expected")
        result = []
        for index, element in enumerate(value):
            try:
                result.append(read_one(element))
            except MalformedError as error:
                raise error.within(f"[{index}]") from None
        return result

    return read


def _string_map(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise MalformedError(f"Invalid value ({_shown(value)}), an object was expected")
    for index, element in enumerate(value.values()):
        if not isinstance(element, str):
            raise MalformedError(f"Invalid value (TYPE_STRING), {_shown(element)}", f"[{index}]", "value")
    return value


def _struct(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MalformedError(f"Invalid value ({_shown(value)}), an object was expected")
    return value


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise MalformedError(f"Invalid value (TYPE_STRING), {_shown(value)}")
    return value


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise MalformedError(f"Invalid value (TYPE_BOOL), {_shown(value)}")
    return value


def _int32(value: Any) -> int:
    """proto3 JSON takes the number 5, 5.0 and the string "5" alike."""
    if isinstance(value, str) and _INT32.fullmatch(value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int or not -(1 << 31) <= value < 1 << 31:
        raise MalformedError(f"Invalid value (TYPE_INT32), {_shown(value)}")
    return value


def _float(value: Any) -> float:
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = float(value)
    if type(value) not in (int, float):
        raise MalformedError(f"Invalid value (TYPE_FLOAT), {_shown(value)}")
    return float(value)


def _enum(names: tuple[str, ...], lower_too: bool) -> Reader:
    known = {name: name for name in names}
    if lower_too:
        known |= {name.lower(): name for name in names}

    def read(value: Any) -> str:
        if isinstance(value, str) and value in known:
            return known[value]
        if type(value) is int and 0 <= value < len(names):
            return names[value]
        raise MalformedError(f"Invalid value (TYPE_ENUM), {_shown(value)}")

    return read


def _formatted(pattern: re.Pattern[str], what: str) -> Reader:
    def read(value: Any) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise MalformedError(f"Invalid value, {what} was expected, {_shown(value)}")
        return value

    return read


def _shown(value: Any) -> str:
    """A value in a message, as JSON and short."""
    return orjson.dumps(value).decode()[:80]
