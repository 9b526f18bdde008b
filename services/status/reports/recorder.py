"""Records what became of reports, many at a time: in the log, and in `reports` where that has them.

    not taken, and from memory ─▶ `reports`, before the log says that it was tried: else nobody would try again
    every attempt              ─▶ ReportAttempted ─▶ status-events
    from `reports`             ─▶ the lease is given up

While one of them is away the reports are under way: they are stored as such, and their leases are renewed, or those
that were taken would be posted again.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from schemas import ids, topics
from schemas.events import ReportAttempted
from services.runtime import faults, telemetry
from services.runtime.clock import now_ms
from services.runtime.faults import backoff_s, kind_of
from services.runtime.log.kafka import Append, Log
from services.status.reports.memory import ReportsInMemory
from services.status.reports.model import AttemptResult, LeasedReport
from services.status.reports.pace import Pace
from services.status.reports.signed_post import Answer
from services.status.reports.store import ReportStore

log = telemetry.logger("reports")
_T = TypeVar("_T")
_MAX_BATCH = 500
Tried = tuple[LeasedReport, Answer, asyncio.Future[None]]


class Recorder:
    """Records until cancelled."""

    def __init__(self, store: ReportStore, sink: Log, pace: Pace, memory: ReportsInMemory) -> None:
        self._store, self._sink, self._pace, self._memory = store, sink, pace, memory
        self._tried: asyncio.Queue[Tried] = asyncio.Queue()
        self._pending: dict[str, LeasedReport] = {}
        self._in_store: set[str] = set()  # from memory, and stored as under way

    async def recorded(self, report: LeasedReport, answer: Answer) -> None:
        """Returns when the attempt is recorded."""
        done = asyncio.get_running_loop().create_future()
        self._pending[report.report_id] = report
        self._tried.put_nowait((report, answer, done))
        await done

    async def run(self) -> None:
        """Record; goes on until cancelled."""
        while True:
            batch = [await self._tried.get()]
            while not self._tried.empty() and len(batch) < _MAX_BATCH:
                batch.append(self._tried.get_nowait())
            await self._record(batch)

    async def _record(self, batch: Sequence[Tried]) -> None:
        now = now_ms()
        tried = [self._result_of(report, answer, now) for report, answer, _ in batch]
        await self._until_recorded(self._keep, [result for result in tried if _is_to_keep(result)])
        appends = [_attempted(result, answer, now) for result, (_, answer, _) in zip(tried, batch, strict=True)]
        await self._until_recorded(self._sink.append, appends)
        await self._until_recorded(self._store.finish, [result for result in tried if self._is_in_store(result.report)])
        for result, (report, _, done) in zip(tried, batch, strict=True):
            self._in_store.discard(report.report_id)
            self._pending.pop(report.report_id, None)
            if report.host:
                self._memory.ended(report, taken=result.taken)
            if not done.done():
                done.set_result(None)

    async def _keep(self, failed: Sequence[AttemptResult]) -> None:
        """Give `reports` what was not taken, or the newer state that has replaced it meanwhile."""
        await self._store.keep(failed)
        newer = [self._memory.failed(result.report) for result in failed]
        await self._store.put_off([intent for intent in newer if intent is not None], now_ms())

    async def _until_recorded(self, work: Callable[[Sequence[_T]], Awaitable[None]], items: Sequence[_T]) -> None:
        """Try until it succeeds."""
        attempt = 0
        while items:
            try:
                return await work(items)
            except faults.TRANSIENT_ERRORS as error:
                attempt += 1
                log.warning("reports wait: infrastructure is away", error=repr(error), attempt=attempt)
            except Exception as error:
                if len(items) > 1:
                    for item in items:
                        await self._until_recorded(work, [item])
                    return None
                telemetry.LOOP_FAILURES.labels("reports").inc()
                log_error = log.error  # without the error's text, which may be a report's
                log_error("what came of a report cannot be recorded", error=kind_of(error))
                return None
            with suppress(*faults.TRANSIENT_ERRORS):
                await self._hold(list(self._pending.values()))
            await asyncio.sleep(min(5.0, backoff_s(attempt)))
        return None

    async def _hold(self, reports: Sequence[LeasedReport]) -> None:
        now = now_ms()
        fresh = [report for report in reports if not self._is_in_store(report)]
        await self._store.hold(fresh, now)
        self._in_store.update(report.report_id for report in fresh)
        await self._store.renew(reports, now)

    def _is_in_store(self, report: LeasedReport) -> bool:
        return not report.host or report.report_id in self._in_store

    def _result_of(self, report: LeasedReport, answer: Answer, now: int) -> AttemptResult:
        telemetry.REPORTS.labels("taken" if answer.taken else "not taken").inc()
        if answer.taken:
            return AttemptResult(report, True, None)
        due_at = self._pace.next_at(report.tries, report.first_tried_at, now, random.random())
        return AttemptResult(report, False, due_at)


def _is_to_keep(result: AttemptResult) -> bool:
    return bool(result.report.host) and not result.taken


def _attempted(tried: AttemptResult, answer: Answer, now: int) -> Append:
    """The event; its id names the lease as well, so that two who try the same leave two lines in the trace."""
    report = tried.report
    event = ReportAttempted(
        event_id=ids.event_id_of(report.message_id, f"report/{report.link}/{report.attempt}/{report.lease}"),
        at=now,
        message_id=report.message_id,
        partner_id=report.partner_id,
        lane=report.lane,
        link=report.link,
        status=report.status,
        error_code=report.error_code,
        attempt=report.attempt,
        http_status=answer.http_status,
        detail=": ".join(filter(None, ("sent again" if report.resend else "", answer.detail))),
        delivered=answer.taken,
        next_attempt_at=tried.due_at,
        latency_ms=answer.latency_ms,
    )
    return Append(topics.STATUS_EVENTS[report.lane], report.message_id, event)
