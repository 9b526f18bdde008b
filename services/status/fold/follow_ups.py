"""What follows from an event besides its message, for takers to carry out, once however often it is given. Pure."""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from schemas.events import MessageEvent
from services.status.fold.cascade import CascadeStep
from services.status.fold.counts import OutcomeCounted
from services.status.message import Change, Message, Report, Request


class StateChanged(NamedTuple):
    """A link has reached a state for the first time; `again`: the event was folded before. `is_former`: by a release
    that did not note which record brought it."""

    link: int
    change: Change
    again: bool = False
    is_former: bool = False


class ReportDue(NamedTuple):
    """A report is due to the partner; `request` is the one that asked for it.

    `again`: the event was folded before. `behind`: the rank of an earlier report of the link that may be under way,
    for no attempt of it was read yet; -1: none.
    """

    link: int
    report: Report
    request: Request
    again: bool = False
    behind: int = -1


class ReportAgain(NamedTuple):
    """The last report on a link is to be sent again; nothing newer is under way."""

    link: int
    report: Report
    request: Request
    resend_id: str


class LineRepeated(NamedTuple):
    """A line of a mailing was dropped because this message has its id; the mailing may be another one's."""

    mailing_id: str


FollowUp = StateChanged | ReportDue | ReportAgain | CascadeStep | OutcomeCounted | LineRepeated
Followed = Sequence[tuple[Message, Sequence[FollowUp]]]
"""Messages as they were saved, each with what follows from the events that were folded."""
Decider = Callable[[Followed], None]
"""Decides, before messages are saved, what is kept with them; called again for those that are folded again."""
Projected = Sequence[tuple[Message, Sequence[MessageEvent]]]
"""Messages as they were saved, each with the events that were folded."""
Taker = Callable[[Followed], Awaitable[None]]
"""Carries out the follow-ups that are its own; must do a repeated one once only."""
Projection = Callable[[Projected], Awaitable[None]]
"""Writes what is derived from messages, also in a rebuild; an older message must not overwrite a newer one."""


def follow_ups_of_record(follows: Sequence[FollowUp], origin: str) -> list[FollowUp]:
    """Those that follow from the record at `origin`: a change does from the record that brought it, however often that
    is folded, and from no repetition of its event. A change without a record is this one's from now on."""
    kept: list[FollowUp] = []
    for follow_up in follows:
        if type(follow_up) is StateChanged:
            change = follow_up.change
            if not change.origin:
                change.origin = origin
                follow_up = follow_up._replace(is_former=follow_up.again)
            elif follow_up.again and change.origin != origin:
                continue
        kept.append(follow_up)
    return kept
