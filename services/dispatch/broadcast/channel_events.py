"""The events of a broadcast channel that follow from one of its events. Pure.

Their ids are computed, so each is the same event whenever its cause is acted on again, but for its time.
"""

from schemas import ids
from schemas.broadcast_events import BroadcastChannelChanged, ChannelState


def next_state(
    event: BroadcastChannelChanged,
    state: ChannelState,
    now: int,
    *,
    apple_id: str | None = None,
    status: int = 0,
    detail: str = "",
) -> BroadcastChannelChanged:
    """The event that the channel has changed to `state`."""
    revision = event.revision + 1
    return event.replace(
        event_id=ids.event_id_of(event.channel_id, f"{revision}/{state}"),
        at=now,
        state=state,
        revision=revision,
        attempt=1,
        apple_id=apple_id or event.apple_id,
        status=status,
        detail=detail,
    )


def next_attempt(event: BroadcastChannelChanged, now: int, *, status: int, detail: str) -> BroadcastChannelChanged:
    """The event that asks for the same again."""
    attempt = event.attempt + 1
    event_id = ids.event_id_of(event.channel_id, f"{event.revision}/attempt/{attempt}")
    return event.replace(event_id=event_id, at=now, attempt=attempt, status=status, detail=detail)
