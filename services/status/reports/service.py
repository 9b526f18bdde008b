"""Sends delivery reports, off the consumer's path.

    fold ─▶ ReportDue ─▶ `reports` (for each message and link the newest state) ─▶ the receiver's task, woken at once
                                                                                        │ limit, breaker
    status-events ◀─ ReportAttempted ◀─ recorder (batched) ◀──────────── POST ◀─────────┘

Each receiver (host and port) of each lane has a task of its own, so no receiver waits for another, and no one-time
password for a mailing. A look at the store finds what an earlier process has left. Source: docs/design.md §4.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TypeVar

import orjson
from yarl import URL

from schemas import ids, topics
from schemas.events import ReportAttempted
from schemas.values import Lane
from services.runtime import faults, telemetry
from services.runtime.clock import now_ms
from services.runtime.directory import Directory
from services.runtime.faults import backoff_s, kind_of
from services.runtime.log.kafka import Append, Log
from services.runtime.loops import keep_on
from services.status.fold import Followed, ReportDue, body_of, is_asked_for
from services.status.message import Message
from services.status.reports.pace import Pace
from services.status.reports.packet_callback import callback_of
from services.status.reports.receiver import Receiver
from services.status.reports.signed_post import Answer, ReportSender
from services.status.reports.store import AttemptResult, LeasedReport, ReportIntent, ReportStore

log = telemetry.logger("reports")
_T = TypeVar("_T")
_MAX_BATCH = 500


class ReportService:
    """Takes the reports that the fold calls for, and runs a task for each receiver."""

    def __init__(
        self,
        store: ReportStore,
        directory: Directory,
        sender: ReportSender,
        sink: Log,
        *,
        pace: Pace,
        limit: int,
        stop: asyncio.Event,
    ) -> None:
        self._store = store
        self._directory = directory
        self._sender = sender
        self._sink = sink
        self._pace = pace
        self._limit = limit
        self._stop = stop
        self._receivers: dict[tuple[Lane, str], Receiver] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._tried: asyncio.Queue[tuple[LeasedReport, Answer, asyncio.Future[None]]] = asyncio.Queue()

    async def take(self, followed: Followed) -> None:
        """Store the reports among the follow-ups and wake their receivers."""
        intents: dict[str, ReportIntent] = {}
        for message, follows in followed:
            for follow_up in follows:
                if isinstance(follow_up, ReportDue):
                    intent = self._intent(message, follow_up)
                    if intent is not None:
                        intents[intent.report_id] = intent  # of one batch only the newest
        await self._store.want(list(intents.values()), now_ms())
        for lane, host in {(intent.lane, intent.host) for intent in intents.values() if intent.body is not None}:
            self._receiver(lane, host).wake()

    def _intent(self, message: Message, due: ReportDue) -> ReportIntent | None:
        request, report = due.request, due.report
        url = self._url(message.partner_id, request.notify_url)
        if url is None or request.registered_delivery == 0:
            return None
        root = message.request or request
        at_ms = next((change.at for change in reversed(message.links[due.link].changes)), root.at)
        body: object = (
            body_of(request, report, partner_ref=root.partner_ref, submitted_at=root.at)
            if root.packet_id is None
            else callback_of(message, request, report, at_ms)
        )
        return ReportIntent(
            message_id=message.message_id,
            link=due.link,
            partner_id=message.partner_id,
            lane=message.lane,
            host=host_of(url),
            notify_url=request.notify_url,
            status=report.status,
            error_code=report.error_code,
            body=orjson.dumps(body) if is_asked_for(report, request.registered_delivery) else None,
        )

    def _url(self, partner_id: str, notify_url: str | None) -> str | None:
        partner = self._directory.partners.get(partner_id)
        return notify_url or (partner.report_url if partner is not None else None)

    def _receiver(self, lane: Lane, host: str) -> Receiver:
        found = self._receivers.get((lane, host))
        if found is None or found.has_ended:
            found = Receiver(self._store, lane, host, limit=self._limit, send=self._send, stop=self._stop)
            self._receivers[lane, host] = found
            task = asyncio.get_running_loop().create_task(found.run(), name=f"receiver-{lane}")
            self._tasks.add(task)
            task.add_done_callback(partial(self._forget, found))
        return found

    def _forget(self, receiver: Receiver, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if self._receivers.get((receiver.lane, receiver.host)) is receiver:
            del self._receivers[receiver.lane, receiver.host]
        if not task.cancelled() and task.exception() is not None:
            log.error("a receiver's task died; the next look starts it again", exc_info=task.exception())

    async def _send(self, report: LeasedReport) -> Answer:
        """Post the report, and return when the result is recorded."""
        url = self._url(report.partner_id, report.notify_url)
        if url is None:
            answer = Answer(0, "no address to report to is configured any more", is_down=False, latency_ms=0)
        else:
            answer = await self._sender.post(url, report.body, self._directory.partners.get(report.partner_id))
        recorded = asyncio.get_running_loop().create_future()
        self._tried.put_nowait((report, answer, recorded))
        await recorded
        return answer

    async def run(self, look_every_s: float) -> None:
        """Send until stopped, and until all that is under way is recorded."""
        recording = asyncio.ensure_future(self._record())
        looking = asyncio.ensure_future(self._look(look_every_s))
        try:
            await asyncio.wait({recording, looking}, return_when=asyncio.FIRST_COMPLETED)
            for ended in (recording, looking):  # by a fault of ours, unless the process stops
                if ended.done():
                    ended.result()
        finally:
            looking.cancel()
            recording.cancel()
            await asyncio.gather(looking, recording, return_exceptions=True)

    async def _look(self, every_s: float) -> None:
        """Find due reports that have no task: after a start, or left by another process. Ends with all tasks."""

        async def turn() -> None:
            for lane in topics.STATUS_EVENTS:
                known = [host for known_lane, host in self._receivers if known_lane == lane]
                for host in await self._store.due_hosts(lane, known, now_ms()):
                    self._receiver(lane, host).wake()

        await keep_on("reports", turn, self._stop, every_s)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _record(self) -> None:
        """Append and store the results of attempts, many at a time; goes on until cancelled."""
        while True:
            batch = [await self._tried.get()]
            while not self._tried.empty() and len(batch) < _MAX_BATCH:
                batch.append(self._tried.get_nowait())
            now = now_ms()
            tried = [self._result_of(report, answer, now) for report, answer, _ in batch]
            appends = [_attempted(result, answer, now) for result, (_, answer, _) in zip(tried, batch, strict=True)]
            await self._until_recorded(self._sink.append, appends, tried)
            await self._until_recorded(self._store.finish, tried, tried)
            for _, _, recorded in batch:
                if not recorded.done():
                    recorded.set_result(None)

    async def _until_recorded(
        self, work: Callable[[Sequence[_T]], Awaitable[None]], items: Sequence[_T], tried: Sequence[AttemptResult]
    ) -> None:
        """Try until it succeeds. The leases are kept meanwhile, or reports that were taken would be posted again."""
        attempt = 0
        while True:
            try:
                return await work(items)
            except faults.TRANSIENT_ERRORS as error:
                attempt += 1
                log.warning("reports wait: infrastructure is away", error=repr(error), attempt=attempt)
            except Exception as error:
                if len(items) > 1:
                    for item in items:
                        await self._until_recorded(work, [item], tried)
                    return None
                telemetry.LOOP_FAILURES.labels("reports").inc()
                log_error = log.error  # without the error's text, which may be a report's
                log_error("what came of a report cannot be recorded", error=kind_of(error))
                return None
            with suppress(*faults.TRANSIENT_ERRORS):
                await self._store.renew([result.report for result in tried], now_ms())
            await asyncio.sleep(min(5.0, backoff_s(attempt)))

    def _result_of(self, report: LeasedReport, answer: Answer, now: int) -> AttemptResult:
        telemetry.REPORTS.labels("taken" if answer.taken else "not taken").inc()
        if answer.taken:
            return AttemptResult(report, True, None)
        due_at = self._pace.next_at(report.tries, report.first_tried_at, now, random.random())
        return AttemptResult(report, False, due_at)


def host_of(url: str) -> str:
    """The receiver of a URL: host and port. Text that is no URL is a receiver of its own, and is never reached."""
    try:
        parsed = URL(url)
        return f"{parsed.host}:{parsed.port}"
    except ValueError:
        return "invalid"


def _attempted(tried: AttemptResult, answer: Answer, now: int) -> Append:
    report = tried.report
    event = ReportAttempted(
        event_id=ids.event_id_of(report.message_id, f"report/{report.link}/{report.attempt}"),
        at=now,
        message_id=report.message_id,
        partner_id=report.partner_id,
        lane=report.lane,
        link=report.link,
        status=report.status,
        error_code=report.error_code,
        attempt=report.attempt,
        http_status=answer.http_status,
        detail=answer.detail,
        delivered=answer.taken,
        next_attempt_at=tried.due_at,
        latency_ms=answer.latency_ms,
    )
    return Append(topics.STATUS_EVENTS[report.lane], report.message_id, event)
