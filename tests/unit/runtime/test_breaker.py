"""When to stop asking, and when to ask again."""

from hypothesis import given
from hypothesis import strategies as st

from services.runtime.pacing.breaker import Breaker


def opened(trip_after: int = 1) -> Breaker:
    breaker = Breaker(trip_after, first_s=10, longest_s=100)
    for number in range(trip_after):
        breaker.begin(0)
        assert breaker.failed(1000, 0.0) is (number == trip_after - 1)
    return breaker


def test_it_opens_after_a_run_of_failures_and_not_before() -> None:
    breaker = Breaker(3)
    breaker.failed(1, 0)
    breaker.failed(1, 0)
    breaker.succeeded()
    breaker.failed(1, 0)
    breaker.failed(1, 0)
    assert breaker.admits(1)
    assert breaker.failed(1, 0) is True
    assert not breaker.admits(1)


def test_one_probe_goes_when_the_interval_is_over() -> None:
    breaker = opened()
    assert not breaker.admits(1009.9)
    assert breaker.admits(1010)
    breaker.begin(1010)
    assert not breaker.admits(1010)


def test_a_probe_that_succeeds_closes_it() -> None:
    breaker = opened()
    breaker.begin(1010)
    assert breaker.succeeded() is True
    assert breaker.admits(1010)
    assert breaker.succeeded() is False


def test_a_probe_that_fails_doubles_the_interval_up_to_the_longest() -> None:
    breaker, now, waits = opened(), 1010.0, []
    for _ in range(6):
        breaker.begin(now)
        assert breaker.failed(now, 0.0) is False
        waits.append(breaker.wait_s(now))
        now += waits[-1]
    assert waits == [20, 40, 80, 100, 100, 100]


def test_what_was_under_way_when_it_opened_changes_nothing() -> None:
    breaker = opened()
    for _ in range(100):
        breaker.failed(1005, 0.0)
    assert breaker.probe_at == 1010


def test_a_probe_that_told_nothing_leaves_room_for_another() -> None:
    breaker = opened()
    breaker.begin(1010)
    breaker.inconclusive()
    assert breaker.admits(1010)


def test_a_probe_that_is_never_answered_is_given_up() -> None:
    breaker = opened()
    breaker.begin(1010)
    assert not breaker.admits(1069)
    assert breaker.admits(1070)


def test_retry_after_is_obeyed() -> None:
    breaker = Breaker(1, first_s=10)
    breaker.failed(1000, 0.0, at_least_s=120)
    assert not breaker.admits(1119)
    assert breaker.admits(1120)


def test_a_change_of_what_was_wrong_closes_it_at_once() -> None:
    breaker = opened()
    assert breaker.reset() is True
    assert breaker.admits(1000)
    assert breaker.reset() is False


@given(
    st.integers(1, 5),
    st.lists(st.tuples(st.floats(0, 50), st.sampled_from(["ask", "ok", "fail", "nothing"])), max_size=200),
)
def test_while_open_at_most_one_push_is_out_and_success_always_closes(
    trip_after: int, steps: list[tuple[float, str]]
) -> None:
    breaker, now, probe_at = Breaker(trip_after, 10, 100), 1000.0, None
    for passed, what in steps:
        now += passed
        if what == "ask":
            if breaker.admits(now):
                assert not (breaker.is_open and probe_at is not None and now - probe_at < 60)
                breaker.begin(now)
                probe_at = now if breaker.is_open else None
            elif probe_at is None:
                assert breaker.wait_s(now) > 0
        elif what == "ok":
            breaker.succeeded()
            probe_at = None
            assert breaker.admits(now)
        elif what == "fail":
            breaker.failed(now, 0.5)
            probe_at = None
        else:
            breaker.inconclusive()
            probe_at = None
    assert breaker.admits(now + 200)
