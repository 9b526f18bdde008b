"""The run of one mailing: read the next recipients, make their messages, append them, move the cursor, in this order.

A process that is killed in between leaves the cursor where it was: the next one makes the same messages with the same
ids (`mailing/rules/recipients.py`), and the router drops what it has seen.
"""

import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

from services.ingest.mailing.model import Mailing, MailingChanges
from services.ingest.mailing.planning.backpressure import PlanningBackpressure
from services.ingest.mailing.planning.messages import MessageWriter
from services.ingest.mailing.planning.recipients import RecipientReader
from services.ingest.mailing.publisher import MailingPublisher
from services.ingest.mailing.rules.recipients import MailingRecipient
from services.ingest.mailing.rules.template import Template
from services.ingest.mailing.store import Mailings
from services.ingest.mailing.templates import CurrentTemplate
from services.runtime.clock import now_ms
from services.runtime.directory import Directory
from services.runtime.scheduling import windows

_SLICE_S = 0.25
_MAX_SLICE = 500
_HELD_S = 0.3
_MARKS = 11
"""A measure of the rate each second, so over ten seconds."""
_FRESH_MS = 1000
"""How long recipients are kept in memory: erasure takes people out of the database only (`erasure.py`)."""


@dataclass
class Pace:
    """Keeps to a rate, and measures the one that is reached over the last seconds. Monotonic seconds."""

    rate: float = 0.0  # messages a second
    _next_s: float = 0.0
    _rate_per_s: int = 0  # that it is kept to
    _count: int = 0
    _marks: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=_MARKS))

    def wait_s(self, messages: int, rate_per_s: int, now_s: float) -> float:
        """How long to wait after so many messages. A run that is late may catch up by at most one slice."""
        self._next_s = max(self._next_s, now_s - _SLICE_S if self._next_s else now_s) + messages / rate_per_s
        self._measure(messages, rate_per_s, now_s)
        return max(0.0, self._next_s - now_s)

    def _measure(self, messages: int, rate_per_s: int, now_s: float) -> None:
        """Over seconds, or a slice that catches up would look like more than the rate; anew when the rate is another.

        The first slice only begins the measure: how long it took is not known.
        """
        if rate_per_s != self._rate_per_s:
            self._rate_per_s, self._count = rate_per_s, 0
            self._marks.clear()
        else:
            self._count += messages
        if not self._marks or now_s - self._marks[-1][0] >= 1.0:
            self._marks.append((now_s, self._count))
            since_s, before = self._marks[0]
            if now_s > since_s:
                self.rate = (self._count - before) / (now_s - since_s)


@dataclass
class MailingRun:
    """The planning of one mailing. Its state is a cache: another planner goes on from the cursor in the database."""

    mailing: Mailing
    mailings: Mailings
    publisher: MailingPublisher
    recipients: RecipientReader
    writer: MessageWriter
    directory: Directory
    backpressure: PlanningBackpressure
    pace: Pace = field(default_factory=Pace)
    _waiting: list[MailingRecipient] = field(default_factory=list)
    _read_at: int = 0  # UTC ms; when those were read

    def __post_init__(self) -> None:
        self._template = CurrentTemplate(self.directory)

    async def step(self, pause: Callable[[float], Awaitable[None]]) -> bool:
        """Plan a slice at the rate; False when nothing is left to do here. Raises TRANSIENT_ERRORS, CannotContinue."""
        if self.mailing.finished_at is not None:  # it was done, and paused for the sake of what waits
            await self.end("done")
            return False
        template, partner = self._template.of(self.mailing)
        now = now_ms()
        application_id = template.request.chain[0].application_id
        stop = self.directory.stop_of(self.mailing.partner_id, application_id, mailing_id=self.mailing.mailing_id)
        if stop is not None:
            if stop.state == "cancelled":
                await self.end("cancelled", stop.reason)
                return False
            await pause(_HELD_S)
            return await self._is_still_running()
        opens = opens_at(template, now)
        if opens > now:
            await pause(min(0.5, (opens - now) / 1000))
            return await self._is_still_running()
        if now - self._read_at > _FRESH_MS:
            self._waiting = []
        if not self._waiting:
            self._read_at = now
            self._waiting, end = await self.recipients.page(self.mailing, template.segment)
            if not self._waiting:
                if end is None:
                    await self.end("done")
                    return False
                return await self._advance(end)
        size = max(1, min(_MAX_SLICE, int(self.mailing.rate_per_s * _SLICE_S)))
        size = self.backpressure.granted(self.mailing.mailing_id, min(size, len(self._waiting)), time.monotonic())
        if not size:
            await pause(_HELD_S)
            return await self._is_still_running()
        part, self._waiting = self._waiting[:size], self._waiting[size:]
        repeated = await self.writer.write(self.mailing, template, partner, part)
        if not await self._advance(part[-1].cursor, len(part) - repeated, repeated):
            return False
        await pause(self.pace.wait_s(len(part), self.mailing.rate_per_s, time.monotonic()))
        return self.mailing.state == "running"

    async def end(self, state: Literal["done", "cancelled", "paused"], reason: str = "") -> None:
        """Bring the mailing into a state that nobody asked for."""
        is_over = state != "paused"
        ended: MailingChanges = {"finished_at": self.mailing.finished_at or now_ms()} if is_over else {"was_held": True}
        changed = await self.mailings.change(self.mailing, {"state": state, "reason": reason, **ended})
        if changed is not None:
            if is_over:
                await self.mailings.lists.delete_recipients(changed.mailing_id)
            await self.publisher.publish(changed)

    async def _advance(self, cursor: int | str, planned: int = 0, repeated: int = 0) -> bool:
        moved = await self.mailings.advance(
            self.mailing, cursor, planned=planned, repeated=repeated, rate_now=self.pace.rate, now=now_ms()
        )
        if moved is None:
            return False
        self.mailing = moved
        return moved.state == "running"

    async def _is_still_running(self) -> bool:
        found = await self.mailings.find(self.mailing.mailing_id)
        if found is None or found.cursor != self.mailing.cursor:
            return False
        self.mailing = found
        return found.state == "running"


def opens_at(template: Template, now: int) -> int:
    """When the mailing may go on, UTC ms. A window in the partner's zone holds the planner, so the rate counts in it.

    In the recipients' zones each message waits by itself; after the deadline all go on at once, to be EXPIRED.
    """
    schedule = template.request.schedule
    if schedule is None or schedule.recipient_zone:
        return now
    zone, _ = windows.partner_zone(template.request.utc_offset_min)
    at = windows.send_at(schedule, zone, now)
    return now if at is None else at
