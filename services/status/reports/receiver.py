"""Sends the reports of one receiver: a limited number at once, one probe while it is down, each leased first."""

import asyncio
from collections.abc import Awaitable, Callable

from schemas.values import Lane
from services.runtime import faults, telemetry
from services.runtime.clock import now_ms
from services.runtime.loops import pause
from services.status.reports.pace import receiver_breaker, room
from services.status.reports.signed_post import Answer
from services.status.reports.store import LeasedReport, ReportStore

log = telemetry.logger("reports")
_IDLE_MS = 30_000
_LOOK_MS = 1_000


class Receiver:
    """One receiver. `run` ends when nothing is due for a while; the next report makes a new one."""

    def __init__(
        self,
        store: ReportStore,
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
        self._limit = limit
        self._send = send
        self._stop = stop
        self._breaker = receiver_breaker()
        self._woken = asyncio.Event()
        self._in_flight: set[asyncio.Task[None]] = set()
        self._in_hand: set[str] = set()  # reports under way, however long their leases last
        self.has_ended = False

    def wake(self) -> None:
        """Look again: something may be due."""
        self._woken.set()

    async def run(self) -> None:
        stopping = asyncio.ensure_future(self._stop.wait())
        stopping.add_done_callback(lambda _: self.wake())
        try:
            while not self._stop.is_set():
                self._woken.clear()
                try:
                    wait_ms = await self._round()
                except faults.TRANSIENT_ERRORS as error:
                    log.warning("reports wait: infrastructure is away", error=repr(error))
                    wait_ms = _LOOK_MS
                if wait_ms is None:
                    return
                await pause(self._woken, wait_ms / 1000)
        finally:
            stopping.cancel()
            await asyncio.gather(*self._in_flight, return_exceptions=True)

    async def _round(self) -> int | None:
        """Start what may be started, and give the time until the next look, ms. None: there is nothing to do."""
        now = now_ms()
        free = room(self._breaker, now / 1000, len(self._in_flight), self._limit)
        leased = await self._store.lease(self.lane, self.host, free, now, list(self._in_hand)) if free else []
        for report in leased:
            self._in_hand.add(report.report_id)
            self._breaker.begin(now / 1000)
            task = asyncio.get_running_loop().create_task(self._send_leased(report))
            self._in_flight.add(task)
            task.add_done_callback(self._ended)
        if leased or not free:
            return max(1, round(1000 * self._breaker.wait_s(now / 1000))) if self._breaker.is_open else _IDLE_MS
        due_at = await self._store.next_due(self.lane, self.host)
        if due_at is None or due_at - now > 2 * _IDLE_MS:
            return _IDLE_MS if self._in_flight or self._breaker.is_open else self._end()
        return max(due_at - now, 20) if due_at > now else _LOOK_MS  # due and not ours: leased by another process

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
        if was_down:
            await self._store.hasten(self.lane, self.host, now_ms())

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
        self.wake()
        if not task.cancelled() and task.exception() is not None:
            error = task.exception()
            log_it = log.warning if isinstance(error, faults.TRANSIENT_ERRORS) else log.error
            log_it("a report was not finished; its lease ends by itself", exc_info=error)
