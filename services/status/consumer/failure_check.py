"""Checks whether a message whose record was put aside has really failed, when the time is over.

    dead letter ─▶ timer (`services/runtime/log/dead_letters.py`) ─▶ here: has the link gone on meanwhile? ─▶ yes: the
    timer is dropped
                                                                                      └▶ no: MessageFailed

The link has gone on when the mended record was written again, and also when the record was not needed: an unreadable
receipt takes nothing from a push that was sent. The fold cannot check: to it a failure is one, whatever comes before or
after.
"""

from collections.abc import Sequence

from schemas import topics
from schemas.events import Event, MessageFailed
from services.status.message import Link, Messages

_REQUESTS = topics.MESSAGE_REQUESTED["single"].name
_DUE = "schedule-due"
_BESIDE = frozenset(
    {
        "request-repeated",
        "cancel-requested",
        "cancel-refused",
        "receipt-received",
        "provider-told",
        "inbox-changed",
        "report-attempted",
        "link-clicked",
    }
)
"""Types of events that a link does not need to go on."""


class FailureCheck:
    """The check that `Timers` makes of the timers that are due."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages

    async def still_meant(self, events: Sequence[Event]) -> set[str]:
        """The ids of those whose link has not gone on. Raises mongo.TRANSIENT_ERRORS."""
        failures = [event for event in events if isinstance(event, MessageFailed) and event.record not in _BESIDE]
        known = await self._messages.load({event.message_id for event in failures})
        return {
            event.event_id
            for event in failures
            if (message := known.get(event.message_id)) is None
            or (link := message.links.get(event.link)) is None
            or not has_gone_on(link, event)
        }


def has_gone_on(link: Link, failed: MessageFailed) -> bool:
    """Whether the link has gone on behind the record that was put aside."""
    if failed.record == _DUE:  # its request was with the router long ago
        return link.is_planned or link.send_at > failed.at
    if failed.topic.startswith(_REQUESTS) and link.request_id:
        return True  # the router has it
    return any(delivery.sent_at or delivery.delivered_at or delivery.read_at for delivery in link.targets)
