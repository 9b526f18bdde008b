"""Outcomes that a message adds to the statistics: each of each delivery, decided once. Pure.

    after each record: outcomes reached and not counted yet ─▶ Count, kept with the link ─▶ OutcomeCounted, a follow-up
    the same record again (a crash before its commit)       ─▶ the Counts of that record, as they were

Nothing is counted before plan and request are both known. A Count remembers the record that decided it: a repetition
of that very record gives the same again, any other repetition gives nothing.
"""

from typing import NamedTuple

from schemas import DeliveryState
from schemas.reasons import Reason
from schemas.statistic_events import Outcome
from services.status.message import Count, Delivery, Link, Request

OUTCOMES: dict[int, Outcome] = {
    1: "planned",
    2: "sent",
    4: "delivered",
    8: "read",
    16: "refused",
    32: "expired",
    64: "suppressed",
}
"""Outcomes by their bits."""
_PLANNED, _SENT, _DELIVERED, _READ = 1, 2, 4, 8
_BOTH = _SENT | _DELIVERED
_FAILURES = {DeliveryState.REFUSED: 16, DeliveryState.EXPIRED: 32, DeliveryState.SUPPRESSED: 64}


class OutcomeCounted(NamedTuple):
    """A follow-up: `outcome` is to be counted by the statistics. `delivery` None: the link had no targets."""

    link: int
    outcome: Count
    request: Request
    delivery: Delivery | None


def count_outcomes(link: Link, at: int, origin: str) -> list[OutcomeCounted]:
    """Count the outcomes that the record at `origin` (`Record.origin`), decided `at` (UTC ms), has brought the link."""
    request = link.request
    if request is None or not (link.is_planned or link.fault):
        return []
    targets = link.targets
    counts = [count for count in link.counts if count.origin == origin]
    if not counts:
        counts = _new(link, targets, request.at, at, origin)
        link.counts += counts
    return [
        OutcomeCounted(link.number, count, request, targets[count.target] if count.target >= 0 else None)
        for count in counts
    ]


def _new(link: Link, targets: list[Delivery], accepted_at: int, at: int, origin: str) -> list[Count]:
    made: list[Count] = []
    start = max(accepted_at, link.scheduled_at)
    for target, delivery in enumerate(targets):
        reached = _reached(delivery)
        fresh = reached & ~delivery.counted
        for bit in OUTCOMES if fresh else ():
            if fresh & bit:
                count = Count(bit, target, max(at, delivery.sent_at), origin, len(made))
                _fill(count, delivery, start, fresh if reached & _BOTH == _BOTH else 0)
                made.append(count)
        delivery.counted |= reached
    if not targets and link.state.is_failure and not link.is_counted:
        link.is_counted = True
        code = (link.failed_reason or Reason.INTERNAL).error_code
        made.append(Count(_FAILURES[link.state], -1, at, origin, error_code=code))
    return made


def _reached(delivery: Delivery) -> int:
    reached = _PLANNED | _FAILURES.get(delivery.state, 0)
    if delivery.sent_at:
        reached |= _SENT
    if delivery.delivered_at:
        reached |= _DELIVERED
    return reached | _READ if delivery.read_at else reached


def _fill(count: Count, delivery: Delivery, start: int, both: int) -> None:
    """Fill in code and latencies. The time from sent to delivered goes with the later event of the two."""
    if count.outcome == _SENT:
        count.sent_after_ms = max(0, delivery.sent_at - start)
    if both and count.outcome == (_DELIVERED if both & _DELIVERED else _SENT):
        count.delivered_after_ms = max(0, delivery.delivered_at - delivery.sent_at)
    if count.outcome > _READ:
        count.error_code = (delivery.reason or Reason.INTERNAL).error_code
