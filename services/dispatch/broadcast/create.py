"""Makes and deletes channels at Apple as the log asks for them, each once.

requested ─▶ noted before? ─no─▶ what is there now ─▶ note ─▶ create ─▶ note the id ─▶ open
                 └─yes─▶ its id is known ─▶ open
                       └▶ a new id is there that no channel of ours has ─▶ taken ─▶ open
                       └▶ nothing new: create
closing   ─▶ delete ─▶ closed (also when Apple knows no such channel)
"""

from dataclasses import dataclass
from typing import Any

from schemas.broadcast_events import BroadcastChannelChanged
from services.dispatch.broadcast.channel_events import next_state
from services.dispatch.broadcast.store import ChannelNotes
from services.dispatch.provider import Rejected, Retry, Uncertain
from services.dispatch.providers import ApnsChannels, ChannelAnswer, Done, Gone
from services.runtime import telemetry

log = telemetry.logger("broadcasts")
POLICY_KEY = "message-storage-policy"


@dataclass(frozen=True)
class ChannelCreation:
    """Acts on one event at a time: the topic has one partition, so no other process makes channels meanwhile."""

    notes: ChannelNotes

    async def act(
        self, event: BroadcastChannelChanged, channels: ApnsChannels, now: int
    ) -> BroadcastChannelChanged | Retry:
        """The channel's next state, or when to try again. Raises mongo.TRANSIENT_ERRORS."""
        if event.state == "closing":
            return self._closed(event, await channels.delete(event.environment, event.apple_id or ""), now)
        key = f"{event.channel_id}/{event.revision}"
        begun = await self.notes.find(key)
        if begun is not None and begun.apple_id is not None:
            return next_state(event, "open", now, apple_id=begun.apple_id)
        there = await channels.listed(event.environment)
        if not isinstance(there, Done):
            return self._refused(event, there, now)
        present = _ids_in(there.body)
        if begun is None:
            await self.notes.begin(key, event.application_id, event.environment, present)
        else:
            fresh = [apple_id for apple_id in present if apple_id not in begun.before]
            orphan = await self._orphan(event, channels, fresh)
            if orphan is not None:
                await self.notes.made(key, orphan)
                return next_state(event, "open", now, apple_id=orphan)
        made = await channels.create(event.environment, event.keep_latest)
        apple_id = made.headers.get("apns-channel-id") if isinstance(made, Done) else None
        if apple_id is None:
            return self._refused(event, made, now)
        await self.notes.made(key, apple_id)
        return next_state(event, "open", now, apple_id=apple_id, status=201)

    async def _orphan(self, event: BroadcastChannelChanged, channels: ApnsChannels, fresh: list[str]) -> str | None:
        """The channel that an unanswered attempt made; None when there is none, or when several might be it."""
        taken = await self.notes.taken(event.application_id, event.environment) if fresh else set()
        found = []
        for apple_id in fresh:
            if apple_id not in taken:
                about = await channels.read(event.environment, apple_id)
                if isinstance(about, Done) and _policy_of(about.body) == int(event.keep_latest):
                    found.append(apple_id)
        return found[0] if len(found) == 1 else None

    def _closed(
        self, event: BroadcastChannelChanged, answer: ChannelAnswer, now: int
    ) -> BroadcastChannelChanged | Retry:
        if isinstance(answer, Done | Gone):
            return next_state(event, "closed", now, status=answer.status)
        if isinstance(answer, Rejected):  # it is still there
            _alert(event, answer)
            return next_state(event, "open", now, status=answer.status, detail=answer.detail)
        return answer if isinstance(answer, Retry) else Retry(answer.detail)

    def _refused(
        self, event: BroadcastChannelChanged, answer: ChannelAnswer, now: int
    ) -> BroadcastChannelChanged | Retry:
        match answer:
            case Retry():
                return answer
            case Uncertain():
                return Retry(answer.detail)
            case Rejected():
                _alert(event, answer)
                return next_state(event, "refused", now, status=answer.status, detail=answer.detail)
        return next_state(event, "refused", now, status=answer.status, detail="an answer without apns-channel-id")


def _alert(event: BroadcastChannelChanged, answer: Rejected) -> None:
    if answer.alert:
        log.error("broadcast channel refused", application=event.application_id, detail=answer.detail)


def _ids_in(body: Any) -> list[str]:
    listed = body.get("channels") if isinstance(body, dict) else None
    return [apple_id for apple_id in listed if isinstance(apple_id, str)] if isinstance(listed, list) else []


def _policy_of(body: Any) -> object:
    return body.get(POLICY_KEY) if isinstance(body, dict) else None
