"""Who changed what, who looked at whose values, and who was refused (topic `audit-events`; key: who).

Values are those of switches, numbers and words that are harmless; of everything else there are fingerprints, which tell
two values apart and show neither. They are made under the master key, so nobody can try guesses.
"""

from typing import Literal

from schemas.events import Event
from schemas.values import Frozen


class ChangedField(Frozen):
    """A field that differs. A value, or `#` and its fingerprint; empty: there was none."""

    name: str
    before: str = ""
    after: str = ""


class AuditedChange(Frozen):
    """A thing that was changed. A fingerprint is of its state without id, time and author; empty: there was none."""

    entity: str  # its key: partner/<id>, mailing/<id> …
    before: str = ""
    after: str = ""
    fields: tuple[str, ...] = ()  # those that differ
    values: tuple[ChangedField, ...] = ()  # of these fields, as many as fit


LookKind = Literal["", "look", "search"]
"""A look shows values about people; a search masks them, and tells whether there is such a customer."""


class AskedValue(Frozen):
    """A parameter of a look: its value where it is harmless, else `#` and a fingerprint."""

    name: str
    value: str


class NotAccepted(Frozen):
    """Why requests of a partner were not accepted, or messages of its packets: the same cause within a minute. No value
    of a field is in it but the partner's own id of a message, and none that may be a phone."""

    code: str = ""  # error.code of the partner protocol, or a packet's key
    field: str = ""  # without places in lists; empty: none
    rule: str = ""  # in English
    first_at: int  # UTC ms; the last is the record's own
    last_ref: str = ""  # of the last of them that named one


class Audited(Event, tag="audited"):
    """A request of an operator or a partner that may change something, and was answered; an operator's look; or
    refusals (401, 403, 429) of one caller at one route within a minute, added up; of sign-ins to one account all that
    failed; or requests of one partner that were not accepted, added up."""

    who: str  # operator:<name>, partner:<login>, bootstrap; unknown
    who_id: str = ""  # account/<id> or operator/<id>, of an operator: a name may be given again; partner/<id> of what
    # was not accepted
    address: str  # where it came from, as far as trusted proxies tell
    service: str
    method: str
    route: str  # as the table of routes writes it
    path: str
    status: int  # of HTTP
    changes: tuple[AuditedChange, ...] = ()
    count: int = 1  # of refusals like this one
    look: LookKind = ""
    asked: tuple[AskedValue, ...] = ()  # by a look
    subjects: tuple[str, ...] = ()  # whom it asked for, showed or acted on: fingerprints of phones, user ids, ids
    messages: tuple[str, ...] = ()  # shown or acted on: their ids
    is_wide: bool = False  # there may be others as well
    not_accepted: NotAccepted | None = None
