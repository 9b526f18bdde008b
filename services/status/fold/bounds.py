"""Limits on what outsiders can add to a message: devices, providers' receipts, anybody who can write to the log. Pure.

    link       number beyond the longest chain                ignored
               from outside, and not in the partner's chain   ignored; while the chain is unknown: the first four
    delivery   not in a plan that is known                    ignored
               before its plan: 64 of a message that come from outside, 2048 that come from dispatch
    trace      from outside: 64 lines before anything was requested, 20 of one delivery
    text       longer than any of ours can be                 ignored

The platform's own decisions come first in the same partition of the log, before anybody outside can know of the
message, so no limit touches an honest one. What is ignored is only counted.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

import orjson

from schemas import events, ids
from schemas.events import MessageEvent
from schemas.values import LONGEST_CHAIN
from services.status.message import MAX_TRACE, MAX_TRACE_OF_PEOPLE, Link, Message

MAX_UNASKED_LINKS = 4
MAX_UNASKED = 64
"""Deliveries, marks of the history, and lines of the trace, each."""
MAX_DISPATCHED = 2048
"""Deliveries of which dispatch's events are read before their plan: fifty installations with all their activities."""
MAX_OUTSIDE_LINES = 20
"""Lines of the trace from outside about one delivery: receipts with any action, a provider's words."""
_LONGEST = 160
"""Characters of an id, a name or a slot of ours: an activity has 128. What people read is cut off instead."""

OUTSIDE: frozenset[type] = frozenset(
    {
        events.ReceiptReceived,
        events.ProviderTold,
        events.ChannelReported,
        events.InboxChanged,
        events.LinkClicked,
    }
)
"""Types of events from outside, whose senders may repeat them without end."""
_PEOPLE = frozenset({events.InboxChanged, events.LinkClicked})
_SLOTTED = frozenset({events.ReceiptReceived, events.ProviderDispatched})
_OF_DELIVERY: dict[type, int] = {
    events.ReceiptReceived: MAX_UNASKED,
    events.ProviderTold: MAX_UNASKED,
    events.ChannelReported: MAX_UNASKED,
    events.ProviderDispatched: MAX_DISPATCHED,
}


CLAIMING: frozenset[type] = frozenset({events.MessageRequested, events.Scheduled, events.Held, events.Planned})
"""Types after which the partner's chain may be known."""


_TEXTS: dict[type, Callable[[Any], tuple[str, ...]]] = {
    events.ReceiptReceived: attrgetter("event_id", "partner_id", "installation_id", "slot"),
    events.ProviderTold: attrgetter("event_id", "partner_id", "installation_id"),
    events.ChannelReported: attrgetter("event_id", "partner_id", "installation_id"),
    events.InboxChanged: attrgetter("event_id", "partner_id", "installation_id", "owner"),
    events.LinkClicked: attrgetter("event_id", "partner_id"),
}
"""The texts of an event that are kept unchanged."""


def link_of(message: Message, event: MessageEvent) -> Link | None:
    """The link of the event, made when it may be; None: the event is to be ignored."""
    is_outside = type(event) in OUTSIDE
    if is_outside and not is_short(event):
        return None
    known = message.links.get(event.link)
    if known is not None:
        return known
    if not 0 <= event.link < LONGEST_CHAIN:
        return None
    if is_outside:
        length = _chain_length(message)
        if event.link >= length if length is not None else len(message.links) >= MAX_UNASKED_LINKS:
            return None
    return message.link(event.link)


def has_room(message: Message, link: Link, event: MessageEvent) -> bool:
    """Whether the event may add a delivery while the link has no plan to check it against."""
    most = _OF_DELIVERY.get(type(event))
    if most is None or key_of(event) in link.deliveries:
        return True
    return sum(len(other.deliveries) for other in message.links.values() if not other.is_planned) < most


def has_line(message: Message, link: Link, event: MessageEvent) -> bool:
    """Whether an event from outside leaves a line in the trace; it must leave room for our own."""
    most, delivery = MAX_TRACE, None
    if type(event) in _PEOPLE:
        most = MAX_TRACE_OF_PEOPLE
    else:
        delivery = link.deliveries.get(key_of(event))
        if delivery is not None:
            delivery.outside_lines += 1
            if delivery.outside_lines > MAX_OUTSIDE_LINES:
                return False
    if not (link.is_planned or message.is_asked_for):
        most = MAX_UNASKED
    if message.trace_count >= most:
        return False
    return len(event.event_id) <= _LONGEST if delivery is not None else is_short(event)


def is_short(event: MessageEvent) -> bool:
    """Whether the texts that are kept unchanged are no longer than ours can be."""
    return max(map(len, _TEXTS[type(event)](event))) <= _LONGEST


def key_of(event: Any) -> str:
    """The key of the event's delivery among those of its link."""
    installation_id: str = event.installation_id
    return ids.delivery_key_of(installation_id, event.slot) if type(event) in _SLOTTED else installation_id


def drop_unknown_links(message: Message) -> None:
    """Delete the links that came from outside and are not in the partner's chain; called when that becomes known."""
    length = _chain_length(message) if len(message.links) > 1 else None
    if length is not None:
        for number in [number for number in message.links if number >= length]:
            link = message.links[number]
            if not (link.requests or link.request_id or link.is_planned):
                del message.links[number]


def _chain_length(message: Message) -> int | None:
    """The length of the winning request's chain; None while it is unknown."""
    first = message.links.get(0)
    request = first.request if first is not None and first.request_id else None
    return len(orjson.loads(request.chain)) if request is not None else None
