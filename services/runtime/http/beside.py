"""What an answer says beside its body: what is left of a partner's limits, and warnings of what nobody has read.

    RPNS-Warnings: unknown field message.data.tl, did you mean ttl?; unknown query parameter strict; and 3 more

    route: enter(limits, partner, request), warn(request, warnings)  ─▶  kept in the scope  ─▶  headers of the answer,
                                                                         be it a problem or a stream

The header of warnings is ASCII and bounded, whatever the names hold: a name is percent-encoded and cut.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import parse_qsl, quote

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schemas.application_events import PartnerChanged
from services.runtime.access.partner_limits import PartnerLimits
from services.runtime.http.field_names import MOST, Unknown, nearest, suggestion
from services.runtime.http.server import Problem

HEADER: Final = b"rpns-warnings"
_LIMITS: Final = "rpns.limits"
_WARNINGS: Final = "rpns.warnings"
_MOST_BYTES: Final = 1000
_MOST_OF_NAME: Final = 160
_NONE_KNOWN: Final[Mapping[str, bool]] = {}


def enter(limits: PartnerLimits, partner: PartnerChanged, request: Request) -> None:
    """Count a request that begins; `limits.leave` counts its end. Raises Problem 429."""
    refused = limits.enter(partner, time.monotonic())
    request.scope[_LIMITS] = limits.headers(partner)
    if refused is not None:
        raise Problem(429, "Too many requests", refused.words, retry_after_s=refused.wait_s)


def warn(request: Request, warnings: Iterable[str]) -> None:
    """Have the answer to a request tell these warnings too."""
    request.scope.setdefault(_WARNINGS, []).extend(warnings)


class TellsBeside:
    """ASGI middleware that adds the headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message["headers"], *scope.get(_LIMITS, ())]
                if warnings := scope.get(_WARNINGS):
                    headers.append((HEADER, header_of(warnings)))
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, send_with_headers)


def warnings_of(unknown: Iterable[Unknown], prefix: str = "") -> list[str]:
    """A warning for each unknown field."""
    return [f"unknown field {_named(prefix + field.path)}{suggestion(field.meant)}" for field in unknown]


def query_warnings(query: bytes, known: Mapping[str, bool] = _NONE_KNOWN) -> list[str]:
    """A warning for each parameter that is not known, and for each that is read once and is there several times.

    `known` is true for those that may be there several times. What the partner protocol asks is never refused for them.
    """
    names = [name for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True)]
    found = []
    for name in list(dict.fromkeys(names))[:MOST]:
        if name not in known:
            found.append(f"unknown query parameter {_named(name)}{suggestion(nearest(name, known))}")
        elif not known[name] and names.count(name) > 1:
            found.append(f"query parameter {_named(name)} is there several times: the last one counts")
    return found


def header_of(warnings: Sequence[str]) -> bytes:
    """The header's value; warnings that do not fit are counted."""
    text, count = "", 0
    for warning in warnings:
        longer = f"{text}; {warning}" if text else warning
        if len(longer) > _MOST_BYTES:
            break
        text, count = longer, count + 1
    return (text if count == len(warnings) else f"{text}; and {len(warnings) - count} more").encode("ascii")


def _named(name: str) -> str:
    return quote(name[:_MOST_OF_NAME], safe="._-[]")
