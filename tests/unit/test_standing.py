"""How an application stands with a provider: what each answer changes for the pushes after it."""

import pytest
from structlog.testing import capture_logs

from schemas.values import Provider
from services import telemetry
from services.dispatch.provider import Accepted, Rejected, Result, Retry, TokenGone, Uncertain
from services.dispatch.standing import FIRST_PROBE_S, Standing

ALERT = Rejected("InvalidProviderToken", 403, alert=True)


def standing() -> Standing:
    return Standing(Provider.APNS, "app", 1000)


def answered(one: Standing, result: Result, now: float = 1000.0, times: int = 1) -> bool:
    resumed = False
    for _ in range(times):
        one.begin(now)
        resumed |= one.end(result, now, 0.0)
    return resumed


def stopped() -> float:
    value = telemetry.SENDER_STOPPED.labels("app", "apns")._value.get()
    return float(value)


def test_refused_keys_stop_it_and_are_told_once() -> None:
    one = standing()
    with capture_logs() as logs:
        for _ in range(20):
            one.begin(1000)
        for _ in range(20):
            one.end(ALERT, 1000, 0.0)
    assert one.stopped_for_s(1000) == FIRST_PROBE_S
    assert [(log["event"], log["log_level"]) for log in logs] == [("sender stopped", "error")]
    assert stopped() == 1


def test_a_probe_that_passes_lets_it_go_on() -> None:
    one = standing()
    answered(one, ALERT)
    now = 1000 + FIRST_PROBE_S
    assert one.stopped_for_s(now) is None
    assert answered(one, Accepted(), now) is True
    assert one.stopped_for_s(now) is None
    assert stopped() == 0


def test_new_credentials_let_it_go_on_at_once() -> None:
    one = standing()
    answered(one, ALERT)
    one.renewed(500)
    assert one.stopped_for_s(1000) is None
    assert one.limiter.max_rate == 500
    assert stopped() == 0


@pytest.mark.parametrize(
    "result", [Rejected("BadPriority", 400), TokenGone("Unregistered", 410), Retry("x", 500), Uncertain("lost")]
)
def test_other_trouble_does_not_stop_it(result: Result) -> None:
    one = standing()
    answered(one, result, times=100)
    assert one.stopped_for_s(1000) is None


@pytest.mark.parametrize("result", [Retry("x", 500), Uncertain("lost"), TokenGone("no token", 0), Rejected("large", 0)])
def test_a_probe_that_says_nothing_of_the_keys_does_not_let_it_go_on(result: Result) -> None:
    one = standing()
    answered(one, ALERT)
    now = 1000 + FIRST_PROBE_S
    assert answered(one, result, now) is False
    assert one.breaker.is_open
    assert one.stopped_for_s(now) is None  # another may be the probe


def test_too_much_of_the_application_slows_it_and_too_much_for_a_device_does_not() -> None:
    one = standing()
    answered(one, Retry("busy", 429, scope="token"))
    assert one.limiter.rate == 1000
    answered(one, Retry("busy", 429, 30.0, scope="application"))
    assert one.limiter.rate == 500
    assert one.limiter.admitted(1029) > 0


def test_dead_tokens_all_at_once_pause_retiring_and_are_told_once() -> None:
    one = standing()
    with capture_logs() as logs:
        answered(one, TokenGone("BadDeviceToken", 400), times=50)
    assert one.guard.is_paused
    assert [log["log_level"] for log in logs] == ["error"]
    answered(one, Accepted(), times=500)
    assert not one.guard.is_paused


def test_nothing_stays_under_way_after_its_answer() -> None:
    one = standing()
    for result in (Accepted(), ALERT, Retry("x"), Uncertain("x"), TokenGone("x", 410), Rejected("x", 400)):
        answered(one, result, times=3)
    assert one.limiter.under_way == 0
