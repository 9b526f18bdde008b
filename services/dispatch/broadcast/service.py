"""Does what the log asks of Apple's channels, and records the outcome in the log.

    broadcast-channels   requested, closing   ─▶ `create.py` ─▶ open, refused, closed
    broadcasts           BroadcastRequested   ─▶ may it go? (`gate.py`) ─▶ send ─▶ BroadcastDispatched
                                              a retry, and what is held back, is a timer

A broadcast that is sent again is the same to a phone, which ignores a state that is not newer; only an alert would
sound twice. So one with an alert is noted before it is sent, and a noted one without an outcome is `uncertain`.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass

from schemas import ids
from schemas.broadcast_events import (
    BroadcastChannelChanged,
    BroadcastDispatched,
    BroadcastOutcome,
    BroadcastRequested,
    ChannelState,
)
from schemas.topics import BROADCAST_CHANNELS, BROADCASTS
from services.dispatch.broadcast.channel_events import next_attempt, next_state
from services.dispatch.broadcast.create import ChannelCreation
from services.dispatch.broadcast.gate import BroadcastGate
from services.dispatch.delivery import Attempts, Senders
from services.dispatch.policy import Hold, backoff_s
from services.dispatch.provider import BEGUN_BEFORE, Rejected, Retry, Sender, Uncertain
from services.dispatch.providers import ApnsChannels, ApnsSender, ChannelAnswer, Done, Gone, aps_of
from services.runtime import telemetry
from services.runtime.clock import now_ms
from services.runtime.log.batch_consumer import Record, StepResult
from services.runtime.log.kafka import Append
from services.runtime.scheduling.stops import Stops
from services.runtime.scheduling.timers import Timer, Timers

log = telemetry.logger("broadcasts")
_NO_SENDER = Retry("the application has no usable APNs credentials", scope="application")
_LAST_ATTEMPT = 40
_LONGEST_S = 86_400.0


@dataclass(frozen=True)
class BroadcastService:
    """The handlers of both consumers. `senders` are those of APNs; the delivery of pushes keeps them up to date."""

    senders: Senders
    creation: ChannelCreation
    attempts: Attempts
    timers: Timers
    gate: BroadcastGate
    stops: Stops

    async def channels(self, records: Sequence[Record]) -> StepResult:
        """Handles requests for channels one after another: two made at once could not be told apart after a crash."""
        appends, timers = list[Append](), list[Timer]()
        for record in records:
            event = record.event
            if not isinstance(event, BroadcastChannelChanged) or event.state not in ("requested", "closing"):
                continue
            channels = _channels_of(self.senders.of(event.application_id))
            done = await self.creation.act(event, channels, now_ms()) if channels is not None else _NO_SENDER
            following = _channel_again(event, done) if isinstance(done, Retry) else done
            if isinstance(following, Timer):
                timers.append(following)
            else:
                appends.append(Append(BROADCAST_CHANNELS, following.entity_key, following))
        await self.timers.set(timers)
        return StepResult(appends)

    async def messages(self, records: Sequence[Record]) -> StepResult:
        """Sends broadcasts: those of one channel in order, channels side by side."""
        by_channel: dict[str, list[BroadcastRequested]] = {}
        for record in records:
            if isinstance(record.event, BroadcastRequested):
                by_channel.setdefault(record.event.channel_id, []).append(record.event)
        done = await asyncio.gather(*(self._send_all(events) for events in by_channel.values()))
        appends = [append for several in done for append in several]
        return StepResult(appends)

    async def _send_all(self, events: Sequence[BroadcastRequested]) -> list[Append]:
        return [Append(BROADCASTS, event.entity_key, await self._send(event)) for event in events]

    async def _send(self, event: BroadcastRequested) -> BroadcastDispatched:
        now = now_ms()
        if now >= event.expires_at:
            return _dispatched(event, "expired", now)
        channels = _channels_of(self.senders.of(event.application_id))
        if channels is None:
            return await self._again(event, _NO_SENDER)
        hold = self.gate.hold(event)
        if hold is not None:
            return await self._parked(event, hold)
        aps = aps_of(event.live_activity)
        if "alert" in aps and not await self.attempts.note(event.broadcast_id, event.attempt):
            return _dispatched(event, "uncertain", now, detail=BEGUN_BEFORE.detail)
        kept_until = event.expires_at if event.keep_latest else None
        began = self.gate.begin(event)
        answer: ChannelAnswer = Retry("interrupted")
        try:
            answer = await channels.send(event.environment, event.apple_id, event.broadcast_id, aps, kept_until)
        finally:
            answer = self.gate.end(event, answer, began)
        return await self._concluded(event, answer, resendable="alert" not in aps)

    async def _concluded(
        self, event: BroadcastRequested, answer: ChannelAnswer, *, resendable: bool
    ) -> BroadcastDispatched:
        telemetry.BROADCASTS.labels(type(answer).__name__.lower()).inc()
        match answer:
            case Done():
                return _dispatched(event, "accepted", now_ms(), status=answer.status)
            case Gone():
                return _dispatched(event, "refused", now_ms(), status=answer.status, detail=answer.detail)
            case Rejected():
                if answer.alert:
                    log.error("broadcast refused", application=event.application_id, detail=answer.detail)
                return _dispatched(event, "refused", now_ms(), status=answer.status, detail=answer.detail)
            case Uncertain() if not resendable:
                return _dispatched(event, "uncertain", now_ms(), detail=answer.detail)
            case Uncertain():
                return await self._again(event, Retry(answer.detail))
        return await self._again(event, answer)

    async def _parked(self, event: BroadcastRequested, hold: Hold) -> BroadcastDispatched:
        """Held back without an attempt; it comes again when the hold is over, or at its end, when it expires."""
        now = now_ms()
        due = min(now + round(hold.wait_s * 1000), event.expires_at)
        again = event.replace(event_id=ids.event_id_of(event.event_id, "parked"), at=now)
        timer = Timer(due, BROADCASTS, event.entity_key, again, () if hold.tag is None else (hold.tag,))
        await self.timers.set([timer])
        await self.stops.look_again([timer])
        self.gate.release(event, hold)
        dispatched = _dispatched(event, "retry", now, detail=hold.why, retry_at=due)
        return dispatched.replace(event_id=ids.event_id_of(event.event_id, "held"))

    async def _again(self, event: BroadcastRequested, retry: Retry) -> BroadcastDispatched:
        now = now_ms()
        wait_s = backoff_s(event.attempt, random.random(), retry.after_s or 0.0, (event.expires_at - now) / 1000)
        if wait_s is None:
            return _dispatched(event, "expired", now, status=retry.status, detail=retry.detail)
        due, attempt = now + round(wait_s * 1000), event.attempt + 1
        event_id = ids.event_id_of(event.broadcast_id, f"attempt/{attempt}")
        again = event.replace(event_id=event_id, at=now, attempt=attempt)
        await self.timers.set([Timer(due, BROADCASTS, event.entity_key, again)])
        return _dispatched(event, "retry", now, status=retry.status, detail=retry.detail, retry_at=due)


def _channels_of(sender: Sender | None) -> ApnsChannels | None:
    return sender.channels if isinstance(sender, ApnsSender) else None


def _channel_again(event: BroadcastChannelChanged, retry: Retry) -> BroadcastChannelChanged | Timer:
    """The same again later; after the last attempt a requested channel is refused, and a closing one stays open."""
    now = now_ms()
    wait_s = backoff_s(event.attempt, random.random(), retry.after_s or 0.0, _LONGEST_S)
    if event.attempt >= _LAST_ATTEMPT or wait_s is None:
        state: ChannelState = "refused" if event.state == "requested" else "open"
        return next_state(event, state, now, status=retry.status, detail=retry.detail)
    again = next_attempt(event, now, status=retry.status, detail=retry.detail)
    return Timer(now + round(wait_s * 1000), BROADCAST_CHANNELS, event.entity_key, again)


def _dispatched(
    event: BroadcastRequested,
    outcome: BroadcastOutcome,
    now: int,
    *,
    status: int = 0,
    detail: str = "",
    retry_at: int | None = None,
) -> BroadcastDispatched:
    return BroadcastDispatched(
        event_id=ids.event_id_of(event.broadcast_id, f"dispatched/{event.attempt}"),
        at=now,
        broadcast_id=event.broadcast_id,
        channel_id=event.channel_id,
        application_id=event.application_id,
        outcome=outcome,
        attempt=event.attempt,
        status=status,
        detail=detail,
        retry_at=retry_at,
    )
