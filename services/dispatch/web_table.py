"""From a push service's answer to an outcome: `docs/providers.md` §5.3. Only the status counts.

What push services write into bodies differs, and a body comes from whatever server a subscription names. For the same
reason no answer speaks for more than its own origin: none is about the application or about Web Push as a whole.
"""

from typing import Final, Literal

from services.dispatch.oauth import RefreshAuth
from services.dispatch.provider import Accepted, Rejected, Result, Retry, TokenGone

Action = Literal["OK", "FIX_PAYLOAD", "REFRESH_AUTH", "DROP_TOKEN", "RETRY"]

STATUSES: Final[dict[int, Action]] = {
    200: "OK",
    201: "OK",
    202: "OK",
    400: "FIX_PAYLOAD",
    401: "REFRESH_AUTH",
    403: "REFRESH_AUTH",
    404: "DROP_TOKEN",
    410: "DROP_TOKEN",
    413: "FIX_PAYLOAD",
    429: "RETRY",
}


def outcome(status: int, retry_after_s: float | None) -> Result | RefreshAuth:
    """What the answer means for this one push."""
    word = f"HTTP {status}"
    match STATUSES.get(status) or _by_class(status):
        case "OK":
            return Accepted(None, status)
        case "FIX_PAYLOAD":
            return Rejected(word, status)
        case "REFRESH_AUTH":
            return RefreshAuth(word, status)
        case "DROP_TOKEN":
            return TokenGone(word, status)
        case "RETRY":
            return Retry(word, status, retry_after_s)


def _by_class(status: int) -> Action:
    """Never a dead token. A redirect is followed nowhere: it would carry the push to an address that nobody chose."""
    if status >= 500:
        return "RETRY"
    return "OK" if 200 <= status < 300 else "FIX_PAYLOAD"
