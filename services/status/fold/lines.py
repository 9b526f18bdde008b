"""The line of the trace that each event leaves, in words that the partner understands. Pure."""

from collections.abc import Callable
from typing import Any

from schemas import events, ids
from schemas.application_events import author_for_partners
from schemas.events import MessageEvent
from schemas.reasons import channel_reason
from schemas.reports import ReportStatus
from services.status.fold.requests import difference
from services.status.message import MAX_DETAIL, CascadeDecision, Entry, Link, Message, What
from services.status.words import Note, noted


def entry_of(event: MessageEvent, link: Link) -> Entry:
    """The line that `event` leaves."""
    what, fill = _LINES[type(event)]
    entry = Entry(event.event_id, event.at, what, event.link)
    entry.detail = fill(entry, event, link)[:MAX_DETAIL]
    return entry


def entry_of_decision(message: Message, link: Link, decision: CascadeDecision) -> Entry:
    """The line of a chain's decision: why the next link went out, or why it did not."""
    behind = ", ".join(decision.channels)
    if decision.goes_on:
        detail = _words(noted(Note.GOES_OUT, channel=decision.channels[0]), decision.why)
    elif decision.is_cancelled:
        detail = _words(Note.CHAIN_CANCELLED.english, behind)
    else:
        detail = _words(noted(Note.HAS_COME, state=decision.why), Note.NOT_NEEDED.english, behind)
    event_id = ids.event_id_of(message.message_id, f"onward/{link.number}")
    return Entry(event_id, decision.at, "onward", link.number, detail=detail[:MAX_DETAIL])


# Each of these fills the fields of its kind of line, and gives the detail.


def _requested(entry: Entry, event: events.MessageRequested, link: Link) -> str:
    channel = str(event.chain[0].channel)
    if event.unknown_fields or len(link.requests) > 1 or link.request_id not in ("", event.event_id):
        names = ", ".join(event.unknown_fields or ())
        unknown = noted(Note.UNKNOWN_FIELDS, names=names) if names else ""
        return _words(channel, unknown, difference(event, link))
    return channel


def _cancel_asked(entry: Entry, event: events.CancelRequested, link: Link) -> str:
    author = author_for_partners(event.by)
    return Note.ASKED_BY_OPERATOR.english if author == "operator" else noted(Note.ASKED_BY, partner=author)


def _planned(entry: Entry, event: events.Planned, link: Link) -> str:
    entry.reason = event.reason
    return noted(Note.TARGETS, targets=len(event.targets), skipped=len(event.skipped))


def _dispatched(entry: Entry, event: events.ProviderDispatched, link: Link) -> str:
    entry.installation_id, entry.provider, entry.slot = event.installation_id, str(event.provider), event.slot
    entry.attempt, entry.status, entry.latency_ms = event.attempt, event.status, event.latency_ms
    entry.reason = event.reason
    withdrawal = Note.WITHDRAWAL.english if event.withdraw else ""
    shortened = Note.SHORTENED.english if event.shortened else ""
    dead = Note.TOKEN_DEAD.english if event.dead_token else ""
    return _words(withdrawal, event.outcome, event.detail, shortened, dead)


def _received(entry: Entry, event: events.ReceiptReceived, link: Link) -> str:
    entry.installation_id, entry.slot = event.installation_id, event.slot
    known = link.deliveries.get(ids.delivery_key_of(event.installation_id, event.slot))
    entry.provider = known.provider if known is not None else ""
    return _words(event.kind, event.action or "", "" if event.source == "sdk" else event.source)


def _provider_reported(entry: Entry, event: events.ProviderTold, link: Link) -> str:
    entry.installation_id, entry.provider = event.installation_id, str(event.provider)
    entry.status, entry.reason = event.status, event.reason
    return event.detail


def _inbox_changed(entry: Entry, event: events.InboxChanged, link: Link) -> str:
    entry.installation_id = event.installation_id
    return event.change


def _channel_reported(entry: Entry, event: events.ChannelReported, link: Link) -> str:
    entry.installation_id, entry.status = event.installation_id, event.status
    entry.reason = channel_reason(event.error_code) if event.status is ReportStatus.UNDELIVERED else None
    return _words(str(event.channel), event.status.word, _code(event.error_code))


def _report_attempted(entry: Entry, event: events.ReportAttempted, link: Link) -> str:
    entry.status, entry.attempt, entry.latency_ms = event.status, event.attempt, event.latency_ms
    taken = Note.TAKEN if event.delivered else Note.NOT_TAKEN
    return _words(taken.english, _code(event.error_code), event.detail)


def _report_asked(entry: Entry, event: events.ReportAsked, link: Link) -> str:
    wanted = link.wanted
    if wanted is not None:
        entry.status = wanted.status
    return (Note.TO_BE_SENT_AGAIN if link.resend == event.resend_id else Note.NOTHING_TO_SEND).english


def _code(error_code: int) -> str:
    return f"errorCode {error_code}" if error_code else ""


def _words(*parts: str) -> str:
    return ": ".join([part for part in parts if part])


_LINES: dict[type, tuple[What, Callable[[Entry, Any, Link], str]]] = {
    events.MessageRequested: ("requested", _requested),
    events.ScheduleDue: ("schedule-due", lambda *_: ""),
    events.RequestRepeated: ("repeated", lambda _, event, __: noted(Note.DROPPED, request_id=event.request_id)),
    events.Scheduled: ("scheduled", lambda _, event, __: event.zone),
    events.Held: ("held", lambda _, event, __: noted(Note.PAUSED, scope=event.scope, stop=event.stop_id)),
    events.CancelRequested: ("cancel", _cancel_asked),
    events.CancelRefused: ("cancel", lambda *_: Note.TOO_LATE.english),
    events.Planned: ("planned", _planned),
    events.ProviderDispatched: ("attempt", _dispatched),
    events.ReceiptReceived: ("receipt", _received),
    events.ProviderTold: ("told", _provider_reported),
    events.InboxChanged: ("inbox", _inbox_changed),
    events.ChannelReported: ("channel", _channel_reported),
    events.DeadlinePassed: ("deadline", lambda *_: ""),
    events.MessageFailed: ("failed", lambda _, event, __: _words(event.topic, event.detail)),
    events.ReportAttempted: ("report", _report_attempted),
    events.ReportAsked: ("report", _report_asked),
    events.LinkClicked: (
        "click",
        lambda _, event, __: _words(noted(Note.SHORT_LINK, number=event.ordinal + 1), event.by),
    ),
}
"""By type of event: the kind of its line, and what fills it."""
