"""When a link may go. Pure; times in UTC milliseconds.

    send_at(schedule, zone, now) ─▶ now when the window is open, else its next opening; None if the deadline comes first

Windows are minutes of the recipient's (or the partner's) day; one may run over midnight, one bound may be absent. A
weekday is that of the window's opening. In a gap of daylight saving time the next valid minute counts, in an overlap
the first; a window that lies in a gap whole does not open on that day. Source: `docs/partner-api.md` §1, scheduleInfo.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.values import Schedule

_DAY_MIN = 24 * 60
_DAYS_AHEAD = 32
"""A window opens at least once a week; the planning horizon is 30 days."""


def zone_of(installation_zone: str, phone: str | None, offset_min: int) -> tuple[tzinfo, str]:
    """The recipient's zone and its name: the installation's; else the phone's, if exactly one; else the partner's."""
    for name in _zone_names(installation_zone, phone):
        try:
            return ZoneInfo(name), name
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue  # the device said a zone that nobody knows: the next source counts
    return partner_zone(offset_min)


def partner_zone(offset_min: int) -> tuple[tzinfo, str]:
    """A fixed offset and its name, e.g. UTC+03:00."""
    zone = timezone(timedelta(minutes=offset_min))
    return zone, str(zone)


def send_at(schedule: Schedule, zone: tzinfo, now: int) -> int | None:
    """`now`, or the next opening of the window; None when that lies behind the deadline."""
    begin = 0 if schedule.begin_minute is None else schedule.begin_minute
    end = _DAY_MIN if schedule.end_minute is None else schedule.end_minute
    length = end - begin if end > begin else end - begin + _DAY_MIN
    today = datetime.fromtimestamp(now / 1000, zone).date()
    for offset in range(-1, _DAYS_AHEAD):
        day = today + timedelta(days=offset)
        if schedule.weekdays and day.isoweekday() not in schedule.weekdays:
            continue
        opens, closes = _instant(day, begin, zone), _instant(day, begin + length, zone)
        if now >= closes or opens >= closes:  # it is over, or the gap has swallowed it whole
            continue
        at = max(now, opens)
        return at if schedule.deadline is None or at <= schedule.deadline else None
    return None


def _instant(day: date, minute: int, zone: tzinfo) -> int:
    """The UTC milliseconds of a wall-clock minute: the first of two in an overlap, the next valid one in a gap."""
    wall = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(minutes=minute)
    as_utc = wall.astimezone(UTC)
    if as_utc.astimezone(zone).replace(tzinfo=None) != wall.replace(tzinfo=None):
        as_utc = _end_of_gap(wall, zone)
    return int(as_utc.timestamp() * 1000)


def _end_of_gap(wall: datetime, zone: tzinfo) -> datetime:
    """The instant at which the clocks jump over `wall`."""
    low = wall.replace(fold=1).astimezone(UTC) - timedelta(hours=3)
    high = wall.astimezone(UTC) + timedelta(hours=3)
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def _zone_names(installation_zone: str, phone: str | None) -> Iterator[str]:
    """A phone's zone takes as long to find as the rest of the decision, so only where it is needed."""
    if installation_zone:
        yield installation_zone
    if phone is not None:
        yield from _phone_zone(phone)


def _phone_zone(phone: str) -> list[str]:
    from phonenumbers import parse  # the zones of all numbers: 3 MiB that few deployments ever need
    from phonenumbers.phonenumberutil import NumberParseException
    from phonenumbers.timezone import time_zones_for_number

    try:
        zones = time_zones_for_number(parse(f"+{phone}"))
    except NumberParseException:
        return []
    return [zones[0]] if len(zones) == 1 and zones[0] != "Etc/Unknown" else []
