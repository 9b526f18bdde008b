"""From a push service's answer to an outcome: `docs/providers.md` §5.3. The status counts, and a few words.

What push services write into bodies differs, and a body comes from whatever server a subscription names. For the same
reason no answer speaks for more than its own origin: none is about the application or about Web Push as a whole.
The words that stand in the trace are Mozilla's `errno`, Apple's `reason` and the headers of Windows (WNS), which drops
pushes that it has answered 2xx, and says 406 when it throttles.
"""

import re
from collections.abc import Mapping
from typing import Final, Literal

from services.dispatch.provider import Accepted, Rejected, Result, Retry, TokenGone
from services.dispatch.providers.http.answers import is_passing, json_object
from services.dispatch.providers.http.oauth import RefreshAuth

Action = Literal["OK", "FIX_PAYLOAD", "REFRESH_AUTH", "DROP_TOKEN", "RETRY"]

STATUSES: Final[dict[int, Action]] = {
    200: "OK",
    201: "OK",
    202: "OK",
    400: "FIX_PAYLOAD",
    401: "REFRESH_AUTH",
    403: "REFRESH_AUTH",
    404: "DROP_TOKEN",
    406: "RETRY",
    410: "DROP_TOKEN",
    413: "FIX_PAYLOAD",
    429: "RETRY",
}
_OF_KEY: Final = frozenset({"BadJwtToken", "BadVapidPublicKey", "VapidPkHashMismatch", "BadAuthorizationHeader"})
"""Apple's words for what others say by 401 and 403, on whatever 4xx they come."""
_OF_WINDOWS: Final[dict[str, Action]] = {"dropped": "FIX_PAYLOAD", "channelthrottled": "RETRY"}
"""X-WNS-NotificationStatus of a push that was answered 2xx and goes nowhere."""
_WORD: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")
_MOST_CHARACTERS: Final = 100
_NOTHING: Final[Mapping[str, str]] = {}


def outcome(
    status: int, retry_after_s: float | None, headers: Mapping[str, str] = _NOTHING, body: bytes = b""
) -> Result | RefreshAuth:
    """What the answer means for this one push. Names of headers are in lower case."""
    windows = headers.get("x-wns-notificationstatus", "").strip().lower()
    if 200 <= status < 300 and windows not in _OF_WINDOWS:
        return Accepted(None, status)
    word = _word_in(body)
    detail = " ".join(part for part in (f"HTTP {status}", word, _of_windows(headers)) if part)
    match _action(status, word, windows):
        case "OK":
            return Accepted(None, status)
        case "FIX_PAYLOAD":
            return Rejected(detail, status)
        case "REFRESH_AUTH":
            return RefreshAuth(detail, status)
        case "DROP_TOKEN":
            return TokenGone(detail, status)
        case "RETRY":
            return Retry(detail, status, retry_after_s)


def _action(status: int, word: str, windows: str) -> Action:
    """What follows; never a dead token from what is not listed. A redirect is not followed: it would carry the push
    to an address that nobody chose."""
    if 200 <= status < 300:
        return _OF_WINDOWS[windows]
    if word in _OF_KEY and 400 <= status < 500:
        return "REFRESH_AUTH"
    return STATUSES.get(status) or ("RETRY" if status >= 400 and is_passing(status) else "FIX_PAYLOAD")


def _word_in(body: bytes) -> str:
    """One word of the push service's own, fit for a log; empty for anything else."""
    if not body.lstrip().startswith(b"{"):
        return ""
    document = json_object(body)
    for word in (document.get("reason"), document.get("errno")):
        if isinstance(word, str | int) and _WORD.fullmatch(str(word)):
            return str(word)
    return ""


def _of_windows(headers: Mapping[str, str]) -> str:
    """The words of the headers in which WNS gives its reasons, without what could be an address or a token."""
    texts = [headers.get(f"x-wns-{name}", "") for name in ("notificationstatus", "status", "error-description")]
    words = (word for text in texts for word in text.split() if _WORD.fullmatch(word.strip(".,:;()'")))
    return " ".join(dict.fromkeys(words))[:_MOST_CHARACTERS]
