"""Events to what lies in the log, and back: what is personal goes under the keys of those it is about.

    event ─encode─▶ the event without what is personal, and `personal`: {keys, box}     schemas/personal.py
    bytes ─decode─▶ the event; when somebody it is about was forgotten, without what was personal: it counts, it is
                    sent to nobody, and nobody can tell whose it was

Everything that is written to Kafka, or stored to be written there (plans, timers), goes through `encode`; every
consumer reads through `decode`. A process has one set of keys, handed over at start (`use`); without keys nothing that
is personal is encoded. Records written before there was any sealing decode as they are.
"""

import base64
from binascii import b2a_base64
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from pydantic_core import to_json

from schemas import codec
from schemas.events import Event
from schemas.personal import PERSONAL, Personal
from schemas.random_bytes import random_16_bytes
from schemas.topics import Topic
from services.runtime import telemetry
from services.runtime.crypto.recipient_keys import RecipientKeys

_NONCE = 12
_MARK = b'"personal":{"keys":'


class NoKeys(Exception):
    """This process was given no keys, so it must not write what is personal."""


class _Boundary:
    """The keys of this process. One for all its logs and timers, as there is one database and one log behind them."""

    keys: RecipientKeys | None = None


def use(keys: RecipientKeys | None) -> None:
    """Set the keys of this process."""
    _Boundary.keys = keys


def encode(event: Event) -> bytes:
    """What is appended. Raises NoKeys."""
    personal = PERSONAL.get(event.type)  # type: ignore[attr-defined]  # every event has one
    if personal is None:
        return codec.encode(event)
    body: dict[str, Any] = event.__pydantic_serializer__.to_python(event, mode="json", exclude_none=True)
    subjects = personal.subjects(body)
    taken = _taken(body, personal)
    if not taken:
        return codec.encode(event)
    keys = _Boundary.keys
    if keys is None:
        raise NoKeys(f"{body['type']} is personal")
    names, aead = keys.sealing(subjects)
    nonce = random_16_bytes()[:_NONCE]
    box = nonce + aead.encrypt(nonce, _json(taken), body["event_id"].encode())
    body["personal"] = {"keys": names, "box": b2a_base64(box, newline=False).decode()}
    return _json(body)


def decode(topic: Topic, value: bytes | None) -> Event | None:
    """As `codec.decode`: the event, None for an unknown type. Raises codec.Undecodable."""
    if value is None or _MARK not in value:
        return codec.decode(topic, value)
    try:
        body = orjson.loads(value)
        sealed = body.pop("personal")
        names, box = tuple(map(str, sealed["keys"])), base64.b64decode(sealed["box"])
    except (ValueError, KeyError, TypeError, AttributeError):  # no JSON and no base64 are ValueErrors
        return codec.decode(topic, value)  # which says what is wrong with it, or finds nothing personal
    aead = _Boundary.keys.named(names) if _Boundary.keys is not None else None
    if aead is None:
        telemetry.FORGOTTEN_READ.labels(topic.name).inc()
        return codec.decode(topic, value)
    try:
        taken = orjson.loads(aead.decrypt(box[:_NONCE], box[_NONCE:], str(body.get("event_id")).encode()))
    except (InvalidTag, ValueError):
        raise codec.Undecodable("personal: sealed by other keys, or changed since") from None
    for pointer, text in taken.items():
        _put_back(body, pointer, text)
    return codec.decode_object(topic, body)


def box_of(value: bytes, keys: RecipientKeys) -> bytes | None:
    """What is sealed in a record, as JSON; None when nothing is, or it opens for nobody any more. Raises InvalidTag."""
    names = names_in(value)
    aead = keys.named(names) if names else None
    if aead is None:
        return None
    body = orjson.loads(value)
    box = base64.b64decode(body["personal"]["box"])
    return aead.decrypt(box[:_NONCE], box[_NONCE:], body["event_id"].encode())


def names_in(value: bytes) -> tuple[str, ...]:
    """Under whose keys a record is sealed; empty when nothing in it is."""
    if _MARK not in value:
        return ()
    try:
        return tuple(orjson.loads(value)["personal"]["keys"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ()


def _taken(body: dict[str, Any], personal: Personal) -> dict[str, Any]:
    """Take what is personal out of `body`, by JSON Pointer."""
    taken: dict[str, Any] = {}
    for path, instead in personal.fields.items():
        if path[0] in body:
            _take(body, path, "", instead, taken)
    return taken


def _take(body: Any, path: tuple[str, ...], pointer: str, instead: Any, taken: dict[str, Any]) -> None:
    name, rest = path[0], path[1:]
    if name == "*":
        for place, entry in enumerate(body):
            _take(entry, rest, f"{pointer}/{place}", instead, taken)
    elif name in body:
        if rest:
            _take(body[name], rest, f"{pointer}/{name}", instead, taken)
            return
        value = body[name]
        if value in (instead, ""):  # where nobody is named there is nobody to seal it for
            return
        taken[f"{pointer}/{name}"] = value
        if instead is None:
            del body[name]
        else:
            body[name] = instead


def _put_back(body: Any, pointer: str, value: Any) -> None:
    *way, last = pointer[1:].split("/")
    for name in way:
        body = body[int(name)] if isinstance(body, list) else body[name]
    body[last] = value


def _json(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # an integer of more than 64 bits; pydantic's takes any, and four times as long
        return to_json(value)
