"""A partner's limits on partner process."""

from services.runtime.access.partner_limits import PartnerLimits, Reached
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
