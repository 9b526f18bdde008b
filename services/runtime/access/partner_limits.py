"""How much one partner may ask of this process: requests at once, and requests a second.

What is sent and what is read are counted apart, each by the partner's own limits. Source: `docs/partner-api.md` §2
(error 3) and §7.
"""

from collections import Counter

from schemas.application_events import PartnerChanged
from services.runtime.pacing.token_bucket import TokenBucket


class PartnerLimits:
    """A count and a token bucket, a second's worth deep, for each partner. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._buckets: dict[str, TokenBucket] = {}
        self._under_way: Counter[str] = Counter()

    def enter(self, partner: PartnerChanged, now_s: float) -> str | None:
        """None: go on, and call `leave` in the end. Otherwise which limit is reached."""
        partner_id, rate = partner.partner_id, partner.max_rate_per_s
        bucket = self._buckets.get(partner_id)
        if bucket is None:
            bucket = self._buckets[partner_id] = TokenBucket(rate, now_s)
        if self._under_way[partner_id] >= partner.max_connections:
            return f"at most {partner.max_connections} requests at once"
        if bucket.refill(now_s, rate, rate) < 1:
            return f"at most {rate} requests per second"
        bucket.tokens -= 1
        self._under_way[partner_id] += 1
        return None

    def leave(self, partner: PartnerChanged) -> None:
        """A request that had entered has been answered."""
        self._under_way[partner.partner_id] -= 1
