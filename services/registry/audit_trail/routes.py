"""`GET /v1/audit`: what operators and partners have changed, and who was refused. For administrators alone.

The topic `audit-events` is read through from the time that is asked for; it keeps a year. What is written into it:
`services/runtime/access/audit.py`.
"""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from schemas import codec
from schemas.audit_events import Audited
from schemas.topics import AUDIT_EVENTS
from services.registry.bodies import LATEST_MS, AnswerModel
from services.registry.http import operator_router
from services.runtime.clock import now_ms
from services.runtime.crypto import record_encryption
from services.runtime.log.upkeep import read_since
from services.runtime.settings import Settings

_DAY_MS = 86_400_000
_Word = Annotated[str | None, Query(max_length=200)]


class FieldView(AnswerModel):
    """A field that differs: a value where it is harmless, else `#` and a fingerprint; empty: there was none."""

    name: str = Field(description="of the field")
    before: str = Field(description="before the change")
    after: str = Field(description="after it")


class ChangeView(AnswerModel):
    """A thing that was changed. Fingerprints are of its state; empty: there was none."""

    entity: str
    before: str
    after: str
    fields: list[str] = Field(description="those that differ")
    values: list[FieldView] = Field(description="of these; none in records of before they were kept")


class AuditView(AnswerModel):
    """A request that was answered, or `count` refusals of one caller within a minute."""

    at: int
    who: str
    address: str
    service: str
    method: str
    route: str
    path: str
    status: int
    changes: list[ChangeView]
    count: int = Field(description="of refusals like this one; 1 for a request")


class TrailView(AnswerModel):
    """The newest last. `isWhole` false: there was more than could be read in time, so ask for a shorter time."""

    is_whole: bool
    records: list[AuditView]


def audit_routes(settings: Settings) -> APIRouter:
    """The route."""
    router = operator_router("/v1/audit", "audit")

    @router.get("")
    async def get_audit(
        since: Annotated[int | None, Query(ge=0, le=LATEST_MS, description="UTC ms; default: a day ago")] = None,
        who: _Word = None,
        what: Annotated[str | None, Query(max_length=200, description="a part of the path or of a thing's key")] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    ) -> TrailView:
        """The newest `limit` records since then."""

        def keep(value: bytes) -> AuditView | None:
            found = _decoded(value)
            return _view(found) if found is not None and _is_asked_for(found, who, what) else None

        begin = now_ms() - _DAY_MS if since is None else since
        records, is_whole = await read_since(settings, AUDIT_EVENTS.name, begin, keep, limit)
        return TrailView(is_whole=is_whole, records=records)

    return router


def _decoded(value: bytes) -> Audited | None:
    try:
        found = record_encryption.decode(AUDIT_EVENTS, value)
    except codec.Undecodable:
        return None
    return found if isinstance(found, Audited) else None


def _is_asked_for(found: Audited, who: str | None, what: str | None) -> bool:
    if who is not None and who not in (found.who, found.who.partition(":")[2]):
        return False
    return what is None or any(what in text for text in (found.path, *(change.entity for change in found.changes)))


def _view(found: Audited) -> AuditView:
    changes = [
        ChangeView.shown(change, fields=list(change.fields), values=[FieldView.shown(value) for value in change.values])
        for change in found.changes
    ]
    return AuditView.shown(found, changes=changes)
