"""Reports while infrastructure is away: what was taken is not posted again, and no reporting ends silently."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from schemas.reports import ReportStatus
from services.runtime import mongo
from services.runtime.directory import Directory
from services.runtime.log.kafka import Append, LogUnavailable
from services.status.reports import recorder
from services.status.reports.model import AttemptResult, LeasedReport
from services.status.reports.pace import Pace
from services.status.reports.service import ReportService
from services.status.reports.signed_post import Answer
from services.status.reports.store import LEASE_MS
from tests.support.waiting import eventually

M = "00000000-0000-4000-8000-000000000001"
URL = "http://bank.example:80/reports"


class Store:
    """One report that is due; a lease that ends at once, as if the log were away for long."""

    def __init__(self) -> None:
        self.due = {"m/0"}
        self.renewed, self.finished = 0, list[AttemptResult]()
        self.away = 0

    async def due_hosts(self, lane: str, besides: Sequence[str], now: int) -> list[str]:
        if self.away:
            self.away -= 1
            raise mongo.Unavailable("away")
        return ["bank.example:80"] if self.due and lane == "single" and "bank.example:80" not in besides else []

    async def lease(
        self, lane: str, host: str, limit: int, now: int, besides: Sequence[str] = ()
    ) -> list[LeasedReport]:
        return [
            LeasedReport(
                report_id=report_id,
                lease="lease",
                message_id=M,
                link=0,
                partner_id="bank",
                lane="single",
                notify_url=URL,
                status=ReportStatus.DELIVERED,
                error_code=0,
                body=b"{}",
                attempt=1,
                tries=1,
                first_tried_at=1,
            )
            for report_id in sorted(self.due - set(besides))
        ]

    async def renew(self, reports: Sequence[LeasedReport], now: int) -> None:
        self.renewed += 1

    async def hold(self, reports: Sequence[LeasedReport], now: int) -> None:
        assert not reports

    async def put_off(self, intents: Sequence[object], now: int) -> None:
        assert not intents

    async def finish(self, tried: Sequence[AttemptResult]) -> None:
        self.finished += tried
        self.due -= {result.report.report_id for result in tried}

    async def next_due(self, lane: str, host: str) -> int | None:
        return 1 if self.due else None

    async def hasten(self, lane: str, host: str, now: int) -> None:
        return None


class Log:
    def __init__(self, *errors: Exception) -> None:
        self.errors, self.appended = list(errors), list[Append]()

    async def append(self, records: Sequence[Append]) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.appended += records


class ReportSender:
    """A partner that takes everything."""

    def __init__(self) -> None:
        self.posted = 0

    async def post(self, url: str, body: bytes, partner: object, webhook_id: str, resend: str = "") -> Answer:
        self.posted += 1
        return Answer(200, "", is_down=False, latency_ms=1)


async def reported(store: Store, log: Log, wire: ReportSender) -> None:
    """Run until the report is finished."""
    stop = asyncio.Event()
    parts: Any = (store, Directory(), wire, log)
    service = ReportService(*parts, pace=Pace(60_000, 3_600_000), limit=8, stop=stop)
    running = asyncio.create_task(service.run(0.01))
    await eventually(lambda: store.finished)
    stop.set()
    await asyncio.wait_for(running, 10)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "backoff_s", lambda _: 0.02)
    monkeypatch.setattr("services.status.reports.receiver._LOOK_MS", 10)
    monkeypatch.setattr("services.status.reports.receiver._IDLE_MS", 10)


async def test_a_report_that_was_taken_is_posted_once_however_long_the_log_is_away() -> None:
    store, log, wire = Store(), Log(*[LogUnavailable("away")] * 25), ReportSender()
    await reported(store, log, wire)
    assert (wire.posted, len(log.appended), len(store.finished)) == (1, 1, 1)
    assert store.renewed >= 25
    assert LEASE_MS > 2 * 5_000  # the longest pause between two tries is 5 s


async def test_what_cannot_be_recorded_for_no_known_reason_is_recorded_later_and_not_posted_again() -> None:
    store, log, wire = Store(), Log(*[RuntimeError("unknown")] * 3), ReportSender()
    await reported(store, log, wire)
    assert (wire.posted, len(log.appended), len(store.finished)) == (1, 1, 1)
    assert store.renewed >= 3


async def test_a_look_that_fails_is_repeated() -> None:
    store, log, wire = Store(), Log(), ReportSender()
    store.away = 2
    await reported(store, log, wire)
    assert len(store.finished) == 1
