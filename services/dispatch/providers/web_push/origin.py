"""The health of a push service, by its origin: whether it may be asked now, and what its answers change.

    503 with Retry-After          not asked until then
    429, 406 with Retry-After     likewise when three subscriptions in a row get it, for a minute at most
    no connection, no answer      after a run of them: not asked, then one probe after a growing interval

A subscription can name any server, so nothing here holds up another origin, and what is remembered is bounded. Whether
a refused key is the application's or the subscription's is decided in `policy/trust.py`, for each origin alone as well.
Times are seconds of a monotonic clock.
"""

from dataclasses import dataclass, field
from typing import Final

from services.dispatch.policy import RecentlyUsed, host_breaker
from services.dispatch.provider import Accepted, Result, Retry, Uncertain, is_answer
from services.dispatch.providers.http.oauth import RefreshAuth
from services.runtime.pacing.breaker import Breaker

AWAY_AFTER: Final = 3
FIRST_REST_S: Final = 5.0
LONGEST_REST_S: Final = 300.0
LONGEST_WAIT_S: Final = 3600.0
SLOWED_BY: Final = 3
SLOWED_S: Final = 60.0
_UNAVAILABLE: Final = 503
_MOST = 1024


@dataclass(slots=True)
class Origin:
    """One push service."""

    name: str
    away: Breaker = field(default_factory=lambda: host_breaker(AWAY_AFTER, FIRST_REST_S, LONGEST_REST_S))
    wait_until: float = 0.0
    _has_accepted: bool = False
    _slowed: set[str] = field(default_factory=set)  # subscriptions that got it since the last acceptance

    def pause(self, now: float) -> Retry | None:
        """Why nothing is sent there now; None when it may be asked."""
        if now < self.wait_until:
            return Retry("the push service asked to wait", after_s=self.wait_until - now)
        if not self.away.admits(now):
            return Retry("the push service is away", after_s=max(1.0, self.away.wait_s(now)))
        return None

    def begin(self, now: float) -> float:
        """A request goes out; the time for `end`."""
        self.away.begin(now)
        return now

    def end(
        self,
        result: Result | RefreshAuth,
        began: float,
        now: float,
        draw: float,
        *,
        installation_id: str = "",
        has_worked: bool = True,
    ) -> None:
        """Its answer came, or did not, to a push for the subscription of an installation, which may have worked
        before; `draw` is a random number from [0, 1)."""
        if isinstance(result, Uncertain) or (isinstance(result, Retry) and not result.status):
            if isinstance(result, Uncertain) and self._has_accepted and not has_worked:
                self.away.unclear(now)  # others are served: a subscription that never was speaks for itself
            else:  # a service that never took a push is not waited for again and again
                self.away.failed(now, draw, 0.0, began if self._has_accepted else None)
            return
        if not isinstance(result, RefreshAuth) and not is_answer(result):
            self.away.inconclusive()  # its address was refused here
            return
        self.away.succeeded()
        if isinstance(result, Accepted):
            self._has_accepted = True
            self._slowed.clear()
        elif isinstance(result, Retry) and result.after_s is not None:
            self._wait(result.status, result.after_s, now, installation_id)

    def _wait(self, status: int, after_s: float, now: float, installation_id: str) -> None:
        """503 is about the service. Too many requests may be about one subscription (RFC 8030 §8.4), which holds up no
        other; several in a row are about us, and after a while one push asks whether they still are."""
        if status != _UNAVAILABLE:
            self._slowed.add(installation_id)
            if len(self._slowed) < SLOWED_BY:
                return
            self._slowed.clear()
            after_s = min(after_s, SLOWED_S)
        self.wait_until = max(self.wait_until, now + min(after_s, LONGEST_WAIT_S))


class Origins:
    """The origins of one application; the least recently used are forgotten."""

    def __init__(self) -> None:
        self._known = RecentlyUsed[str, Origin](_MOST)

    def of(self, name: str) -> Origin:
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = Origin(name)
        else:
            self._known.move_to_end(name)
        return known
