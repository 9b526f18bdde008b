"""The trace of a message: JSON lines, one for each event. Pure."""

from operator import attrgetter

import orjson

from schemas.reasons import reason_named
from services.status.message import Entry, Message

_values_of = attrgetter(*Entry.__slots__)
_FIELDS = len(Entry.__slots__)


def is_traced(message: Message, event_id: str) -> bool:
    """True when the event of that id has left its line."""
    return b'["%b"' % event_id.encode() in message.trace


def add_line(message: Message, entry: Entry) -> None:
    """Add a line; `bounds.has_line` decides whether there is room for it."""
    message.trace += orjson.dumps(_values_of(entry), option=orjson.OPT_APPEND_NEWLINE)
    message.trace_count += 1


def trace_of(message: Message) -> list[Entry]:
    """The trace: its lines in the order of the log.

    Of a line that a newer release has added, fields that this one lacks are left out, and a reason that it does not
    know stands in front of the detail.
    """
    entries = [Entry(*orjson.loads(line)[:_FIELDS]) for line in message.trace.splitlines()]
    for entry in entries:
        if entry.reason is not None:
            known = reason_named(entry.reason)
            if known is None:
                entry.detail = ": ".join(filter(None, [entry.reason, entry.detail]))
            entry.reason = known
    return entries
