"""The router's step: plan, claim with the plan, append it.

MessageRequested ─▶ plan (or schedule) ─▶ claim it with that plan ─▶ append it
                                             └─▶ there is a claim:
                                                    our origin ─▶ our own replay: append the stored plan, set its
                                                                  timer if it waits; what was planned now is dropped
                                                    another's  ─▶ a repeated request: into the trace, nothing else
ScheduleDue      ─▶ claim scheduled   ─▶ plan now, compare-and-set to planned, append
                 ─▶ claim planned     ─▶ our own replay: append the stored plan; else nothing

Nearly every link is new, so claims are not looked for: they are inserted, and only those that were refused are read.
First read are those of what a timer brings, and of the `end` of an activity, which is marked before it is claimed.

A link may wait (`waiting.py`): for its window, or until what it belongs to is no longer paused. A timer then brings it
back as ScheduleDue, and it is decided anew; what was cancelled ends at once. Single ones: `cancelling.py`.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from schemas import topics
from schemas.events import CancelRequested, MessageRequested
from schemas.providers import Provider
from schemas.reasons import Reason
from services.router.answers import DueLink, answered, due_link, to_status
from services.router.cancelling import cancelled
from services.router.checks import UsableProviders
from services.router.endings import endings_of
from services.router.lifetimes import held_until
from services.router.plan import Plan, plan, to_nobody
from services.router.store import RoutingClaim, RoutingClaims
from services.router.waiting import held, scheduled, timer_of
from services.runtime import mongo, telemetry
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

_Decision = tuple[RoutingClaim, Timer | None]
"""What is stored of a link and appended, and the timer of one that waits."""


@dataclass(frozen=True, kw_only=True)
class Routing:
    """The step of the router's consumers: `step`."""

    directory: Directory
    installations: Installations
    claims: RoutingClaims
    timers: Timers
    stops: Stops
    short: ShortLinks
    deliveries: DeliveryIds
    ended: EndedActivities

    async def step(self, records: Sequence[Record]) -> StepResult:
        """Decide a batch. Repeatable: a second run gives the same records."""
        links = [due_link(record) for record in records if not isinstance(record.event, CancelRequested)]
        known = await self.claims.load({link.claim_id for link in links if link.by_timer or link.activity == "end"})
        answers = answered(links, known)
        decisions, ends = await self._decide(answers.fresh)
        await self.ended.mark(ends)
        claims = [claim for claim, _ in decisions]
        taken = await self.claims.insert([claim for claim in claims if claim.due_origin is None])
        taken |= await self.claims.make_due(
            [claim for claim in claims if claim.due_origin and claim.state == "planned"]
        )
        if taken:  # a repeat or a replay; or another instance was faster, or a cancellation
            known |= await self._stored(taken)
            answers = answered(links, known)  # all: what stands behind a refused one goes by its claim
        kept = [(claim, timer) for claim, timer in decisions if claim.claim_id not in taken]
        timers = answers.timers + [timer for _, timer in kept if timer is not None]
        await self.timers.set(timers)
        await self.stops.look_again(timers)
        replies = answers.appends + await cancelled(self.claims, records)
        for lane, count in answers.repeats.items():
            telemetry.REPEATS.labels(lane).inc(count)
        return StepResult([append for claim, _ in kept for append in claim.plan] + replies)

    async def _stored(self, claim_ids: set[str]) -> dict[str, RoutingClaim]:
        """The claims that refused ours. Raises Unavailable for one that no majority holds yet: what it says may not be
        acted on, and without it the link would be lost."""
        stored = await self.claims.load(claim_ids)
        if claim_ids - stored.keys():
            raise mongo.Unavailable("a claim is not held by a majority yet")
        return stored

    async def _decide(self, links: Sequence[DueLink]) -> tuple[list[_Decision], Sequence[Ended]]:
        """The decision on each, and the activities that are ended by it."""
        addresses = {link.claim_id: _address(link.request) for link in links}
        wanted = {address for address in addresses.values() if address is not None}
        found = await self.installations.by_addresses(wanted)
        seen = await self.installations.known(address for address in wanted if not found[address])
        now, usable_by = now_ms(), cache(self._usable_by)
        about = (
            (link.request, found[address])
            for link in links
            if link.activity is not None and (address := addresses[link.claim_id]) is not None
        )
        endings = await endings_of(self.ended, about, now)
        decisions: list[_Decision] = []
        for link in links:
            address = addresses[link.claim_id]
            installations: Sequence[Installation] = _among(found[address], link.request) if address is not None else ()
            waits = self._waits(link, installations, now)
            if waits is not None:
                decisions.append(waits)
                continue
            known = address is not None and (
                bool(found[address]) or address in seen or address.installation_id is not None
            )
            usable = usable_by(link.request.chain[0].application_id or "")
            shown = self._shown(link.request)
            deadline = shown.schedule.deadline if shown.schedule else None
            if link.activity is not None:
                installations = endings.alive(shown, installations)
            decided = plan(shown, installations, known, usable, now, deliveries=self.deliveries, send_by=deadline)
            if link.activity is not None:
                endings.planned(shown, decided.targets)
            decisions.append((_planned(link, decided), None))
        _count(decisions)
        return decisions, endings.ended

    def _waits(self, link: DueLink, installations: Sequence[Installation], now: int) -> _Decision | None:
        """The decision on a link that is not planned now, or to nobody because of a stop."""
        request = link.request
        stop = self.directory.stop_of(
            request.partner_id, request.chain[0].application_id, request.packet_id, request.mailing_id
        )
        if stop is not None and stop.state == "cancelled":
            return _claim(link, "planned", [to_status(to_nobody(request, Reason.CANCELLED, now).planned)]), None
        cause = link.record.event.event_id
        application = self.directory.applications.get(request.chain[0].application_id or "")
        later = scheduled(request, cause, installations, now, application) if request.schedule is not None else None
        if later is not None:
            return _claim(link, "scheduled", [to_status(later)]), timer_of(request, later, later.send_at)
        if stop is None:
            return None
        until = held_until(request)
        if now >= until:
            return _claim(link, "planned", [to_status(to_nobody(request, Reason.EXPIRED, now).planned)]), None
        waits = held(request, cause, stop, until, now)
        return _claim(link, "scheduled", [to_status(waits)]), timer_of(request, waits, until)

    def _shown(self, request: MessageRequested) -> MessageRequested:
        """The request with short links in the text of the link that is due, if it wants them."""
        link = request.chain[0]
        short = self.short.shortened(request.message_id, request.link, link)
        return request if short is link else request.replace(chain=(short, *request.chain[1:]))

    def _usable_by(self, application_id: str) -> UsableProviders:
        credentials = self.directory.credentials_of(application_id)
        web_key = next((used.public_key for used in credentials if used.provider is Provider.WEB), None)
        enabled = frozenset(used.provider for used in credentials if used.enabled)
        return UsableProviders(self.directory.applications.get(application_id), enabled, web_key)


def _address(request: MessageRequested) -> Address | None:
    """Where to look for the link's installations; of another channel's link only the time zone may be wanted."""
    link = request.chain[0]
    by_zone = request.schedule is not None and request.schedule.recipient_zone
    if link.application_id is None or (link.content is None and not by_zone):
        return None
    return Address.of(link.application_id, request.recipient)


def _among(installations: list[Installation], request: MessageRequested) -> list[Installation]:
    """The recipient's installations; of a segment, those that fit it."""
    only = request.recipient.only_installations
    if not only:
        return installations
    return [installation for installation in installations if installation.installation_id in only]


def _planned(link: DueLink, decided: Plan) -> RoutingClaim:
    for skipped in decided.planned.skipped:
        telemetry.SKIPPED.labels(skipped.reason.value).inc()
    appends = [to_status(decided.planned)]
    appends += [
        Append(
            topics.TARGET_RESOLVED[target.provider][target.lane], target.record_key, record_encryption.encode(target)
        )
        for target in decided.targets
    ]
    return _claim(link, "planned", appends)


def _claim(link: DueLink, state: Literal["scheduled", "planned"], plan: Sequence[Append]) -> RoutingClaim:
    origin = link.record.origin
    return RoutingClaim(link.claim_id, origin, state, plan, origin if link.by_timer else None)


def _count(decisions: Sequence[_Decision]) -> None:
    names = Counter(append.topic.name for claim, _ in decisions for append in claim.plan)
    for provider in Provider:
        planned = sum(names[topic.name] for topic in topics.TARGET_RESOLVED[provider].values())
        if planned:
            telemetry.PLANNED.labels(provider.value).inc(planned)
