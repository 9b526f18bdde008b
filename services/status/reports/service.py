"""Sends delivery reports, off the consumer's path.

    fold ─▶ ReportDue ─▶ memory ─▶ the receiver's task, woken at once ─▶ POST ─▶ recorder ─▶ ReportAttempted
               │                        ▲ limit, breaker                            │
               └─ not to be sent at once ─▶ `reports` ◀─────────── not taken ───────┘

Where a report goes is decided before its message is saved, because the message keeps whether it is owed. To `reports`
goes what may have an older one there, or finds its receiver down or no room. What may be under way elsewhere goes
nowhere: when it is still owed after `MISSED_AFTER_MS`, the sweeper says so, behind every attempt that was made.

Each receiver (host and port) of each lane has a task of its own, so no receiver waits for another, and no one-time
password for a mailing. A look at the store finds what an earlier process has left. Source: docs/design.md §4.
"""

import asyncio
from contextlib import suppress
from functools import partial

from schemas import topics
from schemas.values import Lane
from services.runtime import faults, telemetry
from services.runtime.clock import now_ms
from services.runtime.directory import Directory
from services.runtime.faults import kind_of
from services.runtime.log.kafka import Log
from services.runtime.loops import keep_on
from services.status.fold import Followed
from services.status.message import Message
from services.status.reports.intents import Intents, Newest, asked_again, newest_of
from services.status.reports.memory import ReportsInMemory
from services.status.reports.model import LeasedReport, ReportIntent
from services.status.reports.pace import Pace
from services.status.reports.receiver import Receiver
from services.status.reports.recorder import Recorder
from services.status.reports.signed_post import Answer, ReportSender
from services.status.reports.store import ReportStore

log = telemetry.logger("reports")


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
        self._intents = Intents(directory)
        self._sender = sender
        self._limit = limit
        self._stop = stop
        self._memory = ReportsInMemory()
        self._recorder = Recorder(store, sink, pace, self._memory, wake=self._wake)
        self._receivers: dict[tuple[Lane, str], Receiver] = {}
        telemetry.RECEIVERS_AWAY.set_function(lambda: sum(found.is_down for found in self._receivers.values()))
        self._tasks: set[asyncio.Task[None]] = set()

    def decide(self, followed: Followed) -> None:
        """Settle, before their messages are saved, the reports that nobody wants, and those that go to `reports`."""
        for message, follows in followed:
            self._memory.follow(message)
            for newest in newest_of(message, follows):
                if self._is_settled(message, newest):
                    message.settled[newest.due.link] = newest.due.report.status.rank

    def _is_settled(self, message: Message, newest: Newest) -> bool:
        due, link = newest.due, message.links[newest.due.link]
        host = self._intents.host(message, due)
        if link.resend:
            return True  # `reports` has the one that is sent again, and this one goes behind it
        if host is None or message.settled.get(link.number, -1) > link.tried:
            return True
        if link.tried > (link.taken.rank if link.taken is not None else -1):
            return True  # an attempt has failed: there may be an older one in `reports`
        report_id = f"{message.message_id}/{link.number}"
        if self._memory.is_known(report_id):
            return self._memory.is_stored(report_id)
        return not self._is_in_doubt(message, newest) and not self._has_room(message.lane, host)

    def _is_in_doubt(self, message: Message, newest: Newest) -> bool:
        """Whether another process may have begun with it, of which this one knows nothing."""
        due, report_id = newest.due, f"{message.message_id}/{newest.due.link}"
        if not newest.in_doubt or self._memory.is_known(report_id):
            return False
        return not self._memory.may_follow(report_id, due.report.status.rank, message.links[due.link].tried)

    def _has_room(self, lane: Lane, host: str) -> bool:
        receiver = self._receivers.get((lane, host))
        is_down = receiver is not None and receiver.is_down
        return not self._stop.is_set() and not is_down and self._memory.has_room(lane, host)

    async def take(self, followed: Followed) -> None:
        """Send the reports among the follow-ups, or store them, and wake their receivers."""
        intents: dict[str, ReportIntent] = {}
        again = self._again(followed)
        for message, follows in followed:
            for newest in newest_of(message, follows):
                intent = self._to_store(message, newest)
                if intent is not None:
                    intents[intent.report_id] = intent
                    self._memory.stored(intent.report_id, intent.status.rank)
            self._memory.read(message)  # last: an attempt may be read in the batch that brings the next state
        if again:
            await self._store.want_again(again, now_ms())
        if intents:
            await self._store.want(list(intents.values()), now_ms())
        for lane, host in {(intent.lane, intent.host) for intent in [*again, *intents.values()] if intent.body}:
            self._receiver(lane, host).wake()

    def _again(self, followed: Followed) -> list[ReportIntent]:
        """The reports to send again: by way of `reports`, so that no newer one of their links overtakes them."""
        found = []
        for message, follows in followed:
            for due in asked_again(message, follows):
                if (host := self._intents.host(message, due)) is not None:
                    found.append(self._intents.intent(message, due, host))
                    self._memory.stored(found[-1].report_id, due.report.status.rank)
        return found

    def _to_store(self, message: Message, newest: Newest) -> ReportIntent | None:
        """The report if it goes to `reports`; one that goes to memory is there now."""
        due = newest.due
        host = self._intents.host(message, due)
        if host is None:
            return None
        if message.settled.get(due.link, -1) >= due.report.status.rank:
            return self._intents.intent(message, due, host)
        if self._is_in_doubt(message, newest):
            if newest.is_fresh:
                self._memory.expect(f"{message.message_id}/{due.link}", due.report.status.rank, newest.behind)
            return None
        if due.again and self._memory.has_taken(f"{message.message_id}/{due.link}", due.report.status.rank):
            return None
        intent = self._intents.intent(message, due, host)
        if not self._memory.offer(intent, now_ms(), has_room=self._has_room(intent.lane, host)):
            return intent
        if intent.body is not None:
            self._receiver(intent.lane, host).wake(stored=False)
        return None

    def _wake(self, lane: Lane, host: str, stored: bool) -> None:
        self._receiver(lane, host).wake(stored=stored)

    def _receiver(self, lane: Lane, host: str) -> Receiver:
        found = self._receivers.get((lane, host))
        if found is None or found.has_ended:
            found = Receiver(self._store, self._memory, lane, host, limit=self._limit, send=self._send, stop=self._stop)
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
            log.error("a receiver's task died", exc_info=task.exception())
            if not self._stop.is_set():  # what waits in memory is nobody else's
                self._receiver(receiver.lane, receiver.host).wake()

    async def _send(self, report: LeasedReport) -> Answer:
        """Post the report, and return when the result is recorded."""
        url = self._intents.url(report.partner_id, report.notify_url)
        if url is None:
            answer = Answer(0, "no address to report to is configured any more", is_down=False, latency_ms=0)
        else:
            answer = await self._posted(url, report)
        await self._recorder.recorded(report, answer)
        return answer

    async def _posted(self, url: str, report: LeasedReport) -> Answer:
        """The answer; of a fault of ours, which is alarmed, one that was not taken: the report is tried again."""
        partner = self._directory.partners.get(report.partner_id)
        try:
            return await self._sender.post(url, report.body, partner, report.webhook_id, report.resend)
        except Exception as error:
            telemetry.LOOP_FAILURES.labels("reports").inc()
            log_error = log.error  # without the error's text, which may be a report's
            log_error("a report cannot be posted", error=kind_of(error))
            return Answer(0, f"not sent: {type(error).__name__}", is_down=False, latency_ms=0)

    async def run(self, look_every_s: float) -> None:
        """Send until stopped, and until all that is under way is recorded."""
        recording = asyncio.ensure_future(self._recorder.run())
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
        """Find due reports that have no task: after a start, or left by another process. Ends with all tasks,
        and stores what still waits in memory."""

        async def turn() -> None:
            for lane in topics.STATUS_EVENTS:
                known = [host for known_lane, host in self._receivers if known_lane == lane]
                for host in await self._store.due_hosts(lane, known, now_ms()):
                    self._receiver(lane, host).wake()

        await keep_on("reports", turn, self._stop, every_s)
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(*faults.TRANSIENT_ERRORS):  # the messages say that these are owed
            await self._store.put_off(self._memory.put_off_all(), now_ms())
