"""The service of broadcast channels: append what the owner asks for (acks=all), fold it, answer what was written.

request ─▶ broadcast-channels, broadcasts ─▶ dispatch acts ─▶ the same topics ─▶ folded here (`step`)
"""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas import ids
from schemas.broadcast_events import BroadcastChannelChanged, BroadcastRequested
from schemas.providers import Provider
from schemas.topics import BROADCAST_CHANNELS, BROADCASTS
from services.ingest.broadcast import rules
from services.ingest.broadcast.rules import BroadcastBody, ChannelBody, channel_id_of
from services.ingest.broadcast.store import Broadcast, Broadcasts
from services.ingest.http import problem_of
from services.ingest.rules import Refused
from services.runtime.access.audit import note_change, state_of
from services.runtime.access.partner_auth import Caller
from services.runtime.clock import now_ms
from services.runtime.directory import Directory
from services.runtime.http.server import Problem
from services.runtime.log.batch_consumer import Record, StepResult
from services.runtime.log.kafka import Append, Log

_OPERATORS_OFFSET_MIN = 180


@dataclass(frozen=True)
class BroadcastService:
    """Opens and closes channels, and sends on them. Raises Problem, kafka.TRANSIENT_ERRORS, mongo.TRANSIENT_ERRORS."""

    store: Broadcasts
    directory: Directory
    sink: Log

    async def step(self, records: Sequence[Record]) -> StepResult:
        """The consumer's step: fold what was appended here and by dispatch."""
        events = [record.event for record in records]

        async def project() -> None:
            for event in events:
                await self.store.apply(event)

        return StepResult(project=project)

    def check(self, application_id: str, caller: Caller) -> None:
        """Raise Problem unless the caller is the operator, or a partner with a sender of this application."""
        is_theirs = caller.partner is None or any(
            sender.application_id == application_id and sender.enabled
            for sender in self.directory.senders_of(caller.partner.partner_id)
        )
        if application_id not in self.directory.applications or not is_theirs:
            raise Problem(404, "Unknown application", "no application of that id with a sender of yours")

    async def channel(self, application_id: str, name: str) -> BroadcastChannelChanged:
        found = await self.store.channel(channel_id_of(application_id, name))
        if found is None:
            raise Problem(404, "Unknown channel", "no channel of that name was requested")
        return found

    async def ask(self, application_id: str, name: str, body: ChannelBody) -> tuple[BroadcastChannelChanged, bool]:
        """The channel, and whether this request is its first."""
        credentials = self.directory.credentials.get((application_id, Provider.APNS))
        if credentials is None or not credentials.enabled:
            raise Problem(409, "No APNs credentials", "the application has no credentials of `apns`")
        known = await self.store.channel(channel_id_of(application_id, name))
        try:
            asked = rules.asked_for(application_id, name, body, known, now_ms())
        except Refused as error:
            raise problem_of(error) from None
        note_change(f"broadcast-channel/{application_id}/{name}", state_of(known), state_of(asked or known))
        if asked is None:
            assert known is not None
            return known, False
        await self._publish(asked)
        return asked, True

    async def close(self, application_id: str, name: str) -> BroadcastChannelChanged:
        """Close an open channel; one that is closed, or closing, stays so."""
        known = await self.channel(application_id, name)
        if known.state == "requested":
            raise Problem(409, "Not yet", "the channel is being made; try again when it is open or refused")
        if known.state != "open":
            note_change(f"broadcast-channel/{application_id}/{name}", state_of(known), state_of(known))
            return known
        asked = rules.closing(known, now_ms())
        note_change(f"broadcast-channel/{application_id}/{name}", state_of(known), state_of(asked))
        await self._publish(asked)
        return asked

    async def send(
        self, application_id: str, name: str, body: BroadcastBody, aps: object, caller: Caller
    ) -> tuple[Broadcast, bool]:
        """The message, and whether it is new; `aps` as it was written."""
        channel = await self.channel(application_id, name)
        offset_min = caller.partner.utc_offset_min if caller.partner is not None else _OPERATORS_OFFSET_MIN
        try:
            asked = rules.broadcast_of(
                channel,
                body,
                aps,
                offset_min=offset_min,
                now=now_ms(),
                drawn_id=ids.uuid7(),
                partner_id=caller.partner_id,
            )
        except Refused as error:
            raise problem_of(error) from None
        known = await self.store.broadcast(asked.broadcast_id) if body.id is not None else None
        if known is not None:
            sent = state_of(known.requested)
            note_change(f"broadcast/{asked.broadcast_id}", sent, sent)
            return known, False
        if channel.state != "open":
            raise Problem(409, "Channel not open", f"it is {channel.state}")
        note_change(f"broadcast/{asked.broadcast_id}", {}, state_of(asked))
        await self._publish(asked)
        return Broadcast(asked, None), True

    async def broadcast(self, application_id: str, name: str, broadcast_id: str) -> Broadcast:
        found = await self.store.broadcast(broadcast_id)
        if found is None or found.requested.channel_id != channel_id_of(application_id, name):
            raise Problem(404, "Unknown message", "no message of that id was sent on this channel")
        return found

    async def _publish(self, event: BroadcastChannelChanged | BroadcastRequested) -> None:
        topic = BROADCAST_CHANNELS if isinstance(event, BroadcastChannelChanged) else BROADCASTS
        await self.sink.append([Append(topic, event.entity_key, event)])
        await self.store.apply(event)
