"""The control API's routes for the channel platform: its inbox, what it reports by itself, and reports on demand."""

from typing import Any

from aiohttp import web

from deploy.sandbox.channel_platform.reports import Reporter, Step
from deploy.sandbox.control.query import Query, answer, read_body
from deploy.sandbox.http.json_form import MalformedError, choice, integer, items, record, text

_MAX_DELAY_MS = 3_600_000
_FIELDS = {
    "status": choice(0, 2, 5, 9),
    "error_code": integer(0, 999),
    "after_ms": integer(0, _MAX_DELAY_MS),
    "times": integer(1, 100),
}
_PLAN = record({"phone": text(1), "reports": items(record(_FIELDS, ("status",)), 20)}, ("reports",))
_ORDER = record({"id": text(1), **_FIELDS}, ("id", "status"))


class ChannelControl:
    """Routes over the platform's inbox."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/channels/messages", self._messages),
            web.delete("/channels/messages", self._clear),
            web.put("/channels/plans", self._plan),
            web.post("/channels/reports", self._report),
        ]

    async def _messages(self, request: web.Request) -> web.Response:
        """What the platform has taken, `{messages, complete}`; to one `?phone=`; waits for `?count=`."""
        query = Query(request, "phone", "count", "timeout_s")
        phone, count = query.text("phone"), query.integer("count", 0, 100_000)
        found = await self._reporter.wait(phone, count, query.number("timeout_s", 10, 300))
        return answer({"messages": found, "complete": len(found) >= count})

    async def _clear(self, request: web.Request) -> web.Response:
        """Forgets messages and plans."""
        self._reporter.clear()
        return web.Response(status=204)

    async def _plan(self, request: web.Request) -> web.Response:
        """What it reports by itself: `{phone, reports: [{status, error_code, after_ms, times}]}`; no phone: on all;
        `[]`: nothing."""
        body = await read_body(request)
        _PLAN(body)
        self._reporter.plans[body.get("phone")] = [Step(**step) for step in body["reports"]]
        return answer(body)

    async def _report(self, request: web.Request) -> web.Response:
        """Reports on a message now: `{id, status, error_code, after_ms, times}`; gives `{answered: [200]}`."""
        body: dict[str, Any] = await read_body(request)
        _ORDER(body)
        posted = self._reporter.by_id(body.pop("id"))
        if posted is None:
            raise MalformedError("was never posted", "id")
        return answer({"answered": await self._reporter.report(posted, Step(**body))})
