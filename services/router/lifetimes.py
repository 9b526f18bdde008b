"""How long a link may wait, and when nothing of it is sent any more. Pure; UTC ms."""

from schemas.events import MessageRequested
from schemas.topics import PLANNING_HORIZON_MS
from schemas.values import Link

_HOUR_MS = 3_600_000
_NEVER = 2**53


def held_until(request: MessageRequested) -> int:
    """UTC ms up to which a link that is held up may wait: then it is EXPIRED.

    The fallback of a password is as short-lived as the password; what waits by design may wait longer.
    """
    link, schedule = request.chain[0], request.schedule
    until = request.at + (link.ttl_ms if schedule is None and request.lane == "single" else PLANNING_HORIZON_MS)
    if schedule is not None and schedule.deadline is not None:
        until = schedule.deadline
    return min(until, _readable_until(link))


def expires_at(request: MessageRequested, now: int) -> int:
    """UTC ms. A lifetime runs from the sending; that of a single message for now from its acceptance.

    So a one-time password does not outlive its ttl because the platform was away meanwhile. A mailing may take longer
    than its ttl to plan, and a scheduled message or a later link has only now been sent.
    """
    link = request.chain[0]
    return min((request.at if _is_for_now(request) else now) + link.ttl_ms, _readable_until(link))


def _readable_until(link: Link) -> int:
    """UTC ms from which on nobody can open the link's SECURE values: then it is not worth sending."""
    secure = link.content.secure if link.content is not None else None
    return _NEVER if secure is None else (secure.hour + 1) * _HOUR_MS


def _is_for_now(request: MessageRequested) -> bool:
    return request.lane == "single" and request.link == 0 and request.schedule is None
