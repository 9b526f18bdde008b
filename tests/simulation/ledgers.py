"""The ledgers compared: what the partner heard was accepted, what phones showed, what was reported, what is kept."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from schemas import DeliveryState, ids
from schemas.reasons import Reason
from schemas.reports import ReportStatus
from services.status.message import Link, Message
from services.status.message.document import from_document
from tests.simulation.plan import Request

if TYPE_CHECKING:
    from tests.simulation.world import World

_REPEATING = ("killed", "frozen", "zombie", "receiver trouble")
"""Faults after which nobody knows whether a report was taken: it is posted again."""
_CONFIRMED = {"delivered": DeliveryState.DELIVERED, "read": DeliveryState.READ}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be. `kind`: what the table counts."""

    kind: str
    what: str
    message_id: str | None = None

    def __str__(self) -> str:
        return f"{self.kind}: {self.what}"


def compared(world: "World") -> list[Finding]:
    """All findings of a schedule that has come to rest."""
    known = {document["_id"]: from_document(document) for document in world.server.all_of("messages")}
    found: list[Finding] = []
    for message_id, request in world.partner.refs.items():
        message = known.get(message_id)
        if message_id not in world.partner.accepted:
            found.append(Finding("never accepted", f"{request.ref}, however often it was asked for", message_id))
        if message is None:
            if message_id in world.partner.accepted:
                found.append(Finding("lost", f"{request.ref} was accepted, and nobody knows it", message_id))
            continue
        found += _shown(world, message, request)
        found += _kept(world, message, request)
        found += _reported(world, message, request)
        if request.awaited is not None and 0 in message.links:
            found += _cascaded(world, message, request)
    return found


def _shown(world: "World", message: Message, request: Request) -> list[Finding]:
    """Each phone shows a link once."""
    found, by_phone = [], dict[tuple[int, str], int]()
    for delivery_id, times in world.phones.shown.items():
        message_id, link, installation_id = world.phones.deliveries[delivery_id]
        if message_id == message.message_id:
            by_phone[link, installation_id] = by_phone.get((link, installation_id), 0) + len(times)
    for (link, installation_id), count in by_phone.items():
        if count > 1:
            what = f"{request.ref}: link {link} was shown {count} times by {installation_id}"
            found.append(Finding("shown twice", what, message.message_id))
    return found


def _kept(world: "World", message: Message, request: Request) -> list[Finding]:
    """The history agrees with what phones have acknowledged, and every link has ended."""
    found = []
    for link in message.links.values():
        about = f"{request.ref}: link {link.number}"
        confirmed = [
            _CONFIRMED[kind] for kind in _CONFIRMED if (message.message_id, link.number, kind) in world.phones.receipts
        ]
        best = max(confirmed, key=lambda state: state.rank, default=None)
        if not link.is_planned:
            found.append(Finding("lost", f"{about} was never planned", message.message_id))
        elif link.state in (DeliveryState.PLANNED, DeliveryState.SENT):
            found.append(Finding("stuck", f"{about} is {link.state.value} for ever", message.message_id))
        elif best is None and link.state in _CONFIRMED.values():
            what = f"{about} is {link.state.value}, and no phone has said so"
            found.append(Finding("disagrees", what, message.message_id))
        elif best is not None and link.state is not best and not (link.is_left and link.late_confirmation):
            what = f"{about} is {link.state.value}, and its phone has said {best.value}"
            found.append(Finding("disagrees", what, message.message_id))
        if link.state.is_failure and not _is_shown(world, message, link) and _could_go(world, link, request):
            what = f"{about} failed ({link.failed_reason}) unseen, and its phone was well"
            found.append(Finding("lost", what, message.message_id))
    return found


def _is_shown(world: "World", message: Message, link: Link) -> bool:
    return any(delivery[:2] == (message.message_id, link.number) for delivery in world.phones.deliveries.values())


def _could_go(world: "World", link: Link, request: Request) -> bool:
    """Whether its failure has no cause in the schedule."""
    if link.failed_reason is Reason.EXPIRED and world.schedule.faults:
        return False
    return link.number > 0 or any(not phone.is_dead for phone in request.phones)


def _reported(world: "World", message: Message, request: Request) -> list[Finding]:
    """Reports go forward, to the end, and tell the truth."""
    found = []
    posted = world.partner.posted.get(ids.mt_num_of(message.message_id), [])
    links = len(message.links)
    if links == 1:  # of a cascade all links' reports have one number: nothing that is posted tells them apart
        ranks = [ReportStatus(report.status).rank for report in posted]
        if any(later < former for former, later in pairwise(ranks)):
            what = f"{request.ref}: reported {[report.status for report in posted]}"
            found.append(Finding("backwards", what, message.message_id))
    counts = Counter(report.status for report in posted if report.is_taken)
    if not any(fault.kind in _REPEATING for fault in world.schedule.faults):
        for status, count in counts.items():
            if count > links:
                what = f"{request.ref}: reported {status} {count} times, and taken each time"
                found.append(Finding("told twice", what, message.message_id))
    for link in message.links.values():
        wanted = link.wanted
        if link.owes(-1):
            found.append(Finding("missing", f"{request.ref}: link {link.number} owes a report", message.message_id))
        if wanted is None or not wanted.is_asked_for(request.registered):
            continue
        is_final_before = link.reported == ReportStatus.UNDELIVERED.value
        if int(wanted.status) not in counts and not is_final_before:
            what = f"{request.ref}: link {link.number} was never reported {int(wanted.status)}"
            found.append(Finding("missing", what, message.message_id))
    return found


def _cascaded(world: "World", message: Message, request: Request) -> list[Finding]:
    """The SMS goes out if what was awaited had not come by the deadline, and else it does not."""
    link = message.links[0]
    receipts, about = world.phones.receipts, request.ref
    kinds = ("read",) if request.awaited == "READ" else ("delivered", "read")
    at = min((receipts[key] for kind in kinds if (key := (message.message_id, 0, kind)) in receipts), default=None)
    sms = [
        delivery_id
        for delivery_id, (message_id, number, _) in world.phones.deliveries.items()
        if message_id == message.message_id and number == 1
    ]
    decision = link.cascade_decision
    if decision is None:
        return [Finding("cascade missing", f"{about}: nothing was decided", message.message_id)]
    if len(sms) > 1:
        return [Finding("cascade doubled", f"{about}: {len(sms)} SMS", message.message_id)]
    if at is not None and at < link.expires_at and not link.state.is_failure and sms:
        return [Finding("cascade doubled", f"{about}: an SMS although it was confirmed in time", message.message_id)]
    if decision.goes_on and 1 not in message.links:
        return [Finding("cascade missing", f"{about}: no SMS was asked for", message.message_id)]
    if not decision.goes_on and sms:
        return [Finding("cascade doubled", f"{about}: an SMS that nobody had decided", message.message_id)]
    if at is None and not decision.goes_on:
        return [Finding("cascade missing", f"{about}: saved, and nobody has confirmed it", message.message_id)]
    return []
