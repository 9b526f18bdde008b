"""Turns events to bytes and back: JSON, which readers in other languages are promised. Records of Kafka pass through
`services/runtime/crypto/record_encryption.py`, which takes out what is personal (`personal.py`).

decode(topic, value) ─▶ event            known type, well formed
                     ─▶ None             a type this release does not know: skipped and counted
                     raises Undecodable  anything else: dead-lettered
"""

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, Union

from pydantic import Field, TypeAdapter, ValidationError

from schemas.events import Event
from schemas.topics import Topic


class Undecodable(ValueError):
    """The bytes are not an event of their topic. The message says where and why, never the content."""


def encode(event: Event) -> bytes:
    """UTF-8 JSON without blanks; fields that hold their default None are left out."""
    return event.__pydantic_serializer__.to_json(event, exclude_none=True)


def decode(topic: Topic, value: bytes | None) -> Event | None:
    """The event; None for an unknown type. Raises Undecodable."""
    if value is None:
        raise Undecodable("no value")
    return _validated(lambda: _adapter(topic).validate_json(value))


def decode_object(topic: Topic, body: dict[str, Any]) -> Event | None:
    """The same as `decode`, for JSON that has been parsed."""
    return _validated(lambda: _adapter(topic).validate_python(body))


def _validated(validate: Callable[[], Event]) -> Event | None:
    try:
        return validate()
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        if first["type"] == "union_tag_invalid" or (first["type"] == "literal_error" and first["loc"] == ("type",)):
            return None
        place = ".".join(str(part) for part in first["loc"]) or "record"
        raise Undecodable(f"{place}: {first['msg']}") from None


@cache
def _adapter(topic: Topic) -> TypeAdapter[Any]:
    if len(topic.events) == 1:
        return TypeAdapter(topic.events[0])
    union: Any = Annotated[Union[topic.events], Field(discriminator="type")]  # noqa: UP007 — built at run time
    return TypeAdapter(union)
