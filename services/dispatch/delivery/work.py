"""The work of dispatch for one provider, on both lanes: what `services/runtime/log/concurrent_consumer.py` calls for
each record.

    prepare    installations of the chunk, one `$in` ─▶ screened; SECURE values sealed to devices that have a key,
               and whose owner is proved
    perform    paused? stopped? throttled? ─▶ parked
               else one attempt ─▶ concluded
    write      provider-dispatched, and timers for what comes again

No push waits in here: what cannot go now is parked in a timer. Nothing is logged for a single push; the trace in
`provider-dispatched` tells of each.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from schemas.events import ProviderDispatched, TargetResolved
from schemas.live import event_of
from schemas.providers import Provider
from schemas.reasons import Reason
from schemas.topics import PROVIDER_DISPATCHED, TARGET_RESOLVED
from services.dispatch.delivery.attempts_store import Attempts, NotedAttempt
from services.dispatch.delivery.sender_health import STOPPED, Addressee, SenderHealth, Verdict
from services.dispatch.delivery.senders import Senders
from services.dispatch.payload.secure_values import DeviceSecureValues
from services.dispatch.policy import deliver
from services.dispatch.policy.deliver import AttemptFacts, Conclusion, Obstacle
from services.dispatch.policy.host_health import HostChange, HostHealth
from services.dispatch.policy.ways import way_of
from services.dispatch.provider import Push, Result, Retry, Sender, TokenGone
from services.runtime import telemetry
from services.runtime.access.identity import is_trusted
from services.runtime.clock import now_ms
from services.runtime.crypto.master_key import Secrets
from services.runtime.installations.reader import Installation, Installations, Token
from services.runtime.log.batch_consumer import Record
from services.runtime.log.kafka import Append, Log
from services.runtime.loops import keep_on
from services.runtime.mongo.ended_activities import Ended, EndedActivities, key_of
from services.runtime.scheduling.stops import Stops, cancel_tags, held_tag
from services.runtime.scheduling.timers import Timer, Timers

log = telemetry.logger("dispatch")
_AWAY_S = 5.0
_WATCH_S = 0.5


class Ready(NamedTuple):
    """A target that is to be sent, and what was looked up for it."""

    target: TargetResolved
    installation: Installation | None  # None, and no token: for the channel platform
    token: Token | None
    sender: Sender
    health: SenderHealth
    sealed: str | None = None  # SECURE values, to this device


HAS_ENDED: Final = Obstacle("refused", Reason.NO_ACTIVE_INSTALLATION, "the live activity has been ended")
_TAKEN: Final = frozenset({"accepted"})
_LOST: Final = frozenset({"refused", "expired", "suppressed"})
Item = Ready | Conclusion
"""A conclusion: nothing is to be sent."""


class DispatchWork:
    """Fulfils `services.runtime.log.in_flight.Work`."""

    def __init__(
        self,
        provider: Provider,
        senders: Senders,
        installations: Installations,
        attempts: Attempts,
        secrets: Secrets,
        sink: Log,
        timers: Timers,
        sealing: DeviceSecureValues,
        stops: Stops,
        *,
        ended: EndedActivities,
    ) -> None:
        self.provider = provider
        self._host = HostHealth()
        self.breaker = self._host.breaker
        self._senders, self._installations, self._attempts = senders, installations, attempts
        self._secrets, self._sink, self._timers, self._sealing = secrets, sink, timers, sealing
        self._stops, self._ended = stops, ended
        self._healths: dict[str, SenderHealth] = {}
        self._to_hasten: set[str] = set()
        self._clock = asyncio.get_running_loop().time
        self._outcomes = telemetry.PUSHES
        self._seconds = telemetry.PUSH_SECONDS.labels(provider.value)
        telemetry.IN_FLIGHT.labels(provider.value).set_function(self._in_flight)

    def allowance(self) -> int | None:
        """While the provider is away nothing is taken, then one record as a probe."""
        if not self.breaker.is_open:
            return None
        return int(self.breaker.admits(self._clock()))

    async def prepare(self, records: Sequence[Record]) -> Sequence[Item]:
        await self._refresh()
        targets = [record.event for record in records if isinstance(record.event, TargetResolved)]
        found = await self._installations.by_ids([one.installation_id for one in targets if one.channel is None])
        updated = [key_of(one.installation_id, one.slot) for one in targets if one.slot and _is(one, "update")]
        marks = await self._ended.among(updated) if updated else {}
        now = now_ms()
        items = [self._item(target, found.get(target.installation_id), marks, now) for target in targets]
        return [await self._with_values(item, now) if isinstance(item, Ready) else item for item in items]

    async def _with_values(self, item: Ready, now: int) -> Ready:
        if item.target.content.secure is None or item.installation is None:
            return item
        if not is_trusted(item.installation, self._senders.application(item.target.application_id)):
            return item  # nobody vouches for its owner: the values are not for whoever says to be him
        key = item.installation.public_key
        return item._replace(sealed=await self._sealing.for_device(item.target, key, now))

    async def perform(self, item: Item) -> Conclusion:
        if isinstance(item, Conclusion):
            return item
        done = await self._performed(item)
        return done._replace(ends=True) if item.target.slot and _is(item.target, "end") else done

    async def _performed(self, item: Ready) -> Conclusion:
        target, health = item.target, item.health
        held = self._held(target, health)
        if held is not None:
            return held
        push = self._push(item)
        to = self._addressed(item, push)
        held = self._held_way(target, health, to) if to is not None and to.way.is_troubled else None
        if held is not None:
            return held
        absorbs = target.withdraw or item.sender.absorbs_resend(push)
        began = self._clock()
        health.begin(began)
        self.breaker.begin(began)
        if to is not None and to.way.is_troubled:
            to.way.begin(began)
        result: Result = Retry("interrupted")
        if not absorbs:
            push = push._replace(note=NotedAttempt(self._attempts, target.delivery_id, target.attempt))
        try:
            result = await item.sender.send(push)
        finally:
            ended = self._clock()
            verdict = self._end(result, item, to, began, ended)
        self._seconds.observe(ended - began)
        return self._concluded(item, verdict, to, AttemptFacts(round((ended - began) * 1000), "", absorbs))

    def _concluded(self, item: Ready, verdict: Verdict, to: Addressee | None, sent: AttemptFacts) -> Conclusion:
        target, result = item.target, verdict.result
        if to is not None:
            retires = bool(target.slot) or not item.health.guard.is_paused
            if isinstance(result, TokenGone) and result.needs_proof:
                retires = retires and to.way.is_proven
            sent = sent._replace(digest=to.digest, retires=retires, worked_under=None if target.slot else to.news)
        if not verdict.waits:
            return deliver.concluded(target, result, sent, now_ms(), random.random())
        return deliver.waiting(target, result, sent, now_ms(), item.health.tag)

    async def write(self, done: Sequence[Conclusion]) -> None:
        await self._note_ended([one.event for one in done if one.ends])
        timers = [self._timer(one) for one in done if one.again is not None]
        await self._timers.set(timers)
        await self._stops.look_again(timers)
        for one in done:  # what it waits for may have come while its timer was being set
            health = self._healths.get((one.waits_for or "").removeprefix(f"{self.provider.value}/"))
            if health is not None and not health.is_stopped:
                self.release(health)
        await self._sink.append(
            [Append(PROVIDER_DISPATCHED[one.event.lane], one.event.message_id, one.event) for one in done]
        )
        for outcome, count in Counter(one.event.outcome for one in done).items():
            self._outcomes.labels(self.provider.value, outcome).inc(count)

    async def _note_ended(self, ends: Sequence[ProviderDispatched]) -> None:
        """Of ends that may have been taken nothing is noted: their marks go by themselves."""
        for outcomes, accepted in ((_TAKEN, True), (_LOST, False)):
            some = [one for one in ends if one.outcome in outcomes]
            marks = [Ended(one.installation_id, one.slot, one.delivery_id, one.at, one.at) for one in some]
            await self._ended.concluded(marks, accepted=accepted)

    async def watch(self, stop: asyncio.Event) -> None:
        """Follow changed credentials also while nothing comes, and release what was parked for them."""

        async def turn() -> None:
            await self._refresh()
            for tag in sorted(self._to_hasten):
                self._to_hasten.discard(tag)  # first: what is let go meanwhile may have been set too late for this
                try:
                    await self._timers.hasten(tag, now_ms())
                except BaseException:
                    self._to_hasten.add(tag)
                    raise

        await keep_on(f"watch-{self.provider.value}", turn, stop, _WATCH_S)

    async def _refresh(self) -> None:
        for application_id in await self._senders.refresh():
            health = self._healths.get(application_id)
            if health is not None and self._senders.of(application_id) is not None:
                health.renewed(self._senders.max_rate(application_id), self._senders.fingerprint(application_id))
                self.release(health)

    def _item(self, target: TargetResolved, one: Installation | None, marks: Mapping[str, Ended], now: int) -> Item:
        sender = self._senders.of(target.application_id)
        web_key = self._senders.web_key(target.application_id)
        why = deliver.screened(target, one, sender is not None, now, web_key)
        token = one.token_of(target.slot, now) if one is not None and why is None else None
        mark = marks.get(key_of(target.installation_id, target.slot)) if marks and _is(target, "update") else None
        if token is not None and mark is not None and mark.covers(token.registered_at, now):
            why = HAS_ENDED
        if why is not None:
            done = deliver.not_sent(target, why, now)
            return done._replace(ends=True) if target.slot and _is(target, "end") else done
        assert sender is not None
        return Ready(target, one, token, sender, self.health_of(target.application_id))

    def health_of(self, application_id: str) -> SenderHealth:
        """Of an application that has a sender."""
        health = self._healths.get(application_id)
        if health is None:
            max_rate, fingerprint = self._senders.max_rate(application_id), self._senders.fingerprint(application_id)
            health = SenderHealth(self.provider, application_id, max_rate, fingerprint)
            self._healths[application_id] = health
        return health

    def release(self, health: SenderHealth) -> None:
        """What waits for the application's sender is due now."""
        self._to_hasten.add(health.tag)

    def _held(self, target: TargetResolved, health: SenderHealth) -> Conclusion | None:
        """Parked, if it may not go now; ended, if it was cancelled."""
        stop = self._senders.stop_of(target.application_id, target.partner_id, target.packet_id, target.mailing_id)
        if stop is not None:
            at = now_ms()
            if stop.state == "cancelled":
                return deliver.cancelled(target, f"the {stop.scope} was cancelled", at)
            wait_s = (deliver.deadline_of(target) - at) / 1000
            return deliver.parked(target, at, wait_s, f"{stop.scope} is paused", held_tag(stop.scope, stop.id))
        now = self._clock()
        stopped_s = health.stopped_for_s(now)
        if stopped_s is not None:
            return deliver.parked(target, now_ms(), stopped_s, STOPPED, health.tag)
        if not self.breaker.admits(now):
            wait_s = min(_AWAY_S, max(1.0, self.breaker.wait_s(now))) * (1 + random.random())
            return deliver.parked(target, now_ms(), wait_s, "provider is away")
        wait_s = health.limiter.admitted(now, target.lane == "bulk")
        return deliver.parked(target, now_ms(), wait_s, "throttled") if wait_s else None

    def _addressed(self, item: Ready, push: Push) -> Addressee | None:
        """None: to the channel platform, which is no token's."""
        if item.token is None:
            return None
        return item.health.addressee(item.token.digest, way_of(self.provider, push), item.token.worked_under)

    def _held_way(self, target: TargetResolved, health: SenderHealth, to: Addressee) -> Conclusion | None:
        wait_s = to.way.held_for_s(self._clock(), to.digest, to.worked_under)
        return deliver.parked(target, now_ms(), wait_s, STOPPED, health.tag) if wait_s else None

    def _end(self, answer: Result, item: Ready, to: Addressee | None, began: float, now: float) -> Verdict:
        """The result as it is to be taken."""
        health = item.health
        verdict = health.verdict_on(answer, to, now, random.random())
        result = verdict.result
        if health.end(result, now, random.random(), counts_for_guard=not item.target.slot) or verdict.goes_on:
            self.release(health)
        has_worked = item.token is None or item.token.worked
        news = self._host.ended(result, began, now, random.random(), has_worked=has_worked)
        if news is HostChange.AWAY:
            log.error("provider is away: its partitions are paused", provider=self.provider.value)
        elif news is HostChange.BACK:
            log.info("provider is back", provider=self.provider.value)
        return verdict

    def _push(self, item: Ready) -> Push:
        target, token = item.target, item.token
        return Push(
            target.message_id,
            target.delivery_id,
            target.installation_id,
            target.application_id,
            self._secrets.open(token.sealed, b"token").decode() if token else "",
            token.environment if token else None,
            token.bundle if token else None,
            token.variant if token else None,
            target.content,
            target.expires_at,  # what was sent in time keeps its whole lifetime, whatever the schedule's deadline
            target.recipient_mark,
            target.attempt,
            target.lane == "bulk",
            token.worked if token else True,
            item.installation.public_key if item.installation else None,
            target.link,
            item.sealed,
            slot=target.slot,
            withdraw=target.withdraw,
            channel=target.channel,
            platform=item.installation.platform.value if item.installation else "",
        )

    def _timer(self, one: Conclusion) -> Timer:
        assert one.again is not None
        assert one.event.retry_at is not None
        topic = TARGET_RESOLVED[self.provider][one.again.lane]
        waits_for = () if one.waits_for is None else (one.waits_for,)
        tags = waits_for + cancel_tags(one.again)
        return Timer(one.event.retry_at, topic, one.again.record_key, one.again, tags)

    def _in_flight(self) -> float:
        return float(sum(health.limiter.under_way for health in self._healths.values()))


def _is(target: TargetResolved, event: str) -> bool:
    """Whether the target is that of a Live Activity, for this event. Asked of such targets only: it reads JSON."""
    return not target.withdraw and event_of(target.content) == event
