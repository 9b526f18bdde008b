"""A message that cannot be read here, as far as its document says of it in the clear. Pure.

A newer release has stored it, or something has damaged it. A page or an export shows it by these fields, so that one
such message hides none of its neighbours; what changes messages stops at it (`document.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas.codec import Damaged, Newer
from services.status.message.document import from_document
from services.status.message.model import Message


@dataclass(frozen=True, slots=True)
class UnreadMessage:
    """`state` and `reason` are as they were stored, and may be words that this release does not know."""

    is_damaged: bool  # no release can tell more of it; otherwise a newer one can
    message_id: str
    partner_id: str
    lane: str
    state: str
    created_at: int
    reason: str | None
    mt_num: str | None
    partner_ref: str | None
    phone: str | None
    external_user_id: str | None
    packet_id: int | None
    mailing_id: str | None


def readable(document: Mapping[str, Any]) -> Message | None:
    """None for one that this release cannot read."""
    found = shown(document)
    return found if isinstance(found, Message) else None


def shown(document: Mapping[str, Any]) -> Message | UnreadMessage:
    """The message, or what its document says of one that this release cannot read."""
    try:
        return from_document(dict(document))
    except (Newer, Damaged) as error:
        return _unread(document, is_damaged=isinstance(error, Damaged))


def _unread(document: Mapping[str, Any], *, is_damaged: bool) -> UnreadMessage:
    return UnreadMessage(
        is_damaged=is_damaged,
        message_id=document["_id"],
        partner_id=document.get("partner_id", ""),
        lane=document.get("lane", ""),
        state=document.get("state", ""),
        created_at=document.get("created_at", 0),
        reason=document.get("reason"),
        mt_num=document.get("mt_num"),
        partner_ref=document.get("partner_ref"),
        phone=document.get("phone"),
        external_user_id=document.get("external_user_id"),
        packet_id=document.get("packet_id"),
        mailing_id=document.get("mailing_id"),
    )
