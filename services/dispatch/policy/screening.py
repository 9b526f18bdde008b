"""Whether a delivery is sent at all, decided at the moment of sending. Pure.

    its time is over                               EXPIRED
    its owner has changed since planning           SUPPRESSED
    no token, no application, or a void key        REFUSED

Sources: docs/design.md §2, `docs/partner-api.md` §3.
"""

from dataclasses import dataclass

from schemas import ids
from schemas.events import DispatchOutcome, TargetResolved
from schemas.providers import Provider
from schemas.reasons import Reason
from services.runtime.installations.model import Installation


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why nothing is sent."""

    outcome: DispatchOutcome
    reason: Reason
    detail: str = ""


def deadline_of(target: TargetResolved) -> int:
    """UTC ms from which on nothing is sent."""
    return target.expires_at if target.send_by is None else min(target.expires_at, target.send_by)


def screened(
    target: TargetResolved,
    installation: Installation | None,
    can_push: bool,
    now: int,
    web_key: str | None = None,
) -> Obstacle | None:
    """Why it is not sent, the reason that tells a partner most first; None to send it.

    `web_key`: what browsers subscribe with now; a subscription that was made for another key is void without asking.
    Pushes switched off since planning do not count: that was the router's decision, and the SDK shows what it may.
    """
    if now >= deadline_of(target):
        return Obstacle("expired", Reason.EXPIRED)
    if target.channel is not None:
        if not target.channel.phone:  # sealed for somebody who was forgotten since
            return Obstacle("suppressed", Reason.OWNER_CHANGED)
        return None if can_push else Obstacle("refused", Reason.UNROUTED)
    if installation is None:
        return Obstacle("refused", Reason.NO_ACTIVE_INSTALLATION, "installation is gone")
    mark = ids.recipient_mark_of(target.application_id, installation.external_user_id, installation.phone)
    if mark != target.recipient_mark and not target.withdraw:  # it shows nothing, so it may go to anybody
        return Obstacle("suppressed", Reason.OWNER_CHANGED)
    token = installation.token_of(target.slot, now)
    if token is None:
        return Obstacle("refused", Reason.NO_ACTIVE_INSTALLATION, "no live activity" if target.slot else "no token")
    if token.provider is not target.provider:
        return Obstacle("refused", Reason.NO_ACTIVE_INSTALLATION, f"token is {token.provider.value}'s now")
    if not can_push:
        return Obstacle("refused", Reason.NO_APPLICATION)
    if token.server_key is not None and token.provider is Provider.WEB and token.server_key != web_key:
        return Obstacle("refused", Reason.KEY_GONE)
    return None
