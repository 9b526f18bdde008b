"""Decides whom a refusal is about: the application's credentials, or one token, which its device chose. Pure.

A provider answers both alike. What tells them apart is which tokens are refused, and what they did before on the same
way: under these credentials, over the environment, bundle, carrier, platform or push service that the token names.

    refused                                        what follows
    a token that has worked on this way            refused; the second such in a row stops the way: what comes waits
    one that never has                             refused; three times, apart in time, while others are accepted: void
    five in a row where none ever has, or ten      the way is doubted: an alert, what is refused waits, tokens that were
    different ones in a row where some have        not tried yet go one by one, those that have worked go freely

An acceptance ends both. A stop and a doubt hold up their own way alone; new credentials begin with none. Whether a
token has worked is kept in its installation (`worked_under`), so a restart forgets nothing that keeps a sender going.
Times are seconds of a monotonic clock; `draw` is a random number from [0, 1).
"""

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from services.dispatch.policy.limiter import Limiter
from services.dispatch.policy.recently_used import RecentlyUsed
from services.runtime.pacing.backoff import exponential
from services.runtime.pacing.breaker import Breaker

STOPPED_BY: Final = 2
VOID_AFTER: Final = 3
APART_S: Final = 30.0
DOUBTED_AFTER: Final = 5
DOUBTED_BY: Final = 10
TRIALS_PER_S: Final = 5.0
FIRST_PROBE_S: Final = 30.0
LONGEST_PROBE_S: Final = 900.0
_MOST_STRUCK: Final = 4096
_MOST_ACCEPTED: Final = 256
LONGEST_STRIKE_S: Final = 480.0


class Judgement(Enum):
    """What becomes of a push whose refusal may be about more than itself."""

    REFUSED = auto()
    WAITS = auto()
    VOID = auto()  # refused, and its token with it


@dataclass(slots=True)
class Strike:
    """The refusals of one token that never worked."""

    first_at: float
    counted_at: float
    count: int = 1  # refusals that lie apart
    refusals: int = 1
    waits_until: float = 0.0


class Strikes:
    """The strikes of one application: bounded, since tokens come from outside. The oldest are forgotten."""

    def __init__(self) -> None:
        self._struck = RecentlyUsed[str, Strike](_MOST_STRUCK)

    def of(self, digest: str) -> Strike | None:
        return self._struck.get(digest)

    def add(self, digest: str, now: float) -> Strike:
        known = self._struck.get(digest)
        if known is None:
            known = self._struck[digest] = Strike(now, now)
            return known
        self._struck.move_to_end(digest)
        known.refusals += 1
        if now - known.counted_at >= APART_S:
            known.count, known.counted_at = known.count + 1, now
        return known

    def forget(self, digest: str) -> None:
        self._struck.pop(digest, None)


@dataclass(slots=True)
class Way:
    """One way to devices. `under` names it together with the credentials, and reveals neither."""

    under: str
    strikes: Strikes
    breaker: Breaker = field(default_factory=lambda: Breaker(1, FIRST_PROBE_S, LONGEST_PROBE_S))
    is_proven: bool = False  # some token has worked
    is_doubted: bool = False
    _accepted_at: float = float("-inf")
    _accepted: RecentlyUsed[str, None] = field(  # where the registry may not know it yet
        default_factory=lambda: RecentlyUsed(_MOST_ACCEPTED)
    )
    _against: set[str] = field(default_factory=set)  # tokens that have worked, refused since the last acceptance
    _doubts: int = 0  # refusals of others since then
    _doubters: set[str] = field(default_factory=set)
    _trials: Limiter = field(default_factory=lambda: Limiter(TRIALS_PER_S))

    @property
    def is_troubled(self) -> bool:
        """Whether it is stopped or doubted, which the operator should see."""
        return self.breaker.is_open or self.is_doubted

    def has_worked(self, digest: str, worked_under: str) -> bool:
        """Whether the token has, on this way and with these credentials. `worked_under`: what its installation says."""
        return worked_under == self.under or digest in self._accepted

    def held_for_s(self, now: float, digest: str, worked_under: str) -> float | None:
        """For how long a push to this token is held back at least; None when it may go now."""
        if not self.is_troubled:
            return None
        if not self.breaker.admits(now):
            return max(1.0, self.breaker.wait_s(now))
        if not self.is_doubted or self.has_worked(digest, worked_under):
            return None
        strike = self.strikes.of(digest)
        if strike is not None and now < strike.waits_until:
            return strike.waits_until - now
        return self._trials.admitted(now) or None

    def begin(self, now: float) -> None:
        """A push goes out."""
        if self.is_troubled:
            self.breaker.begin(now)
            self._trials.begin()
            self._trials.end()  # only their number in a second counts

    def accepted(self, now: float, digest: str, worked_under: str) -> bool:
        """A push was accepted. True when that lets a stopped or doubted way go on."""
        self._accepted_at = now
        if self.is_proven and worked_under == self.under and not (self._doubts or self._against or self.is_troubled):
            return False  # as nearly always
        self.is_proven = True
        if self._doubts or self._against:
            self._doubts = 0
            self._against.clear()
            self._doubters.clear()
        self.strikes.forget(digest)
        if worked_under != self.under:
            self._accepted[digest] = None
        was_troubled, self.is_doubted = self.is_troubled, False
        self.breaker.succeeded()
        return was_troubled

    def inconclusive(self) -> None:
        """The push ended without a word on credentials or token."""
        self.breaker.inconclusive()

    def refused(self, now: float, draw: float, digest: str, worked_under: str) -> Judgement:
        """A push was refused: what becomes of it."""
        if self.has_worked(digest, worked_under):
            self.is_proven = True
            self._against.add(digest)
            if len(self._against) >= STOPPED_BY:
                self.breaker.failed(now, draw)
            return Judgement.WAITS if self.breaker.is_open else Judgement.REFUSED
        if self.breaker.is_open:  # the credentials may be the reason
            self.breaker.inconclusive()
            return Judgement.WAITS
        return self._doubt(now, digest)

    def _doubt(self, now: float, digest: str) -> Judgement:
        self._doubts += 1
        if len(self._doubters) < DOUBTED_BY:
            self._doubters.add(digest)
        if (not self.is_proven and self._doubts >= DOUBTED_AFTER) or len(self._doubters) >= DOUBTED_BY:
            self.is_doubted = True
        strike = self.strikes.add(digest, now)
        if self.is_doubted:
            strike.waits_until = now + exponential(FIRST_PROBE_S, strike.refusals, LONGEST_STRIKE_S)
            return Judgement.WAITS
        is_void = strike.count >= VOID_AFTER and self._accepted_at > strike.first_at
        return Judgement.VOID if is_void else Judgement.REFUSED

    def wait_s(self, now: float, digest: str) -> float:
        """How long a push waits that was judged to wait."""
        strike = self.strikes.of(digest)
        until = strike.waits_until - now if strike is not None else 0.0
        return max(1.0, self.breaker.wait_s(now) if self.breaker.is_open else until)
