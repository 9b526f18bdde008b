"""`POST /gateway/v6/reports/{callback}`: delivery reports of the channel platform.

    unknown part ─▶ 404    not from the account's networks ─▶ 403    no id or no state ─▶ 400
    id known     ─▶ ChannelReported into the log ─▶ 200; for a state that we do not use: 200 alone
    id not known ─▶ 503: a report may be faster than the plan is read; the platform sends it again
    id no UUID   ─▶ 404: we have never posted it

200 means that the log has it. `reports.py` says how a report is read; repeats and reports out of order are absorbed by
the fold. Source: `docs/partner-api.md` §5.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from schemas import ids, topics
from schemas.events import ChannelReported
from schemas.providers import Provider
from schemas.reports import ReportStatus
from schemas.values import Channel
from services.runtime import telemetry
from services.runtime.access.callers import Network, caller_address, is_within
from services.runtime.clock import now_ms
from services.runtime.http import server
from services.runtime.log.kafka import Append, Log
from services.status.channels.accounts import ChannelAccounts
from services.status.channels.reports import PlatformReport, UnreadableReport, parse_report
from services.status.message import Delivery, Message, Messages


class ReportBody(BaseModel):
    """The body, for the OpenAPI document alone: only a missing id or state is refused."""

    model_config = ConfigDict(extra="allow")

    id: str = Field(description="the id that was posted")
    status: int | str = Field(description="0 sent, 2 delivered, 5 undelivered, 9 read; others are taken and ignored")
    errorCode: int | str | None = Field(None, description="of the channels' table")  # noqa: N815 — the protocol's name
    doneDate: int | str | None = Field(None, description="ISO 8601, or a number since the epoch")  # noqa: N815
    partCount: int | str | None = Field(None, description="how many SMS it was")  # noqa: N815


class Taken(BaseModel):
    """The answer: the report is in the log."""

    status: Literal["ok"] = "ok"


_CONTENT: dict[str, Any] = {"application/json": {"schema": ReportBody.model_json_schema()}}


def channel_routes(messages: Messages, accounts: ChannelAccounts, sink: Log, trusted: Sequence[Network]) -> APIRouter:
    """The route. Raises LogUnavailable, which is answered 503."""
    router = APIRouter(prefix="/gateway/v6", tags=["channel platform"])

    @router.post(
        "/reports/{callback}",
        summary="A delivery report of the channel platform",
        openapi_extra={"requestBody": {"required": True, "content": _CONTENT}},
    )
    async def post_channel_report(callback: Annotated[str, Path(max_length=128)], request: Request) -> Taken:
        account = accounts.by_callback(callback)
        if account is None:
            raise _refused(404, "No such address")
        if not is_within(caller_address(request.scope, trusted), account.networks):
            raise _refused(403, "Address not allowed")
        try:
            report = parse_report(await request.body())
        except UnreadableReport as error:
            raise _refused(400, "Not a report", str(error)) from None
        if not ids.is_uuid(report.delivery_id):
            raise _refused(404, "No such id")
        message = await messages.of_channel_delivery(report.delivery_id)
        found = _delivery(message, report.delivery_id) if message is not None else None
        if message is None or found is None:
            raise _refused(503, "Not known yet", "send it again")
        link, delivery = found
        if delivery.application_id not in account.applications:
            raise _refused(404, "No such id")
        if report.status is None:
            telemetry.CHANNEL_REPORTS_IGNORED.inc()
        else:
            event = _event(message, link, delivery, report, report.status)
            await sink.append([Append(topics.STATUS_EVENTS[event.lane], event.message_id, event)])
        telemetry.REQUESTS.labels("channel-report", "200").inc()
        return Taken()

    return router


def _refused(status: int, title: str, detail: str = "") -> server.Problem:
    telemetry.REQUESTS.labels("channel-report", str(status)).inc()
    return server.Problem(status, title, detail)


def _delivery(message: Message, delivery_id: str) -> tuple[int, Delivery] | None:
    for link in message.links.values():
        for target in link.targets:
            if target.delivery_id == delivery_id and target.provider == Provider.CHANNEL_PLATFORM.value:
                return link.number, target
    return None


def _event(
    message: Message, link: int, delivery: Delivery, report: PlatformReport, status: ReportStatus
) -> ChannelReported:
    now = now_ms()
    return ChannelReported(
        event_id=ids.event_id_of(delivery.delivery_id, f"reported/{status}/{report.error_code}"),
        at=now,
        **message.link_fields(link),
        delivery_id=delivery.delivery_id,
        installation_id=delivery.installation_id,
        channel=Channel(delivery.installation_id),
        status=status,
        error_code=report.error_code,
        happened_at=report.done_at or now,
        parts=report.parts,
    )
