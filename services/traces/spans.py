"""The spans of a message, one or two for each of its events. Pure.

    ingest ┬ plan (router) ┬ dispatch apns ─ POST apns        for each attempt
           │               └ receipt delivered, read … (registry), channel report, click
           ├ report (status)                                  for each attempt
           └ link 1 (status) ─ plan …                         the next link of a cascade

All ids are computed: of the message for the trace and its first span, of the event's id for the others. So what is
read twice gives the same spans, and no span waits for a later event. When a span begins is known from the event before
it, if that was read (`_MOST` messages are remembered); else it has no length. Nobody's name, number, token, device or
text is in a span, and no id of a delivery, by which receipts are let in.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal

from schemas import events
from schemas.events import MessageEvent

Kind = Literal["server", "consumer", "client", "internal"]
Values = Mapping[str, str | int | bool]
_MOST = 50_000
_POINTS: dict[type[MessageEvent], tuple[str, str]] = {
    events.Scheduled: ("router", "schedule"),
    events.Held: ("router", "hold"),
    events.CancelRequested: ("status", "cancel"),
    events.CancelRefused: ("router", "cancel refused"),
    events.RequestRepeated: ("router", "repeated request"),
    events.ProviderTold: ("registry", "provider receipt"),
    events.ChannelReported: ("status", "channel report"),
    events.DeadlinePassed: ("status", "deadline"),
    events.LinkClicked: ("status", "click"),
    events.MessageFailed: ("status", "dead letter"),
}
"""Who says it, and its name: what has happened at a moment, to a link."""
_FAILED = {"retry", "uncertain", "refused", "expired"}


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of work on a message. `link`: trace and span of the partner, of whose own trace the message is a part."""

    trace_id: int
    span_id: int
    parent_id: int | None
    service: str
    name: str
    kind: Kind
    start_ms: int
    end_ms: int
    values: Values
    is_error: bool = False
    link: tuple[int, int] | None = None


@dataclass
class _Story:
    """What is remembered of a message: the event that requested it, and until when each thing of it was done."""

    requested_by: str = ""
    until_ms: dict[str, int] = field(default_factory=dict)


class Spans:
    """Makes spans of events, which come about in the order of their times."""

    def __init__(self, most: int = _MOST) -> None:
        self._stories: OrderedDict[str, _Story] = OrderedDict()
        self._most = most

    def of(self, event: MessageEvent, appended_ms: int, partners: bytes = b"") -> list[Span]:
        """`appended_ms`: when its record was made. `partners`: the partner's own `traceparent`, or nothing."""
        story = self._story(event.message_id)
        made = _Maker(event, max(appended_ms, event.at))
        plan, until = f"plan/{event.link}", story.until_ms
        match event:
            case events.MessageRequested():
                until[f"requested/{event.link}"] = event.at
                is_first = event.link == 0 and story.requested_by in ("", event.event_id)
                if is_first:
                    story.requested_by = event.event_id
                return [_requested(made, event, partners, is_first)]
            case events.ScheduleDue():
                until[f"requested/{event.link}"] = event.at
                return []
            case events.Planned():
                until[plan] = event.at
                return [_planned(made, event, until.get(f"requested/{event.link}", event.at))]
            case events.ProviderDispatched():
                delivery = f"{event.link}/{event.installation_id}/{event.slot}"
                start = until.get(delivery, until.get(plan, event.at - event.latency_ms))
                until[delivery] = event.at
                return _dispatched(made, event, start)
            case events.ReceiptReceived():
                sent = until.get(f"{event.link}/{event.installation_id}/{event.slot}")
                since = {} if sent is None else {"rpns.since_dispatch_ms": max(0, event.at - sent)}
                values = {"rpns.source": event.source, **since}
                return [
                    made.span(
                        "registry", f"receipt {event.kind}", "server", event.at, values=values, parent_id=made.plan_id
                    )
                ]
            case events.ReportAttempted():
                return [_reported(made, event)]
        if (known := _POINTS.get(type(event))) is None:
            return []
        is_error = isinstance(event, events.MessageFailed)
        return [
            made.span(*known, "internal", event.at, values=_values_of(event), parent_id=made.plan_id, is_error=is_error)
        ]

    def _story(self, message_id: str) -> _Story:
        story = self._stories.setdefault(message_id, _Story())
        self._stories.move_to_end(message_id)
        if len(self._stories) > self._most:
            self._stories.popitem(last=False)
        return story


class _Maker:
    """Spans of one event."""

    def __init__(self, event: MessageEvent, end_ms: int) -> None:
        self._event, self._end_ms = event, end_ms
        self.trace_id = int(event.message_id.replace("-", ""), 16)
        self.root_id = self.trace_id & (2**64 - 1)
        self.own_id = _id(event.event_id)
        self.plan_id = _id(f"{event.message_id}/{event.link}/plan")

    def span(
        self,
        service: str,
        name: str,
        kind: Kind,
        start_ms: int,
        *,
        values: Values,
        parent_id: int | None,
        span_id: int | None = None,
        end_ms: int | None = None,
        is_error: bool = False,
        link: tuple[int, int] | None = None,
    ) -> Span:
        end = self._end_ms if end_ms is None else end_ms
        return Span(
            self.trace_id,
            self.own_id if span_id is None else span_id,
            parent_id,
            service=service,
            name=name,
            kind=kind,
            start_ms=min(start_ms, end),
            end_ms=end,
            values={"rpns.link": self._event.link, **values},
            is_error=is_error,
            link=link,
        )


def _id(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) or 1


def _requested(made: _Maker, event: events.MessageRequested, partners: bytes, is_first: bool) -> Span:
    values: dict[str, str | int | bool] = {
        "rpns.message_id": event.message_id,
        "rpns.partner": event.partner_id,
        "rpns.lane": event.lane,
        "rpns.channels": " > ".join(link.channel.value for link in event.chain),
        "rpns.is_scheduled": event.schedule is not None,
    }
    if event.packet_id is not None:
        values["rpns.packet"] = str(event.packet_id)
    if event.mailing_id is not None:
        values["rpns.mailing"] = event.mailing_id
    if event.link:
        return made.span("status", f"link {event.link}", "internal", event.at, values=values, parent_id=made.root_id)
    if not is_first:
        return made.span("ingest", "repeated request", "server", event.at, values=values, parent_id=made.root_id)
    link = _context(partners)
    return made.span(
        "ingest", "ingest", "server", event.at, values=values, parent_id=None, span_id=made.root_id, link=link
    )


def _planned(made: _Maker, event: events.Planned, start_ms: int) -> Span:
    parent = made.root_id if event.link == 0 else _id(event.request_id)
    values: dict[str, str | int | bool] = {"rpns.targets": len(event.targets), "rpns.skipped": len(event.skipped)}
    if event.reason is not None:
        values["rpns.reason"] = event.reason.value
    for name in sorted({skip.reason.value for skip in event.skipped}):
        values[f"rpns.skipped.{name}"] = sum(skip.reason.value == name for skip in event.skipped)
    return made.span("router", "plan", "consumer", start_ms, values=values, parent_id=parent, span_id=made.plan_id)


def _dispatched(made: _Maker, event: events.ProviderDispatched, start_ms: int) -> list[Span]:
    values: dict[str, str | int | bool] = {
        "rpns.provider": event.provider.value,
        "rpns.application": event.application_id,
        "rpns.attempt": event.attempt,
        "rpns.outcome": event.outcome,
    }
    if event.reason is not None:
        values["rpns.reason"] = event.reason.value
    name, is_error = f"{'withdraw' if event.withdraw else 'dispatch'} {event.provider.value}", event.outcome in _FAILED
    found = [
        made.span("dispatch", name, "consumer", start_ms, values=values, parent_id=made.plan_id, is_error=is_error)
    ]
    if event.status or event.latency_ms:
        call: dict[str, str | int | bool] = {"http.request.method": "POST", "rpns.provider": event.provider.value}
        if event.status:
            call["http.response.status_code"] = event.status
        found.append(
            made.span(
                "dispatch",
                f"POST {event.provider.value}",
                "client",
                event.at - event.latency_ms,
                values=call,
                parent_id=made.own_id,
                span_id=_id(f"{event.event_id}/call"),
                end_ms=event.at,
                is_error=is_error,
            )
        )
    return found


def _reported(made: _Maker, event: events.ReportAttempted) -> Span:
    values: dict[str, str | int | bool] = {
        "rpns.report": int(event.status),
        "rpns.error_code": event.error_code,
        "rpns.attempt": event.attempt,
        "http.request.method": "POST",
    }
    if event.http_status:
        values["http.response.status_code"] = event.http_status
    start = event.at - event.latency_ms
    return made.span(
        "status",
        "report",
        "client",
        start,
        values=values,
        parent_id=made.root_id,
        end_ms=event.at,
        is_error=not event.delivered,
    )


def _values_of(event: MessageEvent) -> Values:
    match event:
        case events.Scheduled():
            return {"rpns.send_at": event.send_at}
        case events.Held():
            return {"rpns.held_by": event.scope}
        case events.ProviderTold():
            return {"rpns.provider": event.provider.value, "rpns.status": event.status}
        case events.ChannelReported():
            return {"rpns.channel": event.channel.value, "rpns.report": int(event.status)}
        case events.MessageFailed():
            return {"rpns.topic": event.topic}
    return {}


def _context(traceparent: bytes) -> tuple[int, int] | None:
    parts = traceparent.split(b"-")
    return (int(parts[1], 16), int(parts[2], 16)) if len(parts) > 3 else None
