"""Sends the reports of one receiver: a limited number at once, one probe while it is down.

    memory ─▶ begin ─────────┬─▶ POST ─▶ recorder
    `reports` ─▶ lease ──────┘
    memory, waited too long, or the receiver is down ─▶ `reports`

`reports` is looked at when something was stored there, when something in it is due, and twice a minute.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from schemas.values import Lane
from services.runtime import faults, telemetry
from services.runtime.clock import now_ms
from services.runtime.faults import backoff_s, kind_of
from services.runtime.loops import pause
from services.status.reports.memory import MOST_WAIT_MS, ReportsInMemory
from services.status.reports.model import LeasedReport, ReportIntent
from services.status.reports.pace import receiver_breaker, room
from services.status.reports.signed_post import Answer
from services.status.reports.store import ReportStore

log = telemetry.logger("reports")
_IDLE_MS = 30_000
_LOOK_MS = 1_000


class Receiver:
    """One receiver. `run` ends when nothing is due for a while; the next report makes a new one."""

    def __init__(
        self,
        store: ReportStore,
        memory: ReportsInMemory,
        lane: Lane,
        host: str,
        *,
        limit: int,
        send: Callable[[LeasedReport], Awaitable[Answer]],
        stop: asyncio.Event,
    ) -> None:
        self.lane = lane
        self.host = host
        self._store = store
        self._memory = memory
        self._limit = limit
        self._send = send
        self._stop = stop
        self._breaker = receiver_breaker()
        self._woken = asyncio.Event()
        self._in_flight: set[asyncio.Task[None]] = set()
        self._in_hand: set[str] = set()  # reports under way, however long their leases last
        self._look_at = 0  # at `reports`, UTC ms
        self._is_due = self._has_any = True  # as far as the last look shows: something is due there soon; ever
        self._late: list[ReportIntent] = []  # to be stored
        self.has_ended = False

    @property
    def is_down(self) -> bool:
        return self._breaker.is_open

    def wake(self, *, stored: bool = True) -> None:
        """Look again: something may be due; `stored`: in `reports`."""
        if stored:
            self._look_at = 0
        self._woken.set()

    async def run(self) -> None:
        stopping = asyncio.ensure_future(self._stop.wait())
        stopping.add_done_callback(lambda _: self.wake())
        failures = 0  # for no known reason, in a row
        try:
            while not self._stop.is_set():
                self._woken.clear()
                try:
                    wait_ms = await self._round()
                except faults.TRANSIENT_ERRORS as error:
                    log.warning("reports wait: infrastructure is away", error=repr(error))
                    wait_ms = _LOOK_MS
                except Exception as error:  # what waits in memory, or is to be stored, is nobody else's
                    failures += 1
                    telemetry.LOOP_FAILURES.labels("reports").inc()
                    say = log.warning if failures > 1 else log.error
                    say("a receiver's round failed, and it goes on", error=kind_of(error), attempt=failures)
                    wait_ms = round(1000 * backoff_s(failures))
                else:
                    failures = 0
                if wait_ms is None:
                    return
                await pause(self._woken, wait_ms / 1000)
        finally:
            stopping.cancel()
            await asyncio.gather(*self._in_flight, return_exceptions=True)

    async def _round(self) -> int | None:
        """Start what may be started, and give the time until the next look, ms. None: there is nothing to do."""
        await self._put_off(now_ms())
        free = room(self._breaker, now_ms() / 1000, len(self._in_flight), self._limit)
        free -= self._start(await self._leased(free))
        self._start(self._memory.begin(self.lane, self.host, free, now_ms()) if not self._breaker.is_open else ())
        return self._wait_ms(now_ms())

    async def _put_off(self, now: int) -> None:
        """Store what has waited too long, and everything while the receiver is down."""
        self._late += self._memory.put_off(self.lane, self.host, now if self._breaker.is_open else now - MOST_WAIT_MS)
        if self._late:
            self._look_at = 0
            await self._store.put_off(self._late, now)
            self._late = []

    async def _leased(self, free: int) -> Sequence[LeasedReport]:
        """What is due in `reports`; half of what is free is left to what waits in memory."""
        now = now_ms()
        share = (free + 1) // 2 if self._memory.waiting(self.lane, self.host) else free
        if not share or now < self._look_at:
            return ()
        looked = self._look_at = now + _LOOK_MS  # also when this look fails
        leased = await self._store.lease(self.lane, self.host, share, now, list(self._in_hand))
        if len(leased) == share:
            self._look_at, self._is_due = now, True
            return leased
        due_at = await self._store.next_due(self.lane, self.host)
        if self._look_at != looked:  # woken meanwhile
            self._is_due = True
            return leased
        self._has_any = due_at is not None
        self._is_due = due_at is not None and due_at - now <= 2 * _IDLE_MS
        if due_at is None or due_at - now > _IDLE_MS:
            self._look_at = now + _IDLE_MS
        elif due_at > now:
            self._look_at = max(due_at, now + 20)
        return leased  # with what is due and not ours: leased by another process

    def _start(self, reports: Sequence[LeasedReport]) -> int:
        now_s = now_ms() / 1000
        for report in reports:
            self._in_hand.add(report.report_id)
            self._breaker.begin(now_s)
            task = asyncio.get_running_loop().create_task(self._send_leased(report))
            self._in_flight.add(task)
            task.add_done_callback(self._ended)
        return len(reports)

    def _wait_ms(self, now: int) -> int | None:
        if self._breaker.is_open:
            if not (self._has_any or self._in_flight):
                return self._end()
            return max(1, round(1000 * self._breaker.wait_s(now / 1000)), self._look_at - now)
        put_off_at = self._memory.next_put_off(self.lane, self.host)
        if len(self._in_flight) >= self._limit:
            return _IDLE_MS if put_off_at is None else max(0, put_off_at - now)
        if not (self._is_due or self._in_flight or put_off_at is not None):
            return self._end()
        return max(0, min(self._look_at, put_off_at or self._look_at) - now)

    def _end(self) -> int | None:
        """End: nothing is under way and nothing due soon, unless `wake` was called since the look."""
        self.has_ended = not self._woken.is_set()
        return None if self.has_ended else 0

    async def _send_leased(self, report: LeasedReport) -> None:
        answer = None
        try:
            answer = await self._send(report)
        finally:
            self._in_hand.discard(report.report_id)
            was_down = self._heard(answer)
            if not (report.host and answer is not None and answer.taken):
                self._look_at = 0  # a next try, or room for what else is stored
        if was_down:
            await self._store.hasten(self.lane, self.host, now_ms())
            self._look_at = 0

    def _heard(self, answer: Answer | None) -> bool:
        """Whether the answer shows that a receiver works which had not."""
        was_down = self._breaker.failures > 0
        if answer is not None and answer.is_down:
            self._breaker.failed(now_ms() / 1000, jitter=0.0)
        elif answer is not None and answer.http_status:
            self._breaker.succeeded()
            return was_down
        else:
            self._breaker.inconclusive()
        return False

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._in_flight.discard(task)
        self.wake(stored=False)
        if not task.cancelled() and task.exception() is not None:
            error = task.exception()
            log_it = log.warning if isinstance(error, faults.TRANSIENT_ERRORS) else log.error
            log_it("a report was not finished; its lease ends by itself", exc_info=error)
