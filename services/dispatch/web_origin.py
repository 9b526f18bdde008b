"""How a push service stands, by its origin: whether it may be asked now, and what its answers change.

    429, 503 with Retry-After     not asked until then
    no connection, no answer      after a run of them: not asked, then one probe after a growing interval
    401, 403 in a row             our key is refused: stopped and an alert, then one probe after a growing interval

A subscription can name any server, so nothing here holds up another origin, and what is remembered is bounded. One
refused key may be a subscription made for another key; a run of them is not. Times are seconds of a monotonic clock.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from services import telemetry
from services.dispatch.breaker import Breaker
from services.dispatch.oauth import RefreshAuth
from services.dispatch.provider import Result, Retry, Uncertain

log = telemetry.logger("web")
AWAY_AFTER: Final = 8
REFUSED_AFTER: Final = 3
LONGEST_WAIT_S: Final = 3600.0
_MOST = 1024


@dataclass(slots=True)
class Origin:
    """One push service."""

    name: str
    away: Breaker = field(default_factory=lambda: Breaker(AWAY_AFTER, 5.0, 300.0))
    key: Breaker = field(default_factory=lambda: Breaker(REFUSED_AFTER, 30.0, 900.0))
    wait_until: float = 0.0

    def held(self, now: float) -> Retry | None:
        """Why nothing is sent there now."""
        if now < self.wait_until:
            return Retry("the push service asked to wait", after_s=self.wait_until - now)
        for breaker, why in ((self.key, "the push service refuses our key"), (self.away, "the push service is away")):
            if not breaker.admits(now):
                return Retry(why, after_s=max(1.0, breaker.wait_s(now)))
        return None

    def begin(self, now: float) -> None:
        """A request goes out."""
        self.key.begin(now)
        self.away.begin(now)

    def end(self, result: Result | RefreshAuth, now: float, draw: float) -> None:
        """Its answer came, or did not; `draw` is a random number from [0, 1)."""
        if isinstance(result, Uncertain) or (isinstance(result, Retry) and not result.status):
            self.key.told_nothing()
            self.away.failed(now, draw)
            return
        self.away.succeeded()
        if isinstance(result, RefreshAuth):
            if self.key.failed(now, draw):
                log.error("a push service refuses our key", origin=self.name, status=result.status)
        elif isinstance(result, Retry):
            self.key.told_nothing()
            if result.after_s is not None:
                self.wait_until = max(self.wait_until, now + min(result.after_s, LONGEST_WAIT_S))
        elif self.key.succeeded():
            log.info("a push service takes our key again", origin=self.name)


class Origins:
    """Of one application; the least recently used are forgotten."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Origin] = OrderedDict()

    def of(self, name: str) -> Origin:
        known = self._known.setdefault(name, Origin(name))
        self._known.move_to_end(name)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)
        return known
