"""One running mailing: read the next recipients, make their messages, append them, move the cursor, in this order.

A process that is killed in between leaves the cursor where it was: the next one makes the same messages with the same
ids (`mailing/rules/recipients.py`), and the router drops what it has seen.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from schemas import topics
from schemas.application_events import PartnerChanged
from schemas.values import Recipient
from services.ingest.mailing.claims import ClaimedLines, claim_lines
from services.ingest.mailing.means import CannotContinue, Means
from services.ingest.mailing.model import CANNOT_OPEN, Mailing, sent_to
from services.ingest.mailing.rules.recipients import MailingRecipient, addressed, expand
from services.ingest.mailing.rules.template import Template
from services.ingest.mailing.store import MAX_PROBLEMS
from services.ingest.secure_values import sealed
from services.runtime.clock import now_ms
from services.runtime.crypto.master_key import CannotOpen
from services.runtime.installations.segments import SegmentMember
from services.runtime.log.kafka import Append
from services.runtime.scheduling import windows

_TOPIC = topics.MESSAGE_REQUESTED["bulk"]
_SLICE_S = 0.25
_MAX_SLICE = 500
_TURN = 25
"""Messages that are made before others get their turn: single messages are answered by the same loop."""
_PAGE = 500
_HELD_S = 0.3
_FRESH_MS = 1000
"""How long recipients are kept in memory: whoever is forgotten is taken out of the database only (`erasure.py`)."""
_APPEND_S = 15.0


@dataclass
class Pace:
    """Keeps to a rate, and measures the one that is reached. Monotonic seconds."""

    rate: float = 0.0  # messages a second
    _next_s: float = 0.0
    _since_s: float = 0.0
    _count: int = 0

    def wait_s(self, messages: int, rate_per_s: int, now_s: float) -> float:
        """How long to wait after so many; what was missed up to a slice ago may be made up for."""
        self._next_s = max(self._next_s, now_s - _SLICE_S) + messages / rate_per_s
        if not self._since_s:
            self._since_s = now_s
        self._count += messages
        if now_s - self._since_s >= 1.0:
            self.rate = self._count / (now_s - self._since_s)
            self._since_s, self._count = now_s, 0
        return max(0.0, self._next_s - now_s)


@dataclass
class MailingRun:
    """`step` plans one slice. Its state is a cache: another planner goes on from the cursor in the database."""

    means: Means
    mailing: Mailing
    pace: Pace = field(default_factory=Pace)
    _basis: tuple[int, str] = (-1, "")  # what the template was made of
    _template: Template | None = None
    _partner: PartnerChanged | None = None
    _waiting: list[MailingRecipient] = field(default_factory=list)
    _read_at: int = 0  # UTC ms; when those were read

    async def step(self, pause: Callable[[float], Awaitable[None]]) -> bool:
        """Plan a slice at the rate; False when nothing is left to do here. Raises TRANSIENT_ERRORS, CannotContinue."""
        if self.mailing.finished_at is not None:  # it was done, and paused for the sake of what waits
            await self.end("done")
            return False
        template, partner = self._current()
        now = now_ms()
        stop = self.means.held(self.mailing, template)
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
            self._waiting, end = await self._next(template)
            if not self._waiting:
                if end is None:
                    await self.end("done")
                    return False
                return await self._advance(end)
        size = max(1, min(_MAX_SLICE, int(self.mailing.rate_per_s * _SLICE_S)))
        part, self._waiting = self._waiting[:size], self._waiting[size:]
        claimed = await self._claim(partner, part)
        await self._append(template, partner, claimed.free)
        await self._tell(claimed)
        if not await self._advance(part[-1].cursor, len(claimed.free), len(claimed.repeated)):
            return False
        await pause(self.pace.wait_s(len(part), self.mailing.rate_per_s, time.monotonic()))
        return self.mailing.state == "running"

    async def end(self, state: str, reason: str = "") -> None:
        """The mailing comes to a state by itself."""
        is_over = state in ("done", "cancelled")
        finished = {"finished_at": now_ms()} if is_over else {"was_held": True}
        changed = await self.means.mailings.change(self.mailing, state=state, reason=reason, **finished)
        if changed is not None:
            if is_over:
                await self.means.mailings.forget(changed.mailing_id)
            await self.means.publish(changed)

    def _current(self) -> tuple[Template, PartnerChanged]:
        basis = self.means.directory.version, self.mailing.definition  # which changes when somebody is forgotten
        if self._template is None or self._partner is None or basis != self._basis:
            self._template, self._partner = self.means.template(self.mailing)
            self._basis = basis
        return self._template, self._partner

    async def _next(self, template: Template) -> tuple[list[MailingRecipient], int | str | None]:
        """The next recipients; none and a cursor: nobody new up to there; none at all: the end."""
        if template.segment is None:
            try:
                rows = await self.means.mailings.rows_from(self.mailing, int(self.mailing.cursor))
            except CannotOpen:
                raise CannotContinue(f"the recipients: {CANNOT_OPEN}") from None
            to_plan = [addressed(row) for row in sent_to(self.mailing, rows)]
            return to_plan, None if to_plan or not rows else rows[-1].line + 1
        query = await self.means.query(template.segment)
        found, end = await self.means.segments.page(query, str(self.mailing.cursor), _PAGE)
        return [_of_segment(one) for one in found], end

    async def _claim(self, partner: PartnerChanged, part: Sequence[MailingRecipient]) -> ClaimedLines:
        if not partner.reject_duplicates:
            return ClaimedLines(part)
        return await claim_lines(self.means.claims, part, self.mailing.mailing_id, partner.uuid, now_ms())

    async def _tell(self, claimed: ClaimedLines) -> None:
        """Those that were appended have their ids; what is wrong with the others is kept, as far as anybody reads."""
        if claimed.claimed:
            await self.means.claims.confirm_many(claimed.claimed)
        room = max(0, MAX_PROBLEMS - self.mailing.refused)
        await self.means.mailings.add_problems(self.mailing.mailing_id, claimed.repeated[:room])

    async def _append(self, template: Template, partner: PartnerChanged, part: Sequence[MailingRecipient]) -> None:
        appends = []
        for place, one in enumerate(part):
            accepted = expand(template, one, self.mailing.mailing_id, partner.uuid, now_ms())
            event = await sealed(accepted, self.means.keys) if accepted.secure else accepted.request
            appends.append(Append(_TOPIC, event.message_id, event))
            if place % _TURN == _TURN - 1:
                await asyncio.sleep(0)
        await self.means.sink.append(appends, _APPEND_S)

    async def _advance(self, cursor: int | str, planned: int = 0, repeated: int = 0) -> bool:
        moved = await self.means.mailings.advance(self.mailing, cursor, planned, repeated, self.pace.rate, now_ms())
        if moved is None:
            return False
        self.mailing = moved
        return moved.state == "running"

    async def _is_still_running(self) -> bool:
        found = await self.means.mailings.find(self.mailing.mailing_id)
        if found is None or found.cursor != self.mailing.cursor:
            return False
        self.mailing = found
        return found.state == "running"


def opens_at(template: Template, now: int) -> int:
    """When the mailing may go on, UTC ms. A window in the partner's zone holds the planner, so that its rate counts.

    In the recipients' zones every message waits by itself; behind the deadline all go on at once, to be EXPIRED.
    """
    wish = template.request.schedule
    if wish is None or wish.recipient_zone:
        return now
    zone, _ = windows.partner_zone(template.request.utc_offset_min)
    at = windows.send_at(wish, zone, now)
    return now if at is None else at


def _of_segment(found: SegmentMember) -> MailingRecipient:
    one = found.installation
    if one.external_user_id is None and one.phone is None:
        recipient = Recipient(installation_id=one.installation_id)
        return MailingRecipient(f"i/{one.installation_id}", recipient, cursor=one.installation_id)
    owner = f"u/{one.external_user_id}" if one.external_user_id is not None else f"p/{one.phone}"
    recipient = Recipient(phone=one.phone, external_user_id=one.external_user_id, only_installations=found.fitting)
    return MailingRecipient(owner, recipient, cursor=one.installation_id)
