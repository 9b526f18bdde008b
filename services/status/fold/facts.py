"""Facts that each event adds to its link; they only ever grow, whatever the order of the events. Pure.

The state, failures and reports are derived from them in `fold.py`.
"""

from collections.abc import Callable
from typing import Any

from schemas import DeliveryState, events, ids
from schemas.personal import NOBODY
from schemas.reasons import Reason, channel_reason, furthest
from schemas.reports import ReportStatus
from services.status.fold.requests import request_of
from services.status.message import (
    DELIVERED,
    MAX_CANDIDATES,
    PLANNED,
    READ,
    SENT,
    Delivery,
    InboxMark,
    Link,
    Skip,
    inbox_owner,
)

MAX_MARKS = 64
"""Owners whose changes to a link's entry in the history are kept before its plan is known."""


def raise_to(delivery: Delivery, state: DeliveryState, reason: Reason | None) -> None:
    """Raise the delivery to the maximum of the lattice; of equal failures the reason that came furthest stays."""
    if state.rank > delivery.state.rank:
        delivery.state = state
        delivery.reason = reason if state.is_failure else None
    elif state is delivery.state and reason is not None and delivery.reason is not None:
        delivery.reason = furthest([delivery.reason, reason])


def _delivery(link: Link, installation_id: str, slot: str = "") -> Delivery | None:
    """The delivery that an event is about; None when it is not in the plan."""
    key = ids.delivery_key_of(installation_id, slot)
    found = link.deliveries.get(key)
    if found is None and not link.is_planned:
        found = link.deliveries[key] = Delivery(installation_id, slot=slot)
    return found


def _requested(link: Link, event: events.MessageRequested) -> None:
    if link.request_id:
        if event.event_id == link.request_id:
            link.requests = [request_of(event)]
    elif len(link.requests) < MAX_CANDIDATES:
        link.requests.append(request_of(event))


def _won(link: Link, request_id: str) -> None:
    if not link.request_id:
        link.request_id = request_id
        link.requests = [request for request in link.requests if request.request_id == request_id]


def _scheduled(link: Link, event: events.Scheduled) -> None:
    _won(link, event.request_id)
    link.scheduled_at = event.send_at
    if not link.is_planned:
        link.send_at, link.expires_at, link.held_by = event.send_at, event.expires_at, ""


def _held(link: Link, event: events.Held) -> None:
    _won(link, event.request_id)
    if not link.is_planned:
        link.held_by = f"{event.scope} {event.stop_id}"


def _cancel_refused(link: Link, event: events.CancelRefused) -> None:
    link.ends_chain = link.ends_chain or event.ends_chain


def _planned(link: Link, event: events.Planned) -> None:
    if link.is_planned:
        return
    _won(link, event.request_id)
    link.is_planned, link.send_at, link.expires_at = True, event.send_at, event.expires_at
    link.plan_reason = event.reason
    link.skipped = [
        Skip(skip.installation_id, skip.provider.value if skip.provider else "", skip.reason) for skip in event.skipped
    ]
    known = link.deliveries
    link.deliveries = {}
    for target in event.targets:
        key = ids.delivery_key_of(target.installation_id, target.slot)
        delivery = known.get(key) or Delivery(target.installation_id, slot=target.slot)
        delivery.planned = True
        delivery.delivery_id, delivery.application_id = target.delivery_id, target.application_id
        delivery.provider, delivery.owner = str(target.provider), target.owner
        delivery.parts = target.parts or 0
        delivery.proved = target.proved
        link.deliveries[key] = delivery


_OUTCOMES: dict[str, tuple[DeliveryState, Reason | None]] = {
    "accepted": (SENT, None),
    "uncertain": (SENT, None),
    "retry": (PLANNED, None),
    "refused": (DeliveryState.REFUSED, Reason.PROVIDER_REFUSED),
    "suppressed": (DeliveryState.SUPPRESSED, Reason.OWNER_CHANGED),
    "expired": (DeliveryState.EXPIRED, Reason.EXPIRED),
}


def _dispatched(link: Link, event: events.ProviderDispatched) -> None:
    delivery = _delivery(link, event.installation_id, event.slot) if not event.withdraw else None
    if delivery is None:
        return
    state, reason = _OUTCOMES[event.outcome]
    raise_to(delivery, state, (event.reason or reason) if state.is_failure else None)
    delivery.attempts = max(delivery.attempts, event.attempt)
    if state is SENT:
        delivery.sent_at = earlier(delivery.sent_at, event.at)


def _received(link: Link, event: events.ReceiptReceived) -> None:
    """A push that was swiped away was shown; who presses a button has read. No device's clock runs ahead of ours."""
    delivery = _delivery(link, event.installation_id, event.slot)
    if delivery is None:
        return
    at = min(event.happened_at, event.at)
    delivery.delivered_at = earlier(delivery.delivered_at, at)
    if event.kind in ("read", "clicked"):
        raise_to(delivery, READ, None)
        delivery.read_at = earlier(delivery.read_at, at)
    else:
        raise_to(delivery, DELIVERED, None)


def _provider_reported(link: Link, event: events.ProviderTold) -> None:
    """The provider may give the reason why a push did not arrive."""
    delivery = _delivery(link, event.installation_id)
    if delivery is not None and event.reason is not None:
        raise_to(delivery, DeliveryState.REFUSED, event.reason)


def _inbox_changed(link: Link, event: events.InboxChanged) -> None:
    """A last-writer-wins register by time and event id; deleted is for good. Nobody outside the plan has an entry."""
    if event.owner == NOBODY:
        return  # an owner who was erased since
    if event.owner not in link.inbox and not _may_mark(link, event.owner):
        return
    mark = link.inbox.setdefault(event.owner, InboxMark())
    if event.change == "deleted":
        mark.deleted_at = earlier(mark.deleted_at, event.at)
    elif (event.at, event.event_id) > (mark.status_at, mark.status_id):
        mark.status, mark.status_at, mark.status_id = event.change, event.at, event.event_id


def _may_mark(link: Link, owner: str) -> bool:
    if not link.is_planned:
        return len(link.inbox) < MAX_MARKS
    targets = link.targets
    return any(
        target.owner is not None and inbox_owner(target.owner, target.installation_id) == owner for target in targets
    )


def _channel_reported(link: Link, event: events.ChannelReported) -> None:
    """Apply the platform's report. No platform's clock runs ahead of ours."""
    delivery = _delivery(link, event.installation_id)
    if delivery is None:
        return
    at = min(event.happened_at, event.at)
    delivery.parts_reported = max(delivery.parts_reported, event.parts or 0)
    match event.status:
        case ReportStatus.SENT:
            raise_to(delivery, SENT, None)
            delivery.sent_at = earlier(delivery.sent_at, at)
        case ReportStatus.DELIVERED:
            raise_to(delivery, DELIVERED, None)
            delivery.delivered_at = earlier(delivery.delivered_at, at)
        case ReportStatus.UNDELIVERED:
            reason = channel_reason(event.error_code)
            state = DeliveryState.EXPIRED if reason is Reason.EXPIRED else DeliveryState.REFUSED
            raise_to(delivery, state, reason)
        case ReportStatus.READ:
            raise_to(delivery, READ, None)
            delivery.read_at = earlier(delivery.read_at, at)


def earlier(known: int, at: int) -> int:
    """The earlier of two moments; 0 is not known."""
    return known if known and known < at else at


def _deadline(link: Link, event: events.DeadlinePassed) -> None:
    link.expired = True


def _failed(link: Link, event: events.MessageFailed) -> None:
    link.fault = True


def _reported(link: Link, event: events.ReportAttempted) -> None:
    link.tried = max(link.tried, event.status.rank)
    link.attempts = max(link.attempts, event.attempt)
    taken = link.taken
    if event.delivered and (taken is None or event.status.rank >= taken.rank):
        link.reported = event.status
    if event.delivered or event.next_attempt_at is None:
        link.resend = ""


def _asked_again(link: Link, event: events.ReportAsked) -> None:
    """A report that was never tried, or that is newer, goes by itself."""
    wanted, request = link.wanted, link.reporting
    if wanted is not None and wanted.status.rank <= link.tried and request is not None:
        link.resend = event.resend_id if wanted.is_asked_for(request.registered_delivery) else ""


def _nothing(link: Link, event: events.MessageEvent) -> None:
    """The event adds nothing but a line of the trace."""


FACTS: dict[type, Callable[[Link, Any], None]] = {
    events.MessageRequested: _requested,
    events.ScheduleDue: _nothing,
    events.RequestRepeated: _nothing,
    events.Scheduled: _scheduled,
    events.Held: _held,
    events.CancelRequested: _nothing,
    events.CancelRefused: _cancel_refused,
    events.Planned: _planned,
    events.ProviderDispatched: _dispatched,
    events.ReceiptReceived: _received,
    events.ProviderTold: _provider_reported,
    events.InboxChanged: _inbox_changed,
    events.ChannelReported: _channel_reported,
    events.DeadlinePassed: _deadline,
    events.MessageFailed: _failed,
    events.ReportAttempted: _reported,
    events.LinkClicked: _nothing,
    events.ReportAsked: _asked_again,
}
