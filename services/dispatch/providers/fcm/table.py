"""From FCM's answers to outcomes, row by row of `docs/providers.md` §2.5. What was accepted has a name.

The top-level `status` is not FCM's own code: what counts are the HTTP status and the typed details (`FcmError`,
`ApnsError`, `BadRequest`, `QuotaFailure`). Messages are never looked at. A 502 comes as HTML.
"""

import re
from dataclasses import dataclass
from typing import Any, Final, Literal

from services.dispatch.provider import Accepted, Rejected, Result, Retry, Scope, TokenGone, Uncertain
from services.dispatch.providers.http.answers import is_passing, json_object
from services.dispatch.providers.http.oauth import RefreshAuth

Action = Literal["DROP_TOKEN", "FIX_PAYLOAD", "REFRESH_AUTH", "ALERT", "RETRY"]

_WORD = re.compile(r"[A-Za-z0-9_.\[\]-]{1,80}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; the first that fits counts. None fits everything."""

    status: int
    fcm: str | None  # FcmError.errorCode, "" for none
    detail: str | None  # of what the answer names besides: field, reason, subject of the quota
    action: Action
    at_least_s: float = 0  # when no Retry-After came
    scope: Scope = "token"


ROWS: Final = (
    Row(400, "INVALID_ARGUMENT", "message.token", "DROP_TOKEN"),
    Row(400, None, "apns:410", "DROP_TOKEN"),
    Row(400, None, None, "FIX_PAYLOAD"),  # without a field it may be the token as well
    Row(401, "THIRD_PARTY_AUTH_ERROR", None, "ALERT"),
    Row(401, None, None, "REFRESH_AUTH"),
    Row(403, "SENDER_ID_MISMATCH", None, "DROP_TOKEN"),
    Row(403, None, None, "ALERT"),
    Row(404, "UNREGISTERED", None, "DROP_TOKEN"),
    Row(404, None, None, "ALERT"),
    Row(405, None, None, "ALERT"),
    Row(429, "QUOTA_EXCEEDED", "quota:topic", "RETRY", at_least_s=60, scope="application"),
    Row(429, "QUOTA_EXCEEDED", "quota:message", "RETRY", at_least_s=60, scope="application"),
    Row(429, "QUOTA_EXCEEDED", None, "RETRY", at_least_s=10, scope="token"),
    Row(429, None, None, "RETRY", at_least_s=60, scope="application"),  # of the whole project
    Row(500, None, None, "RETRY", at_least_s=10, scope="provider"),
    Row(502, None, None, "RETRY", at_least_s=30, scope="provider"),
    Row(503, None, None, "RETRY", at_least_s=10, scope="provider"),
    Row(504, None, None, "RETRY", at_least_s=10, scope="provider"),
)
_ROWS: Final = {status: tuple(row for row in ROWS if row.status == status) for status in {row.status for row in ROWS}}


@dataclass(frozen=True, slots=True)
class _Error:
    """The parts of an error that count."""

    fcm: str = ""
    canonical: str = ""
    details: frozenset[str] = frozenset()

    @property
    def is_unclear(self) -> bool:
        """Whether an argument is invalid without a word on which."""
        return "INVALID_ARGUMENT" in (self.fcm, self.canonical) and not self.details


def outcome(status: int, body: bytes, retry_after_s: float | None) -> Result | RefreshAuth:
    """What an answer means; `body` may be anything."""
    if 200 <= status < 300:
        name, inside = _accepted(body)
        if name is not None:
            return Accepted(name, status)
        if inside is None:
            return Uncertain(f"HTTP {status} without a name", scope="token")
        status = inside
    error = _read(body)
    row = next((row for row in _ROWS.get(status, ()) if _fits(row, error)), None) or _by_class(status)
    word = error.fcm or error.canonical or f"HTTP {status}"
    match row.action:
        case "DROP_TOKEN":
            return TokenGone(word, status, needs_proof=row.fcm == "SENDER_ID_MISMATCH")
        case "FIX_PAYLOAD":
            field = next((f" {detail}" for detail in sorted(error.details) if detail.startswith("message")), "")
            return Rejected(word + field, status, unclear=status == 400 and error.is_unclear)
        case "REFRESH_AUTH":
            return RefreshAuth(word, status)
        case "ALERT":
            return Rejected(word, status, alert=True)
        case "RETRY":
            at_least_s = row.at_least_s if retry_after_s is None else 0.0
            return Retry(word, status, retry_after_s, row.scope, at_least_s)


def _by_class(status: int) -> Row:
    """The row for what the table does not know; never a dead token."""
    return (
        Row(status, None, None, "RETRY", at_least_s=10, scope="provider")
        if is_passing(status)
        else Row(status, None, None, "FIX_PAYLOAD")
    )


def _fits(row: Row, error: _Error) -> bool:
    return row.fcm in (None, error.fcm) and (row.detail is None or row.detail in error.details)


def _accepted(body: bytes) -> tuple[str | None, int | None]:
    """What a 2xx holds: the message's name, or the status of the error that it holds instead."""
    document = json_object(body)
    name, error = document.get("name"), document.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    return (
        name if isinstance(name, str) and "error" not in document else None,
        code if type(code) is int and 400 <= code < 600 else None,
    )


def _read(body: bytes) -> _Error:
    error = json_object(body).get("error")
    if not isinstance(error, dict):
        return _Error()
    given = error.get("details")
    details = [detail for detail in given if isinstance(detail, dict)] if isinstance(given, list) else []
    fcm, found = "", set()
    for detail in details:
        match str(detail.get("@type", "")).rpartition(".")[2]:
            case "FcmError":
                fcm = _word(detail.get("errorCode"))
            case "ApnsError":
                found.add(f"apns:{_word(str(detail.get('statusCode')))}")
            case "BadRequest":
                found.update(_word(violation.get("field")) for violation in _objects(detail.get("fieldViolations")))
            case "QuotaFailure":
                found.update(
                    f"quota:{_word(violation.get('subject'))}" for violation in _objects(detail.get("violations"))
                )
    return _Error(fcm, _word(error.get("status")), frozenset(found - {""}))


def _objects(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _word(value: Any) -> str:
    """A word of the provider's, fit for a log; empty for anything else."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""
