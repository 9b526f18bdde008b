"""Asks an OAuth token endpoint: Google's and Huawei's differ in the form that is posted and in their errors.

    200 with a token ─▶ Grant      4xx ─▶ Rejected with alert (keys or settings are wrong)
    429, 5xx, nothing ─▶ Retry     no push was sent, so none of this is ever Uncertain; of the application, because the
                                   address is in its credentials: a wrong one must not hold up its neighbours

Source: `docs/providers.md` §2.1 and §3.1.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from yarl import URL

from services.dispatch.provider import Rejected, Retry
from services.dispatch.providers.http.answers import json_object
from services.dispatch.providers.http.client import Client, retry_after_s
from services.dispatch.providers.http.oauth import Grant, Trouble
from services.runtime import clock
from services.runtime.http_client import Answer, header_lines

_FORM = header_lines({"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"})
_THROTTLED = "flow control"  # Huawei's only sign of it: the HTTP status is not documented
_WORD = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)


async def ask(client: Client, url: URL, form: Mapping[str, str]) -> Grant | Trouble:
    """One request for an access token. Raises nothing but CancelledError."""
    answer = await client.post(url, _FORM, urlencode(form).encode())
    if not isinstance(answer, Answer):
        return Retry(f"token endpoint: {answer.detail}", scope="application")
    return granted(answer, clock.now_ms())


def granted(answer: Answer, now_ms: int) -> Grant | Trouble:
    """What the endpoint's answer means."""
    document = json_object(answer.body)
    if answer.status == 200:
        token, lifetime_s = document.get("access_token"), document.get("expires_in")
        if isinstance(token, str) and token.isascii() and token.isprintable() and isinstance(lifetime_s, int | float):
            return Grant(token, lifetime_s)
        return Retry("token endpoint: no token in the answer", 200, scope="application", elsewhere=True)
    detail = f"token endpoint: {_error(document) or f'HTTP {answer.status}'}"
    wait_s = retry_after_s(answer.retry_after, now_ms)
    if answer.status >= 500 or answer.status == 429 or _THROTTLED in str(document.get("error_description")).lower():
        return Retry(detail, answer.status, wait_s, scope="application", elsewhere=True)
    return Rejected(detail, answer.status, alert=True, certain=True)


def _error(document: dict[str, Any]) -> str:
    """The error's own words (invalid_grant, 1101/12304); the description is left out, it may quote what was sent."""
    words = [str(document[key]) for key in ("error", "sub_error") if key in document]
    return "/".join(word for word in words if _WORD.fullmatch(word))
