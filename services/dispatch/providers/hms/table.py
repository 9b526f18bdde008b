"""From Huawei's answers to outcomes: `docs/providers.md` §3.3.

Which HTTP status goes with which `code` is disputed, so the body is read on every status and the code wins; the
status counts only where there is no code.
"""

from dataclasses import dataclass
from typing import Final, Literal

from services.dispatch.provider import Accepted, Rejected, Result, Retry, Scope, TokenGone, Uncertain
from services.dispatch.providers.http.answers import is_passing, json_object
from services.dispatch.providers.http.oauth import RefreshAuth

Action = Literal["OK", "DROP_TOKEN", "FIX_PAYLOAD", "REFRESH_AUTH", "ALERT", "RETRY"]

SOME_ILLEGAL: Final = "80100000"
SENSITIVE: Final = "80100016"
_UNKNOWN_INTERNAL = "81"

CODES: Final[dict[str, Action]] = {
    "80000000": "OK",
    SOME_ILLEGAL: "OK",  # for the tokens that it does not list
    "80100001": "FIX_PAYLOAD",
    "80100002": "FIX_PAYLOAD",
    "80100003": "FIX_PAYLOAD",
    "80100004": "FIX_PAYLOAD",
    "80100013": "FIX_PAYLOAD",
    SENSITIVE: "FIX_PAYLOAD",  # about one message: it must not stop the application
    "80100017": "RETRY",
    "80100018": "FIX_PAYLOAD",
    "80200001": "REFRESH_AUTH",
    "80200003": "REFRESH_AUTH",
    "80200005": "REFRESH_AUTH",
    "80300002": "ALERT",  # also when app and token do not belong together: never a dead token
    "80300007": "DROP_TOKEN",  # one token a request, so "all" is this one
    "80300008": "FIX_PAYLOAD",
    "80300010": "FIX_PAYLOAD",
    "80300011": "ALERT",
    "80300013": "ALERT",
    "80300029": "ALERT",
    "80300030": "ALERT",
    "80300036": "ALERT",
    "80300037": "ALERT",
    "80600003": "RETRY",
    "81000001": "RETRY",
    **dict.fromkeys((f"820000{number:02}" for number in range(1, 14)), "FIX_PAYLOAD"),
}
STATUSES: Final[dict[int, Action]] = {
    400: "FIX_PAYLOAD",
    401: "REFRESH_AUTH",
    404: "ALERT",
    500: "RETRY",
    502: "RETRY",
    503: "RETRY",
}
_FLOW_CONTROL = 503  # counted for each application
_TOO_MANY = 429  # not documented, and never a fault of the payload


@dataclass(frozen=True, slots=True)
class _Reply:
    """What the body says; `code` is empty when it holds none."""

    code: str
    message: str
    request_id: str | None


def outcome(status: int, body: bytes, retry_after_s: float | None, token: str) -> Result | RefreshAuth:
    """What the answer to a request for this one token means; `body` may be anything."""
    reply = _read(body)
    word = reply.code or f"HTTP {status}"
    match _action(status, reply.code):
        case "OK":
            return _accepted(status, reply, token)
        case "DROP_TOKEN":
            return TokenGone(word, status, needs_proof=True)
        case "FIX_PAYLOAD":
            return Rejected(word, status)
        case "REFRESH_AUTH":
            return RefreshAuth(word, status)
        case "ALERT":
            return Rejected(word, status, alert=True)
        case "RETRY":
            return Retry(word, status, retry_after_s, _scope(status, reply.code))


def _action(status: int, code: str) -> Action:
    if code in CODES:
        return CODES[code]
    if code.startswith(_UNKNOWN_INTERNAL):
        return "RETRY"
    if status in STATUSES:
        return STATUSES[status]
    if status >= 500 or status == _TOO_MANY:
        return "RETRY"
    if not code and is_passing(status):
        return "OK" if 200 <= status < 300 else "RETRY"
    return "FIX_PAYLOAD"


def _scope(status: int, code: str) -> Scope:
    if code == "80100017" or (not code and status in (_FLOW_CONTROL, _TOO_MANY)):
        return "application"
    return "provider"


def _accepted(status: int, reply: _Reply, token: str) -> Result:
    if not reply.code:
        return Uncertain(f"HTTP {status} without a code", scope="token")
    if reply.code == SOME_ILLEGAL:
        illegal = json_object(reply.message.encode()).get("illegal_tokens")
        if not isinstance(illegal, list):
            return Uncertain(f"{SOME_ILLEGAL} without a list", scope="token")
        if token in illegal:
            return TokenGone(reply.code, status, needs_proof=True)
    return Accepted(reply.request_id, status)


def _read(body: bytes) -> _Reply:
    document = json_object(body)
    code, message, request_id = (document.get(key) for key in ("code", "msg", "requestId"))
    code = str(code) if type(code) is int else code
    return _Reply(
        code if isinstance(code, str) and len(code) == 8 and code.isascii() and code.isdigit() else "",
        message if isinstance(message, str) else "",
        request_id if isinstance(request_id, str) else None,
    )
