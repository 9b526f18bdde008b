"""The rejections of packets: refusals of `accept` in the words of `docs/partner-api.md` §6. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

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


class PacketFault(NamedTuple):
    """A rule that a field breaks, in the words of a packet; `key` is that of §6."""

    key: str
    field: str
    rule: str


@dataclass(frozen=True, slots=True)
class RejectReason:
    """`key` of §6, and the field that it is about."""

    key: str
    ref: str


@dataclass(frozen=True, slots=True)
class Rejection:
    """A message that is not accepted; `first` of what is wrong with it."""

    reasons: Sequence[RejectReason]
    description: str
    first: PacketFault | None = None


class PacketRefused(Exception):
    """Nothing of the packet is accepted."""

    def __init__(self, faults: Sequence[PacketFault]) -> None:
        self.rejection = rejection_of(faults)
        super().__init__(self.rejection.description)


def packet_refused(refusal: Refusal) -> PacketRefused:
    """A refusal of the packet as a whole."""
    return PacketRefused(faults_around(refusal))


def faults_around(refusal: Refusal) -> list[PacketFault]:
    """What is wrong beside the messages, all of it."""
    return [PacketFault("invalid", fault.field, fault.rule) for fault in refusal.faults]


def rejection_of(faults: Sequence[PacketFault], where: str = "") -> Rejection:
    """All that is wrong, with a place in front of each field; a field that breaks two rules is one reason."""
    found = [(fault.key, f"{where}{fault.field}", fault.rule) for fault in faults]
    reasons = dict.fromkeys(RejectReason(key, ref) for key, ref, _ in found)
    return Rejection(list(reasons), "; ".join(f"{ref}: {rule}" for _, ref, rule in found), next(iter(faults), None))


def rejected_for(key: str, place: int, field: str, rule: str) -> Rejection:
    """The rejection of a message for one fault: of a field, or of all of it."""
    return rejection_of([PacketFault(key, field, rule)], f"messages[{place}]{'.' if field else ''}")


def fault_of(code: Code, fault: Fault) -> PacketFault:
    """What is wrong with a message, in the words of a packet."""
    key, name = _key_and_name(code, fault)
    return PacketFault(key, name, fault.rule)


def _key_and_name(code: Code, fault: Fault) -> tuple[str, str]:
    field = fault.field
    name = _PLACES.get(field) or (field.removeprefix("message.") if field.startswith("message.data") else field)
    if code is Code.SENDER:
        return "not.available", name
    if code is Code.TTL and name not in ("validity", "type") and "cascade" not in name:
        name = "validity"
    return _KEYS[fault.kind], name
