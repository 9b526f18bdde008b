"""The conclusion of one delivery: from its screening, from what holds it back, or from the provider's answer. Pure.

    target-resolved ─▶ screened ─▶ token ─────────▶ send ─▶ concluded ─▶ accepted
                          │                                            ─▶ retry    and a timer, attempt + 1
                          ├▶ expired     its time is over              ─▶ uncertain    written, never answered
                          ├▶ suppressed  the owner has changed         ─▶ refused      for good
                          └▶ refused     no token, no application,     ─▶ expired      no time for a retry
                                         or cancelled

Each record gives exactly one `provider-dispatched`, whose id is computed from the record's, so a replay gives the same
event again. A push that is only held back (its application is throttled or stopped) is `parked`: the same attempt
again. Nothing is sent after the deadline. Sources: docs/design.md §5, `docs/providers.md`.
"""

from dataclasses import replace
from typing import NamedTuple

from schemas import ids
from schemas.events import DispatchOutcome, ProviderDispatched, TargetResolved
from schemas.reasons import Reason
from services.dispatch.policy.backoff import backoff_s
from services.dispatch.policy.screening import Obstacle, deadline_of
from services.dispatch.provider import Accepted, Rejected, Result, Retry, TokenGone, Uncertain
from services.runtime.scheduling.tags import Tag

_OF_WHAT_IS_LEFT = 0.9


class AttemptFacts(NamedTuple):
    """What is known of an attempt besides its result."""

    latency_ms: int
    digest: str  # of the token it went to
    absorbs_resend: bool
    retires: bool = True  # False while dead tokens are not believed
    worked_under: str | None = None  # what the registry is to learn of a token that is accepted


class Hold(NamedTuple):
    """Why a push or a broadcast waits, for how long, and the tag of what may release it sooner."""

    why: str
    wait_s: float
    tag: Tag | None = None


class Conclusion(NamedTuple):
    """The event, and the target that comes again at `event.retry_at`, if any."""

    event: ProviderDispatched
    again: TargetResolved | None = None
    waits_for: Tag | None = None  # the tag of what would let it come sooner
    ends: bool = False  # a Live Activity


def not_sent(target: TargetResolved, obstacle: Obstacle, now: int) -> Conclusion:
    """The end of a delivery that never went out."""
    return Conclusion(_event(target, now, obstacle.outcome, reason=obstacle.reason, detail=obstacle.detail))


def cancelled(target: TargetResolved, detail: str, now: int) -> Conclusion:
    """The end of a delivery whose packet or mailing was cancelled before it went out."""
    return not_sent(target, Obstacle("refused", Reason.CANCELLED, detail), now)


def parked(target: TargetResolved, now: int, hold: Hold) -> Conclusion:
    """Held back without an attempt; it comes again when the hold is over, or at its deadline, when it expires."""
    due = min(now + round(hold.wait_s * 1000), deadline_of(target))
    again = target.replace(event_id=ids.event_id_of(target.event_id, "parked"), at=now)
    return Conclusion(_event(target, now, "retry", detail=hold.why, retry_at=due), again, hold.tag)


def concluded(target: TargetResolved, result: Result, facts: AttemptFacts, now: int, draw: float) -> Conclusion:
    """What follows from the provider's answer at `now`; `draw` is a random number from [0, 1)."""
    match result:
        case Accepted():
            event = _event(
                target,
                now,
                "accepted",
                status=result.status,
                latency_ms=facts.latency_ms,
                provider_id=result.provider_id,
                shortened=result.shortened,
                worked_under=facts.worked_under,
            )
        case Retry():
            return _retried(target, result, facts, now, draw)
        case Uncertain() if facts.absorbs_resend:
            return _retried(target, Retry(result.detail), facts, now, draw, too_late="uncertain")
        case Uncertain():
            event = _event(target, now, "uncertain", detail=result.detail, latency_ms=facts.latency_ms)
        case Rejected():
            event = _event(
                target,
                now,
                "refused",
                reason=_refusal(target, result),
                status=result.status,
                detail=result.detail,
                latency_ms=facts.latency_ms,
            )
        case TokenGone():
            dead = facts.digest if facts.retires else None
            event = _event(
                target,
                now,
                "refused",
                reason=Reason.PROVIDER_REFUSED,
                status=result.status,
                detail=result.detail,
                latency_ms=facts.latency_ms,
                dead_token=dead,
                dead_at=result.dead_at if dead else None,
            )
    return Conclusion(event)


def waiting(target: TargetResolved, result: Result, facts: AttemptFacts, now: int, waits_for: Tag) -> Conclusion:
    """Refused because of credentials that may be mended: it comes again when they are, at the latest just before its
    time is over."""
    assert isinstance(result, Retry)
    left_s = (deadline_of(target) - now) / 1000
    after_s = min(result.after_s or 0.0, _OF_WHAT_IS_LEFT * left_s)
    conclusion = concluded(target, replace(result, after_s=after_s), facts, now, 0.0)
    return conclusion._replace(waits_for=waits_for) if conclusion.again is not None else conclusion


def _refusal(target: TargetResolved, result: Rejected) -> Reason:
    """The reason to report. A channel has no way to the recipient, unless the platform says more."""
    return result.reason or (Reason.PROVIDER_REFUSED if target.channel is None else Reason.UNROUTED)


def _retried(
    target: TargetResolved,
    retry: Retry,
    facts: AttemptFacts,
    now: int,
    draw: float,
    *,
    too_late: DispatchOutcome = "expired",
) -> Conclusion:
    """The next attempt, or `too_late` when there is no time for one."""
    least_s = max(retry.at_least_s, retry.after_s or 0.0)
    wait_s = backoff_s(target.attempt, draw, least_s, (deadline_of(target) - now) / 1000)
    event = _event(
        target,
        now,
        too_late if wait_s is None else "retry",
        reason=Reason.EXPIRED if wait_s is None and too_late == "expired" else None,
        status=retry.status,
        detail=retry.detail,
        latency_ms=facts.latency_ms,
        retry_at=None if wait_s is None else now + round(wait_s * 1000),
    )
    if wait_s is None:
        return Conclusion(event)
    event_id = ids.event_id_of(target.event_id, "retry")
    return Conclusion(event, target.replace(event_id=event_id, at=now, attempt=target.attempt + 1))


def _event(
    target: TargetResolved,
    now: int,
    outcome: DispatchOutcome,
    *,
    reason: Reason | None = None,
    status: int = 0,
    detail: str = "",
    latency_ms: int = 0,
    provider_id: str | None = None,
    retry_at: int | None = None,
    shortened: bool = False,
    dead_token: str | None = None,
    dead_at: int | None = None,
    worked_under: str | None = None,
) -> ProviderDispatched:
    return ProviderDispatched(
        event_id=ids.event_id_of(target.event_id, "dispatched"),
        at=now,
        message_id=target.message_id,  # one by one: `link_fields` costs a push three hundredths of its time
        partner_id=target.partner_id,
        lane=target.lane,
        link=target.link,
        delivery_id=target.delivery_id,
        installation_id=target.installation_id,
        application_id=target.application_id,
        provider=target.provider,
        attempt=target.attempt,
        outcome=outcome,
        reason=reason,
        status=status,
        detail=detail,
        latency_ms=latency_ms,
        provider_id=provider_id,
        retry_at=retry_at,
        shortened=shortened,
        dead_token=dead_token,
        dead_at=dead_at,
        worked_under=worked_under,
        slot=target.slot,
        withdraw=target.withdraw,
    )
