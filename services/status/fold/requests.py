"""Requests: the part of each that is kept, and how a repeated one differs from the first. Pure."""

import re

import msgspec

from schemas import events, lossless
from schemas.values import Link as RequestedLink
from services.runtime.text.link_text import text_of
from services.status.message import Link, Request
from services.status.words import Note

_SEALED = re.compile(r'"(?:sealed|hour)":(?:"[^"]*"|[0-9]+)')
"""Sealed SECURE values differ each time."""
_OTHER = {(True, False): Note.OTHER_RECIPIENT, (False, True): Note.OTHER_CONTENT, (True, True): Note.OTHER_BOTH}
"""By whether the recipient and the content differ."""


def request_of(event: events.MessageRequested) -> Request:
    """The part of a request that is kept."""
    link, recipient = event.chain[0], event.recipient
    return Request(
        request_id=event.event_id,
        at=event.at,
        mt_num=event.mt_num,
        channel=link.channel,
        sender=link.sender,
        text=_text_of(link),
        title=link.content.title if link.content is not None else None,
        awaited=link.awaited,
        partner_ref=event.partner_ref,
        phone=recipient.phone,
        external_user_id=recipient.external_user_id,
        **event.extras,
        **event.origin,
        utc_offset_min=event.utc_offset_min,
        registered_delivery=event.reports.registered_delivery,
        notify_url=event.reports.notify_url,
        rest=_json(event.replace(chain=())) if len(event.chain) > 1 else "",
        chain=_json(event.chain),
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _text_of(link: RequestedLink) -> str:
    """The text that the partner protocol shows in reports; empty when there is none."""
    try:
        return text_of(link) or ""
    except lossless.NotJson:
        return ""


def difference(event: events.MessageRequested, link: Link) -> str:
    """How a request differs from the one that had its id before; empty when it is that one, or asks for the same."""
    first = next((request for request in link.requests if request.request_id != event.event_id), None)
    if first is None or (first.request_id != link.request_id and link.request_id):
        return ""
    again = request_of(event)
    other = (
        (first.phone, first.external_user_id) != (again.phone, again.external_user_id),
        _SEALED.sub("", first.chain) != _SEALED.sub("", again.chain),
    )
    return f"{_OTHER[other].english}: {Note.NOT_SENT.english}" if any(other) else ""
