"""What a message may hold of what others say of it: devices, providers' receipts, whoever can write to the log. Pure.

    link       number beyond the longest chain                    let go
               said from outside, and not of the partner's chain  let go; while the chain is unknown: the first four
    delivery   not in a plan that is known                        let go
               before its plan: 64 of a message that are said from outside, 2048 that dispatch tells of
    trace      said from outside: 64 lines before anything was asked for, 20 of one delivery
    text       longer than anything of ours can be                let go

What the platform itself has decided comes before anybody outside can speak of it in the same partition of the log, so
none of this touches an honest message. What is let go leaves nothing but a count.
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
"""Deliveries of which dispatch is read to tell before their plan is: fifty installations with all their activities."""
MAX_SAID = 20
"""Lines of the trace that are said of one delivery: receipts with whatever action, a provider's words."""
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
"""Types of what is said from outside: whoever says it can say as much as he likes."""
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
"""What of an event is kept as it stands."""


def link_of(message: Message, event: MessageEvent) -> Link | None:
    """The link that the event speaks of, made when it may be; None: the event is to be let go."""
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
    """Whether what the event says of a delivery is kept, while the link has no plan that would tell."""
    most = _OF_DELIVERY.get(type(event))
    if most is None or key_of(event) in link.deliveries:
        return True
    return sum(len(other.deliveries) for other in message.links.values() if not other.is_planned) < most


def has_line(message: Message, link: Link, event: MessageEvent) -> bool:
    """Whether what is said from outside leaves a line in the trace: it must leave room for what we have to tell."""
    most, delivery = MAX_TRACE, None
    if type(event) in _PEOPLE:
        most = MAX_TRACE_OF_PEOPLE
    else:
        delivery = link.deliveries.get(key_of(event))
        if delivery is not None:
            delivery.outside_lines += 1
            if delivery.outside_lines > MAX_SAID:
                return False
    if not (link.is_planned or message.is_asked_for):
        most = MAX_UNASKED
    if message.trace_count >= most:
        return False
    return len(event.event_id) <= _LONGEST if delivery is not None else is_short(event)


def is_short(event: MessageEvent) -> bool:
    """Whether it is no longer than ours can be, where its texts are kept as they stand."""
    return max(map(len, _TEXTS[type(event)](event))) <= _LONGEST


def key_of(event: Any) -> str:
    """The key among the link's deliveries, of an event that speaks of one."""
    installation_id: str = event.installation_id
    return ids.delivery_key_of(installation_id, event.slot) if type(event) in _SLOTTED else installation_id


def shorten(message: Message) -> None:
    """Without the links that somebody spoke of and the partner's chain does not have; called when it becomes known."""
    length = _chain_length(message) if len(message.links) > 1 else None
    if length is not None:
        for number in [number for number in message.links if number >= length]:
            link = message.links[number]
            if not (link.requests or link.request_id or link.is_planned):
                del message.links[number]


def _chain_length(message: Message) -> int | None:
    """Of the request that won; None while it is unknown."""
    first = message.links.get(0)
    request = first.request if first is not None and first.request_id else None
    return len(orjson.loads(request.chain)) if request is not None else None
