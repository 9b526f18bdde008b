"""How an application stands with a provider: what each answer changes for the pushes after it."""

import pytest
from structlog.testing import capture_logs

from schemas.providers import Provider
from services.dispatch.policy.sender_health import Standing
from services.dispatch.policy.trust import FIRST_PROBE_S
from services.dispatch.provider import Accepted, Rejected, Result, Retry, TokenGone, Uncertain
from services.runtime import telemetry

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


# -- refusals that may be a token's


def refused(one: Standing, digest: str, way: str = "", worked_under: str = "") -> Result:
    to = one.addressed(digest, way, worked_under)
    one.begin(1000)
    to.way.begin(1000)
    result = one.judged(ALERT, to, 1000, 0.0).result
    one.end(result, 1000, 0.0)
    return result


def accepted(one: Standing, digest: str, way: str = "") -> str:
    to = one.addressed(digest, way, "")
    one.begin(1000)
    result = one.judged(Accepted(), to, 1000, 0.0)
    one.end(result.result, 1000, 0.0)
    return to.way.under


def test_a_token_that_never_worked_stops_nothing_and_its_push_is_refused() -> None:
    one = standing()
    assert refused(one, "bad") == Rejected("InvalidProviderToken", 403)
    assert (one.stopped_for_s(1000), stopped()) == (None, 0)


def test_a_stopped_way_is_told_once_with_its_name_and_the_others_go_on() -> None:
    one = standing()
    under = accepted(one, "a", "production/app")
    with capture_logs() as logs:
        results = [refused(one, name, "production/app", under) for name in "abc"]
    assert results[0] == Rejected("InvalidProviderToken", 403)
    assert {type(result) for result in results[1:]} == {Retry}
    assert [(log["event"], log["way"], log["log_level"]) for log in logs] == [
        ("sender stopped", "production/app", "error")
    ]
    assert (one.is_stopped, stopped(), one.stopped_for_s(1000)) == (True, 1, None)
    other = one.addressed("x", "sandbox/app", "")
    assert other.way.held_for_s(1000, "x", "") is None
    one.renewed(1000, "another key")
    assert (one.is_stopped, stopped()) == (False, 0)
    assert one.addressed("a", "production/app", under).news != under


def test_credentials_in_doubt_are_told_once() -> None:
    one = standing()
    with capture_logs() as logs:
        for number in range(20):
            refused(one, f"t-{number}")
    assert [log["log_level"] for log in logs] == ["error"]
    assert stopped() == 1
    accepted(one, "good")
    assert stopped() == 0


def test_a_refusal_without_a_token_stops_the_sender_and_what_was_under_way_waits() -> None:
    one = standing()
    certain = Rejected("token endpoint: invalid_grant", 400, alert=True, certain=True)
    for name, kind in (("a", Rejected), ("b", Retry), ("c", Retry)):
        judged = one.judged(certain, one.addressed(name, "", ""), 1000, 0.0)
        assert (type(judged.result), judged.waits) == (kind, kind is Retry)
        one.begin(1000)
        one.end(judged.result, 1000, 0.0)
    assert one.stopped_for_s(1000) == FIRST_PROBE_S


def test_ways_that_devices_name_are_bounded() -> None:
    one = standing()
    for number in range(1000):
        for _ in range(5):
            refused(one, f"t-{number}", f"https://{number}.example")
    assert len(one._ways) == 256


def test_an_installation_that_says_its_token_has_worked_proves_the_way_before_anybody_is_accepted() -> None:
    one = standing()
    under = one.addressed("a", "", "").way.under
    assert not one.addressed("a", "", "older").way.is_proven
    assert one.addressed("b", "", under).way.is_proven
