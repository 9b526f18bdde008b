"""The rules for single fields: lifetime, schedule, address of reports, extra parameters. Pure.

Each takes the value and returns it in our terms, or raises Refused. Source: `docs/partner-api.md` §1, §5.
"""

import re
from datetime import datetime, timedelta, timezone
from typing import Any, Literal, NoReturn

from schemas.application_events import PartnerChanged
from schemas.topics import DAY_MS, PLANNING_HORIZON_MS
from schemas.values import LIFETIME_S, Channel, Schedule
from services.ingest.rules.body import ScheduleBody
from services.ingest.rules.errors import Code, Faults, Refused, invalid
from services.runtime.http.web_address import BadAddress, web_address

_UNIT_S = {"SECONDS": 1, "MINUTES": 60, "HOURS": 3600}
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}.*")
STATES = ("DELIVERED", "READ")
"""What the link before may have to reach."""
_CHANNELS = {channel.value: channel for channel in Channel}


def channel_of(name: str | None, field: str) -> Channel:
    """`message.type`, in any case. Raises error 9, also when it is missing."""
    found = _CHANNELS.get((name or "").upper())
    if found is None:
        raise Refused(Code.TYPE, f"{field}.type", f"must be one of {', '.join(_CHANNELS)}")
    return found


def lifetime_ms(channel: Channel, ttl: int | None, unit: str | None, partner: PartnerChanged, field: str) -> int:
    """ttl and ttlUnit with the partner's defaults. Raises error 11."""
    name = unit.upper() if unit else partner.default_ttl_unit.get(channel, "MINUTES")
    if name not in _UNIT_S:
        raise Refused(Code.TTL, f"{field}.ttlUnit", "must be SECONDS, MINUTES or HOURS")
    seconds = ttl * _UNIT_S[name] if ttl else partner.default_ttl_s.get(channel)
    if seconds is None:
        raise Refused(Code.TTL, f"{field}.ttl", f"mandatory, no default is configured for {channel.value}")
    least, most = LIFETIME_S[channel]
    if not least <= seconds <= most:
        raise Refused(Code.TTL, f"{field}.ttl", f"must be {least} to {most} seconds for {channel.value}")
    return seconds * 1000


def schedule_of(
    body: ScheduleBody | None, recipient_zone: bool | None, partner: PartnerChanged, now_ms: int
) -> Schedule | None:
    """scheduleInfo; None when it asks for nothing. Raises error 4 with all that is wrong."""
    if body is None:
        return None
    faults = Faults()
    begin = faults.of(lambda: _minute(body.time_begin, "scheduleInfo.timeBegin"))
    end = faults.of(lambda: _minute(body.time_end, "scheduleInfo.timeEnd"))
    weekdays = faults.of(lambda: _weekdays(body.weekdays_schedule))
    deadline = faults.of(lambda: _deadline(body.deadline, partner, now_ms))
    faults.judge()
    schedule = Schedule(
        begin_minute=begin,
        end_minute=end,
        weekdays=weekdays or (),
        deadline=deadline,
        recipient_zone=body.use_time_diff is True if recipient_zone is None else recipient_zone,
    )
    empty = Schedule(recipient_zone=schedule.recipient_zone)
    return None if schedule == empty else schedule


def _minute(text: str | None, field: str) -> int | None:
    if not text:
        return None
    found = _TIME.fullmatch(text)
    if found is None:
        raise invalid(field, "must be HH:MM, 00:00 to 23:59")
    return int(found[1]) * 60 + int(found[2])


def _weekdays(given: str | int | None) -> tuple[int, ...]:
    text = "" if given is None else str(given)
    if not set(text) <= set("1234567"):
        raise invalid("scheduleInfo.weekdaysSchedule", "must be digits, 1 Monday to 7 Sunday")
    return tuple(sorted({int(digit) for digit in text}))


def _deadline(text: str | None, partner: PartnerChanged, now_ms: int) -> int | None:
    if not text:
        return None
    field = "scheduleInfo.deadline"
    deadline, days = instant_ms(text, partner.utc_offset_min, field), partner.planning_horizon_days
    if deadline <= now_ms:
        raise invalid(field, "has passed already")
    if deadline > now_ms + min(days * DAY_MS, PLANNING_HORIZON_MS):
        raise invalid(field, f"must be at most {days} days ahead")
    return deadline


def instant_ms(text: str, offset_min: int, field: str) -> int:
    """ISO 8601 to UTC milliseconds; without an offset it is read in the partner's zone. Raises error 4."""
    try:
        moment = datetime.fromisoformat(text) if _INSTANT.fullmatch(text) else _no_instant(field)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=timezone(timedelta(minutes=offset_min)))
        return int(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        _no_instant(field)


def _no_instant(field: str) -> NoReturn:
    raise invalid(field, "must be an ISO 8601 time such as 2029-12-31T16:29:30+0300")


def registered_delivery_of(*given: int | str | None) -> Literal[0, 1, 2]:
    """The first that is given, as a number or as a string."""
    for value in given:
        if value is not None:
            return _REPORTS[value]
    return 1


_REPORTS: dict[int | str, Literal[0, 1, 2]] = {0: 0, 1: 1, 2: 2, "0": 0, "1": 1, "2": 2}


def notify_url_of(url: str | None, field: str) -> str | None:
    """An address that reports can be posted to, as it is kept. Raises error 4."""
    if url is None:
        return None
    if not url:
        raise invalid(field, "must not be empty")
    try:
        return str(web_address(url))
    except BadAddress as error:
        raise invalid(field, str(error)) from None


def extra_param_of(text: str | None) -> str | None:
    """`name1=value1,name2=value2`, a comma inside a value doubled; kept as it came. Raises error 4."""
    if not text:
        return None
    # NUL cannot occur in a request, so it can stand for a doubled comma
    for pair in text.replace(",,", "\0").split(","):
        name, equals, _ = pair.partition("=")
        if not equals or not name or "\0" in name:
            raise invalid("extraParam", "must be name1=value1,name2=value2 with commas inside values doubled")
    return text


def one_of(given: str | None, allowed: Any, field: str) -> Any:
    """An enumeration in any case; None and "" stay None. Raises error 4."""
    if not given:
        return None
    if given.upper() not in allowed:
        raise invalid(field, f"must be {' or '.join(allowed)}")
    return given.upper()
