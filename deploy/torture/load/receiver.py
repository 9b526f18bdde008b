"""The partner's receiver of reports: the sandbox's, in this process, with no bound on what it keeps.

Faults are ordered as from the sandbox (`docs/sandbox.md`, provider `partner`).
"""

from typing import Self

from deploy.sandbox.faults.orders import Fault, Faults
from deploy.sandbox.partner.receiver import PartnerServer, Report, Reports
from deploy.torture.load.book import Book
from schemas.reports import ReportStatus

_PARTNER = "partner"
_OF_WORD: dict[str, int] = {str(status.packet_word): int(status) for status in ReportStatus} | {
    word: int(ReportStatus.UNDELIVERED) for word in ("EXPIRED", "REJECTED")
}


class Receiver:
    """Use as an async context manager; `url` is where reports go."""

    def __init__(self, book: Book) -> None:
        self._faults = Faults()
        self._server = PartnerServer(_Told(book), self._faults)
        self.url = ""

    async def __aenter__(self) -> Self:
        self.url = f"http://127.0.0.1:{await self._server.start()}/reports"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop()

    def order(self, kind: str, status: int = 0) -> None:
        """Until `clear`, every report meets this."""
        self._faults.order(_PARTNER, Fault(kind, status=status))

    def clear(self) -> None:
        self._faults.clear(_PARTNER)


class _Told(Reports):
    """Writes each report into the book."""

    def __init__(self, book: Book) -> None:
        super().__init__()
        self._book = book

    def put(self, report: Report) -> None:
        body = report.report
        status = body.get("status")
        number = _OF_WORD.get(status) if isinstance(status, str) else status  # a packet's callback has words
        if number is None:
            self._book.strange.append(f"a report with status {status!r}")
            return
        ref, channel = str(body.get("id", "")), str(body.get("type", "PUSH"))
        self._book.hear_report(ref, channel, int(number), taken=report.accepted, answered=report.answered)
        self._book.strange += [f"a report in bad form: {why}" for why in report.violations]
