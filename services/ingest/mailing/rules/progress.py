"""How far a mailing is, in figures that add up: each recipient is in one of them. Pure.

    recipients = unplanned + planned          planned = pending + sent + undelivered + stopped
                    └──── of a cancelled mailing: cancelled ────────────────────────┘

What is planned has an outcome later, when the router or dispatch has decided and status has counted: until then it is
pending, whatever the mailing's own state is. Nobody can say of a pending message that it was not sent.
"""

from collections.abc import Mapping
from typing import NamedTuple

from schemas.reasons import Reason

_WITHOUT_DEVICE = frozenset(
    str(reason)
    for reason in Reason
    if reason.error_code
    in {Reason.UNKNOWN_USER.error_code, Reason.UNKNOWN_PHONE.error_code}
    | {Reason.NO_ACTIVE_INSTALLATION.error_code, Reason.NO_PRIMARY.error_code}
)
"""Reasons that say that there was no device to send to."""


class Counted(NamedTuple):
    """Messages by state, and those that failed by reason, as last counted."""

    states: Mapping[str, int]
    failed: Mapping[str, int]


class Figures(NamedTuple):
    """Recipients by what has become of them. `unplanned` and with it `cancelled` know nothing of a segment's rest."""

    planned: int
    unplanned: int | None  # no message yet; None: of a segment that is not planned to its end
    pending: int  # planned, and no outcome is known yet
    sent: int  # handed to a provider, whatever happened then
    delivered: int  # confirmed by a device, read ones included
    read: int
    undelivered: int  # failed, but for what was cancelled
    without_device: int  # of those: there was no device to send to
    cancelled: int  # got nothing since it was cancelled


def is_settled(found: Figures, *, is_done: bool, links: int) -> bool:
    """Whether neither a pause nor a cancel would change anything: all are planned, each message has its outcome as
    counted last, and none of its `links` is still to follow a message that was sent and is not read.
    """
    return is_done and found.pending == 0 and (links == 1 or found.sent == found.read)


def figures(counted: Counted, *, planned: int, recipients: int | None, is_cancelled: bool) -> Figures:
    """`planned`: at least as many as were counted."""
    states, failed = counted
    known = sum(states.values())
    read = states.get("READ", 0)
    delivered = states.get("DELIVERED", 0) + read
    sent = states.get("SENT", 0) + delivered
    waiting = states.get("PLANNED", 0)
    stopped = failed.get(Reason.CANCELLED, 0)
    unplanned = None if recipients is None else max(0, recipients - planned)
    return Figures(
        planned=planned,
        unplanned=unplanned,
        pending=planned - known + waiting,
        sent=sent,
        delivered=delivered,
        read=read,
        undelivered=known - waiting - sent - stopped,
        without_device=sum(count for reason, count in failed.items() if reason in _WITHOUT_DEVICE),
        cancelled=stopped + ((unplanned or 0) if is_cancelled else 0),
    )
