"""The updates by which `store.py` changes its documents, and what it reads in them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from bson import Binary
from pymongo import UpdateOne

from schemas.reports import FINAL, ReportStatus
from services.status.reports.model import AttemptResult, LeasedReport, ReportIntent

_PERSONAL = {"destAddr", "text"}
_KEPT = timedelta(days=14)
"""After the last change; a report is given up long before."""


def redacted(body: bytes) -> bytes:
    report = orjson.loads(body)
    return orjson.dumps({name: "" if name in _PERSONAL else value for name, value in report.items()})


def want(intent: ReportIntent, now: int) -> UpdateOne:
    rank = intent.status.rank
    lower = {"_id": intent.report_id, "rank": {"$lt": rank}, "closed": {"$ne": True}}
    common = {"rank": rank, "status": intent.status, "kept_until": datetime.now(UTC) + _KEPT}
    if intent.body is None:
        return UpdateOne(lower, {"$set": common, "$unset": {"due_at": "", "body": ""}})
    fields = common | {
        "error_code": intent.error_code,
        "body": Binary(intent.body),
        "host": intent.host,
        "notify_url": intent.notify_url,
        "due_at": now,
        "tries": 0,
        "first_tried_at": 0,
    }
    new = _identity(intent) | {"leased_until": 0}
    change = {"$set": fields, "$unset": {"resend": ""}, "$setOnInsert": new, "$max": {"attempt": intent.attempts}}
    return UpdateOne(lower, change, upsert=True)


def want_again(intent: ReportIntent, now: int) -> UpdateOne:
    """A report that was sent before, also one behind which nothing follows. Once for each resend."""
    rank = intent.status.rank
    not_newer = {"_id": intent.report_id, "rank": {"$lte": rank}, "resent": {"$ne": intent.resend}}
    fields = {
        "rank": rank,
        "status": intent.status,
        "kept_until": datetime.now(UTC) + _KEPT,
        "error_code": intent.error_code,
        "body": Binary(intent.body or b""),
        "host": intent.host,
        "notify_url": intent.notify_url,
        "due_at": now,
        "tries": 0,
        "first_tried_at": 0,
        "resend": intent.resend,
    }
    change = {
        "$set": fields,
        "$unset": {"closed": ""},
        "$setOnInsert": _identity(intent) | {"leased_until": 0},
        "$max": {"attempt": intent.attempts},
    }
    return UpdateOne(not_newer, change, upsert=True)


def keep(tried: AttemptResult) -> UpdateOne:
    """A report from memory that was not taken waits for its next try."""
    state: dict[str, object] = {
        "attempt": tried.report.attempt,
        "tries": tried.report.tries,
        "due_at": tried.due_at,
        "leased_until": 0,
    }
    return _unless_newer(tried.report, state)


def hold(report: LeasedReport, until: int) -> UpdateOne:
    """A report from memory is under way: whoever sends it has a lease `until` (UTC ms)."""
    state: dict[str, object] = {"attempt": report.attempt - 1, "tries": report.tries - 1}
    lease = {"lease": report.lease, "leased_until": until, "due_at": report.first_tried_at}
    return _unless_newer(report, state | lease)


def _unless_newer(report: LeasedReport, state: dict[str, object]) -> UpdateOne:
    rank = report.status.rank
    fields = {
        "rank": rank,
        "status": report.status,
        "kept_until": datetime.now(UTC) + _KEPT,
        "error_code": report.error_code,
        "body": Binary(report.body),
        "host": report.host,
        "notify_url": report.notify_url,
        "first_tried_at": report.first_tried_at,
    }
    lower = {"_id": report.report_id, "rank": {"$lt": rank}, "closed": {"$ne": True}}
    return UpdateOne(lower, {"$set": fields | state, "$setOnInsert": _identity(report)}, upsert=True)


def _identity(report: ReportIntent | LeasedReport) -> dict[str, object]:
    return {
        "message_id": report.message_id,
        "partner_id": report.partner_id,
        "link": report.link,
        "lane": report.lane,
    }


def leased(document: Mapping[str, Any], now: int) -> LeasedReport:
    return LeasedReport(
        report_id=document["_id"],
        lease=document["lease"],
        message_id=document["message_id"],
        link=document["link"],
        partner_id=document["partner_id"],
        lane=document["lane"],
        notify_url=document.get("notify_url"),
        status=ReportStatus(document["status"]),
        error_code=document["error_code"],
        body=bytes(document["body"]),
        attempt=document["attempt"] + 1,
        tries=document["tries"] + 1,
        first_tried_at=document["first_tried_at"] or now,
        resend=document.get("resend", ""),
    )


def finish(tried: AttemptResult) -> list[UpdateOne]:
    """The updates for the state that was sent, and for a newer one that has replaced it meanwhile."""
    report = tried.report
    mine = {"_id": report.report_id, "lease": report.lease}
    free: dict[str, Any] = {"leased_until": 0, "attempt": report.attempt}
    closed = {"closed": True} if tried.taken and report.status in FINAL else {}
    resent = {"resent": report.resend} if report.resend else {}
    same = free | closed | resent | {"tries": report.tries, "first_tried_at": report.first_tried_at}
    if tried.due_at is not None:
        change = {"$set": same | {"due_at": tried.due_at}, "$unset": {"lease": ""}}
    else:
        change = {"$set": same, "$unset": {"lease": "", "due_at": "", "body": "", "resend": ""}}
    newer = {"$set": free | closed, "$unset": {"lease": ""} | ({"due_at": "", "body": ""} if closed else {})}
    return [UpdateOne(mine | {"rank": report.status.rank}, change), UpdateOne(mine, newer)]
