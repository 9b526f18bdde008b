"""How often one caller may ask, and how long the wait grows."""

from hypothesis import given
from hypothesis import strategies as st

from services.runtime.pacing.backoff import exponential
from services.runtime.pacing.token_bucket import TokenBuckets


def admits(pace: TokenBuckets, key: str, now_s: float) -> bool:
    return pace.take(key, now_s) == 0


def test_a_burst_is_admitted_and_then_a_steady_rate() -> None:
    pace = TokenBuckets(2, 3)
    assert [admits(pace, "a", 0) for _ in range(5)] == [True, True, True, False, False]
    assert [admits(pace, "a", 0.5), admits(pace, "a", 0.5)] == [True, False]
    assert admits(pace, "b", 0.5)


@given(st.lists(st.floats(0, 2), max_size=60))
def test_no_more_than_burst_and_rate_is_ever_admitted(gaps: list[float]) -> None:
    pace, now, admitted = TokenBuckets(2, 3), 0.0, 0
    for gap in gaps:
        now += gap
        admitted += admits(pace, "a", now)
        assert admitted <= 3 + now * 2 + 1e-6


def test_who_has_not_asked_for_long_is_forgotten() -> None:
    pace = TokenBuckets(2, 3)
    for number in range(1000):
        admits(pace, str(number), number)
    assert len(pace) == 1


def test_what_is_taken_on_credit_is_earned_first() -> None:
    buckets = TokenBuckets(2, 1)
    assert [buckets.take_on_credit("a", 0) for _ in range(3)] == [0.0, 0.5, 1.0]
    assert (buckets.wait_s("a", 0, least=0), buckets.wait_s("a", 0)) == (1.0, 1.5)
    buckets.give_back("a", 0)
    assert buckets.wait_s("a", 0) == 1.0


def test_a_wait_doubles_up_to_the_longest() -> None:
    assert [exponential(5, failures, 30) for failures in (1, 2, 3, 4, 1_000)] == [5, 10, 20, 30, 30]
