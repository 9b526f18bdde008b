"""The rejections of packets: refusals of `accept` in the words of `docs/partner-api.md` §6. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.ingest.rules import Code, Fault, Kind, Refusal

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
    found = [(_key_and_name(refusal.code, fault), fault.rule) for fault in refusal.faults]
    reasons = [RejectReason(key, f"{where}.{name}") for (key, name), _ in found]
    return Rejection(list(dict.fromkeys(reasons)), "; ".join(f"{where}.{name}: {rule}" for (_, name), rule in found))


def _key_and_name(code: Code, fault: Fault) -> tuple[str, str]:
    field = fault.field
    name = _PLACES.get(field) or (field.removeprefix("message.") if field.startswith("message.data") else field)
    if code is Code.SENDER:
        return "not.available", "from"
    if code is Code.TTL and name not in ("validity", "type") and "cascade" not in name:
        name = "validity"
    return _KEYS[fault.kind], name
