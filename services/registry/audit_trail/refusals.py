"""`GET /v1/refusals`: what was not accepted of a partner, for whoever never saw the answers: itself, or an operator.

It is answered from the audit trail, where ingest's counts are (`services/ingest/refused/`). A wrong password is not
among them: nobody has proved to be the partner.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from schemas.audit_events import Audited, NotAccepted
from schemas.language import Language
from services.registry.audit_trail.routes import place_of
from services.registry.audit_trail.store import AuditTrail
from services.registry.audit_trail.wanted import Wanted
from services.registry.bodies import LATEST_MS, AnswerModel
from services.registry.http import PROBLEMS, spoken
from services.runtime.access.partner_auth import Caller, CallerOf
from services.runtime.clock import now_ms
from services.runtime.http.server import Problem
from services.runtime.words import translation_of

PATH = "/v1/refusals"
_DAY_MS = 86_400_000
_Time = Annotated[int, Field(ge=0, le=LATEST_MS)]
_NOTHING = NotAccepted(first_at=0)


class RefusalView(AnswerModel):
    """What one instance of ingest has not accepted for one cause within a minute."""

    partner: str = Field(description="partner's id")
    first_at: int = Field(description="UTC ms")
    last_at: int = Field(description="UTC ms")
    count: int = Field(description="requests; at `status` 200 messages of packets")
    method: str = Field(description="empty, as `path`: all that was not told apart")
    path: str = Field(description="the route, as the documents write it")
    status: int = Field(description="of HTTP; 200: messages that the answer to a packet rejects; 0: several")
    code: str = Field(description="`error.code`, or the `key` of a packet's reason; empty: a problem has none")
    field: str = Field(description="the first that is wrong, without places in lists; empty: none")
    rule: str = Field(description="what is wrong with it, in the caller's language; `…`: what the request gave")
    last_id: str | None = Field(description="the partner's own id of the last message that named one")


class RefusalsView(AnswerModel):
    """The newest first."""

    refusals: list[RefusalView] = Field(description="each of one cause, minute and instance")
    cursor: str | None = Field(description="asks for older ones; null: there are none")


def refusal_routes(trail: AuditTrail, callers: CallerOf) -> APIRouter:
    """The route. `callers` is the dependency of `services/runtime/access/partner_auth.py`."""
    router = APIRouter(prefix=PATH, tags=["refusals"], responses=PROBLEMS)
    who = Depends(callers)

    @router.get("", summary="What was not accepted, counted by cause, the newest first")
    async def list_refusals(
        since: Annotated[
            _Time | None, Query(alias="from", description="UTC ms, of the last time; default: a day before to")
        ] = None,
        until: Annotated[
            int | None, Query(alias="to", ge=1, le=LATEST_MS, description="UTC ms; before this; default: now")
        ] = None,
        partner: Annotated[str | None, Query(max_length=100, description="for the operator; default: all")] = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        cursor: Annotated[str | None, Query(max_length=300, description="of a page: what is older than it")] = None,
        asking: Caller = who,
        language: Language = Depends(spoken),  # noqa: B008 — FastAPI's way
    ) -> RefusalsView:
        """A request is counted by the first thing that is wrong with it. Counts are there a minute later at most."""
        end = now_ms() + 1 if until is None else until
        begin = max(0, end - _DAY_MS) if since is None else since
        if end <= begin:
            raise Problem(400, "Invalid request", errors=[{"field": "to", "rule": "must be later than from"}])
        partner_id = asking.partner_id or partner
        who_id = None if partner_id is None else f"partner/{partner_id}"
        page = await trail.page(Wanted(begin, end, who_id, kind="not-accepted"), limit, place_of(cursor))
        return RefusalsView(
            refusals=[_view(record, language) for record in reversed(page.records)],
            cursor=page.cursor,
        )

    return router


def _view(record: Audited, language: Language) -> RefusalView:
    why = record.not_accepted or _NOTHING
    return RefusalView.shown(
        record,
        partner=record.who_id.partition("/")[2],
        first_at=why.first_at,
        last_at=record.at,
        code=why.code,
        field=why.field,
        rule=translation_of(why.rule, language),
        last_id=why.last_ref or None,
    )
