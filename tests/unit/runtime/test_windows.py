"""When a link may go: windows, weekdays, midnight, deadlines, daylight saving time."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.values import Schedule
from services.runtime.scheduling.windows import partner_zone, send_at, zone_of

MOSCOW, _ = partner_zone(180)
BERLIN = ZoneInfo("Europe/Berlin")


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


NOON = ms("2026-11-24T12:00:00+03:00")  # a Tuesday


def hours(begin: str | None = None, end: str | None = None, **more: object) -> Schedule:
    def minute(text: str | None) -> int | None:
        return None if text is None else int(text[:2]) * 60 + int(text[3:])

    return Schedule(begin_minute=minute(begin), end_minute=minute(end)).replace(**more)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (hours(), "2026-11-24T12:00:00+03:00"),
        (hours("10:00", "18:00"), "2026-11-24T12:00:00+03:00"),
        (hours("13:00", "18:00"), "2026-11-24T13:00:00+03:00"),
        (hours("09:00", "11:00"), "2026-11-25T09:00:00+03:00"),
        (hours("22:00", "08:00"), "2026-11-24T22:00:00+03:00"),
        (hours("22:00", "12:30"), "2026-11-24T12:00:00+03:00"),
        (hours("13:00"), "2026-11-24T13:00:00+03:00"),
        (hours(None, "11:00"), "2026-11-25T00:00:00+03:00"),
        (hours(weekdays=(3,)), "2026-11-25T00:00:00+03:00"),
        (hours("09:00", "11:00", weekdays=(2,)), "2026-12-01T09:00:00+03:00"),
        (hours("22:00", "13:00", weekdays=(1,)), "2026-11-24T12:00:00+03:00"),
    ],
)
def test_the_next_opening_of_the_window(schedule: Schedule, expected: str) -> None:
    assert send_at(schedule, MOSCOW, NOON) == ms(expected)


def test_an_opening_behind_the_deadline_never_comes() -> None:
    assert send_at(hours("13:00", deadline=NOON + 60_000), MOSCOW, NOON) is None
    assert send_at(hours(deadline=NOON + 60_000), MOSCOW, NOON) == NOON


def test_in_a_gap_the_next_valid_minute_counts() -> None:
    night = ms("2027-03-28T00:30:00+01:00")  # the clocks jump from 02:00 to 03:00
    assert send_at(hours("02:30", "05:00"), BERLIN, night) == ms("2027-03-28T03:00:00+02:00")


def test_in_an_overlap_the_first_minute_counts() -> None:
    night = ms("2026-10-25T00:30:00+02:00")  # 02:30 comes twice
    assert send_at(hours("02:30", "05:00"), BERLIN, night) == ms("2026-10-25T02:30:00+02:00")


def test_the_zone_is_the_installations_then_the_phones_then_the_partners() -> None:
    assert zone_of("Asia/Tokyo", "4930123456", 180)[1] == "Asia/Tokyo"
    assert zone_of("", "4930123456", 180)[1] == "Europe/Berlin"
    assert zone_of("", "79161234567", 180)[1] == "UTC+03:00"  # a Russian mobile may be anywhere
    assert zone_of("Mars/Olympus", None, 120)[1] == "UTC+02:00"


@given(
    st.one_of(st.none(), st.integers(0, 1439)),
    st.one_of(st.none(), st.integers(0, 1439)),
    st.sets(st.integers(1, 7)),
    st.integers(ms("2026-01-01T00:00:00+00:00"), ms("2028-01-01T00:00:00+00:00")),
    st.sampled_from([MOSCOW, BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Australia/Lord_Howe")]),
)
def test_a_window_opens_within_eight_days_and_stays_open_at_its_opening(
    begin: int | None, end: int | None, days: set[int], now: int, zone: ZoneInfo
) -> None:
    schedule = Schedule(begin_minute=begin, end_minute=end, weekdays=tuple(sorted(days)))
    at = send_at(schedule, zone, now)
    assert at is not None
    assert now <= at <= now + 8 * 86_400_000
    assert send_at(schedule, zone, at) == at


def wall(at: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(at / 1000, zone)


def is_open(schedule: Schedule, at: int, zone: ZoneInfo) -> bool:
    """By the rule's own words, from the clock on the wall: the window of today, or the one that began yesterday."""
    moment = wall(at, zone)
    minute = moment.hour * 60 + moment.minute
    begin = 0 if schedule.begin_minute is None else schedule.begin_minute
    end = 1440 if schedule.end_minute is None else schedule.end_minute
    days = schedule.weekdays or tuple(range(1, 8))
    today, yesterday = moment.isoweekday(), (moment.isoweekday() - 2) % 7 + 1
    if begin < end:
        return today in days and begin <= minute < end
    return (today in days and minute >= begin) or (yesterday in days and minute < end)


_ZONES = ("Europe/Moscow", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")
_BOUND = st.one_of(st.none(), st.integers(0, 1439))
_NOW = st.integers(ms("2026-01-01T00:00:00+00:00"), ms("2028-01-01T00:00:00+00:00"))


@given(_BOUND, _BOUND, st.sets(st.integers(1, 7)), _NOW, st.sampled_from(_ZONES))
def test_nothing_goes_out_while_the_clock_on_the_wall_is_outside_the_window(
    begin: int | None, end: int | None, days: set[int], now: int, name: str
) -> None:
    zone, schedule = ZoneInfo(name), Schedule(begin_minute=begin, end_minute=end, weekdays=tuple(sorted(days)))
    at = send_at(schedule, zone, now)
    assert at is not None
    opened, shift = wall(at, zone), wall(at, zone).utcoffset()
    is_at_a_shift = any(wall(at + hours * 3_600_000, zone).utcoffset() != shift for hours in (-3, -2, -1, 1, 2, 3))
    assert is_open(schedule, at, zone) or is_at_a_shift, opened


@given(
    begin=_BOUND,
    end=_BOUND,
    days=st.sets(st.integers(1, 7)),
    now=_NOW,
    name=st.sampled_from(_ZONES),
    ahead=st.integers(0, 8 * 86_400_000),
)
def test_a_deadline_only_takes_away(
    begin: int | None, end: int | None, days: set[int], now: int, name: str, ahead: int
) -> None:
    zone, schedule = ZoneInfo(name), Schedule(begin_minute=begin, end_minute=end, weekdays=tuple(sorted(days)))
    free, bound = (
        send_at(schedule, zone, now),
        send_at(schedule.replace(deadline=now + ahead), zone, now),
    )
    assert free is not None
    assert bound == (free if free <= now + ahead else None)


@given(
    begin=_BOUND,
    end=_BOUND,
    days=st.sets(st.integers(1, 7)),
    now=_NOW,
    later=st.integers(0, 86_400_000),
    name=st.sampled_from(_ZONES),
)
def test_asking_later_never_gives_an_earlier_time(
    begin: int | None, end: int | None, days: set[int], now: int, later: int, name: str
) -> None:
    schedule = Schedule(begin_minute=begin, end_minute=end, weekdays=tuple(sorted(days)))
    first, second = send_at(schedule, ZoneInfo(name), now), send_at(schedule, ZoneInfo(name), now + later)
    assert first is not None
    assert second is not None
    assert second >= first
    assert first < now + later or second == first


@pytest.mark.parametrize(
    ("begin", "end", "now", "expected"),
    [
        ("01:30", "02:30", "2027-03-28T02:59:59+01:00", "2027-03-29T01:30:00+02:00"),  # never 02:30 on that day
        ("02:00", "03:00", "2027-03-28T00:00:00+01:00", "2027-03-29T02:00:00+02:00"),  # the whole window is in the gap
        ("22:00", "02:30", "2027-03-28T01:59:00+01:00", "2027-03-28T01:59:00+01:00"),
        ("22:00", "02:30", "2027-03-28T03:00:00+02:00", "2027-03-28T22:00:00+02:00"),
        ("01:00", "02:30", "2026-10-25T02:15:00+02:00", "2026-10-25T02:15:00+02:00"),
        ("02:30", "02:45", "2026-10-25T02:35:00+01:00", "2026-10-26T02:30:00+01:00"),  # the second 02:35 is too late
        (None, "02:00", "2026-10-25T03:00:00+01:00", "2026-10-26T00:00:00+01:00"),
    ],
)
def test_windows_on_the_nights_when_the_clocks_change(begin: str | None, end: str, now: str, expected: str) -> None:
    assert send_at(hours(begin, end), BERLIN, ms(now)) == ms(expected)
