"""When a host counts as away, and when it is asked again."""

import pytest

from services.dispatch.policy.host_health import host_breaker
from services.dispatch.provider import Accepted, Rejected, Result, Retry, TokenGone, Uncertain, is_answer


def test_pushes_that_are_lost_together_are_one_failure() -> None:
    breaker = host_breaker()
    for number in range(1000):  # a connection with a thousand of them
        breaker.failed(1000.0 + number / 10_000, 0.0, began=999.0)
    assert (breaker.failures, breaker.is_open) == (1, False)


def test_what_went_out_before_a_failure_and_is_lost_after_it_belongs_to_the_same_incident() -> None:
    breaker = host_breaker()
    for lost_at, began in ((1000.0, 990.0), (1004.0, 994.0), (1009.9, 999.9)):
        breaker.failed(lost_at, 0.0, began=began)
    assert breaker.failures == 1
    breaker.failed(1011.0, 0.0, began=1001.0)
    assert breaker.failures == 2


def test_three_incidents_in_a_row_open_it() -> None:
    breaker = host_breaker()
    assert [breaker.failed(at + 0.1, 0.0, began=at) for at in (1000.0, 1001.0, 1002.0)] == [False, False, True]


def test_a_host_that_answers_nobody_is_away_before_a_second_incident() -> None:
    """Each waits ten seconds for nothing; no more are sent into it than it takes to see that."""
    breaker, opened_at = host_breaker(), 0.0
    for number in range(1000):
        lost_at = 1000 + number / 10
        if breaker.failed(lost_at, 0.0, began=lost_at - 10):
            opened_at = lost_at
            break
    assert breaker.failures == 1
    assert 1001 <= opened_at <= 1002


def test_losses_that_come_late_do_not_end_a_probe_nor_lengthen_the_rest() -> None:
    breaker = host_breaker(1)
    breaker.failed(1000, 0.0, began=999)
    breaker.begin(1001)
    for _ in range(100):
        assert breaker.failed(1001.5, 0.0, began=999.5) is False
    assert not breaker.admits(1002)  # the probe is still out
    assert breaker.succeeded() is True


def test_a_late_loss_brings_its_retry_after_along() -> None:
    breaker = host_breaker(1)
    breaker.failed(1000, 0.0, began=999)
    breaker.failed(1000.5, 0.0, 60, began=999)
    assert breaker.probe_at == 1060.5


@pytest.mark.parametrize("probe_takes_s", [0.001, 10.0])  # refused at once, and nothing heard
@pytest.mark.parametrize(("away_s", "most_probes"), [(5, 4), (20, 8), (60, 13), (600, 35), (86_400, 2900)])
@pytest.mark.parametrize("jitter", [0.0, 0.999])
def test_a_host_is_asked_soon_after_it_is_back_and_not_too_often_before(
    away_s: float, most_probes: int, probe_takes_s: float, jitter: float
) -> None:
    breaker, lost_at, probes = host_breaker(1), 1000.0, 0
    breaker.failed(lost_at, jitter, began=lost_at - 1)
    back_at = lost_at + away_s
    while breaker.probe_at < back_at:
        breaker.begin(breaker.probe_at)
        lost_at, probes = breaker.probe_at + probe_takes_s, probes + 1
        breaker.failed(lost_at, jitter, began=breaker.probe_at)
    assert breaker.probe_at - max(back_at, lost_at) <= min(30.0, 1 + away_s / 4) * 1.25
    assert 1 <= probes <= most_probes


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
