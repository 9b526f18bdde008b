"""`GET /v1/audit`: what was changed, who looked at whose values, and who was refused. For administrators alone.

It is answered from the projection, which keeps a year, as the topic `audit-events` does. What is written into that:
`services/runtime/access/audit.py`, `services/runtime/looks/`. Records hold fingerprints of people: a phone that is
asked for becomes its own, under the master key and the former ones.
"""

from collections.abc import Callable, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from schemas.language import Language
from services.registry.audit_trail.bodies import TrailView
from services.registry.audit_trail.document import AuditKind
from services.registry.audit_trail.reading import TrailReading
from services.registry.audit_trail.store import AuditTrail, Place
from services.registry.audit_trail.wanted import Wanted
from services.registry.bodies import LATEST_MS, Phone, UserId
from services.registry.http import operator_router, spoken
from services.runtime.clock import now_ms
from services.runtime.http.server import Problem
from services.runtime.looks import SubjectKind, subjects_of
from services.runtime.text import phones
from services.runtime.text.storable import Text

_DAY_MS = 86_400_000
_AHEAD_MS = 60_000
"""A record of another process may have a clock that is ahead of ours."""
_Word = Annotated[Text, Field(max_length=200)]
_Time = Annotated[int, Field(ge=0, le=LATEST_MS)]


def audit_routes(trail: AuditTrail, reading: TrailReading, fingerprints: Callable[[str], Sequence[str]]) -> APIRouter:
    """The route. `fingerprints` are those of a text in the audit trail, under each of the master keys."""
    router = operator_router("/v1/audit", "audit")

    @router.get("")
    async def get_audit(
        since: Annotated[_Time | None, Query(description="UTC ms; default: a day before until")] = None,
        until: Annotated[int | None, Query(ge=1, le=LATEST_MS, description="UTC ms; before this; default: now")] = None,
        who: Annotated[_Word | None, Query()] = None,
        what: Annotated[_Word | None, Query(description="a part of the path or of a thing's key")] = None,
        phone: Annotated[Phone | None, Query(description="who was shown, asked for or acted on")] = None,
        user: Annotated[UserId | None, Query(description="external user id: likewise")] = None,
        message: Annotated[
            Annotated[Text, Field(max_length=300)] | None, Query(description="an id of a message: likewise")
        ] = None,
        kind: Annotated[
            AuditKind | None,
            Query(
                description="of which kind; a sign-in that failed is one to an account that there is, or one of many; "
                "not-accepted: partners' requests, which only this finds"
            ),
        ] = None,
        wide: Annotated[bool, Query(description="looks at nobody knows whom (`isWide`), and no others")] = False,
        limit: Annotated[int, Query(ge=1, le=1000)] = 200,
        cursor: Annotated[str | None, Query(max_length=300, description="of a page: what is older than it")] = None,
        language: Language = Depends(spoken),  # noqa: B008 — FastAPI's way
    ) -> TrailView:
        """The newest `limit` records of this time; fewer, with a `cursor`, where they are rare among very many.

        With `phone`, `user` or `message` only what asked for them, showed them or was done to them; `wide` tells how
        many other looks may have shown them too.
        """
        digits = phones.from_query(phone) if phone is not None else None
        if phone is not None and digits is None:
            raise Problem(400, "Invalid request", errors=[{"field": "phone", "rule": phones.RULE}])
        now = now_ms()
        begin = max(0, (now if until is None else until) - _DAY_MS) if since is None else since
        if until is not None and until <= begin:
            raise Problem(400, "Invalid request", errors=[{"field": "until", "rule": "must be later than since"}])
        behind = place_of(cursor)
        asked: tuple[tuple[SubjectKind, str | None], ...] = (("phone", digits), ("user", user), ("id", message))
        subjects = [(kind, subjects_of(fingerprints, kind, value)) for kind, value in asked if value is not None]
        end = now + _AHEAD_MS if until is None else until
        wanted = Wanted(begin, end, who=who, what=what, message=message, subjects=subjects, wide=wide, kind=kind)
        read_until = await reading.until(now)
        return TrailView.of(
            wanted,
            await trail.page(wanted, limit, behind),
            language,
            is_whole=read_until >= min(end, now),
            read_until=read_until,
            wide=await trail.count_beside(wanted),
        )

    return router


def place_of(cursor: str | None) -> Place | None:
    """The record that a page begins behind, as `Page.cursor` says it. Raises Problem 400."""
    if cursor is None:
        return None
    at, dot, event_id = cursor.partition(".")
    if not dot or not at.isascii() or not at.isdigit() or len(at) > 15 or "\x00" in event_id:
        raise Problem(400, "Invalid request", errors=[{"field": "cursor", "rule": "must be one that a page gave"}])
    return Place(int(at), event_id)
