"""The rejections of packets: refusals of `accept` in the words of `docs/partner-api.md` §6. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.ingest.rules import Code, Kind, Refusal

_PLACES = {
    "destAddr": "to",
    "message.data.text": "text",
    "message.data.instantContent.data.text": "text",
    "message.data.serviceNumber": "from",
    "message.data.ttl": "validity",
    "message.data.ttlUnit": "validity",
    "notifyUrl": "callbackUrl",
    "message.type": "type",
    "externalUserId": "data.externalUserId",
}
"""Fields of `/v6/send`, and their names in a packet; "message.data.…" is "data.…" otherwise."""
_KEYS: dict[Kind, str] = {"invalid": "invalid", "missing": "must.be.not.null", "too_long": "length.too.long"}


@dataclass(frozen=True, slots=True)
class RejectReason:
    """`key` of §6, and the field that it is about."""

    key: str
    ref: str


@dataclass(frozen=True, slots=True)
class Rejection:
    """A message that is not accepted."""

    reasons: Sequence[RejectReason]
    description: str


class PacketRefused(Exception):
    """Nothing of the packet is accepted."""

    def __init__(self, key: str, ref: str, description: str) -> None:
        super().__init__(description)
        self.rejection = Rejection([RejectReason(key, ref)], description)


def packet_refused(refusal: Refusal) -> PacketRefused:
    """A refusal of the packet as a whole."""
    return PacketRefused("invalid", refusal.field, refusal.detail)


def rejection_of(refusal: Refusal, where: str) -> Rejection:
    """A refusal of a message in the words of a packet."""
    field, rule = refusal.field, refusal.rule
    name = _PLACES.get(field) or (field.removeprefix("message.") if field.startswith("message.data") else field)
    key = _KEYS[refusal.kind]
    if refusal.code is Code.SENDER:
        key, name = "not.available", "from"
    elif refusal.code is Code.TTL and name not in ("validity", "type") and "cascade" not in name:
        name = "validity"
    return Rejection([RejectReason(key, f"{where}.{name}")], f"{where}.{name}: {rule}")
