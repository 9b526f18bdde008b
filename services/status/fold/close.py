"""Closes a message that has become too large to be stored: it keeps what still matters, and takes no more. Pure.

    stays      the requests, the state of each link, reports sent and due, fifty deliveries
    goes       the trace but for one line about the closing, skipped installations, marks of the history, counts
    ends       open links have failed with errorCode 1; their deadlines and the links behind them mean nothing

`fold.py` ignores later events of it but those of its reports, so it costs other messages no more than a look at a small
document.
"""

from itertools import islice

import orjson

from schemas import DeliveryState, ids
from schemas.reasons import Reason
from schemas.reports import FINAL
from services.status.fold.follow_ups import FollowUp, ReportDue, StateChanged
from services.status.fold.report_due import wanted_report
from services.status.fold.trace import add_line
from services.status.message import Change, Entry, Link, Message
from services.status.words import Note

KEPT_DELIVERIES = 50
_KEPT_REQUESTS = 20


def close_message(message: Message, now: int) -> list[FollowUp]:
    """Close the message at `now` (UTC ms), and give what follows."""
    follows: list[FollowUp] = []
    for place, link in enumerate(message.links.values()):
        if link.state in (DeliveryState.PLANNED, DeliveryState.SENT):
            follows += _fail(link, now)
        _strip(link)
        if place >= _KEPT_REQUESTS:
            link.requests = []
    message.trace_dropped += message.trace_count
    message.trace, message.trace_count, message.closed = b"", 0, True
    add_line(
        message, Entry(ids.event_id_of(message.message_id, "closed"), now, "closed", detail=Note.TOO_LARGE.english)
    )
    return follows


def _fail(link: Link, now: int) -> list[FollowUp]:
    link.state, link.failed_reason = DeliveryState.REFUSED, Reason.INTERNAL
    link.changes.append(Change(link.state, now))
    follows: list[FollowUp] = [StateChanged(link.number, link.changes[-1])]
    wanted, request = wanted_report(link), link.request
    if request is not None and wanted is not None and link.reported not in FINAL:
        behind = link.wanted.status.rank if link.wanted is not None and link.owes(-1) else -1
        link.wanted = wanted
        if wanted.status.rank > link.tried:
            follows.append(ReportDue(link.number, wanted, request, behind=behind))
    return follows


def _strip(link: Link) -> None:
    link.deliveries = dict(islice(link.deliveries.items(), KEPT_DELIVERIES))
    link.skipped, link.counts, link.inbox = [], [], {}
    link.requests = [request for request in link.requests if request is link.request]
    for request in link.requests:  # the links behind do not follow any more
        request.chain, request.rest = orjson.dumps(orjson.loads(request.chain)[:1]).decode(), ""
