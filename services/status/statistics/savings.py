"""`GET /v1/savings`: links of cascades that were not needed, because the awaited state had come.

They are counted from the messages themselves, so each link counts once, whatever was repeated on the way.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from schemas.topics import DAY_MS
from services.runtime import telemetry
from services.runtime.access.partner_auth import Caller
from services.runtime.clock import now_ms
from services.status.http import Answer, moment
from services.status.message import Messages

_PERIOD_MS = 30 * DAY_MS
_ABOUT = "UTC milliseconds, or ISO 8601"


class SavingsView(Answer):
    """Links not needed in [since, until), UTC ms, by the channel that they would have gone over."""

    partner_id: str | None
    since: int
    until: int
    links: int
    by_channel: dict[str, int]


def savings_routes(messages: Messages, partner_caller: Any) -> APIRouter:
    """The route. `partner_caller` is the dependency that identifies the caller."""
    router = APIRouter()
    asking = Depends(partner_caller, scope="function")

    @router.get("/v1/savings", summary="Links of cascades that were not needed")
    async def get_savings(
        since: Annotated[str | None, Query(alias="from", max_length=40, description=_ABOUT)] = None,
        until: Annotated[str | None, Query(alias="to", max_length=40, description=_ABOUT)] = None,
        partner: Annotated[str | None, Query(max_length=100, description="for the operator")] = None,
        caller: Caller = asking,
    ) -> SavingsView:
        """Savings of messages made in the last 30 days, unless `from` and `to` say otherwise."""
        given = moment("to", until)
        end = now_ms() + 1 if given is None else given
        given = moment("from", since)
        begin = max(0, end - _PERIOD_MS) if given is None else given
        partner_id = caller.partner_id or partner
        by_channel = await messages.saved(partner_id, begin, end)
        telemetry.REQUESTS.labels("savings", "200").inc()
        return SavingsView(
            partner_id=partner_id, since=begin, until=end, links=sum(by_channel.values()), by_channel=by_channel
        )

    return router
