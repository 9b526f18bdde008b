"""How often one caller may ask."""

from hypothesis import given
from hypothesis import strategies as st

from services.runtime.pacing.token_bucket import RequestPace


def test_a_burst_is_admitted_and_then_a_steady_rate() -> None:
    pace = RequestPace(2, 3)
    assert [pace.admits("a", 0) for _ in range(5)] == [True, True, True, False, False]
    assert [pace.admits("a", 0.5), pace.admits("a", 0.5)] == [True, False]
    assert pace.admits("b", 0.5)


@given(st.lists(st.floats(0, 2), max_size=60))
def test_no_more_than_burst_and_rate_is_ever_admitted(gaps: list[float]) -> None:
    pace, now, admitted = RequestPace(2, 3), 0.0, 0
    for gap in gaps:
        now += gap
        admitted += pace.admits("a", now)
        assert admitted <= 3 + now * 2 + 1e-6


def test_who_has_not_asked_for_long_is_forgotten() -> None:
    pace = RequestPace(2, 3)
    for number in range(1000):
        pace.admits(str(number), number)
    assert len(pace._used) == 1
