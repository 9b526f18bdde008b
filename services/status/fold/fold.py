"""Folds one event into its message, and gives what follows from it. Pure.

    event ─▶ trace (once for each event id)
          ─▶ facts: deliveries, plan, deadline            a lattice: any order, any repetition
          ─▶ the link's state = their maximum ─▶ StateChanged  (stream)
                                              ─▶ ReportDue (report to the partner)
          ─▶ asked for again ─▶ ReportAgain
          ─▶ a mailing's line that was dropped ─▶ LineRepeated
          ─▶ `cascade.py`: the next link, or none needed

Topics are read side by side, so a receipt or an attempt may come before the plan, and all of them before the request:
it is kept, within the limits of `bounds.py`, and counts once the plan names its installation. A link has failed only
when all its deliveries have; those whose owner is not proved count only where there are no others. The deadline
decides when it is *read*, behind every receipt logged earlier. Once the chain has moved on behind a failed link, that
link has failed for good: a later confirmation is a double reach. An event that was folded before gives the same
follow-ups again, and the takers carry out each once. Source: docs/design.md §4.
"""

from schemas import DeliveryState, events
from schemas.reasons import Reason, furthest
from schemas.reports import FINAL
from services.status.fold.bounds import CLAIMING, OUTSIDE, drop_unknown_links, has_line, has_room, link_of
from services.status.fold.cascade import decide_cascade
from services.status.fold.facts import FACTS, earlier, raise_to
from services.status.fold.follow_ups import FollowUp, ReportAgain, ReportDue, StateChanged
from services.status.fold.lines import entry_of, entry_of_decision
from services.status.fold.repeats import note_repeat
from services.status.fold.report_due import wanted_report
from services.status.fold.trace import add_line, is_traced
from services.status.message import (
    DELIVERED,
    MAX_TRACE,
    READ,
    SENT,
    Change,
    Delivery,
    Link,
    Message,
    Request,
    furthest_of,
)

_REQUESTING = CLAIMING | {events.MessageFailed}
"""Types after which there may be a request to report for where there was none before."""


def fold(message: Message, event: events.MessageEvent) -> list[FollowUp]:
    """Change `message` by `event`, and give what follows."""
    kind = type(event)
    if kind is events.ReportMissed:
        return _missed(message, event)
    if kind is events.ReportAsked and event.link not in message.links:
        message.ignored += 1
        return []
    if message.closed:
        return _fold_closed(message, event)
    link = message.links.get(event.link)
    if link is None or (not link.is_planned and kind in OUTSIDE):
        link = link_of(message, event)
        if link is None:
            message.ignored += 1
            return []
    if is_traced(message, event.event_id):
        again = _again(link) + decide_cascade(message, link, link.reporting, event) + _asked_again(link, event)
        return again + note_repeat(message, link, event, is_traced=True)
    message.partner_id = message.partner_id or event.partner_id
    if not message.first_at:
        message.lane = event.lane
    message.first_at = earlier(message.first_at, event.at)
    had_request = kind not in _REQUESTING or link.reporting is not None
    if link.is_planned or has_room(message, link, event):
        FACTS[kind](link, event)
    repeated = note_repeat(message, link, event)
    if len(message.links) > 1 and kind in CLAIMING:
        drop_unknown_links(message)
    follows: list[FollowUp] = []
    was_late, request = link.late_confirmation, link.reporting
    _settle(link, request, event, follows, message.settled.get(link.number, -1))
    if has_line(message, link, event) if kind in OUTSIDE else message.trace_count < MAX_TRACE:
        entry = entry_of(event, link)
        entry.late_confirmation = link.late_confirmation and not was_late
        add_line(message, entry)
    else:
        message.trace_dropped += 1
    if (
        link.wanted is not None
        and not had_request
        and not any(isinstance(follow_up, ReportDue) for follow_up in follows)
    ):
        follows += _report_due(link, request)
    if kind is events.ReportAttempted and not follows:
        follows += _report_due(link, request, again=True)  # whoever waits for this attempt may go on
    was_decided = link.cascade_decision is not None
    follows += decide_cascade(message, link, request, event)
    if link.cascade_decision is not None and not was_decided:
        add_line(message, entry_of_decision(message, link, link.cascade_decision))
    return follows + _asked_again(link, event) + repeated


def _fold_closed(message: Message, event: events.MessageEvent) -> list[FollowUp]:
    """A closed message keeps nothing more but its reports; what followed from its closing follows again until then."""
    message.ignored += 1
    link = message.links.get(event.link)
    if link is None:
        return []
    if isinstance(event, events.ReportAttempted):
        FACTS[type(event)](link, event)
    return _again(link) + note_repeat(message, link, event)


def _again(link: Link) -> list[FollowUp]:
    follows: list[FollowUp] = [StateChanged(link.number, change, again=True) for change in link.changes]
    return follows + _report_due(link, link.reporting, again=True)


def _asked_again(link: Link, event: events.MessageEvent) -> list[FollowUp]:
    """What follows from a resend, until an attempt behind it has been read."""
    if not isinstance(event, events.ReportAsked) or link.resend != event.resend_id:
        return []
    wanted, request = link.wanted, link.reporting
    return [ReportAgain(link.number, wanted, request, link.resend)] if wanted is not None and request else []


def _missed(message: Message, event: events.MessageEvent) -> list[FollowUp]:
    """Give a report that is still owed behind every attempt logged earlier; from here on `reports` has it.

    It leaves no line in the trace: the attempt will.
    """
    link = message.links.get(event.link)
    if link is None or link.wanted is None or not link.owes(-1):
        message.ignored += 1
        return []
    message.settled[link.number] = link.wanted.status.rank
    return _report_due(link, link.reporting)


def _report_due(link: Link, request: Request | None, *, again: bool = False, behind: int = -1) -> list[FollowUp]:
    wanted = link.wanted
    if request is None or wanted is None or wanted.status.rank <= link.tried or link.reported in FINAL:
        return []
    return [ReportDue(link.number, wanted, request, again, behind)]


def _settle(
    link: Link, request: Request | None, event: events.MessageEvent, follows: list[FollowUp], settled: int
) -> None:
    """Derive the state from the facts, and make the decisions that are made once."""
    state = _state_of(link)
    if link.cascade_decision is not None and link.is_left:
        link.late_confirmation = link.late_confirmation or state in (DELIVERED, READ)
        return
    if state is link.state and (link.changes or not link.is_planned):
        return
    if (link.state.is_failure or link.moved_on) and state in (DELIVERED, READ):
        link.late_confirmation = True
    if state.is_failure and link.failed_reason is None:
        link.failed_reason = _failed_reason(link)
    link.state = state
    if state not in [change.state for change in link.changes]:
        link.changes.append(Change(state, event.at))
        follows.append(StateChanged(link.number, link.changes[-1]))
    wanted = wanted_report(link)
    if wanted is None or link.reported in FINAL:
        return
    if link.wanted is None or wanted.status.rank > link.wanted.status.rank:
        behind = link.wanted.status.rank if link.wanted is not None and link.owes(settled) else -1
        link.wanted = wanted
        follows += _report_due(link, request, behind=behind)


def _state_of(link: Link) -> DeliveryState:
    if link.expired:
        for delivery in link.targets:
            if not _is_done_when_sent(delivery):
                raise_to(delivery, DeliveryState.EXPIRED, Reason.EXPIRED)
    targets = link.deciding_targets
    states = [delivery.state for delivery in targets]
    if link.is_planned and not targets:
        states = [DeliveryState.EXPIRED if link.plan_reason is Reason.EXPIRED else DeliveryState.REFUSED]
    best = furthest_of(states)
    if best in (DELIVERED, READ):
        return best
    if not (best.is_failure or link.expired or link.fault):
        return best  # nothing has failed
    alive = [state for state in states if not state.is_failure]
    failures = [best] if states and not alive else []
    if link.expired and not any(_is_done_when_sent(delivery) for delivery in targets):
        failures.append(DeliveryState.EXPIRED)
    if link.fault:
        failures.append(DeliveryState.REFUSED)
    return furthest_of(failures or alive)


def _is_done_when_sent(delivery: Delivery) -> bool:
    """Whether the delivery has ended well when sent: a Live Activity that the provider has accepted does not expire."""
    return delivery.is_never_confirmed and delivery.state is SENT


def _failed_reason(link: Link) -> Reason:
    """The reason of the installation that came furthest; INTERNAL when only a dead letter ended it."""
    targets = link.deciding_targets
    if link.is_planned and not targets and link.plan_reason is not None:
        return link.plan_reason
    if link.expired or (link.is_planned and all(delivery.state.is_failure for delivery in targets)):
        reasons = [delivery.reason for delivery in targets if delivery.reason is not None]
        reasons += [skip.reason for skip in link.skipped]
        return furthest([*reasons, Reason.EXPIRED] if link.expired or not reasons else reasons)
    return Reason.INTERNAL
