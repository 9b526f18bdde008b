"""The device route for the whole of a message: `GET …/installations/{id}/messages/{messageId}/content`.

404 while the message is not known here, and for every device that it was not sent to: the answer does not show which.
An installation whose owner was not proved gets what its push could have carried: no SECURE values, no RICH. 410 once
the link's lifetime has passed, or the key of its SECURE values is gone.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from schemas.values import LONGEST_CHAIN
from services.runtime import telemetry
from services.runtime.clock import now_ms
from services.runtime.http import server
from services.runtime.mongo.hour_keys import HourKeys
from services.runtime.short_links import ShortLinks
from services.status.history.access import Caller
from services.status.history.bodies import ContentAnswer
from services.status.message import Messages, content_of, enriched, sent_link

PREFIX = "/sdk/api/v1/installations/{installation_id}"
_OVER = "The lifetime of the message has passed"
LinkNumber = Annotated[int, Query(ge=0, lt=LONGEST_CHAIN, description="of the cascade, as in the push")]
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": server.ProblemBody, "description": text}
    for status, text in {
        400: "The request breaks a rule; `errors` names field and rule",
        401: "Not authenticated",
        403: "The application is switched off; `type` proof-required: the owner's login was not proved",
        404: "Not known here, or not sent to this installation",
        429: "Too many requests of this installation",
        503: "The log or the database is away; try again",
    }.items()
}


def content_routes(
    messages: Messages, keys: HourKeys, short: ShortLinks, device_caller: Callable[..., Awaitable[Caller]]
) -> APIRouter:
    """The route."""
    router = APIRouter(prefix=PREFIX, tags=["device"], responses=PROBLEMS)
    gone: dict[int | str, dict[str, Any]] = {
        410: {"model": server.ProblemBody, "description": "Its lifetime has passed"}
    }
    caller = Depends(device_caller)

    @router.get("/messages/{message_id}/content", responses=gone)
    async def get_content(message_id: UUID, link: LinkNumber = 0, device: Caller = caller) -> ContentAnswer:
        """Everything that a push may not or cannot carry: the whole text, RICH applied, SECURE values."""
        key = str(message_id)
        found = sent_link((await messages.load([key])).get(key), link, device.installation_id, device.owner)
        content = content_of(found.request, partial(short.shortened, key, link)) if found is not None else None
        if found is None or content is None:
            raise server.Problem(404, "No such message")
        now, values = now_ms(), None
        if now >= found.expires_at:
            raise server.Problem(410, _OVER)
        if content.secure is not None and device.is_trusted:
            values = await keys.opened(key, content.secure, now)
            if values is None:
                raise server.Problem(410, _OVER)
        telemetry.REQUESTS.labels("content", "200").inc()
        whole = enriched(content) if device.is_trusted else content.replace(enrichment=None)
        fields = ContentAnswer.fields_of(whole, values)
        return ContentAnswer.model_validate({**fields, "message_id": key, "link": link, "expires_at": found.expires_at})

    return router
