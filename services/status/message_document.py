"""A message as a MongoDB document, and back. Pure. Fields that hold their default are left out.

_id, revision, partner_id, lane, state, created_at, first_at, trace_dropped, kept_until (TTL)
mt_num, partner_ref, phone, external_user_id, packet_id, mailing_id      of the request that won
extra_params: ["name=value", …]
deadline_at, deadline_link      while a deadline means something: for the sweeper
links: [{number, request_id, requests, deliveries, skipped, state, changes, …}]
trace: [{event_id, at, what, …}]
"""

from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

from schemas import DeliveryState
from schemas.reasons import Reason
from schemas.topics import HISTORY_RETENTION_MS
from schemas.values import Channel
from services.status.message import Change, Delivery, Entry, Link, Message, Report, Request, Skip

Document = dict[str, Any]
_SEARCHED = ("mt_num", "partner_ref", "phone", "external_user_id", "packet_id", "mailing_id")
_MAX_PAIRS = 50
_STATES = {state.value: state for state in DeliveryState}
_REASONS = {reason.value: reason for reason in Reason}
_CHANNELS = {channel.value: channel for channel in Channel}


def to_document(message: Message) -> Document:
    """The document of the message's next revision."""
    created_at, deadline, request = message.created_at, message.deadline, message.request
    document: Document = {
        "_id": message.message_id,
        "revision": message.revision + 1,
        "partner_id": message.partner_id,
        "lane": message.lane,
        "state": message.state.value,
        "created_at": created_at,
        "first_at": message.first_at,
        "kept_until": datetime.fromtimestamp((created_at + HISTORY_RETENTION_MS) / 1000, UTC),
        "links": [_link(link) for link in message.links.values()],
        "trace": [_entry(entry) for entry in message.trace],
    }
    if message.trace_dropped:
        document["trace_dropped"] = message.trace_dropped
    if deadline is not None:
        document["deadline_at"], document["deadline_link"] = deadline
    if request is not None:
        for name in _SEARCHED:
            value = getattr(request, name)
            if value is not None:
                document[name] = value
        if request.extra_param:
            document["extra_params"] = pairs_of(request.extra_param)
    return document


def pairs_of(extra_param: str) -> list[str]:
    """`name1=value1,name2=value2` apart; a doubled comma is one within a value (`spec/partner-api.md` §1)."""
    parts = extra_param.replace(",,", "\x00").split(",")
    return [part.replace("\x00", ",") for part in parts if part][:_MAX_PAIRS]


def from_document(document: Document) -> Message:
    """The message as it was stored."""
    message = Message(
        document["_id"],
        document["partner_id"],
        document["lane"],
        document["first_at"],
        trace_dropped=document.get("trace_dropped", 0),
        revision=document["revision"],
    )
    message.links = {one["number"]: _link_from(one) for one in document["links"]}
    message.trace = [_entry_from(one) for one in document["trace"]]
    message.seen = {entry.event_id for entry in message.trace}
    return message


def _entry(entry: Entry) -> Document:
    made: Document = {"event_id": entry.event_id, "at": entry.at, "what": entry.what}
    if entry.link:
        made["link"] = entry.link
    if entry.reason is not None:
        made["reason"] = entry.reason.value
    if entry.detail:
        made["detail"] = entry.detail
    if entry.installation_id:
        made["installation_id"] = entry.installation_id
    if entry.provider:
        made["provider"] = entry.provider
    if entry.attempt:
        made["attempt"] = entry.attempt
    if entry.status:
        made["status"] = entry.status
    if entry.latency_ms:
        made["latency_ms"] = entry.latency_ms
    if entry.late:
        made["late"] = True
    return made


def _entry_from(document: Document) -> Entry:
    reason = document.get("reason")
    if reason is not None:
        document["reason"] = _REASONS[reason]
    return Entry(**document)


_request_fields = attrgetter(*Request.__slots__)


def _request(request: Request) -> Document:
    made = {
        name: value
        for name, value in zip(Request.__slots__, _request_fields(request), strict=True)
        if value is not None
    }
    made["channel"] = request.channel.value
    return made


_NO_REQUEST: Document = dict.fromkeys(Request.__slots__)


def _request_from(document: Document) -> Request:
    return Request(**{**_NO_REQUEST, **document, "channel": _CHANNELS[document["channel"]]})


def _delivery(one: Delivery) -> Document:
    made: Document = {"installation_id": one.installation_id, "state": one.state.value, "planned": one.planned}
    if one.delivery_id:
        made["delivery_id"] = one.delivery_id
        made["application_id"] = one.application_id
        made["provider"] = one.provider
    if one.reason is not None:
        made["reason"] = one.reason.value
    for name in ("attempts", "sent_at", "delivered_at", "read_at"):
        value = getattr(one, name)
        if value:
            made[name] = value
    return made


def _delivery_from(document: Document) -> Delivery:
    document["state"] = _STATES[document["state"]]
    reason = document.get("reason")
    if reason is not None:
        document["reason"] = _REASONS[reason]
    return Delivery(**document)


def _link(link: Link) -> Document:
    made: Document = {
        "number": link.number,
        "request_id": link.request_id,
        "requests": [_request(one) for one in link.requests],
        "is_planned": link.is_planned,
        "send_at": link.send_at,
        "expires_at": link.expires_at,
        "deliveries": [_delivery(one) for one in link.deliveries.values()],
        "state": link.state.value,
        "changes": [{"state": one.state.value, "at": one.at} for one in link.changes],
        "tried": link.tried,
        "reported": link.reported,
    }
    if link.skipped:
        made["skipped"] = [
            {"installation_id": one.installation_id, "provider": one.provider, "reason": one.reason.value}
            for one in link.skipped
        ]
    if link.plan_reason is not None:
        made["plan_reason"] = link.plan_reason.value
    if link.failed_reason is not None:
        made["failed_reason"] = link.failed_reason.value
    for name in ("expired", "fault", "late"):
        if getattr(link, name):
            made[name] = True
    if link.wanted is not None:
        wanted = link.wanted
        made["wanted"] = {"status": wanted.status, "error_code": wanted.error_code, "done_at": wanted.done_at}
    return made


def _link_from(document: Document) -> Link:
    made = dict(document)
    made["requests"] = [_request_from(one) for one in document["requests"]]
    made["deliveries"] = {one["installation_id"]: _delivery_from(one) for one in document["deliveries"]}
    made["state"] = _STATES[document["state"]]
    made["changes"] = [Change(_STATES[one["state"]], one["at"]) for one in document["changes"]]
    made["skipped"] = [
        Skip(one["installation_id"], one["provider"], _REASONS[one["reason"]]) for one in document.get("skipped", ())
    ]
    for name in ("plan_reason", "failed_reason"):
        if name in document:
            made[name] = _REASONS[document[name]]
    if "wanted" in document:
        made["wanted"] = Report(**document["wanted"])
    return Link(**made)
