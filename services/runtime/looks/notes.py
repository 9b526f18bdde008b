"""What a request tells of the people it is about: whose values it shows, and whether it masks them; on whom it acts.

Of a person only a fingerprint under the master key is kept, by which the audit trail finds them again.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal

Fingerprint = Callable[[str], str]
SubjectKind = Literal["phone", "user", "id"]
MOST_SUBJECTS, MOST_MESSAGES = 400, 100
"""Of one record; a look at more is `is_wide`."""
_DIGITS, _DIGITS_OF_MARK = 16, 12


@dataclass
class LookNotes:
    """What a request has told so far. `is_wide`: there were others, who are not among the subjects."""

    fingerprint: Fingerprint
    subjects: dict[str, None] = field(default_factory=dict)
    messages: dict[str, None] = field(default_factory=dict)
    is_masked: bool = False
    is_wide: bool = False

    def add_people(self, kind: SubjectKind, values: Iterable[str]) -> None:
        self.is_wide |= _add(
            self.subjects, (subject_of(self.fingerprint, kind, value) for value in values), MOST_SUBJECTS
        )

    def add_messages(self, message_ids: Iterable[str]) -> None:
        self.is_wide |= _add(self.messages, message_ids, MOST_MESSAGES)


_LOOK: ContextVar[LookNotes | None] = ContextVar("look_notes", default=None)


def subject_of(fingerprint: Fingerprint, kind: SubjectKind, value: str) -> str:
    """What records say of a phone (E.164 digits), a user id, or an id that was asked for."""
    return fingerprint(f"{kind}/{value}")[:_DIGITS]


def subjects_of(fingerprints: Callable[[str], Sequence[str]], kind: SubjectKind, value: str) -> frozenset[str]:
    """The same under each of several keys: what records of any time may say."""
    return frozenset(found[:_DIGITS] for found in fingerprints(f"{kind}/{value}"))


def mark_of(fingerprint: Fingerprint, text: str) -> str:
    """What stands in a record in place of a text that is hidden: it tells two texts apart."""
    return f"#{fingerprint(text)[:_DIGITS_OF_MARK]}"


def notes() -> LookNotes | None:
    """Those of this request; None where nobody records looks, as on everybody's listener."""
    return _LOOK.get()


@contextmanager
def noted(fingerprint: Fingerprint) -> Iterator[LookNotes]:
    """Collects what the request tells."""
    found = LookNotes(fingerprint)
    token = _LOOK.set(found)
    try:
        yield found
    finally:
        _LOOK.reset(token)


def note_people(
    *, phones: Iterable[str | None] = (), users: Iterable[str | None] = (), messages: Iterable[str] = ()
) -> None:
    """Whose values the answer shows, or on whom or which message the request acts; None is nobody."""
    if (found := notes()) is not None:
        found.add_people("phone", filter(None, phones))
        found.add_people("user", filter(None, users))
        found.add_messages(messages)


def note_masked() -> None:
    """The answer shows no value about a person."""
    if (found := notes()) is not None:
        found.is_masked = True


def _add(known: dict[str, None], new: Iterable[str], most: int) -> bool:
    """Add what there is room for; whether something was left out."""
    for name in new:
        if name not in known and len(known) >= most:
            return True
        known[name] = None
    return False
