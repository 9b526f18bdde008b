"""Reports of a period, sent again: asked for by an operator for any partner, or by a partner for itself.

POST /v1/report-resends              begin, or with dryRun only count
GET  /v1/report-resends[/{id}]       how far they have come
POST /v1/report-resends/{id}/cancel  go no further
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from schemas import DeliveryState, ids
from services.runtime.access.audit import note_change
from services.runtime.access.partner_auth import Caller, CallerOf
from services.runtime.clock import now_ms
from services.runtime.directory import Directory
from services.runtime.http import server
from services.runtime.http.field_names import RequestBody
from services.runtime.text.storable import Text
from services.status.http import Answer, invalid, moment
from services.status.message import Messages, find_message
from services.status.resends.store import Resend, Resends, State, Wanted

_MOST_PER_S = 1_000
_PARTNERS_PER_S = 50
_Id = Annotated[str, Path(max_length=100)]
_When = Annotated[
    Text,
    BeforeValidator(lambda value: str(value) if type(value) is int and 0 <= value < 2**63 else value),
    Field(max_length=40, description="UTC ms or ISO 8601"),
    WithJsonSchema({"anyOf": [{"type": "string", "maxLength": 40}, {"type": "integer", "minimum": 0}]}),
]


class ResendBody(RequestBody):
    """Which reports: those on messages that were accepted in the period. A partner leaves out `partner`."""

    model_config = ConfigDict(alias_generator=to_camel, validate_by_name=True)

    partner: Annotated[Text, Field(max_length=100)] | None = None
    since: _When
    until: _When | None = Field(None, description="UTC ms or ISO 8601; default: now")
    state: DeliveryState | None = Field(None, description="only of messages in this state now")
    message: Annotated[Text, Field(max_length=300)] | None = Field(None, description="message id, mtNum or own id")
    per_second: Annotated[int, Field(ge=1, le=_MOST_PER_S, description="messages; of a partner 50 at most")] = 50
    dry_run: bool = Field(False, description="only count the messages")


class ResendView(Answer):
    """A resend. `messages`: how many there are in the period now; null where that was not asked."""

    resend_id: str | None = Field(description="what X-RPNS-Resend of its reports says; null for a dry run")
    partner: str
    since: int
    until: int
    state: State | Literal["dry run"]
    by: str
    at: int
    asked: int = Field(description="reports that were asked for so far, by link")
    messages: int | None = None
    ended_at: int | None


def resend_routes(resends: Resends, messages: Messages, directory: Directory, partner_caller: CallerOf) -> APIRouter:
    """All routes. `partner_caller` is the dependency that identifies the caller."""
    router = APIRouter(prefix="/v1/report-resends", tags=["report resends"])
    who = Depends(partner_caller, scope="function")

    @router.post(
        "",
        status_code=202,
        summary="Send the reports of a period again",
        responses={200: {"model": ResendView}, **server.CONFLICT},
    )
    async def resend_reports(body: ResendBody, response: Response, asking: Caller = who) -> ResendView:
        wanted = await _wanted(body, asking)
        resend = Resend(ids.uuid7(), wanted, body.per_second, asking.by, now_ms())
        count = await messages.count(wanted.query)
        if body.dry_run:
            response.status_code = 200
            note_change("report-resend/dry-run", {}, {})
            return _view(resend, count, is_made=False)
        if asking.partner is not None and await resends.running(wanted.partner_id):
            raise server.Problem(409, "One is running", "cancel it, or wait for its end")
        await resends.add(resend)
        note_change(f"report-resend/{resend.resend_id}", {}, {"partner": wanted.partner_id, "since": wanted.since})
        return _view(resend, count)

    @router.get("", summary="Resends, the newest first")
    async def list_report_resends(
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        partner: Annotated[str | None, Query(max_length=100, description="for the operator")] = None,
        asking: Caller = who,
    ) -> list[ResendView]:
        return [_view(resend) for resend in await resends.listed(asking.partner_id or partner, limit)]

    @router.get("/{resend_id}", summary="One resend")
    async def get_report_resend(resend_id: _Id, asking: Caller = who) -> ResendView:
        return _view(await _found(resend_id, asking))

    @router.post("/{resend_id}/cancel", summary="Go no further; what was asked for is sent")
    async def cancel_report_resend(resend_id: _Id, asking: Caller = who) -> ResendView:
        found = await _found(resend_id, asking)
        is_ended = await resends.end(found, "cancelled")
        after = {"state": "cancelled" if is_ended else found.state}
        note_change(f"report-resend/{resend_id}", {"state": found.state}, after)
        return _view(await _found(resend_id, asking))

    async def _found(resend_id: str, asking: Caller) -> Resend:
        found = await resends.find(resend_id)
        if found is None or asking.partner_id not in (None, found.wanted.partner_id):
            raise server.Problem(404, "No such resend")
        return found

    async def _wanted(body: ResendBody, asking: Caller) -> Wanted:
        """Raises the Problem that names what is wrong."""
        partner_id = asking.partner_id or body.partner
        if partner_id is None or (asking.partner_id is not None and body.partner not in (None, asking.partner_id)):
            raise invalid("partner", "must name a partner; of a partner itself")
        partner = directory.partners.get(partner_id)
        if partner is None:
            raise invalid("partner", "unknown")
        if asking.partner is not None and body.per_second > _PARTNERS_PER_S:
            raise invalid("perSecond", f"must be at most {_PARTNERS_PER_S}")
        since, until = moment("since", body.since), moment("until", body.until)
        if since is None or since >= (until or now_ms()):
            raise invalid("since", "must be before until")
        message_id = None
        if body.message is not None:
            found = await find_message(messages, body.message, partner)
            if found is None:
                raise server.Problem(404, "No such message", "the partner has none with this id, mtNum or own id")
            message_id = found.message_id
        state = body.state.value if body.state is not None else None
        return Wanted(partner_id, since, until or now_ms(), state, message_id)

    return router


def _view(resend: Resend, count: int | None = None, *, is_made: bool = True) -> ResendView:
    wanted = resend.wanted
    return ResendView(
        resend_id=resend.resend_id if is_made else None,
        partner=wanted.partner_id,
        since=wanted.since,
        until=wanted.until,
        state=resend.state if is_made else "dry run",
        by=resend.by,
        at=resend.at,
        asked=resend.asked,
        messages=count,
        ended_at=resend.ended_at,
    )
