"""The header `traceparent` of records of traced messages (W3C Trace Context). Off by default: then nothing is here.

    trace id     the message id, so whoever has the one has the other
    parent id    the last 16 digits of it, which name the span of the request (`services/traces/spans.py`)
    sampled      by the last 14 digits, as OpenTelemetry compares them: every process decides alike, and a message is
                 traced whole or not at all. What is not traced has no header

A partner that sends a `traceparent` of its own finds it as a link of the request's span: header `partner-traceparent`
of the record that requests the message.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

TRACEPARENT, PARTNER = "traceparent", "partner-traceparent"
Headers = list[tuple[str, bytes]]
NO_HEADERS: Headers = []
"""Shared, and changed by nobody: the client takes lists only."""
_FIELD = b'"message_id":"'
_WITHIN = 400
"""Bytes: it stands among the first fields of an event, before anything that others have written."""
_REQUESTED = b'{"type":"message-requested"'
_MESSAGE = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_GIVEN = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_RANDOM_BITS = 56
_PARTNERS: ContextVar[bytes | None] = ContextVar("partner_traceparent", default=None)


class Traced:
    """Says which headers a record gets. `share` of the messages is traced, above 0 and up to 1."""

    def __init__(self, share: float) -> None:
        self._below = int(share * 2**_RANDOM_BITS)

    def headers(self, value: bytes) -> Headers:
        """Of a record with this value: none for what is about no message, or about one that is not traced."""
        at = value.find(_FIELD, 0, _WITHIN) + len(_FIELD)
        if at < len(_FIELD):
            return NO_HEADERS
        message_id = value[at : at + 36]
        if not _MESSAGE.fullmatch(message_id):
            return NO_HEADERS
        trace_id = message_id.replace(b"-", b"")
        if int(trace_id[-_RANDOM_BITS // 4 :], 16) >= self._below:
            return NO_HEADERS
        parent = (TRACEPARENT, b"00-%b-%b-01" % (trace_id, trace_id[16:]))
        partners = _PARTNERS.get()
        return [parent] if partners is None or not value.startswith(_REQUESTED) else [parent, (PARTNER, partners)]


@contextmanager
def for_partner(headers: Iterable[tuple[bytes, bytes]]) -> Iterator[None]:
    """What is requested meanwhile belongs to the partner's trace that these headers of its request name, if any."""
    given = next((value for name, value in headers if name == b"traceparent"), b"")
    token = _PARTNERS.set(given if _GIVEN.fullmatch(given) else None)
    try:
        yield
    finally:
        _PARTNERS.reset(token)
