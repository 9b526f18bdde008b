"""One running mailing: read the next recipients, make their messages, append them, move the cursor."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import orjson

from schemas import ids, topics
from schemas.application_events import PartnerChanged, StopChanged
from schemas.mailing_events import MailingChanged
from schemas.values import Recipient
from services import schedule
from services.clock import now_ms
from services.directory import Directory
from services.hour_keys import HourKeys
from services.ingest.accept_errors import Refused
from services.ingest.accept_expand import Addressed, addressed, expand
from services.ingest.accept_fill import Template
from services.ingest.accept_mailing import draft, without_values
from services.ingest.accept_segment import Segment
from services.ingest.mailings_store import UNREADABLE, Mailing, Mailings
from services.ingest.secure import sealed
from services.kafka import Append, Log
from services.mongo import Document
from services.segments import Found, Segments

_TOPIC = topics.MESSAGE_REQUESTED["bulk"]
_SLICE_S = 0.25
_MAX_SLICE = 500
_TURN = 25
"""Messages that are made before others get their turn: single messages are answered by the same loop."""
_PAGE = 500
_HELD_S = 0.3
_FRESH_MS = 1000
"""How long recipients are kept in memory: whoever is forgotten is taken out of the database only (`forgetting.py`)."""
_APPEND_S = 15.0


class Stopped(Exception):
    """The mailing cannot go on as it is; the text says why."""


@dataclass(frozen=True)
class Means:
    """What every run works with."""

    mailings: Mailings
    segments: Segments
    directory: Directory
    sink: Log
    keys: HourKeys

    async def publish(self, mailing: Mailing) -> None:
        """Say the mailing as it is to the log. Raises LogUnavailable, mongo.UNAVAILABLE; the planner says it again."""
        event = MailingChanged(
            event_id=ids.event_id_of(mailing.mailing_id, f"revision/{mailing.revision}"),
            at=now_ms(),
            mailing_id=mailing.mailing_id,
            partner_id=mailing.partner_id,
            revision=mailing.revision,
            state=mailing.state,
            name=mailing.name,
            definition=without_values(mailing.definition),
            accepted=mailing.accepted,
            refused=mailing.refused,
            planned=mailing.planned,
            start_at=mailing.start_at,
            reason=mailing.reason,
        )
        appends = [Append(topics.MAILING_EVENTS, mailing.mailing_id, event)]
        if (stop := self._stop_of(mailing)) is not None:
            appends.append(Append(topics.APPLICATION_EVENTS, stop.entity_key, stop))
        await self.sink.append(appends)
        newer = await self.mailings.published(mailing)
        if newer is not None:  # somebody said a newer state meanwhile, which ours must not stand behind
            await self.publish(newer)

    def _stop_of(self, mailing: Mailing) -> StopChanged | None:
        """What holds up or ends those of its messages that are asked for already, in the router and behind it."""
        if mailing.state in ("draft", "done"):
            return None
        name = f"{mailing.partner_id}/{mailing.mailing_id}"
        if mailing.state == "running" and not mailing.was_held:
            return None
        known = self.directory.stopped("mailing", name)
        if known is not None and known.by and mailing.state != "cancelled":
            return None  # what was stopped at `/v1/stops` goes on when it is lifted there
        return StopChanged(
            event_id=ids.event_id_of(mailing.mailing_id, f"stop/{mailing.revision}"),
            at=now_ms(),
            scope="mailing",
            id=name,
            state=mailing.state,
            reason=mailing.reason,
        )

    def held(self, mailing: Mailing, template: Template) -> StopChanged | None:
        """The stop that keeps it from being planned: its own, its partner's or its application's."""
        application_id = template.request.chain[0].application_id
        return self.directory.stop_of(mailing.partner_id, application_id, mailing_id=mailing.mailing_id)

    async def query(self, segment: Segment) -> Document:
        """What the database is asked for a segment."""
        return await self.segments.query(segment, self.directory.applications.get(segment.application_id))

    def template(self, mailing: Mailing) -> tuple[Template, PartnerChanged]:
        """As it was accepted when the mailing was made, with today's senders and defaults. Raises Stopped."""
        partner = self.directory.partners.get(mailing.partner_id)
        if partner is None or not partner.enabled:
            raise Stopped("the partner is switched off")
        if mailing.definition == UNREADABLE:
            raise Stopped("what was asked for cannot be opened with the keys that there are")
        try:
            drafted = draft(orjson.loads(mailing.definition), partner, self.directory, mailing.created_at)
            return Template(drafted), partner
        except Refused as refused:
            raise Stopped(refused.refusal.detail) from None


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
class Run:
    """`step` plans one slice. Its state is a cache: another planner goes on from the cursor in the database."""

    means: Means
    mailing: Mailing
    pace: Pace = field(default_factory=Pace)
    _version: int = -1
    _template: Template | None = None
    _partner: PartnerChanged | None = None
    _waiting: list[Addressed] = field(default_factory=list)
    _read_at: int = 0  # UTC ms; when those were read

    async def step(self, pause: Callable[[float], Awaitable[None]]) -> bool:
        """Plan a slice and keep to the rate; False when nothing is left to do here. Raises UNAVAILABLE, Stopped."""
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
                return await self._advance(end, 0)
        size = max(1, min(_MAX_SLICE, int(self.mailing.rate_per_s * _SLICE_S)))
        part, self._waiting = self._waiting[:size], self._waiting[size:]
        await self._append(template, partner, part)
        if not await self._advance(part[-1].cursor, len(part)):
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
        version = self.means.directory.version
        if self._template is None or self._partner is None or version != self._version:
            self._template, self._partner = self.means.template(self.mailing)
            self._version = version
        return self._template, self._partner

    async def _next(self, template: Template) -> tuple[list[Addressed], str | None]:
        """The next recipients; none and a cursor: nobody new up to there; none at all: the end."""
        if template.segment is None:
            rows = await self.means.mailings.rows_from(self.mailing.mailing_id, int(self.mailing.cursor))
            return [addressed(row) for row in rows], None
        query = await self.means.query(template.segment)
        found, end = await self.means.segments.page(query, str(self.mailing.cursor), _PAGE)
        return [_of_segment(one) for one in found], end

    async def _append(self, template: Template, partner: PartnerChanged, part: list[Addressed]) -> None:
        appends = []
        for place, one in enumerate(part):
            accepted = expand(template, one, self.mailing.mailing_id, partner.uuid, now_ms())
            event = await sealed(accepted, self.means.keys) if accepted.secure else accepted.request
            appends.append(Append(_TOPIC, event.message_id, event))
            if place % _TURN == _TURN - 1:
                await asyncio.sleep(0)
        await self.means.sink.append(appends, _APPEND_S)

    async def _advance(self, cursor: int | str, planned: int) -> bool:
        moved = await self.means.mailings.advance(self.mailing, cursor, planned, self.pace.rate, now_ms())
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
    zone, _ = schedule.partner_zone(template.request.utc_offset_min)
    at = schedule.send_at(wish, zone, now)
    return now if at is None else at


def _of_segment(found: Found) -> Addressed:
    one = found.installation
    if one.external_user_id is None and one.phone is None:
        recipient = Recipient(installation_id=one.installation_id)
        return Addressed(f"i/{one.installation_id}", recipient, cursor=one.installation_id)
    owner = f"u/{one.external_user_id}" if one.external_user_id is not None else f"p/{one.phone}"
    recipient = Recipient(phone=one.phone, external_user_id=one.external_user_id, only_installations=found.fitting)
    return Addressed(owner, recipient, cursor=one.installation_id)
