"""Does something of a mailing name somebody who is forgotten? Pure.

    a line         sent to them, or one of its values names them: the line goes
    a definition   one of the texts that it shows names them: in that place stands `•••` instead

A phone is found in whatever way it is written, a user id as a whole word and from four characters on: a shorter one is
found where it is all that stands there.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from services import phones
from services.ingest.accept_list import Row

MASK = "•••"
_LEAST_ID = 4
_PHONE = re.compile(r"\+?\(?\d[\d().\u00a0\u2010-\u2015 -]{5,24}\d")
_NOT_SHOWN = frozenset(
    {"id", "notifyUrl", "contentUrl", "content-url", "serviceNumber", "type", "ttlUnit", "scheduleInfo", "segment"}
    | {"param_name", "action", "state", "deviceSubscriptions", "onBadLines", "registeredDelivery"}
)
"""Keys of a definition whose strings are rules or addresses; without them it could not be sent."""


class People(NamedTuple):
    """Who is forgotten."""

    users: frozenset[str]
    phones: frozenset[str]  # E.164 digits without plus


def masked(text: str, people: People) -> str:
    """The text without them; the same text when it names none of them."""
    if text in people.users:
        return MASK
    if people.phones:
        text = _PHONE.sub(lambda found: MASK if phones.normalise(found[0].strip()) in people.phones else found[0], text)
    for user in people.users:
        if len(user) >= _LEAST_ID and user in text:
            text = re.sub(rf"(?<!\w){re.escape(user)}(?!\w)", MASK, text)
    return text


def is_about(row: Row, people: People) -> bool:
    """The line goes: it is sent to one of them, or tells of one."""
    if row.phone in people.phones or row.user in people.users:
        return True
    return any(masked(value, people) != value for value in row.values)


def without(definition: str, people: People) -> str:
    """A mailing as it was asked for, without them; the very same when it names none of them."""
    found = orjson.loads(definition)
    clean = _without(found, people)
    return definition if clean == found else orjson.dumps(clean).decode()


def _without(value: Any, people: People) -> Any:
    if isinstance(value, str):
        return masked(value, people)
    if isinstance(value, dict):
        return {key: part if key in _NOT_SHOWN else _without(part, people) for key, part in value.items()}
    if isinstance(value, list):
        return [_without(part, people) for part in value]
    return value


def rows_left(rows: Sequence[Row], people: People) -> list[Row]:
    return [row for row in rows if not is_about(row, people)]
