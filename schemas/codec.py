"""Turns events to bytes and back: JSON, which readers in other languages are promised. Records of Kafka pass through
`services/runtime/crypto/record_encryption.py`, which takes out what is personal (`personal.py`).

decode(topic, value) ─▶ event            known type, well formed
                     ─▶ None             a type this release does not know: skipped and counted
                     raises Undecodable  anything else: dead-lettered
"""

import re
from functools import cache
from typing import Any, Union

import msgspec

from schemas.events import Event
from schemas.topics import Topic

_encoder = msgspec.json.Encoder()
_UNKNOWN_TYPE = re.compile("Invalid value .* - at `[$][.]type`", re.DOTALL)
_PLACE = re.compile(" - at .*?[$][.]?([^`]*)`$")
_CONTENT = re.compile("(Invalid (?:enum )?value) .*", re.DOTALL)


class Undecodable(ValueError):
    """The bytes are not an event of their topic. The message says where and why, never the content."""


def encode(event: Event) -> bytes:
    """UTF-8 JSON without blanks. Fields that hold their default are left out, but for `Frozen`s that say otherwise."""
    return _encoder.encode(event)


def decode(topic: Topic, value: bytes | None) -> Event | None:
    """The event; None for an unknown type. Raises Undecodable."""
    if value is None:
        raise Undecodable("no value")
    try:
        event: Event = _decoder(topic).decode(value)
    except msgspec.DecodeError as error:
        _refuse_known_type(str(error))
        return None
    except UnicodeDecodeError:
        raise Undecodable("record: is not UTF-8") from None
    except RecursionError:
        raise Undecodable("record: is nested too deeply") from None
    return event


def type_of(event: type[Event]) -> str:
    """The name of an event's type on the wire."""
    return str(event.__struct_config__.tag)


def _refuse_known_type(words: str) -> None:
    """Raises Undecodable with the place and the rule, unless the words are about a type that is not known."""
    if _UNKNOWN_TYPE.fullmatch(words):
        return
    place = _PLACE.search(words)
    rule = _CONTENT.sub(r"\1", words[: place.start()] if place is not None else words)
    raise Undecodable(f"{(place[1] if place is not None else '') or 'record'}: {rule}") from None


@cache
def _decoder(topic: Topic) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(Union[topic.events])  # noqa: UP007 — built at run time
