"""When to stop asking, and when to ask again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.provider import Accepted, Rejected, Result, Retry, TokenGone, Uncertain, is_answer
from services.runtime.pacing.breaker import Breaker, of_host


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


def test_pushes_that_are_lost_together_are_one_failure() -> None:
    breaker = of_host()
    for number in range(1000):  # a connection with a thousand of them
        breaker.failed(1000.0 + number / 10_000, 0.0, began=999.0)
    assert (breaker.failures, breaker.is_open) == (1, False)


def test_what_went_out_before_a_failure_and_is_lost_after_it_belongs_to_the_same_incident() -> None:
    breaker = of_host()
    for lost_at, began in ((1000.0, 990.0), (1004.0, 994.0), (1009.9, 999.9)):
        breaker.failed(lost_at, 0.0, began=began)
    assert breaker.failures == 1
    breaker.failed(1011.0, 0.0, began=1001.0)
    assert breaker.failures == 2


def test_three_incidents_in_a_row_open_it() -> None:
    breaker = of_host()
    assert [breaker.failed(at + 0.1, 0.0, began=at) for at in (1000.0, 1001.0, 1002.0)] == [False, False, True]


def test_a_host_that_answers_nobody_is_away_before_a_second_incident() -> None:
    """Each waits ten seconds for nothing; no more are sent into it than it takes to see that."""
    breaker, opened_at = of_host(), 0.0
    for number in range(1000):
        lost_at = 1000 + number / 10
        if breaker.failed(lost_at, 0.0, began=lost_at - 10):
            opened_at = lost_at
            break
    assert breaker.failures == 1
    assert 1001 <= opened_at <= 1002


def test_losses_that_come_late_do_not_end_a_probe_nor_lengthen_the_rest() -> None:
    breaker = of_host(1)
    breaker.failed(1000, 0.0, began=999)
    breaker.begin(1001)
    for _ in range(100):
        assert breaker.failed(1001.5, 0.0, began=999.5) is False
    assert not breaker.admits(1002)  # the probe is still out
    assert breaker.succeeded() is True


def test_a_late_loss_brings_its_retry_after_along() -> None:
    breaker = of_host(1)
    breaker.failed(1000, 0.0, began=999)
    breaker.failed(1000.5, 0.0, 60, began=999)
    assert breaker.probe_at == 1060.5


@pytest.mark.parametrize("probe_takes_s", [0.001, 10.0])  # refused at once, and nothing heard
@pytest.mark.parametrize(("away_s", "most_probes"), [(5, 4), (20, 8), (60, 13), (600, 35), (86_400, 2900)])
@pytest.mark.parametrize("jitter", [0.0, 0.999])
def test_a_host_is_asked_soon_after_it_is_back_and_not_too_often_before(
    away_s: float, most_probes: int, probe_takes_s: float, jitter: float
) -> None:
    breaker, lost_at, probes = of_host(1), 1000.0, 0
    breaker.failed(lost_at, jitter, began=lost_at - 1)
    back_at = lost_at + away_s
    while breaker.probe_at < back_at:
        breaker.begin(breaker.probe_at)
        lost_at, probes = breaker.probe_at + probe_takes_s, probes + 1
        breaker.failed(lost_at, jitter, began=breaker.probe_at)
    assert breaker.probe_at - max(back_at, lost_at) <= min(30.0, 1 + away_s / 4) * 1.25
    assert 1 <= probes <= most_probes


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


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (Accepted(), True),
        (TokenGone("Unregistered", 410), True),
        (Rejected("BadPriority", 400), True),
        (Retry("TooManyRequests", 429, scope="application"), True),
        (TokenGone("not a device token", 0), False),  # a device chose it, and nobody was asked
        (Rejected("payload too large", 0), False),
        (Rejected("token endpoint: invalid_grant", 400, alert=True, certain=True), False),
        (Retry("token endpoint: HTTP 503", 503, scope="application", elsewhere=True), False),
        (Retry("replaced"), False),
        (Uncertain("no answer", "token"), False),
    ],
)
def test_only_what_the_host_itself_has_said_tells_that_it_is_there(result: Result, expected: bool) -> None:
    assert is_answer(result) is expected
