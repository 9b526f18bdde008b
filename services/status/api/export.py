"""`GET /v1/messages/export`: all messages that a search finds, as NDJSON or CSV, streamed: a page of them in memory.

The newest come first, so messages that arrive while it runs are not in it. The closing chunk means that everything was
sent; an export that breaks off ends without it. See docs/features/export.md.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse

from schemas.message_fields import NO_EXTRAS, NO_ORIGIN, Origin
from services.runtime import telemetry
from services.runtime.looks import Masked, masked, note_masked
from services.runtime.text.spreadsheet import Reader, head_of, lines_of
from services.status.api.view import summary_of
from services.status.http import Answer
from services.status.limits import Exports
from services.status.message import Delivery, Message, MessageQuery, Messages, UnreadMessage, find_page

_PAGE = 500
_TYPES = {"ndjson": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}


class ExportLine(Answer):
    """One message. Times in UTC ms; of several devices and links the first that was sent, confirmed, read."""

    SHOWN: ClassVar = (
        *("message_id", "mt_num", "id", "partner_id", "lane", "created_at", "channel", "sender", "packet_id"),
        *("mailing_id", "state", "reason", "error_code", "sent_at", "delivered_at", "read_at"),
    )
    message_id: str
    mt_num: str | None
    id: str | None
    partner_id: str
    lane: str
    created_at: int
    phone: str | None
    external_user_id: str | None
    channel: str | None
    sender: str | None
    text: str | None
    extra_param: str | None
    callback_data: str | None
    packet_id: int | None
    mailing_id: str | None
    state: str
    reason: str | None
    error_code: int | None
    sent_at: int | None
    delivered_at: int | None
    read_at: int | None


_NAMES = [field.alias or name for name, field in ExportLine.model_fields.items()]


def export_routes(messages: Messages, query: Callable[..., Awaitable[MessageQuery]]) -> APIRouter:
    """The route; include it before `/v1/messages/{id}`. `query` is the dependency that reads what is wanted."""
    router = APIRouter()
    exports = Exports()
    content = {kind.partition(";")[0]: {"schema": {"type": "string"}} for kind in _TYPES.values()}

    @router.get(
        "/v1/messages/export",
        summary="All messages that a search finds, as NDJSON or CSV",
        response_class=StreamingResponse,
        responses={200: {"content": content}},
    )
    async def export_messages(
        kind: Annotated[Literal["ndjson", "csv"], Query(alias="format")] = "ndjson",
        reader: Annotated[Reader, Query(alias="for", description="who reads the CSV")] = "spreadsheet",
        is_masked: Annotated[Masked, Query(alias="masked")] = False,
        wanted: MessageQuery = Depends(query),  # noqa: B008 — FastAPI's way
    ) -> StreamingResponse:
        if is_masked:
            note_masked()
        pages = _pages(messages, wanted, None if kind == "ndjson" else reader, masked if is_masked else _whole)
        pieces = await exports.counted(wanted.partner_id or "", pages)
        telemetry.REQUESTS.labels("export", "200").inc()
        headers = {"Content-Disposition": f'attachment; filename="messages.{kind}"'}
        return StreamingResponse(pieces, media_type=_TYPES[kind], headers=headers)

    return router


def _whole(line: ExportLine) -> ExportLine:
    return line


async def _pages(
    messages: Messages, wanted: MessageQuery, reader: Reader | None, shown: Callable[[ExportLine], ExportLine]
) -> AsyncIterator[bytes]:
    """The export's pieces, JSON when there is no reader of CSV; none before the first page has been found."""
    head = b"" if reader is None else head_of(reader) + lines_of([_NAMES], reader)
    while True:
        page = await find_page(messages, wanted, _PAGE)
        lines = [shown(_line(message)) for message in page.messages]
        if reader is not None:
            yield head + lines_of([list(line.model_dump().values()) for line in lines], reader)
            head = b""
        else:
            yield b"".join(line.model_dump_json().encode() + b"\n" for line in lines)
        if page.cursor is None:
            return
        wanted = replace(wanted, cursor=page.cursor)


def _line(message: Message | UnreadMessage) -> ExportLine:
    summary = summary_of(message)
    if isinstance(message, UnreadMessage):
        request, deliveries = None, list[Delivery]()
        origin: Origin = {"packet_id": message.packet_id, "mailing_id": message.mailing_id}
    else:
        request = message.request
        deliveries = [delivery for link in message.links.values() for delivery in link.targets]
        origin = request.origin if request else NO_ORIGIN
    return ExportLine(
        message_id=summary.message_id,
        mt_num=summary.mt_num,
        id=summary.id,
        partner_id=summary.partner_id,
        lane=summary.lane,
        created_at=summary.created_at,
        phone=summary.phone,
        external_user_id=summary.external_user_id,
        channel=summary.channel,
        sender=summary.sender,
        text=summary.text,
        **(request.extras if request else NO_EXTRAS),
        **origin,
        state=summary.state,
        reason=summary.reason.name if summary.reason else None,
        error_code=summary.reason.error_code if summary.reason else None,
        sent_at=_first(delivery.sent_at for delivery in deliveries),
        delivered_at=_first(delivery.delivered_at for delivery in deliveries),
        read_at=_first(delivery.read_at for delivery in deliveries),
    )


def _first(moments: Iterable[int]) -> int | None:
    """The earliest; None for none. 0: it has not happened."""
    return min((at for at in moments if at), default=None)
