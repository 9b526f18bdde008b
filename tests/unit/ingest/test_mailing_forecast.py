"""When a mailing finishes, and how many of it the deadline leaves behind."""

from datetime import datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from schemas.values import Schedule
from services.ingest.mailing.rules.forecast import Forecast, ZoneForecast, by_zone, expires_in, forecast
from services.runtime.scheduling.windows import partner_zone

MOSCOW, _ = partner_zone(180)
HOUR_MS = 3_600_000


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


NOON = ms("2026-11-24T12:00:00+03:00")


def hours(begin: int, end: int, deadline: int | None = None, theirs: bool = False) -> Schedule:
    return Schedule(begin_minute=begin * 60, end_minute=end * 60, deadline=deadline, recipient_zone=theirs)


def test_without_a_window_the_rate_alone_counts() -> None:
    assert forecast(1000, 100, None, MOSCOW, NOON) == Forecast(NOON, NOON + 10_000, 0)


def test_what_does_not_fit_into_todays_window_goes_on_in_the_next() -> None:
    expected = forecast(5 * 3600 * 10, 10, hours(15, 18), MOSCOW, NOON)  # five hours of work, three a day
    assert expected == Forecast(ms("2026-11-24T15:00:00+03:00"), ms("2026-11-25T17:00:00+03:00"), 0)


def test_the_deadline_leaves_the_rest_behind() -> None:
    deadline = NOON + HOUR_MS
    expected = forecast(2 * 3600 * 10, 10, hours(12, 18, deadline), MOSCOW, NOON)
    assert expected.expired == 3600 * 10
    assert expected.finishes_at == deadline + 1


def test_a_window_behind_the_deadline_expires_all() -> None:
    assert forecast(100, 10, hours(15, 18, NOON + HOUR_MS), MOSCOW, NOON).expired == 100


def test_a_mailing_beyond_the_horizon_has_no_end_yet() -> None:
    assert forecast(10_000_000, 1, hours(15, 16), MOSCOW, NOON).finishes_at is None


def test_in_the_recipients_zones_those_whose_window_opens_too_late_expire() -> None:
    zones = [ZoneInfo("Europe/Moscow"), ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Vladivostok")]
    wish = hours(13, 18, NOON + 2 * HOUR_MS, theirs=True)  # 13:00 in Berlin is 15:00 in Moscow: an hour too late
    assert expires_in(zones, wish, NOON) == 1 + 1  # and in Vladivostok it is 19:00


def test_the_zone_that_opens_first_comes_first_and_the_one_that_never_does_last() -> None:
    names = {"Asia/Vladivostok": 7, "Europe/Berlin": 5, "Europe/Moscow": 3}
    wish = hours(13, 18, NOON + 2 * HOUR_MS, theirs=True)
    found = by_zone({(name, ZoneInfo(name)): count for name, count in names.items()}, wish, NOON)
    assert found == [
        ZoneForecast("Europe/Moscow", 3, NOON + HOUR_MS),
        ZoneForecast("Asia/Vladivostok", 7, None),
        ZoneForecast("Europe/Berlin", 5, None),
    ]


@given(st.integers(1, 10_000), st.integers(1, 1000), st.integers(0, 23), st.integers(0, 23), st.integers(0, 48))
def test_nobody_is_left_out_of_the_forecast(people: int, rate: int, begin: int, end: int, ahead_h: int) -> None:
    wish = hours(begin, end, NOON + ahead_h * HOUR_MS + 1)
    expected = forecast(people, rate, wish, MOSCOW, NOON)
    assert 0 <= expected.expired <= people
    assert expected.finishes_at is not None
    assert expected.finishes_at >= expected.starts_at or expected.expired == people
