"""How much one partner may ask of this process: requests at once, and requests a second.

What is sent and what is read are counted apart, each by the partner's own limits. Source: `docs/partner-api.md` §2
(error 3) and §7.
"""

from dataclasses import dataclass

from schemas.application_events import PartnerChanged


@dataclass(slots=True)
class _Use:
    tokens: float
    at_s: float
    under_way: int = 0


class Limits:
    """A count and a token bucket (a second's worth deep) for each partner. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._uses: dict[str, _Use] = {}

    def enter(self, partner: PartnerChanged, now_s: float) -> str | None:
        """None: go on, and call `leave` in the end. Otherwise which limit is reached."""
        use = self._uses.get(partner.partner_id)
        if use is None:
            use = self._uses[partner.partner_id] = _Use(partner.max_rate_per_s, now_s)
        if use.under_way >= partner.max_connections:
            return f"at most {partner.max_connections} requests at once"
        most = float(partner.max_rate_per_s)
        use.tokens = min(most, use.tokens + (now_s - use.at_s) * most)
        use.at_s = now_s
        if use.tokens < 1:
            return f"at most {partner.max_rate_per_s} requests per second"
        use.tokens -= 1
        use.under_way += 1
        return None

    def leave(self, partner: PartnerChanged) -> None:
        """A request that had entered has been answered."""
        self._uses[partner.partner_id].under_way -= 1
