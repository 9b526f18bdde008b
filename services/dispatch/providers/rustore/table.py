"""From RuStore's answers to outcomes: `docs/providers.md` §4.1 (native) and §4.2 (universal).

Native errors come nested in `error` or flat, both are read; a success may have no body. Universal errors are strings.
A native 400 about the token has no field that tells it from one about the message:
`providers/http/malformed_tokens.py` finds out.
"""

from dataclasses import replace
from typing import Any, Final, Literal

from services.dispatch.provider import Accepted, Rejected, Result, Retry, Scope, TokenGone
from services.dispatch.providers.http.answers import is_passing, json_object

Action = Literal["DROP_TOKEN", "FIX_PAYLOAD", "ALERT", "RETRY"]

NATIVE: Final[dict[tuple[int, str], Action]] = {
    (400, "INVALID_ARGUMENT"): "FIX_PAYLOAD",
    (401, ""): "ALERT",
    (403, "PERMISSION_DENIED"): "ALERT",
    (403, "SENDER_ID_MISMATCH"): "DROP_TOKEN",  # not in RuStore's pages; as FCM means it
    (404, "NOT_FOUND"): "DROP_TOKEN",
    (404, "UNREGISTERED"): "DROP_TOKEN",
    (429, "TOO_MANY_REQUESTS"): "RETRY",
    (429, "QUOTA_EXCEEDED"): "RETRY",  # as FCM means it
    (500, "INTERNAL"): "RETRY",
}
_BY_STATUS: Final[dict[int, Action]] = {401: "ALERT", 403: "ALERT", 404: "ALERT", 405: "ALERT", 429: "RETRY"}
_NOT_OURS = frozenset({"SENDER_ID_MISMATCH", "NOT_FOUND"})
"""Also what a project of our own that is wrong looks like, for every token."""
_WORDS = frozenset(word for _, word in NATIVE if word) | {"UNAUTHENTICATED", "UNAVAILABLE"}
_SHOWN_OF_TOKEN = 4  # a universal error names a bad token by its first characters
_OF_CREDENTIALS = "providers."  # the part of a universal request that holds our credentials
_ABOUT_ACCESS = ("permission", "unauthenticated", "unauthorized", "auth_token", "forbidden")


def native(status: int, body: bytes, retry_after_s: float | None) -> Result:
    """What a native answer means; `body` may be anything."""
    document = json_object(body)
    nested = document.get("error")
    error = nested if isinstance(nested, dict) else document
    if 200 <= status < 300:
        code = error.get("code")
        if type(code) is not int or not 400 <= code < 600:
            return Accepted(None, status)
        status = code
    stated = error.get("status")
    word = stated if isinstance(stated, str) and stated in _WORDS else ""
    action = NATIVE.get((status, word)) or _by_class(status)
    result = _result(action, word or f"HTTP {status}", status, retry_after_s)
    return replace(result, unclear=True) if isinstance(result, Rejected) and word == "INVALID_ARGUMENT" else result


def universal(status: int, body: bytes, retry_after_s: float | None, token: str) -> Result:
    """What the answer to a universal request for this one token means."""
    document = json_object(body)
    status_word = document.get("status", document.get("Status"))
    if 200 <= status < 300 and status_word in (None, "OK"):
        return Accepted(None, status)
    if status < 300 or status == 400:
        return _universal_refusal(status, str(status_word), document.get("errors"), token)
    return _result(_by_class(status), f"HTTP {status}", status, retry_after_s)


def _universal_refusal(status: int, status_word: str, errors: Any, token: str) -> Result:
    """Strings are all there is: one about access stops the application, one that names the token ends it."""
    texts = [text for text in errors if isinstance(text, str)] if isinstance(errors, list) else []
    if status_word == "PROVIDER_ERROR":
        if any(hint in text.lower() for text in texts for hint in _ABOUT_ACCESS):
            return Rejected(status_word, status, alert=True)
        if any(token[:_SHOWN_OF_TOKEN] in text for text in texts):
            return TokenGone(
                status_word, status, needs_proof=True
            )  # a project of our own that is wrong names it as well
        return Rejected(status_word, status)
    if status_word == "VALIDATION_ERROR":
        return Rejected(status_word, status, alert=any(text.startswith(_OF_CREDENTIALS) for text in texts))
    return Rejected(f"HTTP {status}", status)


def _by_class(status: int) -> Action:
    """The action for what the table does not know; never a dead token."""
    return _BY_STATUS.get(status, "RETRY" if is_passing(status) else "FIX_PAYLOAD")


def _result(action: Action, word: str, status: int, retry_after_s: float | None) -> Result:
    match action:
        case "DROP_TOKEN":
            return TokenGone(word, status, needs_proof=word in _NOT_OURS)
        case "FIX_PAYLOAD":
            return Rejected(word, status)
        case "ALERT":
            return Rejected(word, status, alert=True)
        case "RETRY":
            scope: Scope = "application" if status == 429 else "provider"
            return Retry(word, status, retry_after_s, scope)
