"""Events to what lies in the log, and back: what is personal goes under the keys of those it is about.

    event ─encode─▶ the event without what is personal, and `personal`: {keys, box}     schemas/personal.py
    bytes ─decode─▶ the event; when somebody it is about was forgotten, without what was personal: it counts, it is
                    sent to nobody, and nobody can tell whose it was

Everything that is written to Kafka, or stored to be written there (plans, timers), goes through `encode`; every
consumer reads through `decode`. A process has one set of keys, handed over at start (`use`); without keys nothing that
is personal is encoded. Records written before there was any sealing decode as they are.
"""

from binascii import b2a_base64
from typing import Annotated

import msgspec
from cryptography.exceptions import InvalidTag

from schemas import codec
from schemas.events import Event
from schemas.personal import PERSONAL
from schemas.random_bytes import random_16_bytes
from schemas.topics import Topic
from services.runtime import telemetry
from services.runtime.crypto.recipient_keys import Names, RecipientKeys

_NONCE = 12
_MARK = b'"personal":{"keys":'
_BEFORE = len(b'"personal":')
_json = msgspec.json.encode


class _Sealed(msgspec.Struct, frozen=True):
    """`personal` in a record. The box: nonce and ciphertext."""

    keys: Annotated[Names, msgspec.Meta(min_length=1)]
    box: bytes  # base64 in the record


class _Record(msgspec.Struct, frozen=True):
    """A record of which only that is read."""

    event_id: str
    personal: _Sealed


_read_sealed = msgspec.json.Decoder(_Sealed).decode
_read_record = msgspec.json.Decoder(_Record).decode


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
    personal = PERSONAL.get(type(event))
    if personal is None:
        return codec.encode(event)
    bare, taken = personal.parts.apart(event)
    if not taken or (event.carried is not None and not personal.subjects(event)):
        return codec.encode(event)  # nobody is named
    keys = _Boundary.keys
    if keys is None:
        raise NoKeys(f"{event.type} is personal")
    names, aead = keys.sealing(personal.subjects(event))
    nonce = random_16_bytes()[:_NONCE]
    box = b2a_base64(nonce + aead.encrypt(nonce, _json(taken), event.event_id.encode()), newline=False)
    return b'%b,%b%b,"box":"%b"}}' % (codec.encode(bare)[:-1], _MARK, _json(names), box)


def decode(topic: Topic, value: bytes | None) -> Event | None:
    """As `codec.decode`: the event, None for an unknown type. Raises codec.Newer, codec.Undecodable."""
    event = codec.decode(topic, value)
    if event is None or value is None or (sealed := _sealed(value)) is None:
        return event
    personal = PERSONAL.get(type(event))
    if personal is None:
        return event
    aead = _Boundary.keys.named(sealed.keys) if _Boundary.keys is not None else None
    if aead is None:
        telemetry.FORGOTTEN_READ.labels(topic.name).inc()
        return event
    try:
        plain = aead.decrypt(sealed.box[:_NONCE], sealed.box[_NONCE:], event.event_id.encode())
    except (InvalidTag, ValueError):
        raise codec.Undecodable("personal: sealed by other keys, or changed since") from None
    try:
        whole: Event = personal.parts.together(event, plain)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        if event.v > codec.CONTRACT:
            raise codec.Newer(f"what is sealed in a record of {topic.name}") from None
        raise codec.Undecodable("personal: what is sealed does not fit its event") from None
    return codec.completed(whole, value, plain)


def box_of(value: bytes, keys: RecipientKeys) -> bytes | None:
    """What is sealed in a record, as JSON; None when nothing is, or it opens for nobody any more. Raises InvalidTag."""
    sealed = _sealed(value)
    aead = keys.named(sealed.keys) if sealed is not None else None
    if sealed is None or aead is None:
        return None
    return aead.decrypt(sealed.box[:_NONCE], sealed.box[_NONCE:], _read_record(value).event_id.encode())


def names_in(value: bytes) -> Names:
    """Under whose keys a record is sealed; empty when nothing in it is."""
    sealed = _sealed(value)
    return sealed.keys if sealed is not None else ()


def _sealed(value: bytes) -> _Sealed | None:
    """What is sealed in a record; None when nothing is, and for what is no box. Records written here end with it."""
    at = value.rfind(_MARK)
    if at < 0:
        return None
    try:
        return _read_sealed(value[at + _BEFORE : -1])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        return _read_record(value).personal
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
