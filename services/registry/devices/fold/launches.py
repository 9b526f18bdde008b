"""How often the app was started: a counter that may get the same start twice. Pure.

The newest sixteen starts are remembered by their stamps; older ones are settled into the totals, and a start that is
not newer than the last settled one is taken as counted. So repeats never count, and starts may come in any order as
long as no more than sixteen of them overtake each other.
"""

from schemas.values import Frozen

REMEMBERED = 16
DAYS = 30
_DAY_MS = 86_400_000


class Launches(Frozen, omit_defaults=False):
    """`days`: starts by day (UTC, days since the epoch in text), the newest thirty days with any."""

    total: int = 0
    session_s: int = 0  # all sessions together, seconds
    sessions: int = 0  # those whose end was reported
    days: dict[str, int] = {}
    recent: tuple[str, ...] = ()  # stamps, ascending
    settled_to: str = ""


def counted(launches: Launches, stamp: str, at: int, session_s: int | None) -> Launches:
    """The launches with one more, unless it was counted before. `session_s`: length of the session before it."""
    event_id = stamp.partition("/")[2]
    if stamp <= launches.settled_to or any(recent.partition("/")[2] == event_id for recent in launches.recent):
        return launches
    recent = sorted([*launches.recent, stamp])
    settled_to = launches.settled_to
    while len(recent) > REMEMBERED:
        settled_to = recent.pop(0)
    days = {**launches.days, _day(at): launches.days.get(_day(at), 0) + 1}
    return Launches(
        total=launches.total + 1,
        session_s=launches.session_s + (session_s or 0),
        sessions=launches.sessions + (session_s is not None),
        days={day: days[day] for day in sorted(days)[-DAYS:]},
        recent=tuple(recent),
        settled_to=settled_to,
    )


def _day(at: int) -> str:
    return str(at // _DAY_MS)
