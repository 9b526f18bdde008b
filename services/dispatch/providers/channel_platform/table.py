"""From the channel platform's answers to outcomes: `docs/partner-api.md` §2, read from the other side.

    code of the answer ─▶ ACCEPTED   10: it was taken before under this id
                       ─▶ RETRY      1, 3, 100: not now
                       ─▶ ALERT      2, 5, 6: our address or account is refused; the sender stops
                       ─▶ REFUSED    4, 7, 8, 9, 11: this message is, with an errorCode of the channels' table (§3)

An answer without a known code is judged by its HTTP status; a 2xx that names an error means the error.
"""

from typing import Any, Final, Literal, NamedTuple

from schemas.reasons import Reason
from services.dispatch.provider import Accepted, Rejected, Result, Retry, Scope
from services.dispatch.providers.http.answers import json_object

Action = Literal["ACCEPTED", "RETRY", "ALERT", "REFUSED"]


class Row(NamedTuple):
    """What a code means."""

    action: Action
    word: str  # for the trace
    reason: Reason | None = None
    scope: Scope = "provider"


TABLE: Final[dict[int, Row]] = {
    1: Row("RETRY", "service is unavailable"),
    2: Row("ALERT", "invalid IP address", Reason.UNROUTED),
    3: Row("RETRY", "too many connections", scope="application"),
    4: Row("REFUSED", "invalid request", Reason.CHANNEL_FAILURE),
    5: Row("ALERT", "invalid login", Reason.UNROUTED),
    6: Row("ALERT", "invalid password", Reason.UNROUTED),
    7: Row("REFUSED", "serviceNumber is not defined", Reason.OPER_INVSRCADDR),
    8: Row("REFUSED", "destAddr is not correct", Reason.UNKNOWN_SUBSCRIBER),
    9: Row("REFUSED", "message type is not correct", Reason.TELESERVICE_NOT_PROVISIONED),
    10: Row("ACCEPTED", "taken before"),
    11: Row("REFUSED", "invalid TTL", Reason.CHANNEL_FAILURE),
    100: Row("RETRY", "internal error"),
}
_BY_STATUS: Final[dict[int, int]] = {401: 5, 403: 2, 429: 3}


def outcome(status: int, body: bytes, retry_after_s: float | None) -> Result:
    """What an answer means; `body` may be anything."""
    document = json_object(body)
    mt_num = document.get("mtNum")
    if 200 <= status < 300 and isinstance(mt_num, str | int | float) and not isinstance(mt_num, bool):
        return Accepted(str(mt_num)[:100], status)
    if 200 <= status < 300 and _known(document) is None:
        return Retry("an answer without mtNum", status, retry_after_s)
    row = _row(document, status)
    detail = f"{row.word} (HTTP {status})"
    match row.action:
        case "ACCEPTED":
            return Accepted(None, status)
        case "RETRY":
            return Retry(detail, status, retry_after_s, row.scope)
        case "ALERT":
            return Rejected(detail, status, alert=True, reason=row.reason)
        case "REFUSED":
            return Rejected(detail, status, reason=row.reason)


def _row(document: dict[str, Any], status: int) -> Row:
    known = _known(document)
    if known is not None:
        return known
    if status in _BY_STATUS:
        return TABLE[_BY_STATUS[status]]
    return TABLE[4] if 400 <= status < 500 and status != 408 else TABLE[1]


def _known(document: dict[str, Any]) -> Row | None:
    """The row of the code that it names, a number or one in a string."""
    error = document.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    if isinstance(code, str) and code.strip().isascii() and code.strip().isdigit() and len(code) < 9:
        code = int(code)
    return TABLE.get(code) if type(code) is int else None
