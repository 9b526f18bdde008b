"""How fast an application may push: never over its rate, never stopped for good, never at its neighbours' cost."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.policy.limiter import Limiter


def sent_in(limiter: Limiter, now: float, seconds: float, bulk: bool = False, step: float = 0.001) -> int:
    """How many go out in so many seconds when there is always one more; each is answered at once."""
    count, until = 0, now + seconds
    while now < until:
        if not limiter.admitted(now, bulk):
            limiter.begin()
            limiter.end()
            count += 1
        else:
            now += step
    return count


def test_a_burst_of_a_second_then_the_rate() -> None:
    limiter = Limiter(100)
    assert sent_in(limiter, 1000, 10) == pytest.approx(1100, abs=5)


def test_a_throttled_application_goes_at_half_and_recovers_within_a_minute() -> None:
    limiter = Limiter(100)
    sent_in(limiter, 1000, 5)
    limiter.throttled(1005, None)
    assert limiter.rate == pytest.approx(50, abs=1)
    assert sent_in(limiter, 1005, 1) < 60
    limiter.admitted(1070)
    assert limiter.rate == 100


def test_many_answers_of_one_moment_halve_the_rate_once() -> None:
    limiter = Limiter(100)
    for _ in range(50):
        limiter.throttled(1000.0, None)
    assert limiter.rate == 50


def test_retry_after_closes_the_gate_for_its_whole_time() -> None:
    limiter = Limiter(100)
    limiter.throttled(1000, 30)
    assert limiter.admitted(1029.9) > 0
    assert sent_in(limiter, 1000, 30) == 0
    assert limiter.admitted(1030) == 0


def test_what_is_parked_comes_back_one_after_the_other() -> None:
    limiter = Limiter(10)
    limiter.throttled(1000, 30)
    waits = [limiter.admitted(1000) for _ in range(20)]
    assert waits[0] >= 30
    assert all(later - sooner == pytest.approx(1 / limiter.rate) for sooner, later in pairwise(waits))


def test_what_was_parked_at_a_small_part_of_the_rate_holds_up_nothing_once_the_part_has_grown() -> None:
    part = 0.03
    limiter = Limiter(100, part_of=lambda limit: part)
    sent_in(limiter, 1000, 0.01)
    waits = [limiter.admitted(1000.01) for _ in range(100)]
    assert waits[-1] > 30
    limiter.throttled(1000.02, None)
    part = 0.3
    assert limiter.admitted(1000.02) < waits[-1] / 9
    part = 0.1
    assert limiter.admitted(1000.02) < waits[-1] / 9, "a part that shrinks prolongs nothing"


def test_single_messages_go_while_bulk_has_to_wait() -> None:
    limiter = Limiter(100)
    bulk = sent_in(limiter, 1000, 0.01, bulk=True)
    assert bulk == pytest.approx(80, abs=2)
    assert limiter.admitted(1000.01, bulk=True) > 0
    assert sent_in(limiter, 1000.01, 0.001) >= 15


def test_an_application_whose_pushes_hang_gets_narrow_and_widens_again() -> None:
    limiter = Limiter(10_000)
    for _ in range(200):
        assert limiter.admitted(1000) == 0
        limiter.begin()
    limiter.timed_out(1010)
    assert limiter.width == 100
    assert limiter.admitted(1010) > 0
    for _ in range(199):
        limiter.end()
    assert limiter.under_way == 0
    assert limiter.admitted(1010) == 0
    assert limiter.width > 100


@given(
    st.lists(
        st.tuples(st.floats(0, 5), st.sampled_from(["ask", "ask", "ask", "end", "lost", "throttled", "closed"])),
        max_size=300,
    ),
    st.integers(1, 5000),
)
def test_whatever_happens_it_stays_within_its_bounds_and_opens_again(
    steps: list[tuple[float, str]], max_rate: int
) -> None:
    limiter, now, began, sent = Limiter(max_rate), 1000.0, 1000.0, 0
    closed_until = 0.0
    for passed, what in steps:
        now += passed
        if what == "ask":
            wait_s = limiter.admitted(now)
            assert wait_s >= 0
            if not wait_s:
                assert now >= closed_until
                limiter.begin()
                sent += 1
        elif what == "throttled":
            limiter.throttled(now, None)
        elif what == "closed":
            limiter.throttled(now, 2.0)
            closed_until = max(closed_until, now + 2.0)
        elif limiter.under_way and what == "end":
            limiter.end()
        elif limiter.under_way:
            limiter.timed_out(now)
        assert 1 <= limiter.rate <= max_rate
        assert limiter.under_way >= 0
        assert 8 <= limiter.width <= limiter.max_width
    assert sent <= max_rate * (now - began) + max(1, max_rate) + 1
    while limiter.under_way:
        limiter.end()
    assert limiter.admitted(now + 3600) == 0
