"""The router's step: claim, plan, store the plan, append it.

MessageRequested ─▶ no claim          ─▶ plan (or schedule), store it, append it
                 ─▶ claim, our origin ─▶ our own replay: append the stored plan, set its timer if it waits
                 ─▶ claim, another's  ─▶ a repeated request: into the trace, nothing else
ScheduleDue      ─▶ claim scheduled   ─▶ plan now, compare-and-set to planned, append
                 ─▶ claim planned     ─▶ our own replay: append the stored plan; else nothing

A link may wait (`waiting.py`): for its window, or until what it belongs to is no longer paused. A timer then brings it
back as ScheduleDue, and it is looked at anew; what was cancelled ends at once. Single ones: `cancelling.py`.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from schemas import ids, topics
from schemas.events import (
    CancelRequested,
    MessageRequested,
    RequestRepeated,
    ScheduleDue,
)
from schemas.providers import Provider
from schemas.reasons import Reason
from services.router.answers import to_status
from services.router.cancelling import cancelled
from services.router.endings import endings_of
from services.router.plan import Plan, Ways, ended, held_until, plan
from services.router.store import Claim, Claims
from services.router.waiting import held, scheduled, timer_of, timers_again
from services.runtime import telemetry
from services.runtime.clock import now_ms
from services.runtime.crypto import record_encryption
from services.runtime.crypto.delivery_ids import DeliveryIds
from services.runtime.directory import Directory
from services.runtime.installations.model import Address, Installation
from services.runtime.installations.reader import Installations
from services.runtime.log.batch_consumer import Record, StepResult
from services.runtime.log.kafka import Append
from services.runtime.mongo.ended_activities import Ended, EndedActivities
from services.runtime.scheduling.stops import Stops
from services.runtime.scheduling.timers import Timer, Timers
from services.runtime.short_links import ShortLinks


@dataclass(frozen=True, slots=True)
class _Work:
    """A link to be decided: from a new request, or from its schedule's hour."""

    claim_id: str
    record: Record
    request: MessageRequested
    due: bool


@dataclass(frozen=True)
class Routing:
    """`step` is what `BatchConsumer` runs."""

    directory: Directory
    installations: Installations
    claims: Claims
    timers: Timers
    stops: Stops
    short: ShortLinks
    deliveries: DeliveryIds
    ended: EndedActivities

    async def step(self, records: Sequence[Record]) -> StepResult:
        """Decide a batch. Repeatable: a second run gives the same records."""
        works = [_work(record) for record in records if not isinstance(record.event, CancelRequested)]
        known = await self.claims.load({work.claim_id for work in works})
        fresh, replies, timers = self._sorted(works, known)
        made, ends = await self._decide(fresh)
        await self.ended.mark(ends)
        taken = await self.claims.insert([claim for claim, _ in made if claim.due_origin is None])
        taken |= await self.claims.make_due([one for one, _ in made if one.due_origin and one.state == "planned"])
        if taken:  # another instance was faster, or a cancellation, after we had looked
            lost = [work for work in fresh if work.claim_id in taken]
            _, again, waiting = self._sorted(lost, await self.claims.load(taken))
            replies, timers = replies + again, timers + waiting
        kept = [(claim, timer) for claim, timer in made if claim.claim_id not in taken]
        timers += [timer for _, timer in kept if timer is not None]
        await self.timers.set(timers)
        await self.stops.look_again(timers)
        replies += await cancelled(self.claims, records)
        return StepResult([append for claim, _ in kept for append in claim.plan] + replies)

    def _sorted(self, works: Sequence[_Work], known: dict[str, Claim]) -> tuple[list[_Work], list[Append], list[Timer]]:
        """Those to decide; for those that were decided before what to append, and the timers of those that wait: the
        step may have been broken off behind the claim."""
        fresh: list[_Work] = []
        appends: list[Append] = []
        timers: list[Timer] = []
        mine = dict(known)
        for work in works:
            claim = mine.get(work.claim_id)
            if work.due:
                if claim is not None and claim.state == "scheduled":
                    fresh.append(work)
                    mine[work.claim_id] = replace(claim, state="planned", due_origin=work.record.origin, plan=())
                elif claim is not None and claim.due_origin == work.record.origin:
                    appends += claim.plan
            elif claim is None:
                fresh.append(work)
                mine[work.claim_id] = Claim(work.claim_id, work.record.origin, "planned", ())
            elif claim.origin == work.record.origin:
                appends += claim.plan
                timers += timers_again(work.request, claim.plan) if claim.state == "scheduled" else ()
            else:
                telemetry.REPEATS.labels(work.request.lane).inc()
                appends.append(to_status(_repeated(work.request)))
        return fresh, appends, timers

    async def _decide(self, works: Sequence[_Work]) -> tuple[list[tuple[Claim, Timer | None]], Sequence[Ended]]:
        """What is made of each, and the activities that are ended by it."""
        addresses = {work.claim_id: _address(work.request) for work in works}
        wanted = {address for address in addresses.values() if address is not None}
        found = await self.installations.by_addresses(wanted)
        seen = await self.installations.known(address for address in wanted if not found[address])
        now, ways = now_ms(), cache(self._ways)
        about = ((work.request, found[one]) for work in works if (one := addresses[work.claim_id]) is not None)
        endings = await endings_of(self.ended, about, now)
        made: list[tuple[Claim, Timer | None]] = []
        for work in works:
            address = addresses[work.claim_id]
            installations = _among(found[address], work.request) if address is not None else []
            waits = self._waits(work, installations, now)
            if waits is not None:
                made.append(waits)
                continue
            known = address is not None and (
                bool(found[address]) or address in seen or address.installation_id is not None
            )
            usable = ways(work.request.chain[0].application_id or "")
            shown = self._shown(work.request)
            decided = self._plan(shown, endings.alive(shown, installations), known, usable, now)
            endings.planned(shown, decided.targets)
            made.append((_planned(work, decided), None))
        _count(made)
        return made, endings.made

    def _waits(self, work: _Work, installations: Sequence[Installation], now: int) -> tuple[Claim, Timer | None] | None:
        """What is made of a link that is not planned now, or to nobody because of a stop."""
        request = work.request
        stop = self.directory.stop_of(
            request.partner_id, request.chain[0].application_id, request.packet_id, request.mailing_id
        )
        if stop is not None and stop.state == "cancelled":
            return _claim(work, "planned", [to_status(ended(request, Reason.CANCELLED, now).planned)]), None
        cause = work.record.event.event_id
        application = self.directory.applications.get(request.chain[0].application_id or "")
        later = scheduled(request, cause, installations, now, application)
        if later is not None:
            return _claim(work, "scheduled", [to_status(later)]), timer_of(request, later, later.send_at)
        if stop is None:
            return None
        until = held_until(request)
        if now >= until:
            return _claim(work, "planned", [to_status(ended(request, Reason.EXPIRED, now).planned)]), None
        waits = held(request, cause, stop, until, now)
        return _claim(work, "scheduled", [to_status(waits)]), timer_of(request, waits, until)

    def _shown(self, request: MessageRequested) -> MessageRequested:
        """With short links in the text of the link that is due, if it wants them."""
        link = request.chain[0]
        short = self.short.shortened(request.message_id, request.link, link)
        return request if short is link else request.model_copy(update={"chain": (short, *request.chain[1:])})

    def _plan(
        self, request: MessageRequested, installations: Sequence[Installation], known: bool, ways: Ways, now: int
    ) -> Plan:
        deadline = request.schedule.deadline if request.schedule else None
        return plan(request, installations, known, ways, now, deadline, deliveries=self.deliveries)

    def _ways(self, application_id: str) -> Ways:
        usable = (
            provider
            for provider in Provider
            if (held := self.directory.credentials.get((application_id, provider))) is not None and held.enabled
        )
        web = self.directory.credentials.get((application_id, Provider.WEB))
        web_key = None if web is None else web.public_key
        return Ways(self.directory.applications.get(application_id), frozenset(usable), web_key)


def _work(record: Record) -> _Work:
    event = record.event
    if isinstance(event, ScheduleDue):
        return _Work(f"{event.message_id}/{event.link}", record, event.request, due=True)
    if isinstance(event, MessageRequested):
        return _Work(f"{event.message_id}/{event.link}", record, event, due=False)
    raise TypeError(f"{type(event).__name__} is not the router's")


def _address(request: MessageRequested) -> Address | None:
    """Whose installations the link is about; of another channel's link only the time zone may be wanted."""
    link = request.chain[0]
    by_zone = request.schedule is not None and request.schedule.recipient_zone
    if link.application_id is None or (link.content is None and not by_zone):
        return None
    return Address.of(link.application_id, request.recipient)


def _among(installations: list[Installation], request: MessageRequested) -> list[Installation]:
    """A segment means those of the recipient's installations that fit it."""
    only = request.recipient.only_installations
    return [one for one in installations if one.installation_id in only] if only else installations


def _planned(work: _Work, decided: Plan) -> Claim:
    for skipped in decided.planned.skipped:
        telemetry.SKIPPED.labels(skipped.reason.value).inc()
    appends = [to_status(decided.planned)]
    appends += [
        Append(
            topics.TARGET_RESOLVED[target.provider][target.lane], target.record_key, record_encryption.encode(target)
        )
        for target in decided.targets
    ]
    return _claim(work, "planned", appends)


def _claim(work: _Work, state: Literal["scheduled", "planned"], plan: Sequence[Append]) -> Claim:
    return Claim(work.claim_id, work.record.origin, state, plan, work.record.origin if work.due else None)


def _repeated(request: MessageRequested) -> RequestRepeated:
    return RequestRepeated(
        event_id=ids.event_id_of(request.event_id, "repeated"),
        at=request.at,
        **request.link_fields,
        request_id=request.event_id,
    )


def _count(made: Sequence[tuple[Claim, Timer | None]]) -> None:
    names = Counter(append.topic.name for claim, _ in made for append in claim.plan)
    for provider in Provider:
        planned = sum(names[topic.name] for topic in topics.TARGET_RESOLVED[provider].values())
        if planned:
            telemetry.PLANNED.labels(provider.value).inc(planned)
