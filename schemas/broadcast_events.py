"""Broadcast channels of APNs and what is sent on them: one push updates the Live Activities of all followers.

    broadcast-channels   compacted, key <application>/<name>: every event is the channel's full state

                         requested ─▶ open ─▶ closing ─▶ closed ─▶ requested …       ingest asks, dispatch answers
                              └─▶ refused (requested again: requested)

    broadcasts           key <application>/<name>: BroadcastRequested (ingest, dispatch for a retry) and, for each
                         attempt, BroadcastDispatched (dispatch)

Each new state has a higher `revision`, so the newest is known in whatever order they come. Source: `docs/providers.md`
§1.7.
"""

from typing import Literal

from schemas.events import Event

ChannelState = Literal["requested", "open", "refused", "closing", "closed"]
BroadcastOutcome = Literal["accepted", "retry", "uncertain", "refused", "expired"]
ApnsEnvironment = Literal["production", "sandbox"]


class BroadcastChannelChanged(Event, tag="broadcast-channel-changed"):
    """A channel as it is from now on."""

    channel_id: str  # UUIDv5 of application and name
    application_id: str
    name: str  # the application's own
    environment: ApnsEnvironment
    keep_latest: bool  # whether APNs keeps the newest message for phones that come later
    state: ChannelState
    revision: int
    attempt: int = 1  # at reaching the next state
    apple_id: str | None = None  # Apple's id of the channel, base64: what apps subscribe to
    status: int = 0  # of Apple's last answer
    detail: str = ""  # the reason in it

    @property
    def entity_key(self) -> str:
        return f"{self.application_id}/{self.name}"


class BroadcastRequested(Event, tag="broadcast-requested"):
    """A message for a channel; again with a higher `attempt` when a retry is due."""

    broadcast_id: str
    channel_id: str
    application_id: str
    name: str  # of the channel
    environment: ApnsEnvironment
    apple_id: str
    keep_latest: bool
    live_activity: str  # as in Content.live_activity
    ref: str | None = None  # the partner's own id
    accepted_at: int  # UTC ms
    expires_at: int  # UTC ms; nothing is sent after it
    attempt: int = 1
    partner_id: str | None = None  # whose request it was; None: an operator's

    @property
    def entity_key(self) -> str:
        return f"{self.application_id}/{self.name}"


class BroadcastDispatched(Event, tag="broadcast-dispatched"):
    """The outcome of one attempt. `uncertain`: APNs may have taken it, so it must not be sent again."""

    broadcast_id: str
    channel_id: str
    application_id: str
    outcome: BroadcastOutcome
    attempt: int
    status: int = 0
    detail: str = ""
    retry_at: int | None = None
