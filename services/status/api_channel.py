"""What the channel platform reports back: `POST /gateway/v6/reports/{callback}`, a delivery report of §3.

    unknown part ─▶ 404    not from the account's networks ─▶ 403    not a report ─▶ 400
    id known     ─▶ ChannelReported into the log ─▶ 200
    id not known ─▶ 503: a report may be faster than the plan is read; the platform sends it again

Answered 200 only when the log has it. Repeats and reports out of order are the fold's to absorb. Source:
`docs/partner-api.md` §5.
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from schemas import ids, topics
from schemas.events import ChannelReported
from schemas.values import Channel, Provider
from services import telemetry, web
from services.callers import Network, caller_address, is_within
from services.clock import now_ms
from services.kafka import Append, Log
from services.status.channel_accounts import Accounts
from services.status.message import Delivery, Message
from services.status.store import Messages

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _number(given: object) -> object:
    """A number may come as a string, and the other way round (examples disagree)."""
    return int(given) if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) < 6 else given


class ReportBody(BaseModel):
    """What is read of a report; the rest is the platform's own."""

    model_config = ConfigDict(extra="ignore")

    id: Annotated[web.Text, Field(max_length=100, description="the id that was posted")]
    status: Annotated[Literal[0, 2, 5, 9], BeforeValidator(_number)]
    error_code: Annotated[int, BeforeValidator(_number), Field(ge=0, le=99_999, alias="errorCode")] = 0
    done_date: Annotated[web.Text, Field(max_length=40, alias="doneDate")] = ""


class Taken(BaseModel):
    """The report lies in the log."""

    status: Literal["ok"] = "ok"


def channel_routes(messages: Messages, accounts: Accounts, sink: Log, trusted: Sequence[Network]) -> APIRouter:
    """The route. Raises LogUnavailable, which is answered 503."""
    router = APIRouter(prefix="/gateway/v6", tags=["channel platform"])

    @router.post("/reports/{callback}", summary="A delivery report of the channel platform")
    async def report(callback: Annotated[str, Path(max_length=128)], body: ReportBody, request: Request) -> Taken:
        account = accounts.by_callback(callback)
        if account is None:
            raise _refused(404, "No such address")
        if not is_within(caller_address(request.scope, trusted), account.networks):
            raise _refused(403, "Address not allowed")
        if not _UUID.fullmatch(body.id):
            raise _refused(404, "No such id")
        message = await messages.of_channel_delivery(body.id)
        found = _delivery(message, body.id) if message is not None else None
        if message is None or found is None:
            raise _refused(503, "Not known yet", "send it again")
        link, delivery = found
        if delivery.application_id not in account.applications:
            raise _refused(404, "No such id")
        event = _event(message, link, delivery, body, now_ms())
        await sink.append([Append(topics.STATUS_EVENTS[event.lane], event.message_id, event)])
        telemetry.REQUESTS.labels("channel-report", "200").inc()
        return Taken()

    return router


def _refused(status: int, title: str, detail: str = "") -> web.Problem:
    telemetry.REQUESTS.labels("channel-report", str(status)).inc()
    return web.Problem(status, title, detail)


def _delivery(message: Message, delivery_id: str) -> tuple[int, Delivery] | None:
    for link in message.links.values():
        for one in link.targets:
            if one.delivery_id == delivery_id and one.provider == Provider.CHANNEL.value:
                return link.number, one
    return None


def _event(message: Message, link: int, delivery: Delivery, body: ReportBody, now: int) -> ChannelReported:
    return ChannelReported(
        event_id=ids.event_id_of(delivery.delivery_id, f"reported/{body.status}/{body.error_code}"),
        at=now,
        message_id=message.message_id,
        partner_id=message.partner_id,
        lane=message.lane,
        link=link,
        delivery_id=delivery.delivery_id,
        installation_id=delivery.installation_id,
        channel=Channel(delivery.installation_id),
        status=body.status,
        error_code=body.error_code,
        happened_at=_moment(body.done_date) or now,
    )


def _moment(text: str) -> int | None:
    """`2019-05-05T10:20:35+0300`; None for anything else."""
    try:
        moment = datetime.fromisoformat(text)
        return max(0, int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)) or None
    except (ValueError, OverflowError):
        return None
