"""How an application stands with a provider: what each answer changes for the pushes after it."""

import pytest
from structlog.testing import capture_logs

from schemas.providers import Provider
from services.dispatch.delivery.sender_health import SenderHealth
from services.dispatch.policy.trust import FIRST_PROBE_S
from services.dispatch.provider import Accepted, Rejected, Result, Retry, TokenGone, Uncertain
from services.runtime import telemetry
from services.runtime.clock import now_ms

ALERT = Rejected("InvalidProviderToken", 403, alert=True)


def new_health() -> SenderHealth:
    return SenderHealth(Provider.APNS, "app", 1000)


def answered(health: SenderHealth, result: Result, now: float = 1000.0, times: int = 1) -> bool:
    resumed = False
    for _ in range(times):
        health.begin(now)
        resumed |= health.end(result, now, 0.0)
    return resumed


def stopped() -> float:
    value = telemetry.SENDER_STOPPED.labels("app", "apns")._value.get()
    return float(value)


def test_refused_keys_stop_it_and_are_told_once() -> None:
    health = new_health()
    with capture_logs() as logs:
        for _ in range(20):
            health.begin(1000)
        for _ in range(20):
            health.end(ALERT, 1000, 0.0)
    assert health.stopped_for_s(1000) == FIRST_PROBE_S
    assert [(log["event"], log["log_level"]) for log in logs] == [("sender stopped", "error")]
    assert stopped() == 1


def test_a_probe_that_passes_lets_it_go_on() -> None:
    health = new_health()
    answered(health, ALERT)
    now = 1000 + FIRST_PROBE_S
    assert health.stopped_for_s(now) is None
    assert answered(health, Accepted(), now) is True
    assert health.stopped_for_s(now) is None
    assert stopped() == 0


def test_new_credentials_let_it_go_on_at_once() -> None:
    health = new_health()
    answered(health, ALERT)
    health.renewed(500)
    assert health.stopped_for_s(1000) is None
    assert health.limiter.max_rate == 500
    assert stopped() == 0


@pytest.mark.parametrize(
    "result", [Rejected("BadPriority", 400), TokenGone("Unregistered", 410), Retry("x", 500), Uncertain("lost")]
)
def test_other_trouble_does_not_stop_it(result: Result) -> None:
    health = new_health()
    answered(health, result, times=100)
    assert health.stopped_for_s(1000) is None


@pytest.mark.parametrize("result", [Retry("x", 500), Uncertain("lost"), TokenGone("no token", 0), Rejected("large", 0)])
def test_a_probe_that_says_nothing_of_the_keys_does_not_let_it_go_on(result: Result) -> None:
    health = new_health()
    answered(health, ALERT)
    now = 1000 + FIRST_PROBE_S
    assert answered(health, result, now) is False
    assert health.breaker.is_open
    assert health.stopped_for_s(now) is None  # another may be the probe


def test_too_much_of_the_application_slows_it_and_too_much_for_a_device_does_not() -> None:
    health = new_health()
    answered(health, Retry("busy", 429, scope="token"))
    assert health.limiter.rate == 1000
    answered(health, Retry("busy", 429, 30.0, scope="application"))
    assert health.limiter.rate == 500
    assert health.limiter.admitted(1029) > 0


def test_dead_tokens_all_at_once_pause_retiring_and_are_told_once() -> None:
    health = new_health()
    with capture_logs() as logs:
        answered(health, TokenGone("BadDeviceToken", 400), times=50)
    assert health.guard.is_paused
    assert [log["log_level"] for log in logs] == ["error"]
    answered(health, Accepted(), times=500)
    assert not health.guard.is_paused


def test_nothing_stays_under_way_after_its_answer() -> None:
    health = new_health()
    for result in (Accepted(), ALERT, Retry("x"), Uncertain("x"), TokenGone("x", 410), Rejected("x", 400)):
        answered(health, result, times=3)
    assert health.limiter.under_way == 0


# -- refusals that may be a token's


def refused(health: SenderHealth, digest: str, way: str = "", worked_under: str = "") -> Result:
    to = health.addressee(digest, way, worked_under)
    health.begin(1000)
    to.way.begin(1000)
    result = health.verdict_on(ALERT, to, 1000, 0.0).result
    health.end(result, 1000, 0.0)
    return result


def accepted(health: SenderHealth, digest: str, way: str = "") -> str:
    to = health.addressee(digest, way, "")
    health.begin(1000)
    result = health.verdict_on(Accepted(), to, 1000, 0.0)
    health.end(result.result, 1000, 0.0)
    return to.way.under


def test_a_token_that_never_worked_stops_nothing_and_its_push_is_refused() -> None:
    health = new_health()
    assert refused(health, "bad") == Rejected("InvalidProviderToken", 403)
    assert (health.stopped_for_s(1000), stopped()) == (None, 0)


def test_a_stopped_way_is_told_once_with_its_name_and_the_others_go_on() -> None:
    health = new_health()
    under = accepted(health, "a", "production/app")
    with capture_logs() as logs:
        results = [refused(health, name, "production/app", under) for name in "abc"]
    assert results[0] == Rejected("InvalidProviderToken", 403)
    assert {type(result) for result in results[1:]} == {Retry}
    assert [(log["event"], log["way"], log["log_level"]) for log in logs] == [
        ("sender stopped", "production/app", "error")
    ]
    assert (health.is_stopped, stopped(), health.stopped_for_s(1000)) == (True, 1, None)
    other = health.addressee("x", "sandbox/app", "")
    assert other.way.held_for_s(1000, "x", "") is None
    health.renewed(1000, "another key")
    assert (health.is_stopped, stopped()) == (False, 0)
    assert health.addressee("a", "production/app", under).news != under


def test_credentials_in_doubt_are_told_once() -> None:
    health = new_health()
    with capture_logs() as logs:
        for number in range(20):
            refused(health, f"t-{number}")
    assert [log["log_level"] for log in logs] == ["error"]
    assert stopped() == 1
    accepted(health, "good")
    assert stopped() == 0


def test_a_refusal_without_a_token_stops_the_sender_and_what_was_under_way_waits() -> None:
    health = new_health()
    certain = Rejected("token endpoint: invalid_grant", 400, alert=True, certain=True)
    for name, kind in (("a", Rejected), ("b", Retry), ("c", Retry)):
        verdict = health.verdict_on(certain, health.addressee(name, "", ""), 1000, 0.0)
        assert (type(verdict.result), verdict.waits) == (kind, kind is Retry)
        health.begin(1000)
        health.end(verdict.result, 1000, 0.0)
    assert health.stopped_for_s(1000) == FIRST_PROBE_S


def test_ways_that_devices_name_are_bounded() -> None:
    health = new_health()
    for number in range(1000):
        for _ in range(5):
            refused(health, f"t-{number}", f"https://{number}.example")
    assert len(health._ways) == 256


def test_an_installation_that_says_its_token_has_worked_proves_the_way_before_anybody_is_accepted() -> None:
    health = new_health()
    under = health.addressee("a", "", "").way.under
    assert not health.addressee("a", "", "older").way.is_proven
    assert health.addressee("b", "", under).way.is_proven


def test_what_stops_it_is_told_until_it_goes_on() -> None:
    health = new_health()
    assert health.holdups() == []
    answered(health, ALERT)
    (holdup,) = health.holdups()
    assert (holdup.provider, holdup.application_id, holdup.way, holdup.state) == ("apns", "app", "", "stopped")
    assert (holdup.status, holdup.detail) == (403, "InvalidProviderToken")
    assert abs(holdup.since - now_ms()) < 60_000
    answered(health, Accepted(), 1000 + FIRST_PROBE_S)
    assert health.holdups() == []


def test_each_way_that_is_doubted_tells_its_own_answer() -> None:
    health = new_health()
    for number in range(5):
        to = health.addressee(f"token-{number}", "production/app.bank", "")
        health.verdict_on(Rejected("BadTopic", 400, alert=True), to, 1000.0, 0.0)
    (holdup,) = health.holdups()
    assert (holdup.way, holdup.state, holdup.status, holdup.detail) == (
        "production/app.bank",
        "doubted",
        400,
        "BadTopic",
    )
    health.verdict_on(Accepted(), health.addressee("token-9", "production/app.bank", ""), 1001.0, 0.0)
    assert health.holdups() == []


def test_new_credentials_leave_nothing_held_up_to_tell() -> None:
    health = new_health()
    answered(health, ALERT)
    health.renewed(500)
    assert health.holdups() == []


def test_paused_retiring_is_told_with_the_share_of_dead_tokens() -> None:
    health = new_health()
    answered(health, TokenGone("Unregistered", 410), times=30)
    (holdup,) = health.holdups()
    assert (holdup.state, holdup.status, holdup.detail) == (
        "retiring-paused",
        None,
        "100% of the answers call tokens dead",
    )


def test_a_long_answer_is_cut() -> None:
    health = new_health()
    answered(health, Rejected("x" * 5000, 403, alert=True))
    assert len(health.holdups()[0].detail) == 300
