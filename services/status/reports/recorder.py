"""Records what became of reports, many at a time: in the log, and in `reports` where that has them.

    not taken, and from memory ─▶ `reports`, before the log says that it was tried: else nobody would try again
    every attempt              ─▶ ReportAttempted ─▶ status-events
    from `reports`             ─▶ the lease is given up

While one of them is away the reports are under way: they are stored as such, and their leases are renewed, or those
that were taken would be posted again. One that fails for no known reason waits alone, and is never given up: what was
not taken may be nowhere else.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from schemas import ids, topics
from schemas.events import ReportAttempted
from schemas.values import Lane
from services.runtime import faults, telemetry
from services.runtime.clock import now_ms
from services.runtime.faults import backoff_s, kind_of
from services.runtime.log.kafka import Append, Log
from services.status.reports.memory import ReportsInMemory
from services.status.reports.model import AttemptResult, LeasedReport
from services.status.reports.pace import Pace
from services.status.reports.signed_post import Answer
from services.status.reports.store import ReportStore
from services.status.words import Note

log = telemetry.logger("reports")
_MAX_BATCH = 500
_LONGEST_S = 5.0
"""Between two tries: far shorter than a lease."""
Wake = Callable[[Lane, str, bool], None]
"""Called with lane, host and whether it is in `reports`: something of this receiver may go now."""


@dataclass(slots=True, eq=False)
class _Attempt:
    """An attempt that is to be recorded."""

    result: AttemptResult
    answer: Answer
    at: int
    done: "asyncio.Future[None]"
    failures: int = 0  # for no known reason

    @property
    def report(self) -> LeasedReport:
        return self.result.report


class Recorder:
    """Records until cancelled."""

    def __init__(self, store: ReportStore, sink: Log, pace: Pace, memory: ReportsInMemory, *, wake: Wake) -> None:
        self._store, self._sink, self._pace, self._memory, self._wake = store, sink, pace, memory, wake
        self._tried: asyncio.Queue[_Attempt] = asyncio.Queue()
        self._pending: dict[str, LeasedReport] = {}
        self._in_store: set[str] = set()  # from memory, and stored as under way

    async def recorded(self, report: LeasedReport, answer: Answer) -> None:
        """Returns when the attempt is recorded."""
        done, now = asyncio.get_running_loop().create_future(), now_ms()
        self._pending[report.report_id] = report
        self._tried.put_nowait(_Attempt(self._result_of(report, answer, now), answer, now, done))
        await done

    async def run(self) -> None:
        """Record; goes on until cancelled."""
        while True:
            batch = [await self._tried.get()]
            while not self._tried.empty() and len(batch) < _MAX_BATCH:
                batch.append(self._tried.get_nowait())
            await self._record(batch)

    async def _record(self, batch: Sequence[_Attempt]) -> None:
        left = batch
        for step in (self._keep, self._append, self._finish):
            left = await self._until_done(step, left)
        for attempt in left:
            report = attempt.report
            self._in_store.discard(report.report_id)
            self._pending.pop(report.report_id, None)
            follows = self._memory.ended(report, taken=attempt.result.taken) if report.host else None
            if follows is not None:
                self._wake(*follows, False)
            if not attempt.done.done():
                attempt.done.set_result(None)

    async def _keep(self, attempts: Sequence[_Attempt]) -> None:
        """Give `reports` what was not taken, or the newer state that has replaced it meanwhile."""
        failed = [attempt.result for attempt in attempts if attempt.report.host and not attempt.result.taken]
        if not failed:
            return
        await self._store.keep(failed)
        found = [self._memory.failed(result.report) for result in failed]
        newer = [intent for intent in found if intent is not None]
        await self._store.put_off(newer, now_ms())
        for lane, host in {(intent.lane, intent.host) for intent in newer}:
            self._wake(lane, host, True)

    async def _append(self, attempts: Sequence[_Attempt]) -> None:
        await self._sink.append([_attempted(attempt.result, attempt.answer, attempt.at) for attempt in attempts])

    async def _finish(self, attempts: Sequence[_Attempt]) -> None:
        stored = [attempt.result for attempt in attempts if self._is_in_store(attempt.report)]
        if stored:
            await self._store.finish(stored)

    async def _until_done(
        self, step: Callable[[Sequence[_Attempt]], Awaitable[None]], attempts: Sequence[_Attempt]
    ) -> Sequence[_Attempt]:
        """Try until it succeeds, and give those with which it did; the others come again."""
        tries = 0
        while attempts:
            try:
                await step(attempts)
                break
            except faults.TRANSIENT_ERRORS as error:
                tries += 1
                log.warning("reports wait: infrastructure is away", error=repr(error), attempt=tries)
            except Exception as error:
                if len(attempts) > 1:
                    alone = [await self._until_done(step, [attempt]) for attempt in attempts]
                    return [attempt for done in alone for attempt in done]
                if isinstance(error, faults.DECLARED):  # it is the report, which can never be recorded
                    _alarm(error)
                    break
                await self._set_aside(attempts[0], error)
                return ()
            await self._hold(list(self._pending.values()))
            await asyncio.sleep(min(_LONGEST_S, backoff_s(tries)))
        return attempts

    async def _set_aside(self, attempt: _Attempt, error: Exception) -> None:
        """It is recorded later, from the beginning, and holds up no other."""
        attempt.failures += 1
        if attempt.failures == 1:
            _alarm(error)
        await self._hold([attempt.report])
        wait_s = min(_LONGEST_S, backoff_s(attempt.failures))
        asyncio.get_running_loop().call_later(wait_s, self._tried.put_nowait, attempt)

    async def _hold(self, reports: Sequence[LeasedReport]) -> None:
        """Nobody else is to send them meanwhile, as far as that can be stored."""
        now = now_ms()
        fresh = [report for report in reports if not self._is_in_store(report)]
        try:
            await self._store.hold(fresh, now)
            self._in_store.update(report.report_id for report in fresh)
            await self._store.renew(reports, now)
        except faults.TRANSIENT_ERRORS:
            return
        except Exception as error:
            _alarm(error)

    def _is_in_store(self, report: LeasedReport) -> bool:
        return not report.host or report.report_id in self._in_store

    def _result_of(self, report: LeasedReport, answer: Answer, now: int) -> AttemptResult:
        telemetry.REPORTS.labels("taken" if answer.taken else "not taken").inc()
        if answer.taken:
            return AttemptResult(report, True, None)
        due_at = self._pace.next_at(report.tries, report.first_tried_at, now, random.random())
        return AttemptResult(report, False, due_at)


def _alarm(error: Exception) -> None:
    telemetry.LOOP_FAILURES.labels("reports").inc()
    log_error = log.error  # without the error's text, which may be a report's
    log_error("what came of a report cannot be recorded", error=kind_of(error))


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
        detail=": ".join(filter(None, (Note.SENT_AGAIN.english if report.resend else "", answer.detail))),
        delivered=answer.taken,
        next_attempt_at=tried.due_at,
        latency_ms=answer.latency_ms,
    )
    return Append(topics.STATUS_EVENTS[report.lane], report.message_id, event)
