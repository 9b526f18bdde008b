"""A link that the channel platform sends: one delivery to a phone, or why there is none. Pure.

    application has a platform account? ─no─▶ 11
      └▶ the recipient has a phone? ─no─▶ 8

There is no installation: the channel's name takes its place, so the delivery id is as stable as a push's, and the
platform absorbs what is posted twice under it. Source: `docs/partner-api.md` §5.
"""

from schemas import ids
from schemas.application_events import ApplicationChanged
from schemas.events import MessageRequested, PlannedTarget, TargetResolved
from schemas.providers import Provider
from schemas.reasons import Reason
from schemas.values import Channel, ChannelMessage, Content
from services.runtime.text.link_text import text_of
from services.runtime.text.sms_parts import part_count


def to_channel(
    request: MessageRequested,
    application: ApplicationChanged | None,
    delivery_id: str,
    now: int,
    *,
    expires_at: int,
    send_by: int | None,
) -> tuple[PlannedTarget, TargetResolved] | Reason:
    """The delivery of the link that is due, at `now` (UTC ms). `application`: whose account of the platform is used."""
    if application is None or not application.enabled:
        return Reason.UNROUTED
    if request.recipient.phone is None:
        return Reason.UNKNOWN_SUBSCRIBER
    link = request.chain[0]
    name = link.channel.value
    target = PlannedTarget(
        delivery_id=delivery_id,
        installation_id=name,
        application_id=application.application_id,
        provider=Provider.CHANNEL_PLATFORM,
        parts=part_count(text_of(link) or "") if link.channel is Channel.SMS else None,
    )
    return target, TargetResolved(
        event_id=ids.event_id_of(delivery_id, "target-resolved/1"),
        at=now,
        **request.link_fields,
        delivery_id=delivery_id,
        installation_id=name,
        application_id=target.application_id,
        provider=Provider.CHANNEL_PLATFORM,
        content=Content(text=""),
        expires_at=expires_at,
        send_by=send_by,
        accepted_at=request.at,
        planned_at=now,
        recipient=request.recipient,
        **request.origin,
        channel=ChannelMessage(
            channel=link.channel, phone=request.recipient.phone, sender=link.sender, data=link.data or "{}"
        ),
    )
