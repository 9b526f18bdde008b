"""A mailing: what was asked for and how far it has come. Kept by `store.py`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypedDict

from schemas.mailing_events import MailingState
from services.ingest.mailing.rules.draft import OnBadLines, OnRepeated
from services.ingest.mailing.rules.rows import Row

UNREADABLE = "{}"
"""The definition of a mailing that no key opens any more."""
CANNOT_OPEN = "what was asked for cannot be opened with the keys that there are"
"""What its partner is shown then."""


@dataclass(frozen=True, slots=True)
class Mailing:
    """One mailing. `cursor` is the next line to plan, or the last installation of a segment that was looked at."""

    mailing_id: str
    partner_id: str
    ref: str | None  # the partner's own id
    name: str
    definition: str  # JSON as the partner wrote it
    created_at: int
    rate_per_s: int
    on_bad_lines: OnBadLines
    is_segment: bool
    state: MailingState | Literal["unknown"] = "draft"  # unknown: only a newer release can read it, or work on it
    revision: int = 1
    reason: str = ""
    next_line: int = 1
    is_complete: bool = False  # the last upload was complete
    accepted: int = 0
    refused: int = 0
    cursor: int | str = 1
    planned: int = 0
    start_at: int | None = None
    started_at: int | None = None
    finished_at: int | None = None
    rate_now: float = 0.0  # messages a second, as last measured
    planned_at: int = 0  # UTC ms; when its cursor last moved
    was_held: bool = False  # it was paused once: its messages may wait for it to go on
    on_repeated: OnRepeated = "send"  # skip: repeated recipients are left out; older mailings do not have it
    repeated: int = 0  # lines among the accepted ones that repeat a recipient
    upload: int = 0  # number of the newest upload, the only one that may store

    @property
    def left_out(self) -> int:
        """Lines that are not sent to because they repeat a recipient."""
        return self.repeated if self.on_repeated == "skip" else 0

    @property
    def recipients(self) -> int:
        """The lines of a list that are sent to."""
        return self.accepted - self.left_out

    @property
    def is_readable(self) -> bool:
        """False when no key opens its definition any more."""
        return self.definition != UNREADABLE


class MailingChanges(TypedDict, total=False):
    """The fields of a mailing that a new revision changes."""

    name: str
    definition: str  # sealed
    state: MailingState
    reason: str
    rate_per_s: int
    on_bad_lines: OnBadLines
    on_repeated: OnRepeated
    start_at: int | None
    started_at: int
    finished_at: int
    was_held: bool


def sent_to(mailing: Mailing, rows: Sequence[Row]) -> list[Row]:
    """The lines that get a message."""
    return [row for row in rows if row.repeats is None or mailing.on_repeated != "skip"]


class PageCursor(NamedTuple):
    """A place in the list of mailings, the newest first: behind this one. Without id: behind all of that moment."""

    created_at: int
    mailing_id: str = ""
