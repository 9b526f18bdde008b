"""A partner's limits on partner process."""

from hypothesis import given
from hypothesis import strategies as st

from services.runtime.access.partner_limits import PartnerLimits, Reached
from tests.support.limit_headers import limits_of
from tests.support.requests import PARTNER


def test_requests_at_once_are_limited() -> None:
    limits, partner = PartnerLimits(), PARTNER.replace(max_connections=2)
    assert [limits.enter(partner, 0.0) for _ in range(3)] == [None, None, Reached("at most 2 requests at once")]
    limits.leave(partner)
    assert limits.enter(partner, 0.0) is None


def test_requests_a_second_are_limited() -> None:
    limits, partner = PartnerLimits(), PARTNER.replace(max_rate_per_s=3)

    def asked(now_s: float, times: int) -> int:
        count = 0
        for _ in range(times):
            if limits.enter(partner, now_s) is None:
                limits.leave(partner)
                count += 1
        return count

    assert asked(100.0, 10) == 3
    assert asked(100.5, 10) == 1
    assert asked(200.0, 10) == 3


def test_partners_do_not_share_their_limits() -> None:
    limits, partner = PartnerLimits(), PARTNER.replace(max_connections=1)
    other = partner.replace(partner_id="other")
    assert [limits.enter(partner, 0.0), limits.enter(other, 0.0)] == [None, None]


def test_a_refusal_names_the_seconds_after_which_the_same_is_let_in() -> None:
    limits, partner = PartnerLimits(lambda key, limit: 0.1), PARTNER.replace(max_rate_per_s=2)
    assert [limits.enter(partner, 0.0) for _ in range(2)] == [None, None]
    assert limits.enter(partner, 0.0) == Reached("at most 2 requests per second", 5)
    assert limits.enter(partner, 4.9) is not None
    assert limits.enter(partner, 5.1) is None


def test_an_answer_tells_the_limits_and_what_is_left_of_them() -> None:
    limits, partner = PartnerLimits(), PARTNER.replace(max_rate_per_s=3, max_connections=2)
    limits.enter(partner, 0.0)
    assert limits_of(limits.headers(partner)) == {
        "ratelimit-policy": {"rate": {"q": 3, "w": 1}, "connections": {"q": 2, "qu": "concurrent-requests"}},
        "ratelimit": {"rate": {"r": 2, "t": 1}, "connections": {"r": 1}},
    }
    limits.leave(partner)
    assert limits_of(limits.headers(partner))["ratelimit"]["connections"] == {"r": 2}


def test_what_is_left_is_what_is_let_in_and_the_wait_is_that_of_the_refusal() -> None:
    limits, partner = PartnerLimits(lambda key, limit: 0.1), PARTNER.replace(max_rate_per_s=5)
    now_s, counted = 100.0, 0
    assert limits.enter(partner, now_s) is None
    left = limits_of(limits.headers(partner))["ratelimit"]["rate"]["r"]
    while limits.enter(partner, now_s) is None:
        counted += 1
    assert counted == left == 4
    reached = limits.enter(partner, now_s + 0.5)
    assert reached is not None
    assert limits_of(limits.headers(partner))["ratelimit"]["rate"] == {"r": 0, "t": reached.wait_s} == {"r": 0, "t": 2}
    assert limits.enter(partner, now_s + 0.5 + reached.wait_s) is None


def test_who_waits_for_a_connection_waits_for_the_rate_too() -> None:
    limits, partner = PartnerLimits(lambda key, limit: 0.1), PARTNER.replace(max_rate_per_s=1, max_connections=1)
    assert limits.enter(partner, 0.0) is None
    assert limits.enter(partner, 0.0) == Reached("at most 1 requests at once", 10)
    assert limits_of(limits.headers(partner))["ratelimit"] == {"rate": {"r": 0, "t": 10}, "connections": {"r": 0}}


@given(st.integers(1, 10**6), st.integers(1, 10**5), st.lists(st.floats(0, 3), max_size=20), st.floats(0.001, 1))
def test_headers_are_structured_fields_with_numbers_that_can_be(
    rate: int, connections: int, waits: list[float], part: float
) -> None:
    limits, now_s = PartnerLimits(lambda key, limit: part), 0.0
    partner = PARTNER.replace(max_rate_per_s=rate, max_connections=connections)
    for wait in waits or [0.0]:
        now_s += wait
        limits.enter(partner, now_s)
        found = limits_of(limits.headers(partner))["ratelimit"]
        assert 0 <= found["rate"]["r"] <= rate
        assert found["rate"]["t"] >= 1
        assert 0 <= found["connections"]["r"] <= connections
