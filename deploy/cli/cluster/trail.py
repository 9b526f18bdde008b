"""Tells the audit trail of what `rpns topics apply` has changed, for it goes to Kafka past the operators' API."""

import getpass
import platform
from collections.abc import Sequence

from schemas import ids
from schemas.audit_events import Audited, AuditedChange, ChangedField
from schemas.topics import AUDIT_EVENTS
from services.runtime.clock import now_ms
from services.runtime.faults import TRANSIENT_ERRORS
from services.runtime.log import kafka
from services.runtime.log.kafka import Append
from services.runtime.log.upkeep import Change
from services.runtime.settings import Settings

_MOST = 200


async def record_change(settings: Settings, made: Sequence[Change]) -> str:
    """Why the record could not be written; empty: it was. Who it is, is Kafka's user, else the one of this machine."""
    event = Audited(
        event_id=ids.uuid7(),
        at=now_ms(),
        who=f"kafka:{settings.kafka_sasl_username or getpass.getuser()}",
        address=platform.node(),
        service="rpns",
        method="",
        route="",
        path="topics apply",
        status=200,
        changes=tuple(map(_changed, made[:_MOST])),
    )
    try:
        async with kafka.opened_log(settings) as log:
            await log.append([Append(AUDIT_EVENTS, event.who, event)])
    except TRANSIENT_ERRORS as error:
        return repr(error)
    return ""


def _changed(change: Change) -> AuditedChange:
    value = ChangedField(name=change.kind, after=change.what)
    return AuditedChange(entity=f"topic/{change.topic.name}", fields=(change.kind,), values=(value,))
