"""What becomes of the messages of a packet, each in its place: ready to be appended, or rejected."""

from collections.abc import Sequence, Set
from typing import Any, NamedTuple

from services.ingest.packet.errors import Rejection, rejected_for
from services.ingest.packet.rules import priority_of
from services.ingest.rules import AcceptedMessage
from services.runtime.log.kafka import Append


class ReadyMessage(NamedTuple):
    """A message that is to be appended."""

    message_id: str
    partner_ref: str | None
    append: Append
    fingerprint: int | None  # None without an id of the partner's


Outcome = ReadyMessage | Rejection
ELSEWHERE = Rejection([], "")
"""In the place of a message that is not appended now."""


def first_of_each(outcomes: Sequence[Outcome], free: Set[str]) -> list[Outcome]:
    """The first message with each free id; the others are rejected."""
    left, kept = set(free), list[Outcome]()
    for place, outcome in enumerate(outcomes):
        if isinstance(outcome, ReadyMessage) and outcome.partner_ref is not None:
            if outcome.message_id not in left:
                kept.append(rejected_for("duplicate", place, "id", "was used before"))
                continue
            left.discard(outcome.message_id)
        kept.append(outcome)
    return kept


def without(outcomes: Sequence[Outcome], others: Set[str], *, unnamed: bool = False) -> list[Outcome]:
    """Each in its place but for the messages `others`; with `unnamed` also but for those without an id."""
    return [
        ELSEWHERE
        if isinstance(outcome, ReadyMessage)
        and (outcome.message_id in others or (unnamed and outcome.partner_ref is None))
        else outcome
        for outcome in outcomes
    ]


def unstored(outcome: AcceptedMessage | Outcome, place: int) -> Rejection:
    """The outcome of a message that could not be stored in time: its own rejection, or `unknown`."""
    if isinstance(outcome, Rejection):
        return outcome
    return rejected_for("unknown", place, "", "could not be stored in time, it may be sent again with its id")


def by_priority(outcomes: Sequence[Outcome], messages: Sequence[object]) -> list[Append]:
    """The records, those of higher priority first; those of equal priority in the order of the packet."""
    ready = [(place, outcome.append) for place, outcome in enumerate(outcomes) if isinstance(outcome, ReadyMessage)]
    ready.sort(key=lambda placed: -priority_of(messages[placed[0]]))
    return [append for _, append in ready]


def entry_of(outcome: Outcome, packet_id: int | None) -> dict[str, Any]:
    """The entry of the answer."""
    if isinstance(outcome, ReadyMessage):
        entry: dict[str, Any] = {"code": "OK", "messageId": outcome.message_id, "packetId": packet_id}
        return entry if outcome.partner_ref is None else {**entry, "id": outcome.partner_ref}
    return {
        "code": "REJECTED",
        "messageId": None,
        "reasons": [{"key": reason.key, "ref": reason.ref} for reason in outcome.reasons],
        "description": outcome.description,
        "packetId": packet_id,
    }
