"""`GET /v1/audit`: what was changed, who looked at whose values, and who was refused. For administrators alone.

The topic `audit-events` is read through from the time that is asked for; it keeps a year. What is written into it:
`services/runtime/access/audit.py`, `services/runtime/looks/`. Records hold fingerprints of people: a phone that is
asked for becomes its own, under the master key and the former ones.
"""

from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from schemas import codec
from schemas.audit_events import Audited, LookKind
from schemas.topics import AUDIT_EVENTS
from services.registry.audit_trail.wanted import NewestRecords, Wanted
from services.registry.bodies import LATEST_MS, AnswerModel, Phone, UserId
from services.registry.http import operator_router
from services.runtime.clock import now_ms
from services.runtime.crypto import record_encryption
from services.runtime.http.server import Problem
from services.runtime.log.upkeep import read_between
from services.runtime.looks import SubjectKind, subjects_of
from services.runtime.settings import Settings
from services.runtime.text import phones

_DAY_MS = 86_400_000
_AHEAD_MS = 60_000
"""A record of another process may have a clock that is ahead of ours."""
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


class AskedView(AnswerModel):
    """A parameter of a look."""

    name: str = Field(description="of the parameter")
    value: str = Field(description="where it is harmless, else `#` and a fingerprint")


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
    look: LookKind = Field(
        description="look: values about people were shown; search: they were masked, and somebody was asked for"
    )
    asked: list[AskedView] = Field(description="by a look: its parameters")
    subjects: list[str] = Field(description="fingerprints of the people asked for, shown or acted on")
    messages: list[str] = Field(description="that were shown or acted on: their ids")
    is_wide: bool = Field(description="there may be others as well: an export")


class TrailView(AnswerModel):
    """The newest last. `isWhole` false: there was more between `since` and `until` than could be read in time, so ask
    for a shorter time."""

    since: int
    until: int
    is_whole: bool
    records: list[AuditView]
    left_out: int = Field(
        description="older ones that had no room: ask with `until`, the `at` of the first record here"
    )
    wide: int = Field(
        description="looks at nobody knows whom (`isWide`), beside those that name the customer who is asked for; "
        "with `wide` they are listed"
    )


def audit_routes(settings: Settings, fingerprints: Callable[[str], Sequence[str]]) -> APIRouter:
    """The route. `fingerprints` are those of a text in the audit trail, under each of the master keys."""
    router = operator_router("/v1/audit", "audit")

    @router.get("")
    async def get_audit(
        since: Annotated[
            int | None, Query(ge=0, le=LATEST_MS, description="UTC ms; default: a day before until")
        ] = None,
        until: Annotated[int | None, Query(ge=1, le=LATEST_MS, description="UTC ms; before this; default: now")] = None,
        who: _Word = None,
        what: Annotated[str | None, Query(max_length=200, description="a part of the path or of a thing's key")] = None,
        phone: Annotated[Phone | None, Query(description="who was shown, asked for or acted on")] = None,
        user: Annotated[UserId | None, Query(description="external user id: likewise")] = None,
        message: Annotated[str | None, Query(max_length=300, description="an id of a message: likewise")] = None,
        wide: Annotated[bool, Query(description="looks at nobody knows whom (`isWide`), and no others")] = False,
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    ) -> TrailView:
        """The newest `limit` records of this time.

        With `phone`, `user` or `message` only what asked for them, showed them or was done to them; `wide` tells how
        many other looks may have shown them too.
        """
        digits = phones.from_query(phone) if phone is not None else None
        if phone is not None and digits is None:
            raise Problem(400, "Invalid request", errors=[{"field": "phone", "rule": phones.RULE}])
        end = now_ms() + _AHEAD_MS if until is None else until
        begin = max(0, (now_ms() if until is None else until) - _DAY_MS) if since is None else since
        if until is not None and until <= begin:
            raise Problem(400, "Invalid request", errors=[{"field": "until", "rule": "must be later than since"}])
        asked: tuple[tuple[SubjectKind, str | None], ...] = (("phone", digits), ("user", user), ("id", message))
        subjects = [subjects_of(fingerprints, kind, value) for kind, value in asked if value is not None]
        wanted = Wanted(begin, end, who=who, what=what, message=message, subjects=subjects, wide=wide)
        newest, others = NewestRecords(limit), 0

        def read(value: bytes) -> None:
            nonlocal others
            if (found := _decoded(value)) is not None:
                if wanted.has(found):
                    newest.add(found)
                others += wanted.is_beside(found)

        is_whole = await read_between(settings, AUDIT_EVENTS.name, begin, end, read)
        records, left_out = newest.taken()
        return TrailView(
            since=begin,
            until=end,
            is_whole=is_whole,
            records=[_view(found) for found in records],
            left_out=left_out,
            wide=others,
        )

    return router


def _decoded(value: bytes) -> Audited | None:
    try:
        found = record_encryption.decode(AUDIT_EVENTS, value)
    except codec.Undecodable:
        return None
    return found if isinstance(found, Audited) else None


def _view(found: Audited) -> AuditView:
    changes = [
        ChangeView.shown(change, fields=list(change.fields), values=[FieldView.shown(value) for value in change.values])
        for change in found.changes
    ]
    asked = [AskedView.shown(value) for value in found.asked]
    return AuditView.shown(found, changes=changes, asked=asked)
