"""`GET /v1/events`: every change of a state as server-sent events, resumable by `Last-Event-ID`."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query
from fastapi.responses import StreamingResponse

from services.runtime.access.partner_auth import Caller, CallerOf
from services.status.http import invalid
from services.status.stream.stream import Streams


def stream_routes(streams: Streams, partner_caller: CallerOf) -> APIRouter:
    """The route. `partner_caller` is the dependency that identifies the caller."""
    router = APIRouter()

    @router.get(
        "/v1/events",
        summary="Every change of a state, as it happens (server-sent events)",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
    )
    async def stream_events(
        last_event_id: Annotated[str | None, Header(max_length=20)] = None,
        after: Annotated[str | None, Query(max_length=20, description="like Last-Event-ID; 0 is the oldest")] = None,
        partner: Annotated[str | None, Query(max_length=100, description="for the operator")] = None,
        brief: Annotated[bool, Query(description="true: only that something has changed")] = False,
        asking: Caller = Depends(partner_caller, scope="function"),  # noqa: B008 — FastAPI's way
    ) -> StreamingResponse:
        """Each event is `id: 17`, `event: status` and `data: {messageId, mtNum, id, link, channel, state, at, reason,
        errorCode, doubleReach}`, the last three only where they mean something.

        Ids are numbers that grow by partner. The stream goes on behind `Last-Event-ID` (or `after`), 0 from the oldest
        that is kept (a week); without either it begins with what comes next. Nothing is lost and nothing comes twice;
        an event `lost` with `data: {from, to}` names the ids that are kept no longer. A comment every 15 s keeps the
        connection. A partner may have ten streams open in one process.

        A brief stream is for a page that asks again itself: `event: changed` and `data: {}`, at most once a second,
        with the id of the last change. Of these a partner may have ten more.
        """
        partner_id = asking.partner_id or partner
        if partner_id is None:
            raise invalid("partner", "an operator must name the partner")
        position = _event_id(last_event_id or after)
        stream: AsyncIterator[bytes] = await streams.open(partner_id, position, asking.is_let_in, is_brief=brief)
        headers = {"X-Accel-Buffering": "no"}
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)

    return router


def _event_id(text: str | None) -> int | None:
    if text is None or text == "":
        return None
    if not (text.isascii() and text.isdigit() and int(text) < 2**53):
        raise invalid("Last-Event-ID", "must be an id that this stream gave")
    return int(text)
