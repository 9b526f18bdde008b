"""Decides whether a broadcast may go now. What holds back a push holds it back too (`delivery/hold.py`): a stop, a
sender whose keys are refused, a host that is away, an application over its rate. It waits in a timer, at most until it
expires.

A broadcast goes out under the keys of the application's pushes, so both have one health; its host is another one, so
that has a breaker of its own.
"""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from schemas.broadcast_events import BroadcastRequested
from services.dispatch.delivery import STOPPED, Senders, SenderWatch, hold_of, paused
from services.dispatch.policy import Hold, HostChange, HostHealth
from services.dispatch.provider import Accepted, Rejected, Result, Retry, Uncertain
from services.dispatch.providers import ABOUT_BROADCASTS, ChannelAnswer, Done, Gone
from services.runtime import telemetry
from services.runtime.clock import now_ms

log = telemetry.logger("broadcasts")
_TOO_MANY = 429
_SERVER_ERROR = 500


@dataclass
class BroadcastGate:
    """The gate of all broadcasts. Ask only about applications that have a sender.

    `senders` and `watch` are those of APNs, shared with pushes.
    """

    senders: Senders
    watch: SenderWatch
    host: HostHealth = field(default_factory=HostHealth)
    clock: Callable[[], float] = lambda: asyncio.get_running_loop().time()

    def hold(self, event: BroadcastRequested) -> Hold | None:
        """Why it waits; None when it may go: then call `begin`, and `end` with the answer."""
        stop = self.senders.stop_of(event.application_id, event.partner_id or "")
        if stop is not None:
            return paused(stop, (event.expires_at - now_ms()) / 1000)
        return hold_of(self.watch.health_of(event.application_id), self.host, self.clock())

    def begin(self, event: BroadcastRequested) -> float:
        """Notes that it goes out now; returns the time, for `end`."""
        now = self.clock()
        self.watch.health_of(event.application_id).begin(now)
        self.host.breaker.begin(now)
        return now

    def end(self, event: BroadcastRequested, answer: ChannelAnswer, began: float) -> ChannelAnswer:
        """Notes what the answer says of the application and of the host; returns the answer to act on.

        A broadcast that finds the sender stopped, as a probe does, is tried again: the keys may be mended.
        """
        now, health, result = self.clock(), self.watch.health_of(event.application_id), _as_of_a_push(answer)
        was_stopped = health.breaker.is_open
        if health.end(result, now, random.random(), counts_for_guard=False):
            self.watch.release(health)
        news = self.host.ended(_as_of_its_host(result), began, now, random.random())
        if news is HostChange.AWAY:
            log.error("provider is away: broadcasts wait", provider="apns")
        elif news is HostChange.BACK:
            log.info("provider is back: broadcasts go on", provider="apns")
        if was_stopped and isinstance(result, Rejected) and result.alert:
            return Retry(f"{result.detail}: {STOPPED}", result.status, max(1.0, health.breaker.wait_s(now)))
        return answer

    def release(self, event: BroadcastRequested, hold: Hold) -> None:
        """Call it once the broadcast waits: what it waits for may have come in between."""
        health = self.watch.health_of(event.application_id)
        if hold.tag == health.tag and not health.breaker.is_open:
            self.watch.release(health)


def _as_of_a_push(answer: ChannelAnswer) -> Result:
    """The answer as if a push had got it: pushes go to another host, and need less than broadcasts do."""
    match answer:
        case Done():
            return Accepted(None, answer.status)
        case Gone():
            return Rejected(answer.detail, answer.status)
        case Rejected() if answer.detail in ABOUT_BROADCASTS:
            return replace(answer, alert=False)
        case Uncertain():
            return replace(answer, scope="token")
        case Retry() if answer.status != _TOO_MANY:
            return replace(answer, scope="provider")
    return answer


def _as_of_its_host(result: Result) -> Result:
    """The answer as it concerns the broadcasts' host: silence and 5xx are the host's."""
    if isinstance(result, Uncertain):
        return replace(result, scope="provider")
    if isinstance(result, Retry) and (not result.status or result.status >= _SERVER_ERROR):
        return replace(result, scope="provider")
    return result
