"""Decides how a chain goes on behind a link: once, in the order of the log. Pure.

    the awaited state has come               ─▶ LinksSaved: the links after it are saved
    it can no longer come (the link failed)  ─▶ NextLink
    DELIVERED, but READ is awaited           ─▶ waits for the deadline, then NextLink; the reported 2 stays
    it has come, but only from installations ─▶ likewise: anybody who has the app can claim it
    whose owner is not proved
    a Live Activity, which nobody confirms   ─▶ likewise; its 0 stays
    cancelled before any of these was read   ─▶ nothing follows; what was sent is not called back
    a receipt that is read after NextLink    ─▶ changes nothing: the next link, say an SMS, is not taken back

The link keeps the decision (`CascadeDecision`) with the event that brought it: only that event, when it is read again,
lets the same things follow again. So a crash between saving and appending repeats them, and nothing else does; the
router's claim of (message, link) absorbs the double. Source: `docs/partner-api.md` §4, docs/design.md §2.
"""

from dataclasses import dataclass
from typing import Any

import orjson

from schemas import DeliveryState, ids
from schemas.carried import behind_first_link
from schemas.events import MessageEvent, MessageRequested, ProviderDispatched, TargetResolved
from schemas.providers import Provider
from schemas.reasons import Reason
from schemas.values import Content, Recipient
from services.status.message import CascadeDecision, Delivery, Link, Message, Request
from services.status.words import Note

WITHDRAWN_WITHIN_MS = 3_600_000
"""A withdrawal that has not reached the phone by then is of no use: the provider has dropped the push itself."""
_SHOWN = (DeliveryState.SENT, DeliveryState.DELIVERED, DeliveryState.EXPIRED)


@dataclass(frozen=True, slots=True)
class NextLink:
    """The link after `link` goes out."""

    link: int
    request: MessageRequested
    again: bool = False


@dataclass(frozen=True, slots=True)
class LinksSaved:
    """The chain has stopped at `link`: those after it, on these channels, are saved."""

    link: int
    channels: tuple[str, ...]
    again: bool = False


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A push of a link that was left behind is to be taken off the screen."""

    link: int
    target: TargetResolved


CascadeStep = NextLink | LinksSaved | Withdrawal


def request_id_of(message_id: str, number: int) -> str:
    """The id of the request for a later link: a chain requests each only once."""
    return ids.event_id_of(message_id, f"link/{number}")


def decide_cascade(message: Message, link: Link, request: Request | None, event: MessageEvent) -> list[CascadeStep]:
    """Decide if it is time, and give what follows if this event has brought the decision, now or before.

    `request` is the winner of the link, None while there is none.
    """
    again = link.cascade_decision is not None
    if link.cascade_decision is None and request is not None:
        link.cascade_decision = _decided(message, link, request, event)
    decision = link.cascade_decision
    if decision is None or request is None:
        return []
    if decision.event_id != event.event_id:
        return _late_withdrawal(message, link, request, decision, event)
    if decision.is_cancelled:
        return []
    if not decision.goes_on:
        return [LinksSaved(link.number, tuple(decision.channels), again)]
    message.link(link.number + 1)  # so that the message is not seen as failed before its next link is planned
    steps: list[CascadeStep] = [NextLink(link.number, _following(message, link, request, decision), again)]
    return steps + [
        _withdrawal(message, link, request, target, decision) for target in link.targets if _is_shown(target)
    ]


def _decided(message: Message, link: Link, request: Request, event: MessageEvent) -> CascadeDecision | None:
    if request.awaited is None:
        return None
    awaited = DeliveryState(request.awaited)
    state, channels = link.state, channels_behind(request)
    if not channels or (state.is_failure and link.failed_reason is Reason.CANCELLED):
        return None  # nothing follows, or nothing may: cancelling a message means all of it
    if not state.is_failure and state.rank >= awaited.rank and link.is_proved:
        return CascadeDecision(False, event.at, event.event_id, state.value, channels)
    if any(earlier.ends_chain for earlier in message.links.values() if earlier.number <= link.number):
        return CascadeDecision(False, event.at, event.event_id, Reason.CANCELLED.value, channels)
    if state.is_failure:
        return CascadeDecision(True, event.at, event.event_id, (link.failed_reason or Reason.INTERNAL).value, channels)
    if link.expired:  # a Live Activity stays SENT: nobody confirms it
        why = _not_come(link, awaited)
        return CascadeDecision(True, event.at, event.event_id, why, channels)
    return None


def _not_come(link: Link, awaited: DeliveryState) -> str:
    """Why the chain goes on although the link has not failed."""
    if link.state.rank >= awaited.rank:
        return Note.NOT_PROVED.english
    return (Note.NOT_READ if link.state is DeliveryState.DELIVERED else Note.NOT_CONFIRMED).english


def channels_behind(request: Request) -> list[str]:
    """The channels of the links behind the one of this request."""
    return [str(link["channel"]) for link in orjson.loads(request.chain)[1:]]


def _following(message: Message, link: Link, request: Request, decision: CascadeDecision) -> MessageRequested:
    """The request with the rest of the chain; its id is derived, so that a repetition is the same request."""
    number = link.number + 1
    changed: dict[str, Any] = {
        "event_id": request_id_of(message.message_id, number),
        "at": decision.at,
        "link": number,
        "chain": orjson.loads(request.chain)[1:],
    }
    rest = orjson.loads(request.rest)
    if rest.get("carried"):
        changed["carried"] = behind_first_link(rest["carried"])
    return MessageRequested.stored({**rest, **changed})


def _is_shown(delivery: Delivery) -> bool:
    """Whether it is a push on the screen. A Live Activity ends by itself; a channel takes nothing back."""
    is_push = delivery.provider != Provider.CHANNEL_PLATFORM.value and not delivery.slot
    return is_push and bool(delivery.sent_at) and delivery.state in _SHOWN


def _late_withdrawal(
    message: Message, link: Link, request: Request, decision: CascadeDecision, event: MessageEvent
) -> list[CascadeStep]:
    """Withdraw a push whose sending is read only after the chain has moved on."""
    if not decision.goes_on or not isinstance(event, ProviderDispatched) or event.withdraw:
        return []
    delivery = link.deliveries.get(event.installation_id)
    if delivery is None or event.slot or not delivery.planned or not _is_shown(delivery):
        return []
    return [_withdrawal(message, link, request, delivery, decision)]


def _withdrawal(
    message: Message, link: Link, request: Request, delivery: Delivery, decision: CascadeDecision
) -> Withdrawal:
    return Withdrawal(
        link.number,
        TargetResolved(
            event_id=ids.event_id_of(delivery.delivery_id, "withdrawn"),
            at=decision.at,
            **message.link_fields(link.number),
            delivery_id=delivery.delivery_id,
            installation_id=delivery.installation_id,
            application_id=delivery.application_id,
            provider=Provider(delivery.provider),
            content=Content(text=""),
            expires_at=decision.at + WITHDRAWN_WITHIN_MS,
            planned_at=decision.at,
            withdraw=True,
            recipient=Recipient.stored(orjson.loads(request.rest)["recipient"]),
        ),
    )
