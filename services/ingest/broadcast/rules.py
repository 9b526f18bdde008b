"""The rules of broadcast channels and of messages for them. Pure. Source: `docs/providers.md` §1.11."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from schemas import ids, lossless
from schemas.broadcast_events import BroadcastChannelChanged, BroadcastRequested
from services.ingest.rules import invalid, live_activity_of
from services.runtime.http.field_names import RequestBody

MAX_BYTES = 5000
"""As JSON, of the 5120 that APNs accepts: times are longer here than there."""
_NAMES = "3b6f4b3a-6f0e-5d6b-9a55-0c1f7d9f2a10"
LONGEST_TTL_S = 8 * 3600
"""How long APNs keeps a message for phones that follow later."""


class Wire(RequestBody):
    """Base of the bodies: camel case, strict."""

    model_config = ConfigDict(strict=True, alias_generator=to_camel, populate_by_name=True)


class ChannelBody(Wire):
    """A channel; neither field can be changed later."""

    environment: Literal["production", "sandbox"] = "production"
    keep_latest: bool = Field(
        False, description="APNs keeps the newest message, up to 8 hours, for those who follow later"
    )


class BroadcastBody(Wire):
    """A message for all who follow the channel."""

    id: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        None, description="your own; repeated, nothing is sent twice"
    )
    ttl_s: Annotated[int, Field(ge=30, le=LONGEST_TTL_S, description="seconds after which it is not sent any more")] = (
        3600
    )
    aps: dict[str, Any] = Field(description="as LIVE_ACTIVITY of `/v6/send`: update or end, without activity-id")


def channel_id_of(application_id: str, name: str) -> str:
    """The channel's id, always the same for a name, so that a repeated request makes no second channel."""
    return ids.uuid5(_NAMES, f"{application_id}/{name}")


def asked_for(
    application_id: str, name: str, body: ChannelBody, known: BroadcastChannelChanged | None, now: int
) -> BroadcastChannelChanged | None:
    """The event that requests a channel; None when it is open, requested or closing already. Raises error 4."""
    if known is not None and known.state in ("requested", "open", "closing"):
        for field in ("environment", "keep_latest"):
            if getattr(known, field) != getattr(body, field):
                raise invalid(to_camel(field), "cannot be changed: delete the channel, or use another name")
        return None
    revision = known.revision + 1 if known is not None else 1
    channel_id = channel_id_of(application_id, name)
    return BroadcastChannelChanged(
        event_id=ids.event_id_of(channel_id, f"{revision}/requested"),
        at=now,
        channel_id=channel_id,
        application_id=application_id,
        name=name,
        environment=body.environment,
        keep_latest=body.keep_latest,
        state="requested",
        revision=revision,
    )


def closing(known: BroadcastChannelChanged, now: int) -> BroadcastChannelChanged:
    """The event that closes an open channel."""
    revision = known.revision + 1
    return known.replace(
        event_id=ids.event_id_of(known.channel_id, f"{revision}/closing"),
        at=now,
        state="closing",
        revision=revision,
        attempt=1,
        status=0,
        detail="",
    )


def broadcast_of(
    channel: BroadcastChannelChanged,
    body: BroadcastBody,
    aps: object,
    *,
    offset_min: int,
    now: int,
    drawn_id: str,
    partner_id: str | None = None,
) -> BroadcastRequested:
    """A message for an open channel, `drawn_id` unless it has an `id`. Raises error 4 that names field and rule.

    `aps` is that of the body as it was written: the body's own was read with loss.
    """
    activity = live_activity_of(aps, offset_min, "aps", max_bytes=MAX_BYTES)
    shown = lossless.loads(activity or "{}")
    if shown["event"] == "start":
        raise invalid("aps.event", "must be update or end: a channel starts no activities")
    if "activity-id" in shown:
        raise invalid("aps.activity-id", "a broadcast is for all who follow the channel")
    ref = body.id
    broadcast_id = drawn_id if ref is None else ids.uuid5(channel.channel_id, f"broadcast/{ref}")
    return BroadcastRequested(
        event_id=ids.event_id_of(broadcast_id, "attempt/1"),
        at=now,
        broadcast_id=broadcast_id,
        channel_id=channel.channel_id,
        application_id=channel.application_id,
        name=channel.name,
        environment=channel.environment,
        apple_id=channel.apple_id or "",
        keep_latest=channel.keep_latest,
        live_activity=activity or "{}",
        ref=ref,
        accepted_at=now,
        expires_at=now + body.ttl_s * 1000,
        partner_id=partner_id,
    )
