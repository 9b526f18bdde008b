"""`GET /v1/messages` and `GET /v1/messages/{id}`: a partner's own messages, or every partner's for an operator.

What is said in words (explanations, reasons, the trace) is in the language that `Accept-Language` asks for.
"""

from dataclasses import replace
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Path, Query

from schemas.language import Language
from services.runtime import telemetry
from services.runtime.access.partner_auth import Caller, CallerOf
from services.runtime.directory import Directory
from services.runtime.http import server
from services.runtime.looks import Masked, as_asked
from services.status.api.bodies import MessageSummary, MessageView, ReasonCount
from services.status.api.export import export_routes
from services.status.api.query import message_query
from services.status.api.view import reason_view, summary_of, view_of
from services.status.http import Answer, invalid, spoken
from services.status.message import BadCursor, MessageQuery, Messages, count_reasons, find_message, find_page

_ID = Path(max_length=300, description="message id, mtNum, or the partner's own id")


class ReasonCounts(Answer):
    """The most frequent first. A message that has not failed is counted nowhere."""

    reasons: list[ReasonCount]


class MessagePage(Answer):
    """The newest first; `cursor` asks for what comes after."""

    SHOWN: ClassVar = ("messages", "cursor")
    messages: list[MessageSummary]
    cursor: str | None


def message_routes(messages: Messages, partner_caller: CallerOf, directory: Directory) -> APIRouter:
    """The routes, the export's first. `partner_caller` is the dependency that identifies the caller."""
    router = APIRouter()
    query = message_query(partner_caller, directory)
    router.include_router(export_routes(messages, query))

    @router.get("/v1/messages/reasons", summary="How many messages that a search finds have failed for which reason")
    async def count_failure_reasons(
        wanted: MessageQuery = Depends(query),  # noqa: B008 — FastAPI's way
        language: Language = Depends(spoken),  # noqa: B008
    ) -> ReasonCounts:
        counts = await count_reasons(messages, wanted)
        telemetry.REQUESTS.labels("reasons", "200").inc()
        return ReasonCounts(
            reasons=[ReasonCount(reason=reason_view(reason, language), messages=count) for reason, count in counts]
        )

    @router.get("/v1/messages/{any_id}", summary="One message with its whole trace")
    async def get_message(
        any_id: Annotated[str, _ID],
        masked: Masked = False,
        asking: Caller = Depends(partner_caller, scope="function"),  # noqa: B008 — FastAPI's way
        language: Language = Depends(spoken),  # noqa: B008
    ) -> MessageView:
        found = await find_message(messages, any_id, asking.partner)
        telemetry.REQUESTS.labels("message", "200" if found else "404").inc()
        if found is None:
            raise server.Problem(404, "No such message", "no message has this id, mtNum or partner's id")
        return as_asked(view_of(found, language), masked)

    @router.get(
        "/v1/messages",
        summary="Messages by recipient, ids, origin, way, state, reason and period",
    )
    async def list_messages(
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        cursor: Annotated[str | None, Query(max_length=500)] = None,
        masked: Masked = False,
        wanted: MessageQuery = Depends(query),  # noqa: B008 — FastAPI's way
        language: Language = Depends(spoken),  # noqa: B008
    ) -> MessagePage:
        try:
            page = await find_page(messages, replace(wanted, cursor=cursor), limit)
        except BadCursor as error:
            raise invalid("cursor", str(error)) from None
        telemetry.REQUESTS.labels("messages", "200").inc()
        found = MessagePage(messages=[summary_of(message, language) for message in page.messages], cursor=page.cursor)
        return as_asked(found, masked)

    return router
