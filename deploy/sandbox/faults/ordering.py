"""Which faults can be ordered from which provider: read by the control API, so that a typing error is refused."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.sandbox.apns.faults import STRIKES
from deploy.sandbox.apns.reasons import REASON_STATUS
from deploy.sandbox.channels import server as channels
from deploy.sandbox.faults.apply_fault import KINDS
from deploy.sandbox.faults.orders import Fault
from deploy.sandbox.fcm import errors
from deploy.sandbox.hms import server as hms
from deploy.sandbox.http import oauth
from deploy.sandbox.http.json_form import MalformedError, integer, mapping, record, text
from deploy.sandbox.rustore import server as rustore
from deploy.sandbox.rustore import universal
from deploy.sandbox.web_push import server as web


@dataclass(frozen=True, slots=True)
class Orderable:
    """The kinds and, for kind status, the reasons a provider knows."""

    kinds: frozenset[str]
    reasons: frozenset[str]
    takes_any_status: bool
    """whether a status without a reason is enough"""
    takes_any_reason: bool = False
    """beside a status: providers invent words"""


ORDERABLE: Mapping[str, Orderable] = {
    "apns": Orderable(frozenset(STRIKES) | {"status"}, frozenset(REASON_STATUS), True, True),
    "apns_broadcast": Orderable(frozenset(STRIKES) | {"status"}, frozenset(REASON_STATUS), True, True),
    "fcm": Orderable(KINDS, errors.REASONS, True),
    "fcm_token": Orderable(KINDS, frozenset(oauth.REASONS), True),
    "hms": Orderable(KINDS, hms.REASONS, True),
    "hms_token": Orderable(KINDS, frozenset(hms.TOKEN_REASONS), True),
    "rustore": Orderable(KINDS, rustore.REASONS, True),
    "rustore_universal": Orderable(KINDS, universal.REASONS, True),
    "web": Orderable(KINDS, web.REASONS, True),
    "channels": Orderable(KINDS, channels.REASONS, True),
    "partner": Orderable(KINDS, frozenset(), True),
}

_NAME = re.compile(r"[A-Za-z0-9-]{1,100}")
_MAX_DELAY_MS = 3_600_000


def _absent_or(check: Callable[[Any], None]) -> Callable[[Any], None]:
    def optional(value: Any) -> None:
        if value is not None:
            check(value)

    return optional


_FAULT = record(
    {
        "kind": text(1),
        "status": integer(0, 599),
        "reason": text(),
        "retry_after": _absent_or(text(1, 100, r"[ -~]+", "seconds or an HTTP date")),
        "delay_ms": integer(0, _MAX_DELAY_MS),
        "timestamp_ms": _absent_or(integer(0, 1 << 53)),
        "token": _absent_or(text(1)),
        "times": _absent_or(integer(1, 1 << 31)),
        "value": _absent_or(integer(0, (1 << 31) - 1)),
        "holding": _absent_or(text(1)),
        "body": _absent_or(text()),
        "content_type": _absent_or(text(1, 100, r"[!-~ ]+", "a media type")),
        "headers": mapping(text(0, 1000, r"[ -~]*", "printable ASCII"), 20),
    },
    ("kind",),
)


def read_fault(provider: str, body: dict[str, Any]) -> Fault:
    """The fault that a request asks for; MalformedError when the provider has no such one."""
    _FAULT(body)
    headers = body.get("headers", {})
    if not all(_NAME.fullmatch(name) for name in headers):
        raise MalformedError("must be named as headers are", "headers")
    fault, known = Fault(**{**body, "headers": tuple(headers.items())}), ORDERABLE[provider]
    if fault.kind not in known.kinds:
        raise MalformedError(f"{provider} knows {', '.join(sorted(known.kinds))}", "kind")
    if fault.reason and fault.reason not in known.reasons and not (known.takes_any_reason and fault.status):
        raise MalformedError(f"{provider} knows {', '.join(sorted(known.reasons)) or 'none'}", "reason")
    if fault.status and fault.status < 200:
        raise MalformedError("must be 200 to 599", "status")
    if fault.kind == "status" and not fault.reason and not (fault.status and known.takes_any_status):
        raise MalformedError("a fault of kind status needs a reason or a status", "reason")
    return fault
