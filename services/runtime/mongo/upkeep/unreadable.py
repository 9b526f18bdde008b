"""Why a stored document cannot be read: a newer release has stored it, or something has damaged it.

    a form or contract above ours, a word that none of our tables has   ─▶ Newer: waits for the newer release
    anything else: a field is missing, or of another type               ─▶ Damaged: no release stores that

A word that damage has made of another cannot be told from a new one. Messages are stored as arrays, and have a rule of
their own (`services/status/message/unreadable.py`).
"""

from collections.abc import Callable
from typing import Literal, TypeVar

import msgspec

from schemas.codec import Damaged, Newer
from services.runtime import telemetry

log = telemetry.logger("mongo")
Value = TypeVar("Value")
Unread = Literal["newer", "damaged"]
_UNKNOWN_WORD = "Invalid enum value"
_MOST_TOLD = 10_000


def read(key: str, parse: Callable[[], Value], *, is_newer: bool = False) -> Value:
    """The value of the document with that key; `is_newer`: it says so itself. Raises Newer, Damaged."""
    try:
        return parse()
    except (msgspec.ValidationError, KeyError) as error:
        if is_newer or str(error).startswith(_UNKNOWN_WORD):
            raise Newer(f"a document with what this release does not know: {error}") from None
        raise Damaged(f"{key} is stored as no release stores one: {error}") from None


class Shown:
    """Reads for people: one document that cannot be read hides none of the others."""

    def __init__(self, collection: str) -> None:
        self._collection, self._told = collection, set[str]()

    def of(self, key: str, read: Callable[[], Value]) -> Value | Unread:
        """The value, or why there is none; a damaged one is in the log once, however often it is looked at."""
        try:
            return read()
        except Newer:
            return "newer"
        except Damaged as error:
            self._note(key, error)
            return "damaged"

    def _note(self, key: str, error: Damaged) -> None:
        if key not in self._told:
            if len(self._told) >= _MOST_TOLD:
                self._told.clear()
            self._told.add(key)
            log.warning("a stored document is damaged", collection=self._collection, id=key, error=str(error))
