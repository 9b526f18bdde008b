"""`POST /v1/messages/{id}/cancel`: links of a message that have not gone out are not to be sent any more.

    a link waits for its hour, or is held up   ─▶ it and all links behind it
    the newest link is out, others may follow  ─▶ the links behind it; what was sent stays sent

The router decides about the link, by compare-and-set; the fold about those that follow, in the order of the log
(`fold/cascade.py`). The outcome is in the trace, and in the report of a link that was cancelled (5, code 7).
"""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import Field

from schemas import ids
from schemas.events import CancelRequested
from schemas.reasons import Reason
from schemas.topics import MESSAGE_REQUESTED
from services.runtime.access.audit import note_change
from services.runtime.access.partner_auth import Caller
from services.runtime.clock import now_ms
from services.runtime.http import server
from services.runtime.log.kafka import Append, Log
from services.runtime.looks import note_people
from services.status.fold import channels_behind, request_id_of
from services.status.http import Answer
from services.status.message import Link, Message, Messages, find_message

_Id = Annotated[str, Path(max_length=300, description="message id, mtNum, or the partner's own id")]


class CancelAnswer(Answer):
    """The cancellation was requested, durably; the trace shows how it ended."""

    message_id: str
    link: int = Field(description="the first link of the chain that is not to go out")
    channels: list[str] = Field(description="of this link and of those that follow it")


@dataclass(frozen=True, slots=True)
class Cancellable:
    """The part to cancel: `link`, requested by `request_id`, waits; or it is out and `channels` follow it."""

    link: int
    request_id: str
    waits: bool
    channels: list[str]


def cancel_routes(messages: Messages, sink: Log, partner_caller: Any) -> APIRouter:
    """The route. `partner_caller` is the dependency that identifies the caller."""
    router = APIRouter()
    asking = Depends(partner_caller, scope="function")

    @router.post(
        "/v1/messages/{any_id}/cancel",
        status_code=202,
        responses=dict(server.CONFLICT),
        summary="Do not send what has not gone out yet",
    )
    async def cancel_message(any_id: _Id, caller: Caller = asking) -> CancelAnswer:
        found = await find_message(messages, any_id, caller.partner)
        if found is None:
            raise server.Problem(404, "No such message", "no message has this id, mtNum or partner's id")
        if (to := found.request) is not None:
            note_people(phones=[to.phone], users=[to.external_user_id])
        note_people(messages=[found.message_id])
        asked = cancellable(found)
        if asked is None:
            raise server.Problem(
                409, "Too late", "nothing of this message waits any more: it was sent, or it has ended"
            )
        event = CancelRequested(
            event_id=ids.event_id_of(asked.request_id, "cancel"),
            at=now_ms(),
            **found.link_fields(asked.link),
            request_id=asked.request_id,
            by=caller.by,
        )
        await sink.append([Append(MESSAGE_REQUESTED[found.lane], found.message_id, event)])
        change = {"links": len(found.links), "state": found.state.value}
        note_change(f"message/{found.message_id}", change, {**change, "cancelled_from_link": asked.link})
        first = asked.link if asked.waits else asked.link + 1
        return CancelAnswer(message_id=found.message_id, link=first, channels=asked.channels)

    return router


def cancellable(message: Message) -> Cancellable | None:
    """The part of the chain to cancel; None when nothing of the message is to go out any more."""
    link = _newest(message)
    request = link.request if link is not None else None
    behind = channels_behind(request) if request is not None else []
    if link is None:
        return None
    if link.request_id and _waits(link):
        channels = [request.channel.value, *behind] if request is not None else []
        return Cancellable(link.number, link.request_id, True, channels)
    if link.cascade_decision is not None or _is_cancelled(message):
        return None
    if request is not None:
        return Cancellable(link.number, request.request_id, False, behind) if behind else None
    before = message.links.get(link.number - 1)  # which has just requested this one: it is about to go out
    behind = before.cascade_decision.channels[1:] if before is not None and before.cascade_decision is not None else []
    request_id = request_id_of(message.message_id, link.number)
    return Cancellable(link.number, request_id, False, behind) if behind else None


def _newest(message: Message) -> Link | None:
    """The link that the chain has reached."""
    number = 0
    while (link := message.links.get(number)) is not None and link.moved_on:
        number += 1
    return link


def _waits(link: Link) -> bool:
    return not link.is_planned and bool(link.send_at or link.held_by)


def _is_cancelled(message: Message) -> bool:
    return any(link.ends_chain or link.plan_reason is Reason.CANCELLED for link in message.links.values())
