"""How a packet says no: the refusals of `accept` in the words of `docs/partner-api.md` §6. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.ingest.rules.errors import Code, Refusal

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
"""Names of `accept`, and what they are called in a packet; "message.data.…" is "data.…" otherwise."""
_FIELD = re.compile(r"([A-Za-z0-9_.\[\]-]+): (.*)", re.DOTALL)


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


class Unacceptable(Exception):
    """Nothing of the packet is accepted."""

    def __init__(self, key: str, ref: str, description: str) -> None:
        super().__init__(description)
        self.rejected = Rejection([RejectReason(key, ref)], description)


def unacceptable_of(refusal: Refusal) -> Unacceptable:
    """The packet as a whole: what is said of it names a field first."""
    field, _, _ = refusal.detail.partition(":")
    return Unacceptable("invalid", field, refusal.detail)


def rejected_of(refusal: Refusal, where: str) -> Rejection:
    """A refusal of `accept` in the words of a packet."""
    field, rule = _apart(refusal.detail)
    name = _PLACES.get(field) or (field.removeprefix("message.") if field.startswith("message.data") else field)
    key = "invalid"
    if refusal.code is Code.SENDER:
        key, name = "not.available", "from"
    elif refusal.code is Code.TTL and name not in ("validity", "type") and "cascade" not in name:
        name = "validity"
    elif "at most" in rule and "characters" in rule:
        key = "length.too.long"
    elif rule == "mandatory":
        key = "must.be.not.null"
    return Rejection([RejectReason(key, f"{where}.{name}")], f"{where}.{name}: {rule}")


def _apart(detail: str) -> tuple[str, str]:
    found = _FIELD.fullmatch(detail)
    return (found[1], found[2]) if found else ("", detail)
