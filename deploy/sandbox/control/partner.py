"""The part of the control API about the partner's receiver: which reports have come in, and how good they were."""

from aiohttp import web

from deploy.sandbox.control.query import Query, answer
from deploy.sandbox.partner.receiver import Report, Reports


class PartnerControl:
    def __init__(self, reports: Reports) -> None:
        self._reports = reports

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/partner/reports", self._list_reports),
            web.delete("/partner/reports", self._clear_reports),
            web.get("/partner/violations", self._list_violations),
        ]

    async def _list_reports(self, request: web.Request) -> web.Response:
        """The reports that came, `{reports, complete}`; of one `?message=` (its id or mtNum), `?path=`, `?accepted=`;
        waits for `?count=`."""
        query = Query(request, "message", "path", "accepted", "count", "timeout_s")
        message, path = query.text("message"), query.text("path")
        accepted = query.choice("accepted", ("true", "false"))

        def is_wanted(report: Report) -> bool:
            return (
                (message is None or report.is_about(message))
                and path in (None, report.path)
                and (accepted is None or report.accepted == (accepted == "true"))
            )

        count = query.integer("count", 0, 100_000)
        found = self._reports.find(is_wanted)
        if count > len(found):
            try:
                found = await self._reports.wait(is_wanted, count, query.number("timeout_s", 10, 300))
            except TimeoutError:
                found = self._reports.find(is_wanted)
        return answer({"reports": found, "complete": len(found) >= count})

    async def _clear_reports(self, request: web.Request) -> web.Response:
        """Forgets the reports."""
        self._reports.clear()
        return web.Response(status=204)

    async def _list_violations(self, request: web.Request) -> web.Response:
        """The reports in bad form, each with what is wrong."""
        return answer({"reports": self._reports.find(lambda report: bool(report.violations))})
