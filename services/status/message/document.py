"""Turns a message into a MongoDB document, and back. Pure.

What is searched has fields of its own; what only the fold needs is one JSON value, which costs a fraction of nested
BSON to read and to write:

_id, v (the form, 1), revision, partner_id, lane, state, created_at, first_at, kept_until (TTL)
mt_num, partner_ref, phone, external_user_id, packet_id, mailing_id      of the request that won
extra_params: ["name=value", …], callback_data
reason                          why it failed; of a message of a mailing null while it has not
applications, providers         of its deliveries; of a message that failed without any, the application asked for
deadline_at, deadline_link      while a deadline means something: for the sweeper
channel_ids: [delivery id, …]   under which something was posted to the channel platform, for its reports
saved: [channel, …]             of links that were not needed
owed_at, owed_link              while a report is owed and may be only in some process' memory: for the sweeper
links                           JSON: an array for each `message.Link`, of its fields in their order
trace, trace_count, trace_dropped    JSON lines: an array for each `message.Entry`
repeats                         mailing_id, count and furthest line of lines dropped because this message has their id
closed                          true of a message that had become too large to be stored (`fold/close.py`)

Within a form fields are only added, at the end and with a default, so that what was stored before stays readable; a
document without `v` is of form 1. Any other change is a new form. A release that meets more than it knows stops
(`NewerForm`) instead of saving less than it read; what no release stores is told apart (`unreadable.py`).
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

import orjson

from schemas import DeliveryState
from schemas.reasons import Reason
from schemas.reports import ReportStatus
from schemas.topics import HISTORY_RETENTION_MS
from schemas.values import Channel
from services.status.message.model import Link, Message
from services.status.message.parts import (
    CascadeDecision,
    Change,
    Count,
    Delivery,
    InboxMark,
    Repeats,
    Report,
    Request,
    Skip,
)
from services.status.message.unreadable import UNREADABLE, NewerForm, why_unreadable

Document = dict[str, Any]
FORM = 1
_MAX_PAIRS = 50
_STATES = {state.value: state for state in DeliveryState}
_WHYS = {reason.value: reason for reason in Reason}
_REASONS: dict[str | None, Reason | None] = {None: None, **{reason.value: reason for reason in Reason}}
_REPORT_STATUSES = {status.value: status for status in ReportStatus}
_CHANNELS = {channel.value: channel for channel in Channel}
_REQUESTS, _DELIVERIES, _STATE, _CHANGES, _COUNTS, _RESEND = (
    Link.__slots__.index(name) for name in ("requests", "deliveries", "state", "changes", "counts", "resend")
)


def to_document(message: Message) -> Document:
    """The document of the message's next revision."""
    deadline, request, links = message.deadline, message.request, list(message.links.values())
    created_at = request.at if request is not None else message.first_at
    document: Document = {
        "_id": message.message_id,
        "v": FORM,
        "revision": message.revision + 1,
        "partner_id": message.partner_id,
        "lane": message.lane,
        "state": str(message.state),
        "created_at": created_at,
        "first_at": message.first_at,
        "kept_until": datetime.fromtimestamp((created_at + HISTORY_RETENTION_MS) / 1000, UTC),
        "links": orjson.dumps([_values(link) for link in links], _array, orjson.OPT_PASSTHROUGH_DATACLASS),
        "trace": message.trace,
        "trace_count": message.trace_count,
        "trace_dropped": message.trace_dropped,
    }
    if message.closed:
        document["closed"] = True
    if message.repeats:
        document["repeats"] = [
            {"mailing_id": key, "count": repeats.count, "line": repeats.line}
            for key, repeats in message.repeats.items()
        ]
    if deadline is not None:
        document["deadline_at"], document["deadline_link"] = deadline
    posted = [
        delivery.delivery_id
        for link in links
        for delivery in link.deliveries.values()
        if delivery.planned and delivery.provider == "channel"
    ]
    if posted:
        document["channel_ids"] = posted
    saved = [
        channel
        for link in links
        if link.cascade_decision is not None
        and not link.cascade_decision.goes_on
        and not link.cascade_decision.is_cancelled
        for channel in link.cascade_decision.channels
    ]
    if saved:
        document["saved"] = saved
    reason = reason_of(message)
    if reason is not None:
        document["reason"] = reason
    _add_ways(document, links, request if reason is not None else None)
    if request is not None:
        document["mt_num"] = request.mt_num
        if request.partner_ref is not None:
            document["partner_ref"] = request.partner_ref
        if request.phone is not None:
            document["phone"] = request.phone
        if request.external_user_id is not None:
            document["external_user_id"] = request.external_user_id
        if request.packet_id is not None:
            document["packet_id"] = request.packet_id
        if request.mailing_id is not None:
            document["mailing_id"] = request.mailing_id
            document["reason"] = reason
        if request.extra_param:
            document["extra_params"] = pairs_of(request.extra_param)
        if request.callback_data is not None:
            document["callback_data"] = request.callback_data
    return document


def _add_ways(document: Document, links: Sequence[Link], failed: Request | None) -> None:
    """The applications and providers of its deliveries; `failed`: what was asked for, if it has failed."""
    applications, providers = set(), set()
    for link in links:
        for delivery in link.deliveries.values():
            if delivery.planned:
                applications.add(delivery.application_id)
                providers.add(delivery.provider)
    if not applications and failed is not None:
        asked = (link.get("application_id") for link in orjson.loads(failed.chain))
        applications.update(name for name in asked if name is not None)
    if applications:
        document["applications"] = sorted(applications)
    if providers:
        document["providers"] = sorted(providers)


def reason_of(message: Message) -> str | None:
    """The reason why the message failed, that of its last failed link; None while it has not failed."""
    if not message.state.is_failure:
        return None
    reasons = [link.failed_reason for link in message.links.values() if link.failed_reason is not None]
    return reasons[-1].value if reasons else None


def pairs_of(extra_param: str) -> list[str]:
    """`name1=value1,name2=value2` apart; a doubled comma is one within a value (`docs/partner-api.md` §1)."""
    parts = extra_param.replace(",,", "\x00").split(",")
    return [part.replace("\x00", ",") for part in parts if part][:_MAX_PAIRS]


def from_document(document: Document) -> Message:
    """The message as it was stored. Raises NewerForm, Damaged."""
    if document.get("v", FORM) > FORM:
        raise NewerForm(f"a message is stored in form {document['v']}; this release reads up to {FORM}")
    try:
        return _message(document)
    except UNREADABLE as error:
        raise why_unreadable(document, error) from error


def _message(document: Document) -> Message:
    links = [_link(stored) for stored in orjson.loads(document["links"])]
    settled, owed_since = {}, None
    if "owed_at" not in document:
        settled = _settled(links)
    elif (owed := next((link for link in links if link.number == document["owed_link"]), None)) and owed.wanted:
        owed_since = owed.number, owed.wanted.status.rank, document["owed_at"]
    return Message(
        message_id=document["_id"],
        partner_id=document["partner_id"],
        lane=document["lane"],
        first_at=document["first_at"],
        links={link.number: link for link in links},
        trace=document["trace"],
        trace_count=document["trace_count"],
        trace_dropped=document["trace_dropped"],
        revision=document["revision"],
        closed=document.get("closed", False),
        repeats={
            repeat["mailing_id"]: Repeats(repeat["count"], repeat.get("line", 0))
            for repeat in document.get("repeats", ())
        },
        settled=settled,
        owed_since=owed_since,
    )


def _settled(links: Sequence[Link]) -> dict[int, int]:
    """What the links would owe, had their document not been stored as owing nothing."""
    return {link.number: link.wanted.status.rank for link in links if link.wanted is not None and link.owes(-1)}


_LINK, _REQUEST, _DELIVERY, _COUNT = (attrgetter(*kind.__slots__) for kind in (Link, Request, Delivery, Count))
_ARRAYS: dict[type, Callable[[Any], tuple[Any, ...]]] = {
    **{kind: attrgetter(*kind.__slots__) for kind in (Skip, InboxMark, CascadeDecision)},
    Report: attrgetter("status._value_", *Report.__slots__[1:]),  # orjson takes longer to look for it
}


def _values(link: Link) -> list[Any]:
    """The link's fields in their order. What every link has becomes arrays here: orjson's call-back costs more."""
    values = list(_LINK(link))
    values[_REQUESTS] = [_REQUEST(request) for request in link.requests]
    values[_DELIVERIES] = {key: _DELIVERY(delivery) for key, delivery in link.deliveries.items()}
    values[_STATE] = str(link.state)
    values[_CHANGES] = [(str(change.state), change.at, change.origin) for change in link.changes]
    values[_COUNTS] = [_COUNT(count) for count in link.counts]
    if not link.resend:
        del values[_RESEND:]  # the last one, and hardly ever there
    return values


def _array(value: Any) -> Any:
    """A dataclass as orjson writes it: the values of its fields."""
    return _ARRAYS[type(value)](value)


def _link(stored: list[Any]) -> Link:
    link = Link(*stored)
    link.requests = [Request(*fields) for fields in stored[_REQUESTS]]
    for request in link.requests:
        request.channel = _CHANNELS[request.channel]
    link.deliveries = {key: Delivery(*fields) for key, fields in stored[_DELIVERIES].items()}
    for delivery in link.deliveries.values():
        delivery.state, delivery.reason = _STATES[delivery.state], _REASONS[delivery.reason]
    link.changes = [Change(_STATES[state], *rest) for state, *rest in stored[_CHANGES]]
    link.state = _STATES[link.state]
    link.plan_reason, link.failed_reason = _REASONS[link.plan_reason], _REASONS[link.failed_reason]
    if len(stored) > _COUNTS:
        link.counts = [Count(*fields) for fields in stored[_COUNTS]]
    _fill_rest(link)
    return link


def _fill_rest(link: Link) -> None:
    """Turn the rarer fields, which still hold arrays, into their classes."""
    rest: Any = link
    if rest.skipped:
        rest.skipped = [Skip(key, provider, _WHYS[why]) for key, provider, why in rest.skipped]
    if rest.inbox:
        rest.inbox = {owner: InboxMark(*mark) for owner, mark in rest.inbox.items()}
    if rest.wanted is not None:
        rest.wanted = Report(*rest.wanted)
        rest.wanted.status = _REPORT_STATUSES[rest.wanted.status]
    if rest.cascade_decision is not None:
        rest.cascade_decision = CascadeDecision(*rest.cascade_decision)
