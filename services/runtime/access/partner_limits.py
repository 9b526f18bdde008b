"""How much one partner may ask: requests at once of this process, and requests a second of all instances together.

What is sent and what is read are counted apart, each by the partner's own limits, and each answer tells what is left of
them: `RateLimit-Policy` and `RateLimit`, as structured fields (draft-ietf-httpapi-ratelimit-headers-11).

    enter ─▶ None, or what is reached ─▶ headers: what this instance would take at once now ─▶ leave

Source: `docs/partner-api.md` §2 (error 3, what is left) and §7.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import NamedTuple

from schemas.application_events import PartnerChanged
from services.runtime.pacing.shares import PartOf, all_of_it
from services.runtime.pacing.token_bucket import TokenBucket

POLICY_HEADER, LIMIT_HEADER = b"ratelimit-policy", b"ratelimit"
LimitHeaders = tuple[tuple[bytes, bytes], ...]


class Reached(NamedTuple):
    """A limit that is reached, in words, and the whole seconds after which the same may be asked again."""

    words: str
    wait_s: int = 1


@dataclass(slots=True)
class _Asked:
    """One partner here: its bucket, the tokens a second that this instance has of the rate, and what is under way."""

    bucket: TokenBucket
    own_rate: float
    under_way: int = 0

    def wait_s(self) -> int:
        """The whole seconds until there is one token more."""
        tokens = self.bucket.tokens
        return max(1, ceil((int(tokens) + 1 - tokens) / self.own_rate))


class PartnerLimits:
    """A count and a token bucket, a second's worth deep, for each partner. Times are monotonic seconds.

    `part_of` says which part of the rate is this instance's; the depth is the whole rate's, because a partner may come
    from elsewhere at any moment, and must not be refused for it.
    """

    def __init__(self, part_of: PartOf = all_of_it) -> None:
        self._part_of = part_of
        self._asked: dict[str, _Asked] = {}

    def enter(self, partner: PartnerChanged, now_s: float) -> Reached | None:
        """None: go on, and call `leave` in the end. Otherwise which limit is reached."""
        partner_id, rate = partner.partner_id, partner.max_rate_per_s
        own_rate = rate * self._part_of(partner_id, rate)
        asked = self._asked.get(partner_id)
        if asked is None:
            asked = self._asked[partner_id] = _Asked(TokenBucket(rate, now_s), own_rate)
        asked.own_rate = own_rate
        tokens = asked.bucket.refill(now_s, own_rate, rate)
        if asked.under_way >= partner.max_connections:
            return Reached(f"at most {partner.max_connections} requests at once", 1 if tokens >= 1 else asked.wait_s())
        if tokens < 1:
            return Reached(f"at most {rate} requests per second", asked.wait_s())
        asked.bucket.tokens -= 1
        asked.under_way += 1
        return None

    def leave(self, partner: PartnerChanged) -> None:
        """A request that had entered has been answered."""
        self._asked[partner.partner_id].under_way -= 1

    def headers(self, partner: PartnerChanged) -> LimitHeaders:
        """What the answer to a request tells that `enter` has just let in or refused."""
        asked = self._asked[partner.partner_id]
        free = max(0, partner.max_connections - asked.under_way)
        left = b'"rate";r=%d;t=%d, "connections";r=%d' % (asked.bucket.tokens, asked.wait_s(), free)
        return (POLICY_HEADER, _policy(partner.max_rate_per_s, partner.max_connections)), (LIMIT_HEADER, left)


@lru_cache(maxsize=4096)
def _policy(rate: int, connections: int) -> bytes:
    return b'"rate";q=%d;w=1, "connections";q=%d;qu="concurrent-requests"' % (rate, connections)
