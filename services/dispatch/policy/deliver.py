"""What dispatch decides about one delivery: send it at all, and what follows from the provider's answer. Pure.

    target-resolved ─▶ screened ─▶ token ─────────▶ send ─▶ concluded ─▶ accepted
                          │                                            ─▶ retry    and a timer, attempt + 1
                          ├▶ expired     its time is over              ─▶ uncertain    written, never answered
                          ├▶ suppressed  the owner has changed         ─▶ refused      for good
                          └▶ refused     no token, no application,     ─▶ expired      no time for a retry
                                         or cancelled

Each record gives exactly one `provider-dispatched`, whose id is computed from the record's, so a replay says the same
thing once. A push that is only held back (its application is throttled or stopped) is `parked`: the same attempt again.
Nothing is sent after the deadline. Sources: docs/design.md §2 and §5, `docs/partner-api.md` §3, `docs/providers.md`.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

from schemas import ids
from schemas.events import DispatchOutcome, ProviderDispatched, TargetResolved
from schemas.providers import Provider
from schemas.reasons import Reason
from services.dispatch.provider import Accepted, Rejected, Result, Retry, TokenGone, Uncertain
from services.runtime.installations.model import Installation
from services.runtime.pacing.backoff import exponential

BACKOFF_S = 5.0
LONGEST_BACKOFF_S = 900.0
LEAST_BACKOFF_S = 1.0
_OF_WHAT_IS_LEFT = 0.9


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why nothing is sent."""

    outcome: DispatchOutcome
    reason: Reason
    detail: str = ""


class AttemptFacts(NamedTuple):
    """What is known of an attempt beside its result."""

    latency_ms: int
    digest: str  # of the token it went to
    absorbs_resend: bool
    retires: bool = True  # False while dead tokens are not believed
    worked_under: str | None = None  # what the registry is to learn of a token that is accepted


class Conclusion(NamedTuple):
    """The event, and the target that comes again at `event.retry_at`, if any."""

    event: ProviderDispatched
    again: TargetResolved | None = None
    waits_for: str | None = None  # what would let it come sooner
    ends: bool = False  # a Live Activity


def deadline_of(target: TargetResolved) -> int:
    """UTC ms from which on nothing is sent."""
    return target.expires_at if target.send_by is None else min(target.expires_at, target.send_by)


def screened(
    target: TargetResolved, one: Installation | None, can_push: bool, now: int, web_key: str | None = None
) -> Obstacle | None:
    """Why it is not sent, in the order of what a partner should be told; None to send it.

    `web_key`: what browsers subscribe with now; a subscription that was made for another key is void without asking.
    Pushes switched off since planning do not count: that was the router's decision, and the SDK shows what it may.
    """
    if now >= deadline_of(target):
        return Obstacle("expired", Reason.EXPIRED)
    if target.channel is not None:
        if not target.channel.phone:  # sealed for somebody who was forgotten since
            return Obstacle("suppressed", Reason.OWNER_CHANGED)
        return None if can_push else Obstacle("refused", Reason.UNROUTED)
    if one is None:
        return Obstacle("refused", Reason.NO_ACTIVE_INSTALLATION, "installation is gone")
    mark = ids.recipient_mark_of(target.application_id, one.external_user_id, one.phone)
    if mark != target.recipient_mark and not target.withdraw:  # it shows nothing, so it may go to anybody
        return Obstacle("suppressed", Reason.OWNER_CHANGED)
    token = one.token_of(target.slot, now)
    if token is None:
        return Obstacle("refused", Reason.NO_ACTIVE_INSTALLATION, "no live activity" if target.slot else "no token")
    if token.provider is not target.provider:
        return Obstacle("refused", Reason.NO_ACTIVE_INSTALLATION, f"token is {token.provider.value}'s now")
    if not can_push:
        return Obstacle("refused", Reason.NO_APPLICATION)
    if token.server_key is not None and token.provider is Provider.WEB and token.server_key != web_key:
        return Obstacle("refused", Reason.KEY_GONE)
    return None


def not_sent(target: TargetResolved, why: Obstacle, now: int) -> Conclusion:
    """The end of a delivery that never went out."""
    return Conclusion(_event(target, now, why.outcome, why.reason, 0, why.detail))


def cancelled(target: TargetResolved, detail: str, now: int) -> Conclusion:
    """The end of a delivery whose packet or mailing was cancelled before it went out."""
    return not_sent(target, Obstacle("refused", Reason.CANCELLED, detail), now)


def parked(target: TargetResolved, now: int, wait_s: float, why: str, waits_for: str | None = None) -> Conclusion:
    """Held back without an attempt; it comes again after `wait_s`, or at its deadline to be told expired."""
    due = min(now + round(wait_s * 1000), deadline_of(target))
    again = target.model_copy(update={"event_id": ids.event_id_of(target.event_id, "parked"), "at": now})
    return Conclusion(_event(target, now, "retry", None, 0, why, retry_at=due), again, waits_for)


def concluded(target: TargetResolved, result: Result, sent: AttemptFacts, now: int, draw: float) -> Conclusion:
    """What follows from the provider's answer at `now`; `draw` is a random number from [0, 1)."""
    latency_ms = sent.latency_ms
    match result:
        case Accepted():
            return Conclusion(
                _event(
                    target,
                    now,
                    "accepted",
                    None,
                    result.status,
                    latency_ms=latency_ms,
                    provider_id=result.provider_id,
                    shortened=result.shortened,
                    worked_under=sent.worked_under,
                )
            )
        case Retry():
            return _again(target, result, "expired", now, latency_ms, draw)
        case Uncertain() if sent.absorbs_resend:
            return _again(target, Retry(result.detail), "uncertain", now, latency_ms, draw)
        case Uncertain():
            return Conclusion(_event(target, now, "uncertain", None, 0, result.detail, latency_ms))
        case Rejected():
            return Conclusion(
                _event(target, now, "refused", _refusal(target, result), result.status, result.detail, latency_ms)
            )
        case TokenGone():
            dead = sent.digest if sent.retires else None
            event = _event(
                target,
                now,
                "refused",
                Reason.PROVIDER_REFUSED,
                result.status,
                result.detail,
                latency_ms,
                dead_token=dead,
                dead_at=result.dead_at if dead else None,
            )
            return Conclusion(event)


def waiting(target: TargetResolved, result: Result, sent: AttemptFacts, now: int, waits_for: str) -> Conclusion:
    """What was refused because of credentials that may be mended: it comes again when they are, at the latest just
    before its time is over."""
    assert isinstance(result, Retry)
    left_s = (deadline_of(target) - now) / 1000
    after_s = min(result.after_s or 0.0, _OF_WHAT_IS_LEFT * left_s)
    done = concluded(target, replace(result, after_s=after_s), sent, now, 0.0)
    return done._replace(waits_for=waits_for) if done.again is not None else done


def _refusal(target: TargetResolved, result: Rejected) -> Reason:
    """Of a channel nothing is known but that there is no way, unless the platform says more."""
    return result.reason or (Reason.PROVIDER_REFUSED if target.channel is None else Reason.UNROUTED)


def backoff_s(attempt: int, draw: float, least_s: float, left_s: float) -> float | None:
    """Exponential with full jitter above what the provider asked for; None when that would be past the deadline."""
    least_s = max(least_s, LEAST_BACKOFF_S)
    if least_s >= left_s:
        return None
    ceiling_s = min(exponential(BACKOFF_S, attempt, LONGEST_BACKOFF_S), left_s - least_s)
    return float(least_s + draw * ceiling_s)


def _again(
    target: TargetResolved, retry: Retry, too_late: DispatchOutcome, now: int, latency_ms: int, draw: float
) -> Conclusion:
    least_s = max(retry.at_least_s, retry.after_s or 0.0)
    wait_s = backoff_s(target.attempt, draw, least_s, (deadline_of(target) - now) / 1000)
    if wait_s is None:
        reason = Reason.EXPIRED if too_late == "expired" else None
        return Conclusion(_event(target, now, too_late, reason, retry.status, retry.detail, latency_ms))
    again = target.model_copy(
        update={
            "event_id": ids.event_id_of(target.event_id, "retry"),
            "at": now,
            "attempt": target.attempt + 1,
        }
    )
    due = now + round(wait_s * 1000)
    return Conclusion(_event(target, now, "retry", None, retry.status, retry.detail, latency_ms, retry_at=due), again)


def _event(
    target: TargetResolved,
    now: int,
    outcome: DispatchOutcome,
    reason: Reason | None,
    status: int,
    detail: str = "",
    latency_ms: int = 0,
    *,
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
        **target.link_fields,
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
