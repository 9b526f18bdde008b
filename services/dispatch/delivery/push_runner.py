"""Runs one push: it is parked if anything holds it back, else one attempt is made and concluded.

stopped? paused? throttled? ─▶ parked
else                        ─▶ send ─▶ what the answer says of application and host ─▶ concluded
"""

import asyncio
import random

from schemas.events import TargetResolved
from schemas.providers import Provider
from services.dispatch.delivery.attempts_store import Attempts, NotedAttempt
from services.dispatch.delivery.hold import hold_of, paused
from services.dispatch.delivery.sender_health import STOPPED, Addressee, SenderHealth, Verdict
from services.dispatch.delivery.sender_watch import SenderWatch
from services.dispatch.delivery.senders import Senders
from services.dispatch.delivery.target_lookup import Item, ReadyPush, marked_end
from services.dispatch.policy import (
    AttemptFacts,
    Conclusion,
    Hold,
    HostChange,
    HostHealth,
    cancelled,
    concluded,
    deadline_of,
    parked,
    waiting,
    way_of,
)
from services.dispatch.provider import Push, Result, Retry, TokenGone
from services.runtime import telemetry
from services.runtime.clock import now_ms
from services.runtime.crypto.master_key import Secrets

log = telemetry.logger("dispatch")


class PushRunner:
    """Runs the pushes of one provider, many at a time."""

    def __init__(
        self, provider: Provider, senders: Senders, watch: SenderWatch, *, attempts: Attempts, secrets: Secrets
    ) -> None:
        self.host = HostHealth()
        telemetry.PROVIDER_AWAY.labels(provider.value).set_function(lambda: float(self.host.breaker.is_open))
        self._provider, self._senders, self._watch = provider, senders, watch
        self._attempts, self._secrets = attempts, secrets
        self._clock = asyncio.get_running_loop().time
        self._seconds = telemetry.PUSH_SECONDS.labels(provider.value)

    async def run(self, item: Item) -> Conclusion:
        """What became of it; what is already concluded is returned as it is."""
        if isinstance(item, Conclusion):
            return item
        target = item.target
        conclusion = self._held_back(target, item.health) or await self._attempt(item)
        return marked_end(target, conclusion) if target.slot else conclusion

    def _held_back(self, target: TargetResolved, health: SenderHealth) -> Conclusion | None:
        """Its conclusion if it may not go now: parked, or ended if it was cancelled."""
        stop = self._senders.stop_of(target.application_id, target.partner_id, target.packet_id, target.mailing_id)
        if stop is not None:
            now = now_ms()
            if stop.state == "cancelled":
                return cancelled(target, f"the {stop.scope} was cancelled", now)
            return parked(target, now, paused(stop, (deadline_of(target) - now) / 1000))
        hold = hold_of(health, self.host, self._clock(), target.lane)
        return None if hold is None else parked(target, now_ms(), hold)

    async def _attempt(self, item: ReadyPush) -> Conclusion:
        target, health = item.target, item.health
        push = _push_of(item, self._secrets)
        to = self._addressee(item, push)
        began = self._clock()
        way = to.way if to is not None and to.way.is_troubled else None
        if way is not None and to is not None:
            wait_s = way.held_for_s(began, to.digest, to.worked_under)
            if wait_s:
                return parked(target, now_ms(), Hold(STOPPED, wait_s, health.tag))
            way.begin(began)
        absorbs = target.withdraw or item.sender.absorbs_resend(push)
        if not absorbs:
            push = push._replace(note=NotedAttempt(self._attempts, target.delivery_id, target.attempt))
        health.begin(began)
        self.host.breaker.begin(began)
        result: Result = Retry("interrupted")
        try:
            result = await item.sender.send(push)
        finally:
            ended = self._clock()
            verdict = self._verdict(result, item, to, began, ended)
        self._seconds.observe(ended - began)
        return _concluded(item, verdict, to, AttemptFacts(round((ended - began) * 1000), "", absorbs))

    def _addressee(self, item: ReadyPush, push: Push) -> Addressee | None:
        """The token that it goes to; None for the channel platform, which has no tokens."""
        if item.token is None:
            return None
        return item.health.addressee(item.token.digest, way_of(self._provider, push), item.token.worked_under)

    def _verdict(self, result: Result, item: ReadyPush, to: Addressee | None, began: float, now: float) -> Verdict:
        """The verdict on the answer, which also updates the health of application and host."""
        health = item.health
        verdict = health.verdict_on(result, to, now, random.random())
        if health.end(verdict.result, now, random.random(), counts_for_guard=not item.target.slot) or verdict.goes_on:
            self._watch.release(health)
        has_worked = item.token is None or item.token.worked
        change = self.host.ended(verdict.result, began, now, random.random(), has_worked=has_worked)
        if change is HostChange.AWAY:
            log.error("provider is away: its partitions are paused", provider=self._provider.value)
        elif change is HostChange.BACK:
            log.info("provider is back", provider=self._provider.value)
        return verdict


def _push_of(item: ReadyPush, secrets: Secrets) -> Push:
    target, installation, token = item.target, item.installation, item.token
    return Push(
        message_id=target.message_id,
        delivery_id=target.delivery_id,
        installation_id=target.installation_id,
        application_id=target.application_id,
        token=secrets.open(token.sealed, b"token").decode() if token else "",
        token_environment=token.environment if token else None,
        bundle=token.bundle if token else None,
        variant=token.variant if token else None,
        content=target.content,
        expires_at=target.expires_at,  # not the schedule's deadline: what was sent in time keeps its whole lifetime
        recipient_mark=target.recipient_mark,
        attempt=target.attempt,
        lane=target.lane,
        token_worked=token.worked if token else True,
        public_key=installation.public_key if installation else None,
        link=target.link,
        sealed=item.sealed,
        slot=target.slot,
        withdraw=target.withdraw,
        channel=target.channel,
        platform=installation.platform.value if installation else "",
    )


def _concluded(item: ReadyPush, verdict: Verdict, to: Addressee | None, facts: AttemptFacts) -> Conclusion:
    target, result = item.target, verdict.result
    if to is not None:
        retires = bool(target.slot) or not item.health.guard.is_paused
        if isinstance(result, TokenGone) and result.needs_proof:
            retires = retires and to.way.is_proven
        worked_under = None if target.slot else to.news
        facts = facts._replace(digest=to.digest, retires=retires, worked_under=worked_under)
    if not verdict.waits:
        return concluded(target, result, facts, now_ms(), random.random())
    return waiting(target, result, facts, now_ms(), item.health.tag)
