"""Which faults can be ordered from which provider: read by the control API, so that a typing error is refused."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from deploy.sandbox.faults.apply_fault import KINDS
from deploy.sandbox.faults.orders import Fault, Orderable
from deploy.sandbox.http.json_form import MalformedError, integer, mapping, record, text
from deploy.sandbox.wiring import wirings


def orderable() -> dict[str, Orderable]:
    """What faults can be ordered from: servers, and some of their endpoints."""
    found = {name: known for wiring in wirings().values() for name, known in wiring.orderable.items()}
    return {**found, "partner": Orderable(KINDS, frozenset(), True)}


ORDERABLE: Mapping[str, Orderable] = orderable()
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
