"""Turns events to bytes and back: JSON, which readers in other languages are promised. Records of Kafka pass through
`services/runtime/crypto/record_encryption.py`, which takes out what is personal (`personal.py`).

decode(topic, value) ─▶ event            known type, well formed; with fields of a newer release, `carried.py`
                     ─▶ None             a type this release does not know: skipped and counted
                     raises Newer        a newer release wrote it, and this one does not understand it: waited for
                     raises Undecodable  anything else: dead-lettered
"""

import re
from functools import cache
from typing import Any, Union

import msgspec
import orjson

from schemas.carried import carrying, put, put_back
from schemas.events import Event, ScheduleDue
from schemas.topics import Topic

CONTRACT = 1
"""The number of what this release knows: raised by the first change of an event behind a published release. Every
record says it in `v`. What a reader must not overlook says so in `needs` (docs/upgrades.md)."""
_encoder = msgspec.json.Encoder()
_UNKNOWN_TYPE = re.compile("Invalid value .* - at `[$][.]type`", re.DOTALL)
_PLACE = re.compile(" - at .*?[$][.]?([^`]*)`$")
_CONTENT = re.compile("(Invalid (?:enum )?value) .*", re.DOTALL)


class Undecodable(ValueError):
    """The bytes are not an event of their topic. The message says where and why, never the content."""


class Newer(Exception):
    """A newer release has written what this one does not understand: it has to be updated first. Nothing is lost."""


class Damaged(Exception):
    """What a database has stored is what no release stores: something else has changed it."""


class _Head(msgspec.Struct):
    """What is read of a record that cannot be read whole."""

    v: int = 1


def encode(event: Event) -> bytes:
    """UTF-8 JSON without blanks. Fields that hold their default are left out, but for `Frozen`s that say otherwise."""
    return _encoder.encode(event if event.v >= CONTRACT else event.replace(v=CONTRACT))


def decode(topic: Topic, value: bytes | None) -> Event | None:
    """The event; None for an unknown type. Raises Newer, Undecodable."""
    if value is None:
        raise Undecodable("no value")
    try:
        event: Event = _decoder(topic).decode(value)
    except msgspec.DecodeError as error:
        if is_newer(value):
            raise Newer(f"a record of {topic.name}") from None
        _refuse_known_type(str(error))
        return None
    except UnicodeDecodeError:
        raise Undecodable("record: is not UTF-8") from None
    except RecursionError:
        raise Undecodable("record: is nested too deeply") from None
    return completed(event, value)


def completed(event: Event, value: bytes, box: bytes = b"{}") -> Event:
    """The event with what another release has written of it: in its record, and in the box that was sealed in that.

    Raises Newer, Undecodable.
    """
    if event.v <= CONTRACT and event.carried is None and type(event) is not ScheduleDue:
        return event
    if event.needs > CONTRACT:
        raise Newer(f"{event.type} needs contract {event.needs}, and this release knows {CONTRACT}")
    try:
        if event.v > CONTRACT:
            document = orjson.loads(value)
            for place, part in orjson.loads(box).items():
                put(document, place, part)
            event = carrying(event, document)
        return put_back(event)
    except (msgspec.ValidationError, orjson.JSONDecodeError):
        raise Undecodable("carried: does not fit its event") from None


def is_newer(value: bytes) -> bool:
    """Whether a newer release has written the record."""
    try:
        return msgspec.json.decode(value, type=_Head).v > CONTRACT
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


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
