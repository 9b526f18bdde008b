"""Goes through the messages of a resend, and asks for the last report on each of their links again.

    page of messages, the oldest first ─▶ ReportAsked ─▶ status-events, behind everything that is known of them
                                       ─▶ the cursor moves

A page that cannot be read or asked for holds up its own resend alone: the others take their turns first.

It never sends: whether there is a report to send, and none newer under way, the fold decides when it reads that; from
there it goes the way of all reports. One instance goes on with all resends at a time, under a lease.
"""

import asyncio

from schemas import ids, topics
from schemas.events import ReportAsked
from services.runtime import telemetry
from services.runtime.clock import now_ms
from services.runtime.faults import kind_of
from services.runtime.log.kafka import Append, Log
from services.runtime.loops import keep_on
from services.runtime.mongo.leases import Lease
from services.status.message import Message, Messages
from services.status.resends.store import Resend, Resends

log = telemetry.logger("resends")
_LEASE_MS = 15_000
_IDLE_S = 2.0
_PAGE = 500


class ResendRunner:
    """Runs under a lease; one for each process."""

    def __init__(self, resends: Resends, messages: Messages, sink: Log, lease: Lease) -> None:
        self._resends, self._messages, self._sink, self._lease = resends, messages, sink, lease

    async def run(self, stop: asyncio.Event) -> None:
        """Go on until stopped."""

        async def turn() -> float:
            if not await self._lease.hold(now_ms(), _LEASE_MS):
                return _IDLE_S
            return await self.turn()

        await keep_on("resends", turn, stop, _IDLE_S)
        await self._lease.release()

    async def turn(self) -> float:
        """A page of each that is running; gives the seconds to wait. Raises the first failure, once all had theirs."""
        waits_s: list[float] = []
        failures: list[Exception] = []
        for resend in await self._resends.running():
            try:
                waits_s.append(await self.step(resend))
            except Exception as error:
                log.warning("a resend waits", resend=resend.resend_id, error=kind_of(error))
                failures.append(error)
        for failure in failures:
            raise failure
        return max(waits_s, default=_IDLE_S)

    async def step(self, resend: Resend) -> float:
        """Ask for a page; gives the seconds after which the next one may follow. Raises LogUnavailable."""
        limit = min(_PAGE, resend.per_second)
        page = await self._messages.page_behind(resend.wanted.query, resend.cursor, limit)
        if not page:
            await self._resends.end(resend, "done")
            return 0.0
        appends = [append for message in page for append in _asked(resend, message)]
        await self._sink.append(appends)
        last = page[-1]
        await self._resends.advance(resend, (last.created_at, last.message_id), len(appends))
        return len(page) / resend.per_second


def _asked(resend: Resend, message: Message) -> list[Append]:
    """The events for the links on which something was reported."""
    topic, now = topics.STATUS_EVENTS[message.lane], now_ms()
    return [
        Append(
            topic,
            message.message_id,
            ReportAsked(
                event_id=ids.event_id_of(message.message_id, f"resend/{resend.resend_id}/{link.number}"),
                at=now,
                **message.link_fields(link.number),
                resend_id=resend.resend_id,
            ),
        )
        for link in message.links.values()
        if link.wanted is not None and link.tried >= 0
    ]
