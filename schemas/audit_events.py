"""Who changed what (topic `audit-events`; key: who), and who was refused.

Values are those of switches, numbers and words that are harmless; of everything else there are fingerprints, which tell
two values apart and show neither. They are made under the master key, so nobody can try guesses.
"""

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


class Audited(Event, tag="audited"):
    """A request of an operator or a partner that may change something, and was answered; or refusals (401, 403, 429) of
    one caller within a minute, added up."""

    who: str  # operator:<name>, partner:<login>, bootstrap; unknown
    address: str  # where it came from, as far as trusted proxies tell
    service: str
    method: str
    route: str  # as the table of routes writes it
    path: str
    status: int  # of HTTP
    changes: tuple[AuditedChange, ...] = ()
    count: int = 1  # of refusals like this one
