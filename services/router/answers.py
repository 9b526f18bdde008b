"""The router's answers: what it appends for links that were decided before, and which are to be decided now."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from schemas import ids, topics
from schemas.events import MessageEvent, MessageRequested, RequestRepeated, ScheduleDue
from schemas.live import event_of
from schemas.values import Lane
from services.router.store import RoutingClaim
from services.router.waiting import timers_again
from services.runtime.crypto import record_encryption
from services.runtime.log.batch_consumer import Record
from services.runtime.log.kafka import Append
from services.runtime.scheduling.timers import Timer


class DueLink(NamedTuple):
    """A link to be decided: of a new request, or at its schedule's hour."""

    claim_id: str
    record: Record
    request: MessageRequested
    by_timer: bool
    activity: str | None  # what it does to a Live Activity: start, update or end


@dataclass(frozen=True, slots=True)
class Answers:
    """Those to decide; for those that were decided before what to append, and the timers of those that wait: the step
    may have been broken off behind the claim. `repeats`: requests whose link another one has won, by lane."""

    fresh: list[DueLink] = field(default_factory=list)
    appends: list[Append] = field(default_factory=list)
    timers: list[Timer] = field(default_factory=list)
    repeats: Counter[Lane] = field(default_factory=Counter)


def due_link(record: Record) -> DueLink:
    """Raises TypeError for an event that is not the router's."""
    event, by_timer = record.event, False
    if isinstance(event, ScheduleDue):
        event, by_timer = event.request, True
    if not isinstance(event, MessageRequested):
        raise TypeError(f"{type(event).__name__} is not the router's")
    content = event.chain[0].content
    activity = None if content is None else event_of(content)
    return DueLink(f"{event.message_id}/{event.link}", record, event, by_timer, activity)


def answered(links: Sequence[DueLink], known: Mapping[str, RoutingClaim]) -> Answers:
    """The answers by the claims that are known; of links of one claim in a batch the first one wins."""
    answers, mine = Answers(), dict(known)
    for link in links:
        claim = mine.get(link.claim_id)
        if link.by_timer:
            if claim is not None and claim.state == "scheduled":
                answers.fresh.append(link)
                mine[link.claim_id] = claim._replace(state="planned", due_origin=link.record.origin, plan=())
            elif claim is not None and claim.due_origin == link.record.origin:
                answers.appends.extend(claim.plan)
        elif claim is None:
            answers.fresh.append(link)
            mine[link.claim_id] = RoutingClaim(link.claim_id, link.record.origin, "planned", ())
        elif claim.origin == link.record.origin:
            answers.appends.extend(claim.plan)
            answers.timers.extend(timers_again(link.request, claim.plan) if claim.state == "scheduled" else ())
        else:
            answers.repeats[link.request.lane] += 1
            answers.appends.append(to_status(_repeated(link.request)))
    return answers


def to_status(event: MessageEvent) -> Append:
    """A record for `status-events`. Encoded at once: the same bytes are stored as the plan and appended."""
    return Append(topics.STATUS_EVENTS[event.lane], event.message_id, record_encryption.encode(event))


def _repeated(request: MessageRequested) -> RequestRepeated:
    return RequestRepeated(
        event_id=ids.event_id_of(request.event_id, "repeated"),
        at=request.at,
        **request.link_fields,
        request_id=request.event_id,
        mailing_id=request.mailing_id,
        mailing_line=request.mailing_line,
    )
