"""A record of the audit trail as it is stored: what it is found by, and the record itself. Pure.

    _id          of the event, so that a record that is read twice is stored once
    at           UTC ms
    callers      who, and who without the kind
    about        people: their fingerprints; messages: m/<id>, n/<mtNum>
    places       the path, and the keys of what was changed, a line each
    is_wide      only where it is
    record       as it stands in the log: what is sealed there is sealed here
    kept_until   as long as the topic keeps it

Whatever a record is found by stands in the clear in the log as well: fingerprints, ids, names of callers, paths without
values about people.
"""

from datetime import UTC, datetime
from typing import Any

from schemas import ids
from schemas.audit_events import Audited
from schemas.topics import HISTORY_RETENTION_MS

LATEST_MS = 250_000_000_000_000
"""Of a record that can be stored: in the year 9892, so that the end of its time is a date."""


def document_of(event: Audited, raw: bytes) -> dict[str, Any]:
    """The document of a record, at most `LATEST_MS` old; `raw` as the log has it."""
    made: dict[str, Any] = {
        "_id": event.event_id,
        "at": event.at,
        "callers": list(dict.fromkeys((event.who, event.who.partition(":")[2]))),
        "about": _names(event),
        "places": "\n".join(dict.fromkeys((event.path, *(change.entity for change in event.changes)))),
        "record": raw,
        "kept_until": datetime.fromtimestamp((event.at + HISTORY_RETENTION_MS) / 1000, UTC),
    }
    return made | ({"is_wide": True} if event.is_wide else {})


def message_names(any_id: str) -> set[str]:
    """What a record that names a message has among `about`, if this is its id or its mtNum."""
    return {f"m/{any_id}", f"n/{any_id}"}


def _names(event: Audited) -> list[str]:
    """Whom and which messages it names, each once."""
    names = dict.fromkeys(event.subjects)
    for message_id in event.messages:
        names |= {f"m/{message_id}": None, f"n/{ids.mt_num_of(message_id)}": None}
    return list(names)
