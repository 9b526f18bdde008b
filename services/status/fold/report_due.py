"""Decides which delivery report the state of a link calls for, and makes it. Pure. Source: `docs/partner-api.md` §3.

    SENT ─▶ 0   failed ─▶ 5 with the code   DELIVERED ─▶ 2   READ ─▶ 9          rank: 0 < 5 < 2 < 9

A partner never sees a lower rank after a higher one; 5 and 9 are final once the partner has taken them. A failure that
was never taken gives way to a late DELIVERED: a report says what is still true.
"""

from datetime import UTC, datetime, timedelta, timezone
from typing import TypedDict

from schemas.reasons import Reason
from schemas.reports import ReportStatus
from schemas.values import Channel
from services.runtime.text.sms_parts import part_count
from services.status.message import DELIVERED, PLANNED, READ, SENT, Link, Report, Request

_SENT, _DELIVERED, _READ, _UNDELIVERED = (
    ReportStatus.SENT,
    ReportStatus.DELIVERED,
    ReportStatus.READ,
    ReportStatus.UNDELIVERED,
)
_TRAFFIC_TYPE = 2
"""Service traffic: a request does not name its kind."""


def wanted_report(link: Link) -> Report | None:
    """The report that the link's state calls for; None before there is anything to report."""
    state, targets = link.state, link.deciding_targets
    if state is PLANNED:
        return None
    parts = 0
    for target in targets:
        if target.parts_reported or target.parts:
            parts = max(parts, target.parts_reported or target.parts)
    if state is SENT:
        return Report(_SENT, parts=parts)
    if state is DELIVERED:
        done_at = min([target.delivered_at for target in targets if target.delivered_at], default=0)
        return Report(_DELIVERED, 0, done_at, parts)
    if state is READ:
        done_at = min([target.read_at for target in targets if target.read_at], default=0)
        return Report(_READ, 0, done_at, parts)
    return Report(_UNDELIVERED, (link.failed_reason or Reason.INTERNAL).error_code, parts=parts)


class Body(TypedDict, total=False):
    """The report as it travels; `id` only when the partner gave one."""

    id: str
    mtNum: str
    status: int
    type: str
    doneDate: str
    submitDate: str
    sourceAddr: str
    destAddr: str
    text: str
    partCount: str
    errorCode: str
    trafficType: int


def body_of(request: Request, report: Report, *, partner_ref: str | None, submitted_at: int) -> Body:
    """`partner_ref` and `submitted_at` (UTC ms) are the root message's: they are the same for every link of a chain."""
    body: Body = {
        "mtNum": request.mt_num,
        "status": report.status,
        "type": request.channel.value,
        "doneDate": date_of(report.done_at, request.utc_offset_min) if report.done_at else "",
        "submitDate": date_of(submitted_at, request.utc_offset_min),
        "sourceAddr": request.sender or "",
        "destAddr": request.phone or "",
        "text": request.text,
        "partCount": f"{parts_of(request, report):03d}",
        "errorCode": str(report.error_code),
        "trafficType": _TRAFFIC_TYPE,
    }
    return body if partner_ref is None else {"id": partner_ref, **body}


def parts_of(request: Request, report: Report) -> int:
    """Parts as the platform or the plan gave them; else as the text of an SMS needs, and 1 for every other channel."""
    if report.parts:
        return report.parts
    return part_count(request.text) if request.channel is Channel.SMS else 1


def date_of(at: int, utc_offset_min: int) -> str:
    """`2019-05-05T10:20:35+0300`."""
    zone = timezone(timedelta(minutes=utc_offset_min))
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S%z")
