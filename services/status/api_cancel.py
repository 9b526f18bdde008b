"""`POST /v1/messages/{id}/cancel`: a message that waits for its hour, or is held up, is not to be sent any more.

The router decides, by compare-and-set: what it has planned is sent. The outcome is in the trace and in the report
(5, code 7); that it was too late is in the trace.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel

from schemas import ids
from schemas.events import CancelRequested
from schemas.topics import MESSAGE_REQUESTED
from services import web
from services.access import Caller
from services.clock import now_ms
from services.kafka import Append, Log
from services.status.message import Link, Message
from services.status.search import find_one
from services.status.store import Messages

_Id = Annotated[str, Path(max_length=300, description="message id, mtNum, or the partner's own id")]


class CancelAnswer(BaseModel):
    """It was asked for, durably; the trace says how it ended."""

    message_id: str
    link: int


def cancel_routes(messages: Messages, sink: Log, who: Any) -> APIRouter:
    """`who` is the dependency that tells the caller."""
    router = APIRouter()
    asking = Depends(who)

    @router.post("/v1/messages/{any_id}/cancel", status_code=202, summary="Do not send a message that still waits")
    async def cancel(any_id: _Id, caller: Caller = asking) -> CancelAnswer:
        found = await find_one(messages, any_id, caller.partner)
        if found is None:
            raise web.Problem(404, "No such message", "no message has this id, mtNum or partner's id")
        link = waiting_link(found)
        if link is None:
            raise web.Problem(409, "Too late", "nothing of this message waits any more: it was sent, or it has ended")
        by = "operator" if caller.partner is None else caller.partner.login
        event = CancelRequested(
            event_id=ids.event_id_of(link.request_id, "cancel"),
            at=now_ms(),
            message_id=found.message_id,
            partner_id=found.partner_id,
            lane=found.lane,
            link=link.number,
            request_id=link.request_id,
            by=by,
        )
        await sink.append([Append(MESSAGE_REQUESTED[found.lane], found.message_id, event)])
        return CancelAnswer(message_id=found.message_id, link=link.number)

    return router


def waiting_link(message: Message) -> Link | None:
    """The link that waits for its hour or is held up; there is never more than one."""
    waits = (link for link in message.links.values() if not link.is_planned and (link.send_at or link.held_by))
    return next(waits, None)
