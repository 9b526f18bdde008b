"""When a link may go: windows, weekdays, midnight, deadlines, daylight saving time."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.values import Schedule
from services.schedule import partner_zone, send_at, zone_of

MOSCOW, _ = partner_zone(180)
BERLIN = ZoneInfo("Europe/Berlin")


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


NOON = ms("2026-11-24T12:00:00+03:00")  # a Tuesday


def hours(begin: str | None = None, end: str | None = None, **more: object) -> Schedule:
    def minute(text: str | None) -> int | None:
        return None if text is None else int(text[:2]) * 60 + int(text[3:])

    return Schedule(begin_minute=minute(begin), end_minute=minute(end)).model_copy(update=more)


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
