"""How much one partner may ask: requests at once of this process, and requests a second of all instances together.

What is sent and what is read are counted apart, each by the partner's own limits. Source: `docs/partner-api.md` §2
(error 3) and §7.
"""

from collections import Counter
from math import ceil
from typing import NamedTuple

from schemas.application_events import PartnerChanged
from services.runtime.pacing.shares import PartOf, all_of_it
from services.runtime.pacing.token_bucket import TokenBucket


class Reached(NamedTuple):
    """A limit that is reached, in words, and the whole seconds after which the same may be asked again."""

    words: str
    wait_s: int = 1


class PartnerLimits:
    """A count and a token bucket, a second's worth deep, for each partner. Times are monotonic seconds.

    `part_of` says which part of the rate is this instance's; the depth is the whole rate's, because a partner may come
    from elsewhere at any moment, and must not be refused for it.
    """

    def __init__(self, part_of: PartOf = all_of_it) -> None:
        self._part_of = part_of
        self._buckets: dict[str, TokenBucket] = {}
        self._under_way: Counter[str] = Counter()

    def enter(self, partner: PartnerChanged, now_s: float) -> Reached | None:
        """None: go on, and call `leave` in the end. Otherwise which limit is reached."""
        partner_id, rate = partner.partner_id, partner.max_rate_per_s
        own_rate = rate * self._part_of(partner_id, rate)
        bucket = self._buckets.get(partner_id)
        if bucket is None:
            bucket = self._buckets[partner_id] = TokenBucket(rate, now_s)
        if self._under_way[partner_id] >= partner.max_connections:
            return Reached(f"at most {partner.max_connections} requests at once")
        tokens = bucket.refill(now_s, own_rate, rate)
        if tokens < 1:
            return Reached(f"at most {rate} requests per second", max(1, ceil((1 - tokens) / own_rate)))
        bucket.tokens -= 1
        self._under_way[partner_id] += 1
        return None

    def leave(self, partner: PartnerChanged) -> None:
        """A request that had entered has been answered."""
        self._under_way[partner.partner_id] -= 1
