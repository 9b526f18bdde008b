"""Ids, computed and not drawn: a repeated step gives the same id, so the repetition is recognised.

    message_id   UUIDv5(the partner's UUID, the partner's id), or a UUIDv7 when no id was given
    delivery_id  a UUIDv8 under a key (`services/runtime/crypto/delivery_ids.py`); the apns-id, and the SDK's key to
                 show a push once
    event_id     UUIDv5(the cause of the event, what it is); a UUIDv7 for what enters from outside
    tag          returned by a provider in a receipt: message, link, lane, installation and the end of the delivery id,
                 in at most 64 characters
    mtNum        the first 63 bits of SHA-256(message_id) in decimal: an answer, never an identity

Source: docs/design.md §2.
"""

import base64
import binascii
import hashlib
import re
import time
import uuid
from typing import NamedTuple

from schemas.message_fields import LinkFields
from schemas.random_bytes import random_16_bytes
from schemas.values import Lane

MARK_DIGITS = 16
_TAG = re.compile(r"([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{22})\.(\d{1,3})([sb])([A-Za-z0-9_-]{12})", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TAIL_BYTES = 9
"""Of the delivery id, at the end of a tag: 70 bits that nobody can compute, in 12 characters."""
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


def uuid5(namespace: str, name: str) -> str:
    """UUIDv5 (RFC 9562 §5.5) in lower-case text; `namespace` is a UUID in text."""
    seed = bytes.fromhex(namespace.replace("-", "")) + name.encode()
    text = hashlib.sha1(seed, usedforsecurity=False).hexdigest()
    return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{_VARIANT[text[16]]}{text[17:20]}-{text[20:32]}"


def uuid7() -> str:
    """A new, random UUIDv7 (RFC 9562 §5.7), ordered by time to the millisecond."""
    at, random = f"{time.time_ns() // 1_000_000:012x}", random_16_bytes().hex()
    return f"{at[:8]}-{at[8:]}-7{random[:3]}-{_VARIANT[random[3]]}{random[4:7]}-{random[7:19]}"


def uuid8(digits: str) -> str:
    """The UUIDv8 (RFC 9562 §5.8) of 32 hex digits: all but six bits come from them."""
    return f"{digits[:8]}-{digits[8:12]}-8{digits[13:16]}-{_VARIANT[digits[16]]}{digits[17:20]}-{digits[20:32]}"


def is_uuid(text: str) -> bool:
    """Whether the text is a UUID as we write it: lower-case, with its hyphens."""
    return _UUID.fullmatch(text) is not None


def message_id_of(partner_uuid: str, partner_ref: str) -> str:
    """The id of a message that has one of the partner's own."""
    return uuid5(partner_uuid, partner_ref)


def mailing_id_of(partner_uuid: str, ref: str) -> str:
    """The id of a mailing that has one of the partner's own."""
    return uuid5(partner_uuid, f"mailing/{ref}")


def delivery_key_of(installation_id: str, slot: str = "") -> str:
    """The key of a delivery among those of a link: the installation, and which of its tokens (`schemas/live.py`)."""
    return f"{installation_id}/{slot}" if slot else installation_id


class DeliveryTag(NamedTuple):
    """The delivery that a provider's receipt is about, without a look-up. `tail`: `tail_of` its delivery id."""

    message_id: str
    link: int
    installation_id: str
    lane: Lane
    tail: str

    @property
    def link_fields(self) -> LinkFields:
        """The fields for an event of the link; a tag does not name the partner."""
        return {"message_id": self.message_id, "partner_id": "", "lane": self.lane, "link": self.link}


def tail_of(delivery_id: str) -> str:
    """The end of a delivery id, which proves that a tag belongs to that delivery; empty for what is no UUID."""
    try:
        return base64.urlsafe_b64encode(uuid.UUID(delivery_id).bytes[-_TAIL_BYTES:]).decode()
    except ValueError:
        return ""


def tag_of(delivery: DeliveryTag) -> str | None:
    """The tag; None for ids that are no UUIDs, so that no receipt can be accepted."""
    try:
        raw = [uuid.UUID(given).bytes for given in (delivery.message_id, delivery.installation_id)]
    except ValueError:
        return None
    if not delivery.tail:
        return None
    message, installation = (base64.urlsafe_b64encode(id_bytes).rstrip(b"=").decode() for id_bytes in raw)
    return f"{message}.{installation}.{delivery.link}{'b' if delivery.lane == 'bulk' else 's'}{delivery.tail}"


def delivery_of_tag(tag: str) -> DeliveryTag | None:
    """The delivery that `tag_of` was given; None for any other text."""
    found = _TAG.fullmatch(tag)
    if found is None:
        return None
    try:
        raw = [base64.urlsafe_b64decode(text + "==") for text in found.group(1, 2)]
        message, installation = (str(uuid.UUID(bytes=id_bytes)) for id_bytes in raw)
    except (ValueError, binascii.Error):
        return None
    return DeliveryTag(message, int(found[3]), installation, "bulk" if found[4] == "b" else "single", found[5])


def event_id_of(cause_id: str, what: str) -> str:
    """The id of the event `what` that follows from `cause_id` (a UUID): a replay of the cause gives the same id."""
    return uuid5(cause_id, what)


def receipt_id_of(message_id: str, link: int, installation_id: str, kind: str, action: str | None = None) -> str:
    """The event id of a receipt: the same whoever reports it, and however often."""
    return uuid5(message_id, f"receipt/{link}/{installation_id}/{kind}/{action or ''}")


def mt_num_of(message_id: str) -> str:
    """The decimal number that the partner protocol calls mtNum."""
    return str(int.from_bytes(hashlib.sha256(message_id.encode()).digest()[:8], "big") >> 1)


def user_record_id(application_id: str, external_user_id: str) -> str:
    """The `_id` of a user's record in collection `cards`."""
    return f"{application_id}/u/{external_user_id}"


def phone_record_id(application_id: str, phone: str) -> str:
    """The `_id` of a phone's record in collection `cards`."""
    return f"{application_id}/p/{phone}"


def owner_of_record(application_id: str, record_id: str) -> tuple[str | None, str | None]:
    """User id and phone that the id of an owner's record names: one of them is None."""
    kind, _, value = record_id.removeprefix(f"{application_id}/").partition("/")
    return (value, None) if kind == "u" else (None, value)


def owner_key_of(application_id: str, external_user_id: str | None, phone: str | None) -> str:
    """The key of an owner in one application: 32 hex digits that do not reveal who it is; empty for nobody.

    The user counts before the phone. The in-app history of an owner goes by this key.
    """
    if external_user_id is None and phone is None:
        return ""
    owner = f"u/{external_user_id}" if external_user_id is not None else f"p/{phone}"
    return hashlib.sha256(f"{application_id}/{owner}".encode()).hexdigest()[:32]


def recipient_mark_of(application_id: str, external_user_id: str | None, phone: str | None) -> str:
    """The first half of the owner's key: by this mark in a push the SDK drops what is for another owner.

    The SDK gets its own mark in the answer to personalize. Empty for nobody.
    """
    return owner_key_of(application_id, external_user_id, phone)[:MARK_DIGITS]
