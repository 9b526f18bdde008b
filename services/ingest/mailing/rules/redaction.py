"""The redaction of people who are erased from lists and texts of mailings. Pure.

    a line         is deleted when it is sent to them, or one of its values names them
    a definition   shows `•••` in place of them in its texts

A phone is found however it is written, a user id as a whole word of at least four characters; a shorter one only where
it is the whole text.
"""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from schemas import lossless
from services.ingest.mailing.rules.rows import Row
from services.runtime.text import phones

MASK = "•••"
_LEAST_ID = 4
_GROUP = re.compile(r"[+\uff0b]?[(\uff08]?\d+")
_BETWEEN = r"()\[\]./~\-\s\u00ad\u200b-\u200f\u2010-\u2015\u202a-\u202f\u2060-\u2069\u2212\ufe0e\ufe0f\ufeff\uff09"
_RUN = re.compile(rf"{_GROUP.pattern}(?:[{_BETWEEN}]+\d+)*")
_MOST_GROUPS = 14
"""Groups of digits that a number is written in."""
_NOT_SHOWN = frozenset(
    {"id", "notifyUrl", "contentUrl", "content-url", "serviceNumber", "type", "ttlUnit", "scheduleInfo", "segment"}
    | {"param_name", "action", "state", "deviceSubscriptions", "onBadLines", "registeredDelivery"}
)
"""Keys of a definition whose strings are rules or addresses; without them it could not be sent."""


class People(NamedTuple):
    """The people who are erased."""

    users: frozenset[str]
    phones: frozenset[str]  # E.164 digits without plus


def masked(text: str, people: People) -> str:
    """The text without them; the same text when it names none of them."""
    if text in people.users:
        return MASK
    if people.phones:
        text = _RUN.sub(lambda run: _hidden(run[0], people), text)
    for user in people.users:
        if len(user) >= _LEAST_ID and user in text:
            text = re.sub(rf"(?<!\w){re.escape(user)}(?!\w)", MASK, text)
    return text


def _hidden(run: str, people: People) -> str:
    """A run of digits and separators without these people's numbers; other digits may be beside them."""
    groups = list(_GROUP.finditer(run))
    for first, group in enumerate(groups):
        for last in reversed(groups[first : first + _MOST_GROUPS]):
            if _is_of(run[group.start() : last.end()], people):
                return f"{run[: group.start()]}{MASK}{_hidden(run[last.end() :], people)}"
    return run


def _is_of(written: str, people: People) -> bool:
    """True for a number of one of them, also without its plus: hiding too much is the lesser harm."""
    return not people.phones.isdisjoint({phones.normalise(written), phones.normalise("+" + written)})


def is_about(row: Row, people: People) -> bool:
    """True for a line that is sent to one of them, or names one."""
    if row.phone in people.phones or row.user in people.users:
        return True
    return any(masked(value, people) != value for value in row.values)


def without(definition: str, people: People) -> str:
    """The definition without them; the same text when it names none of them."""
    clean = lossless.text_of(_without(lossless.loads(definition), people))
    return definition if clean == lossless.text_of(lossless.loads(definition)) else clean


def _without(value: Any, people: People) -> Any:
    if isinstance(value, str):
        return masked(value, people)
    if isinstance(value, dict):
        pairs = lossless.pairs_of(value)
        return lossless.object_of((key, part if key in _NOT_SHOWN else _without(part, people)) for key, part in pairs)
    return lossless.mapped(value, lambda part: _without(part, people))


def rows_left(rows: Sequence[Row], people: People) -> list[Row]:
    return [row for row in rows if not is_about(row, people)]
