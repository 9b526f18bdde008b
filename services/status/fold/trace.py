"""Events as lines of the trace, and requests as what is kept of them. Pure.

The trace is a product: every event of a message leaves one entry, in words that its partner understands.
"""

import re
from operator import attrgetter

import orjson

from schemas import events, ids, lossless
from schemas.application_events import by_for_partners
from schemas.events import MessageEvent
from schemas.reasons import Reason, channel_reason
from schemas.reports import ReportStatus
from schemas.values import Link as RequestedLink
from services.runtime.text.link_text import text_of
from services.status.message import MAX_DETAIL, CascadeDecision, Entry, Link, Message, Request, What

_values_of = attrgetter(*Entry.__slots__)
_WHAT: dict[type, What] = {
    events.MessageRequested: "requested",
    events.ScheduleDue: "schedule-due",
    events.RequestRepeated: "repeated",
    events.Scheduled: "scheduled",
    events.Held: "held",
    events.CancelRequested: "cancel",
    events.CancelRefused: "cancel",
    events.Planned: "planned",
    events.ProviderDispatched: "attempt",
    events.ReceiptReceived: "receipt",
    events.ProviderTold: "told",
    events.InboxChanged: "inbox",
    events.ChannelReported: "channel",
    events.DeadlinePassed: "deadline",
    events.MessageFailed: "failed",
    events.ReportAttempted: "report",
    events.LinkClicked: "click",
}


def is_traced(message: Message, event_id: str) -> bool:
    """True when the event of that id has left its line."""
    return b'["%b"' % event_id.encode() in message.trace


def add_line(message: Message, entry: Entry) -> None:
    """Add a line; `bounds.has_line` decides whether there is room for it."""
    message.trace += orjson.dumps(_values_of(entry), option=orjson.OPT_APPEND_NEWLINE)
    message.trace_count += 1


def trace_of(message: Message) -> list[Entry]:
    """The trace: its lines in the order of the log."""
    entries = [Entry(*orjson.loads(line)) for line in message.trace.splitlines()]
    for entry in entries:
        if entry.reason is not None:
            entry.reason = Reason(entry.reason)
    return entries


def entry_of(event: MessageEvent, link: Link) -> Entry:
    """The line that `event` leaves."""
    entry = Entry(event.event_id, event.at, _WHAT[type(event)], event.link)
    match event:  # what every message has comes first
        case events.MessageRequested():
            entry.detail = str(event.chain[0].channel)
            if event.unknown_fields or len(link.requests) > 1 or link.request_id not in ("", event.event_id):
                entry.detail = _words(entry.detail, _unknown(event), difference(event, link))
        case events.Planned():
            entry.reason = event.reason
            entry.detail = f"targets: {len(event.targets)}, skipped: {len(event.skipped)}"
        case events.ProviderDispatched():
            entry.installation_id, entry.provider = event.installation_id, str(event.provider)
            entry.attempt, entry.status, entry.latency_ms = event.attempt, event.status, event.latency_ms
            entry.slot = event.slot
            entry.reason = event.reason
            withdrawal, shortened = "withdrawal" if event.withdraw else "", "shortened" if event.shortened else ""
            entry.detail = _words(withdrawal, event.outcome, event.detail, shortened)
        case events.ReceiptReceived():
            entry.installation_id = event.installation_id
            entry.slot = event.slot
            known = link.deliveries.get(ids.delivery_key_of(event.installation_id, event.slot))
            entry.provider = known.provider if known is not None else ""
            entry.detail = _words(event.kind, event.action or "", "" if event.source == "sdk" else event.source)
        case events.ProviderTold():
            entry.installation_id, entry.provider = event.installation_id, str(event.provider)
            entry.status, entry.reason, entry.detail = event.status, event.reason, event.detail
        case events.InboxChanged():
            entry.installation_id, entry.detail = event.installation_id, event.change
        case events.ChannelReported():
            entry.installation_id, entry.status = event.installation_id, event.status
            entry.reason = channel_reason(event.error_code) if event.status is ReportStatus.UNDELIVERED else None
            code = f"errorCode {event.error_code}" if event.error_code else ""
            entry.detail = _words(str(event.channel), event.status.word, code)
        case events.ReportAttempted():
            entry.status, entry.attempt = event.status, event.attempt
            entry.latency_ms = event.latency_ms
            outcome = "taken" if event.delivered else "not taken"
            code = f"errorCode {event.error_code}" if event.error_code else ""
            entry.detail = _words(outcome, code, event.detail)
        case events.Scheduled():
            entry.detail = event.zone
        case events.Held():
            entry.detail = f"{event.scope} {event.stop_id} is paused"
        case events.CancelRequested():
            entry.detail = f"asked for by {by_for_partners(event.by)}"
        case events.CancelRefused():
            entry.detail = "too late for this link: it goes out"
        case events.RequestRepeated():
            entry.detail = f"request {event.request_id} was dropped"
        case events.LinkClicked():
            entry.detail = _words(f"short link {event.ordinal + 1}", event.by)
        case events.MessageFailed():
            entry.detail = _words(event.topic, event.detail)
    entry.detail = entry.detail[:MAX_DETAIL]
    return entry


def _unknown(event: events.MessageRequested) -> str:
    return f"unknown fields {', '.join(event.unknown_fields)}" if event.unknown_fields else ""


def difference(event: events.MessageRequested, link: Link) -> str:
    """How a request differs from the one that had its id before; empty when it is that one, or asks for the same."""
    first = next((request for request in link.requests if request.request_id != event.event_id), None)
    if first is None or (first.request_id != link.request_id and link.request_id):
        return ""
    again = request_of(event)
    other = [
        word
        for word, differs in (
            ("recipient", (first.phone, first.external_user_id) != (again.phone, again.external_user_id)),
            ("content", _SEALED.sub("", first.chain) != _SEALED.sub("", again.chain)),
        )
        if differs
    ]
    return f"its id was used before, with another {' and '.join(other)}: it is not sent" if other else ""


_SEALED = re.compile(r'"(?:sealed|hour)":(?:"[^"]*"|[0-9]+)')
"""Sealed SECURE values differ each time."""


def entry_of_decision(message: Message, link: Link, decision: CascadeDecision) -> Entry:
    """The line of a chain's decision: why the next link went out, or why it did not."""
    behind = ", ".join(decision.channels)
    if decision.goes_on:
        detail = f"{decision.channels[0]} goes out: {decision.why}"
    elif decision.is_cancelled:
        detail = f"cancelled, does not go out: {behind}"
    else:
        detail = f"{decision.why} has come: not needed: {behind}"
    event_id = ids.event_id_of(message.message_id, f"onward/{link.number}")
    return Entry(event_id, decision.at, "onward", link.number, detail=detail[:MAX_DETAIL])


def _words(*parts: str) -> str:
    return ": ".join([part for part in parts if part])


def request_of(event: events.MessageRequested) -> Request:
    """The part of a request that is kept."""
    link, recipient = event.chain[0], event.recipient
    return Request(
        request_id=event.event_id,
        at=event.at,
        mt_num=event.mt_num,
        channel=link.channel,
        sender=link.sender,
        text=_text_of(link),
        title=link.content.title if link.content is not None else None,
        awaited=link.awaited,
        partner_ref=event.partner_ref,
        phone=recipient.phone,
        external_user_id=recipient.external_user_id,
        extra_param=event.extra_param,
        callback_data=event.callback_data,
        packet_id=event.packet_id,
        mailing_id=event.mailing_id,
        utc_offset_min=event.utc_offset_min,
        registered_delivery=event.reports.registered_delivery,
        notify_url=event.reports.notify_url,
        rest=event.model_dump_json(exclude={"chain"}, exclude_defaults=True) if len(event.chain) > 1 else "",
        chain="[" + ",".join(following.model_dump_json(exclude_defaults=True) for following in event.chain) + "]",
    )


def _text_of(link: RequestedLink) -> str:
    """The text that the partner protocol shows in reports; empty when there is none."""
    try:
        return text_of(link) or ""
    except lossless.NotJson:
        return ""
