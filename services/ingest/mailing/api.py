"""HTTP of mailings: one message to very many.

    POST   /v1/mailings                     a draft; an own `id` repeated answers the same
    GET    /v1/mailings, /v1/mailings/{id}  state and progress
    GET    /v1/mailings/{id}/live           server-sent events: the same at each change
    GET    /v1/mailings/{id}/definition     what was asked for
    PATCH  /v1/mailings/{id}                rate, name, what broken lines mean
    PUT    /v1/mailings/{id}/recipients     the list, NDJSON or CSV, may be gzip, streamed; resumed by ?firstLine
    DELETE /v1/mailings/{id}/recipients     delete the list of a draft
    GET    /v1/mailings/{id}/problems       its broken lines
    GET    /v1/mailings/{id}/forecast       dry run
    POST   /v1/mailings/{id}/start …        start, pause, resume, cancel

A partner (HTTP Basic) has its own mailings, the operator (bearer token) all of them. Errors are RFC 9457; those of the
message name field and rule as `/v6/send` does, with its code in `detail`.
"""

from collections.abc import Collection, Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect

from services.ingest.http import json_of, problem_of
from services.ingest.mailing.dry_run import DryRun
from services.ingest.mailing.model import CANNOT_OPEN, Mailing, PageCursor
from services.ingest.mailing.rules.draft import MailingBody, without_values
from services.ingest.mailing.service import MailingService, change_of
from services.ingest.mailing.upload import ListForm
from services.ingest.mailing.views import (
    ForecastView,
    MailingsPage,
    MailingView,
    ProblemsPage,
    ProblemView,
    UploadView,
    upload_view,
    view_of,
)
from services.ingest.rules import Refused, instant_ms
from services.runtime import live
from services.runtime.access.partner_auth import Caller, CallerOf
from services.runtime.clock import now_ms
from services.runtime.http import server
from services.runtime.http.field_rules import form
from services.runtime.lists.lines import ListFault, encoding_of, media_type
from services.runtime.lists.packed import unpacked
from services.runtime.mongo.mailing_outcomes import Outcomes, OutcomesStore
from services.runtime.text.languages import spoken_by
from services.runtime.words import translation_of

PATH = "/v1/mailings"
LIVE_EVERY_S = 1.0
_CONFLICT = dict(server.CONFLICT)
_OF_LISTS = {**_CONFLICT, **server.UNREADABLE}
_TYPES = {"application/x-ndjson": False, "application/jsonl": False, "text/csv": True}
_Id = Annotated[str, Path(max_length=200, description="the mailing's id, or the partner's own")]
_PLACE = form(r"^[0-9]{1,15}(_[0-9a-f-]{36})?$", "must be `before` of the page before, or UTC milliseconds")
_Line = Annotated[int, Query(alias="firstLine", ge=1, le=10**12, description="number of the first line that is sent")]


def mailing_routes(
    service: MailingService, dry: DryRun, outcomes: OutcomesStore, check: CallerOf, streams: live.LiveStreams
) -> APIRouter:
    """The routes of `/v1/mailings`. `check` is the dependency of `services/runtime/access/partner_auth.py`."""
    caller_of = Depends(check)
    router = APIRouter(prefix=PATH, tags=["mailings"])
    _add_mailings(router, service, outcomes, caller_of)
    _add_live(router, service, outcomes, streams, caller_of)
    _add_list(router, service, caller_of)
    _add_moves(router, service, dry, outcomes, caller_of)
    return router


def _add_mailings(router: APIRouter, service: MailingService, outcomes: OutcomesStore, caller_of: Caller) -> None:
    mailings = service.mailings

    @router.post("", status_code=201, responses=_CONFLICT, summary="A draft")
    async def create_mailing(
        request: Request,
        response: Response,
        partner: Annotated[str | None, Query(max_length=100, description="for the operator: whose")] = None,
        caller: Caller = caller_of,
    ) -> MailingView:
        body = await json_of(request)
        owner = caller.partner or service.directory.partners.get(partner or "")
        if owner is None:
            raise server.Problem(400, "Invalid request", errors=[{"field": "partner", "rule": "must name a partner"}])
        mailing, is_new = await service.create(body, owner)
        response.status_code = 201 if is_new else 200
        return await _view(service, outcomes, mailing)

    @router.get("", summary="The newest first")
    async def list_mailings(
        before: Annotated[str | None, Query(pattern=_PLACE, description="as the page before says, or UTC ms")] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        caller: Caller = caller_of,
    ) -> MailingsPage:
        found = await mailings.listed(caller.partner_id, None if before is None else _place(before), limit)
        counted = await outcomes.latest([mailing.mailing_id for mailing in found])
        views = [_shown(service, mailing, counted[mailing.mailing_id]) for mailing in found]
        last = f"{found[-1].created_at}_{found[-1].mailing_id}" if len(found) == limit else None
        return MailingsPage(mailings=views, before=last)

    @router.get("/{any_id}", summary="State and progress")
    async def get_mailing(any_id: _Id, caller: Caller = caller_of) -> MailingView:
        return await _view(service, outcomes, await service.find(any_id, caller))

    @router.get("/{any_id}/definition", summary="What was asked for", responses=_CONFLICT, response_model=MailingBody)
    async def get_definition(any_id: _Id, caller: Caller = caller_of) -> Response:
        """As it was asked for, but for values of SECURE, which are empty, and for people who were erased."""
        mailing = await service.find(any_id, caller)
        if not mailing.is_readable:
            raise server.Problem(409, "The mailing cannot be read", CANNOT_OPEN)
        return Response(without_values(mailing.definition), media_type="application/json")

    @router.patch("/{any_id}", responses=_CONFLICT, summary="Change rate, name, or what broken lines mean")
    async def change_mailing(any_id: _Id, request: Request, caller: Caller = caller_of) -> MailingView:
        change = change_of(await json_of(request))
        return await _view(service, outcomes, await service.change(await service.find(any_id, caller), change))


def _add_live(
    router: APIRouter,
    service: MailingService,
    outcomes: OutcomesStore,
    streams: live.LiveStreams,
    caller_of: Caller,
) -> None:
    async def body_of(mailing: Mailing) -> bytes:
        return live.body_of(await _view(service, outcomes, mailing))

    async def look(mailing_ids: Collection[str]) -> Mapping[str, bytes | None]:
        """Those that run change at each look, so each is read."""
        found = {mailing_id: await service.mailings.find(mailing_id) for mailing_id in mailing_ids}
        return {
            mailing_id: await body_of(mailing) if mailing is not None else None for mailing_id, mailing in found.items()
        }

    watched = live.Watched("live mailings", look, LIVE_EVERY_S, streams.stop)

    @router.get(
        "/{any_id}/live",
        summary="State and progress, at each change (server-sent events)",
        **live.ANSWER,
    )
    async def follow_mailing(
        any_id: _Id, last_event_id: live.LastEventId = None, caller: Caller = caller_of
    ) -> StreamingResponse:
        """Each event is `event: mailing` with `data` as `GET /v1/mailings/{any_id}` answers, at once and whenever it
        has changed; looked at every second. A comment every 10 s says that nothing has. A stream that goes on behind
        `Last-Event-ID` begins with the mailing only if it has changed. A caller may have twenty streams open in one
        process.
        """
        mailing = await service.find(any_id, caller)
        part = live.Part("mailing", watched, mailing.mailing_id, await body_of(mailing))
        return await streams.answer(caller, [part], last_event_id)


def _add_list(router: APIRouter, service: MailingService, caller_of: Caller) -> None:
    @router.put("/{any_id}/recipients", responses=_OF_LISTS, summary="The list, streamed")
    @router.post(
        "/{any_id}/recipients",
        name="post_recipients",
        responses=_OF_LISTS,
        summary="The same, for clients that cannot PUT",
    )
    async def upload_recipients(
        any_id: _Id, request: Request, first_line: _Line = 1, caller: Caller = caller_of
    ) -> UploadView:
        kind, charset = media_type(request.headers.get("content-type", ""))
        if kind not in _TYPES:
            raise server.Problem(415, "Unsupported media type", f"Content-Type: must be one of {', '.join(_TYPES)}")
        try:
            form = ListForm(_TYPES[kind], encoding_of(charset), first_line)
        except ListFault as fault:
            raise server.Problem(415, "Unsupported charset", f"Content-Type: {fault}") from None
        packing = request.headers.get("content-encoding", "identity").strip().lower()
        if packing not in ("identity", "gzip"):
            raise server.Problem(415, "Unsupported encoding", "Content-Encoding: must be gzip, or none")
        body = unpacked(request.stream()) if packing == "gzip" else request.stream()
        mailing = await service.find(any_id, caller)
        try:
            uploading, after = await service.upload(mailing, body, form)
        except ClientDisconnect:
            raise server.Problem(400, "The upload was cut off", "what was stored stays; see nextLine") from None
        return upload_view(uploading, after)

    @router.delete("/{any_id}/recipients", status_code=204, responses=_CONFLICT, summary="Forget the list of a draft")
    async def clear_recipients(any_id: _Id, caller: Caller = caller_of) -> None:
        await service.clear(await service.find(any_id, caller))

    @router.get("/{any_id}/problems", summary="Broken lines")
    async def list_problems(
        request: Request,
        any_id: _Id,
        after: Annotated[int, Query(ge=0, le=10**12, description="the last line that is known")] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        caller: Caller = caller_of,
    ) -> ProblemsPage:
        mailing = await service.find(any_id, caller)
        found = await service.mailings.lists.problems(mailing.mailing_id, after, limit)
        language = spoken_by(request.scope["headers"])
        views = [
            ProblemView(line=line.line, field=line.field, rule=translation_of(line.rule, language)) for line in found
        ]
        return ProblemsPage(
            problems=views,
            refused=mailing.refused,
            repeated=mailing.repeated,
            after=found[-1].line if len(found) == limit else None,
        )


def _add_moves(
    router: APIRouter, service: MailingService, dry: DryRun, outcomes: OutcomesStore, caller_of: Caller
) -> None:
    @router.get("/{any_id}/forecast", summary="Dry run: how many, when it finishes, how many would expire")
    async def forecast_mailing(any_id: _Id, caller: Caller = caller_of) -> ForecastView:
        return await dry.run(await service.find(any_id, caller), now_ms())

    @router.post("/{any_id}/start", responses=_CONFLICT, summary="Let it run, now or from a moment on")
    async def start_mailing(
        any_id: _Id,
        at: Annotated[str | None, Query(max_length=40, description="ISO 8601")] = None,
        caller: Caller = caller_of,
    ) -> MailingView:
        mailing = await service.find(any_id, caller)
        return await _view(service, outcomes, await service.start(mailing, _moment(at, service, mailing)))

    @router.post("/{any_id}/pause", responses=_CONFLICT, summary="Let it rest")
    async def pause_mailing(any_id: _Id, caller: Caller = caller_of) -> MailingView:
        return await _view(service, outcomes, await service.pause(await service.find(any_id, caller)))

    @router.post("/{any_id}/resume", responses=_CONFLICT, summary="Let it go on")
    async def resume_mailing(any_id: _Id, caller: Caller = caller_of) -> MailingView:
        return await _view(service, outcomes, await service.resume(await service.find(any_id, caller)))

    @router.post("/{any_id}/cancel", responses=_CONFLICT, summary="End it; what was sent is sent")
    async def cancel_mailing(any_id: _Id, caller: Caller = caller_of) -> MailingView:
        return await _view(service, outcomes, await service.cancel(await service.find(any_id, caller)))


async def _view(service: MailingService, outcomes: OutcomesStore, mailing: Mailing) -> MailingView:
    return _shown(service, mailing, await outcomes.of(mailing.mailing_id))


def _shown(service: MailingService, mailing: Mailing, counted: Outcomes) -> MailingView:
    left = max(0, mailing.recipients - mailing.planned)
    template, expected = service.usable_template(mailing), None
    if template is not None and not mailing.is_segment:
        expected = service.forecast(mailing, template, left, now_ms())
    return view_of(mailing, counted, expected, template)


def _place(before: str) -> PageCursor:
    created_at, _, mailing_id = before.partition("_")
    return PageCursor(int(created_at), mailing_id)


def _moment(text: str | None, service: MailingService, mailing: Mailing) -> int | None:
    if text is None:
        return None
    partner = service.directory.partners.get(mailing.partner_id)
    try:
        return instant_ms(text.replace(" ", "+"), partner.utc_offset_min if partner else 0, "at")
    except Refused as refused:
        raise problem_of(refused) from None
