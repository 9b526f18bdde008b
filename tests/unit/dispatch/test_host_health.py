"""Whether a provider is there: whose word counts, and what a token that a device chose cannot say."""

from services.dispatch.policy.host_health import HostHealth
from services.dispatch.provider import Accepted, Rejected, Result, Retry, TokenGone, Uncertain

TROUBLE = Retry("InternalServerError", 500, scope="provider")
UNREACHABLE = Retry("ClientConnectorError", scope="provider")
LOST = Uncertain("connection lost")


def ended(health: HostHealth, result: Result, at: float = 1000.0, times: int = 1, *, has_worked: bool = True) -> None:
    for number in range(times):
        health.breaker.begin(at + number)
        health.ended(result, at + number, at + number + 0.1, 0.0, has_worked=has_worked)


def test_tokens_that_never_worked_never_make_it_away_for_others() -> None:
    for result in (TROUBLE, LOST):
        health = HostHealth()
        ended(health, result, times=200, has_worked=False)
        assert not health.breaker.is_open


def test_a_provider_that_takes_no_connection_is_away_whoever_notices() -> None:
    health = HostHealth()
    ended(health, UNREACHABLE, times=3, has_worked=False)
    assert health.breaker.is_open


def test_a_probe_whose_token_never_worked_neither_ends_the_outage_nor_makes_it_longer() -> None:
    health = HostHealth()
    ended(health, TROUBLE, times=3)
    now = health.breaker.probe_at
    for _ in range(20):
        assert health.breaker.admits(now)
        ended(health, TROUBLE, now, has_worked=False)
        assert not health.breaker.admits(now + 1.0)  # no faster than a probe a second
        now = health.breaker.probe_at
        assert now < 1000 + 60
    ended(health, Accepted(), now)
    assert not health.breaker.is_open


def test_what_was_refused_here_says_nothing_of_an_outage() -> None:
    """Else a malformed token in the middle would make many others be lost."""
    health = HostHealth()
    for number in range(3):
        ended(health, LOST, 1000.0 + 2 * number)
        for result in (TokenGone("not a device token", 0), Rejected("payload too large", 0)):
            ended(health, result, 1001.0 + 2 * number)
    assert health.breaker.is_open
