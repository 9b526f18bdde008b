"""`GET /l/{code}`: redirects to the address of a short link; the click goes into the message's trace.

Everybody who has the message may follow the link, so there is no login. A code leads only where its message's text led:
nothing in the request can name another address.
"""

import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Request, Response

from schemas import ids
from schemas.events import LinkClicked
from schemas.topics import STATUS_EVENTS
from services.runtime import telemetry
from services.runtime.access.callers import Network, caller_address, network_of
from services.runtime.clock import now_ms
from services.runtime.http import server
from services.runtime.log import kafka
from services.runtime.log.kafka import Append, Log
from services.runtime.short_links import is_code, location_of
from services.status.short_links.click_pace import ClickPace
from services.status.short_links.search import ShortLinkSearch
from services.status.short_links.store import LinkTarget

log = telemetry.logger("short-links")
_MINUTE_MS = 60_000
_CODE = Path(
    json_schema_extra={"pattern": "^[0-9A-Za-z]{12}$"}
)  # documented, not checked: what is no code is not found
_APPEND_S = 1.0
"""How long a customer waits for the log; then the click is lost, and the customer is not."""
_ROBOTS = re.compile(
    r"bot|crawl|spider|preview|facebookexternalhit|whatsapp|viber|slack|vkshare|skypeuri|curl/|wget/", re.IGNORECASE
)


def short_link_routes(
    search: ShortLinkSearch, sink: Log, trusted: Sequence[Network], digest: Callable[[str], str]
) -> APIRouter:
    """The route, for GET and HEAD; HEAD is no click. `digest` names a network without revealing it."""
    pace = ClickPace()
    router = APIRouter(tags=["short links"])
    found: dict[int | str, dict[str, Any]] = {
        302: {"description": "Location is the address"},
        404: {"model": server.ProblemBody, "description": "No such link, or its message is kept no longer"},
    }

    async def target_of(code: str) -> tuple[LinkTarget, Response]:
        target = await search.target(code) if is_code(code) else None
        location = location_of(target.url) if target is not None else None
        telemetry.REQUESTS.labels("short-link", "404" if location is None else "302").inc()
        if target is None or location is None:
            raise server.Problem(404, "No such link")
        headers = {"Location": location, "Referrer-Policy": "no-referrer"}
        return target, Response(status_code=302, headers=headers)

    @router.head("/l/{code}", include_in_schema=False)
    async def look(code: str) -> Response:
        """Show where a link leads, without following it."""
        return (await target_of(code))[1]

    @router.get("/l/{code}", responses=found, response_class=Response, status_code=302)
    async def follow_short_link(code: Annotated[str, _CODE], request: Request) -> Response:
        """Redirect to the address, and record the click."""
        target, response = await target_of(code)
        network = network_of(caller_address(request.scope, trusted))
        by = _kind_of(request.headers.get("user-agent", ""))
        if not pace.counts(code, network, by):
            telemetry.CLICKS_SPARED.inc()
            return response
        clicked = _clicked(code, target, digest(network), by, now_ms())
        try:
            await sink.append([Append(STATUS_EVENTS[target.lane], target.message_id, clicked)], _APPEND_S)
        except kafka.TRANSIENT_ERRORS as error:
            telemetry.CLICKS_LOST.inc()
            log.warning("a click is lost: the log is away", error=type(error).__name__)
        return response

    return router


def _kind_of(agent: str) -> Literal["person", "robot"]:
    return "robot" if not agent or _ROBOTS.search(agent) else "person"


def _clicked(code: str, target: LinkTarget, network: str, by: Literal["person", "robot"], now: int) -> LinkClicked:
    """The event; its id lets a network count once a minute and kind, in whichever process and by whatever agent."""
    return LinkClicked(
        event_id=ids.event_id_of(target.message_id, f"click/{code}/{now // _MINUTE_MS}/{network}/{by}"),
        at=now,
        message_id=target.message_id,
        partner_id=target.partner_id,
        lane=target.lane,
        link=target.link,
        ordinal=target.ordinal,
        by=by,
    )
