"""Who changed what (topic `audit-events`; key: who). No value, let alone a secret: fingerprints and names of fields."""

from schemas.events import Event
from schemas.values import Frozen


class AuditedChange(Frozen):
    """A thing that was changed. A fingerprint is of its state without id, time and author; empty: there was none."""

    entity: str  # its key: partner/<id>, mailing/<id> …
    before: str = ""
    after: str = ""
    fields: tuple[str, ...] = ()  # those that differ


class Audited(Event, tag="audited"):
    """A request of an operator or a partner that may change something, and was answered."""

    who: str  # operator:<name>, partner:<login>, bootstrap
    address: str  # where it came from, as far as trusted proxies tell
    service: str
    method: str
    route: str  # as the table of routes writes it
    path: str
    status: int  # of HTTP
    changes: tuple[AuditedChange, ...] = ()
