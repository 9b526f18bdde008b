"""HTTP of the native API: what has become of a message.

GET /v1/messages/{id}   one message with its whole trace; `id` is the message id, mtNum, or the partner's own id
GET /v1/messages        search by phone, user, id, state, period; pages by cursor
GET /v1/events          server-sent events: every change of a state, resumable

A partner (HTTP Basic) sees its own messages, the operator (bearer token) all of them. Errors are RFC 9457. The routes
of devices, `/sdk/api/v1/…`, are in `api_content.py`.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Header, Path, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from schemas import DeliveryState
from services import phones, telemetry, web
from services.access import Caller, caller
from services.logins import Logins
from services.status.api_words import invalid, moment
from services.status.search import BadCursor, Wanted, find_one, find_page
from services.status.store import Messages
from services.status.stream import Streams
from services.status.view import MessageSummary, MessageView, summary_of, view_of

_ID = Path(max_length=300, description="message id, mtNum, or the partner's own id")
_When = Annotated[str | None, Query(max_length=40, description="UTC milliseconds, or ISO 8601")]
_Words = Annotated[str | None, Query(max_length=300)]


class MessagePage(BaseModel):
    """The newest first; `cursor` asks for what comes after."""

    messages: list[MessageSummary]
    cursor: str | None


def application(
    messages: Messages,
    streams: Streams,
    logins: Logins,
    admin_token: str,
    trusted: Sequence[web.Network],
    *more: APIRouter,
) -> FastAPI:
    """The ASGI application; `more` are the routes of devices."""
    app = FastAPI(title="RPNS status", version="1", description=__doc__, responses={"4XX": {"model": web.ProblemBody}})
    app.add_middleware(web.BodyLimit)
    web.install_problems(app)
    who = Depends(caller(logins, admin_token, trusted))

    @app.get("/v1/messages/{any_id}", summary="One message with its whole trace")
    async def one(any_id: Annotated[str, _ID], asking: Caller = who) -> MessageView:
        found = await find_one(messages, any_id, asking.partner)
        telemetry.REQUESTS.labels("message", "200" if found else "404").inc()
        if found is None:
            raise web.Problem(404, "No such message", "no message has this id, mtNum or partner's id")
        return view_of(found)

    @app.get("/v1/messages", summary="Messages by phone, user, id, state and period")
    async def several(
        phone: Annotated[str | None, Query(max_length=40)] = None,
        user: _Words = None,
        id: _Words = None,  # noqa: A002 — the name that callers write
        extra: Annotated[str | None, Query(max_length=300, description="one pair of extraParam: name=value")] = None,
        state: DeliveryState | None = None,
        since: Annotated[str | None, Query(alias="from", max_length=40, description="UTC ms or ISO 8601")] = None,
        until: Annotated[str | None, Query(alias="to", max_length=40, description="UTC ms or ISO 8601")] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        cursor: Annotated[str | None, Query(max_length=500)] = None,
        partner: Annotated[str | None, Query(max_length=100, description="for the operator")] = None,
        asking: Caller = who,
    ) -> MessagePage:
        wanted = Wanted(
            partner_id=asking.partner_id or partner,
            phone=None if phone is None else _phone(phone),
            external_user_id=user,
            any_id=id,
            extra_param=extra,
            state=state,
            since=moment("from", since),
            until=moment("to", until),
            cursor=cursor,
        )
        try:
            page = await find_page(messages, wanted, limit)
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
        stream: AsyncIterator[bytes] = await streams.open(of, _event_id(last_event_id or after))
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

    for router in more:
        app.include_router(router)
    return app


def _phone(text: str) -> str:
    """A plus that was not escaped has become a blank."""
    found = phones.normalise("+" + text[1:] if text.startswith(" ") else text)
    if found is None:
        raise invalid("phone", "must be a phone number")
    return found


def _event_id(text: str | None) -> int | None:
    if text is None or text == "":
        return None
    if not (text.isascii() and text.isdigit() and int(text) < 2**53):
        raise invalid("Last-Event-ID", "must be an id that this stream gave")
    return int(text)
