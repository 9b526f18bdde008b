"""HTTP of the native API: what has become of a message.

GET /v1/messages/{id}   one message with its whole trace; `id` is the message id, mtNum, or the partner's own id
GET /v1/messages        search by phone, user, id, extraParam, callbackData, state, period; pages by cursor
GET /v1/messages/export all that a search finds, streamed: `export.py`
GET /v1/events          server-sent events: every change of a state, resumable

A partner (HTTP Basic) sees its own messages, the operator (bearer token) all of them. Errors are RFC 9457. The routes
of devices, `/sdk/api/v1/…`, are in `history/content_routes.py`.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Header, Path, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from services.runtime import telemetry
from services.runtime.access.partner_auth import Caller, CallerOf
from services.runtime.http import server
from services.status.api.export import export_routes
from services.status.api.query import wanted_by
from services.status.api.view import MessageSummary, MessageView, summary_of, view_of
from services.status.http import invalid
from services.status.message.search import BadCursor, Wanted, find_one, find_page
from services.status.message.store import Messages
from services.status.stream.stream import Streams

_ID = Path(max_length=300, description="message id, mtNum, or the partner's own id")
_When = Annotated[str | None, Query(max_length=40, description="UTC milliseconds, or ISO 8601")]
_Words = Annotated[str | None, Query(max_length=300)]


class MessagePage(BaseModel):
    """The newest first; `cursor` asks for what comes after."""

    messages: list[MessageSummary]
    cursor: str | None


def application(messages: Messages, streams: Streams, check: CallerOf, *more: APIRouter) -> FastAPI:
    """The ASGI application. `check` is the dependency of `services/runtime/access/partner_auth.py`; `more` are the
    routes of devices."""
    app = FastAPI(
        title="RPNS status",
        version="1",
        description=__doc__,
        docs_url=None,
        redoc_url=None,
        responses={"4XX": {"model": server.ProblemBody}},
    )
    app.add_middleware(server.BodyLimit)
    server.install_problems(app)
    who = Depends(check, scope="function")
    app.include_router(export_routes(messages, check))

    @app.get("/v1/messages/{any_id}", summary="One message with its whole trace")
    async def one(any_id: Annotated[str, _ID], asking: Caller = who) -> MessageView:
        found = await find_one(messages, any_id, asking.partner)
        telemetry.REQUESTS.labels("message", "200" if found else "404").inc()
        if found is None:
            raise server.Problem(404, "No such message", "no message has this id, mtNum or partner's id")
        return view_of(found)

    @app.get("/v1/messages", summary="Messages by phone, user, id, extraParam, callbackData, state and period")
    async def several(
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        cursor: Annotated[str | None, Query(max_length=500)] = None,
        wanted: Wanted = Depends(wanted_by(check)),  # noqa: B008 — FastAPI's way
    ) -> MessagePage:
        try:
            page = await find_page(messages, replace(wanted, cursor=cursor), limit)
        except BadCursor as error:
            raise invalid("cursor", str(error)) from None
        telemetry.REQUESTS.labels("messages", "200").inc()
        return MessagePage(messages=[summary_of(message) for message in page.messages], cursor=page.cursor)

    @app.get(
        "/v1/events",
        summary="Every change of a state, as it happens (server-sent events)",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
    )
    async def events(
        last_event_id: Annotated[str | None, Header(max_length=20)] = None,
        after: Annotated[str | None, Query(max_length=20, description="like Last-Event-ID; 0 is the oldest")] = None,
        partner: Annotated[str | None, Query(max_length=100, description="for the operator")] = None,
        asking: Caller = who,
    ) -> StreamingResponse:
        of = asking.partner_id or partner
        if of is None:
            raise invalid("partner", "the operator must say whose events")
        stream: AsyncIterator[bytes] = await streams.open(of, _event_id(last_event_id or after), asking.is_let_in)
        headers = {"X-Accel-Buffering": "no"}
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

    for router in more:
        app.include_router(router)
    return app


def _event_id(text: str | None) -> int | None:
    if text is None or text == "":
        return None
    if not (text.isascii() and text.isdigit() and int(text) < 2**53):
        raise invalid("Last-Event-ID", "must be an id that this stream gave")
    return int(text)
