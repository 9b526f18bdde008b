"""Mailings (topic `mailing-events`, compacted; every event is the full state; key mailing id).

The recipients are not here: a list may hold a million people, and is in the database until it is planned. Nor is the
progress in between: an event is a change of the mailing's state, or of what it is to do.
"""

from typing import Literal

from schemas.events import Event

MailingState = Literal["draft", "running", "paused", "done", "cancelled"]
"""draft ─start─▶ running ◀─pause, resume─▶ paused; running ─▶ done; paused also from done; cancelled from any."""


class MailingChanged(Event, tag="mailing-changed"):
    """A mailing as it is from now on; the highest revision counts."""

    mailing_id: str
    partner_id: str
    revision: int
    state: MailingState
    name: str
    definition: str  # JSON of what the partner asked for: message (without SECURE values), schedule, segment …
    accepted: int = 0  # recipients of the list
    refused: int = 0  # lines of the list that are broken
    planned: int = 0  # recipients whose message has been requested
    start_at: int | None = None  # UTC ms
    reason: str = ""  # why the platform paused it
