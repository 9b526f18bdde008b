"""A record of the audit trail as it is stored: what it is found by, and the record itself. Pure.

    _id          of the event, so that a record that is read twice is stored once
    at           UTC ms
    callers      who, who without the kind, and whose account or token it was; of a sign-in that failed the account's
                 name and key, for it was tried by nobody whom we know
    about        people: their fingerprints; messages: m/<id>, n/<mtNum>
    places       the path, and the keys of what was changed, a line each
    kinds        of what kind it is (`AuditKind`); a look may be a change too
    is_wide      only where it is
    form         what of these the release knew that made it (`FORM`)
    record       as it stands in the log: what is sealed there is sealed here
    kept_until   as long as the topic keeps it

Whatever a record is found by stands in the clear in the log as well: fingerprints, ids, names of callers, paths without
values about people.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal

from schemas import ids
from schemas.audit_events import Audited
from schemas.topics import HISTORY_RETENTION_MS

AuditKind = Literal["sign-in", "failed-sign-in", "look", "search", "change", "refusal", "not-accepted"]
"""A look has shown values about people, a search masked them; a refusal is what was tried in vain, but to sign in; what
was not accepted is requests of partners that were wrong."""
_SIGN_INS = {("POST", "/v1/session"), ("GET", "/v1/session/oidc/callback")}
FORM = 1
"""Raised with whatever a record is found by anew: `completion_store.py` completes what is stored. The first releases
wrote none."""
LATEST_MS = 250_000_000_000_000
"""Of a record that can be stored: in the year 9892, so that the end of its time is a date."""


def document_of(event: Audited, raw: bytes) -> dict[str, Any]:
    """The document of a record, at most `LATEST_MS` old; `raw` as the log has it."""
    made: dict[str, Any] = {
        "_id": event.event_id,
        "at": event.at,
        "callers": list(dict.fromkeys(_callers(event))),
        "about": _names(event),
        "kinds": list(kinds_of(event)),
        "places": "\n".join(dict.fromkeys((event.path, *(change.entity for change in event.changes)))),
        "form": FORM,
        "record": raw,
        "kept_until": datetime.fromtimestamp((event.at + HISTORY_RETENTION_MS) / 1000, UTC),
    }
    return made | ({"is_wide": True} if event.is_wide else {})


def _callers(event: Audited) -> Iterator[str]:
    yield event.who
    yield event.who.partition(":")[2]
    if event.who_id:
        yield event.who_id
    if (account := tried_account(event)) is not None:
        account_id, name = account
        yield from (name, f"account/{account_id}")


def tried_account(event: Audited) -> tuple[str, str] | None:
    """Id and name of the account that a sign-in was to be of; None: this is no such record."""
    for change in event.changes:
        kind, _, account_id = change.entity.partition("/")
        for value in change.values if kind == "session" else ():
            if value.name == "name":
                return account_id, value.after
    return None


def kinds_of(event: Audited) -> Iterator[AuditKind]:
    """Of what kind a record is; of none where it only asks how things stand. What has no status is refusals of several
    kinds, added up (`access/refusals.py`)."""
    if event.not_accepted is not None:
        yield "not-accepted"
        return
    is_done = 0 < event.status < 400
    if (event.method, event.route or event.path) in _SIGN_INS:
        yield "sign-in" if is_done else "failed-sign-in"
    elif not is_done:
        yield "refusal"
    elif event.changes:
        yield "change"
    if event.look:
        yield event.look


def message_names(any_id: str) -> set[str]:
    """What a record that names a message has among `about`, if this is its id or its mtNum."""
    return {f"m/{any_id}", f"n/{any_id}"}


def _names(event: Audited) -> list[str]:
    """Whom and which messages it names, each once."""
    names = dict.fromkeys(event.subjects)
    for message_id in event.messages:
        names |= {f"m/{message_id}": None, f"n/{ids.mt_num_of(message_id)}": None}
    return list(names)
