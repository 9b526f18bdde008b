"""The health of an application's sender at one provider: may it push now, and what does an answer change?

    limiter   too fast, or answers stay out        ─▶ parked for a while
    breaker   its keys or settings are refused     ─▶ stopped, its pushes parked until a probe passes or they change
    way       refused, and some token took part    ─▶ whom it is about: `trust.py`
    guard     too many dead tokens at once         ─▶ tokens are not retired

None of this holds up another application. A stop and a pause are the operator's business: each is logged as an error
once, and shows in a gauge until it is over.
"""

import hashlib
from functools import partial
from typing import Any, Final, NamedTuple

from schemas.providers import Provider
from services.dispatch.policy import (
    FIRST_PROBE_S,
    LONGEST_PROBE_S,
    DeadTokenGuard,
    Judgement,
    Limiter,
    RecentlyUsed,
    Strikes,
    Way,
)
from services.dispatch.provider import Accepted, Rejected, Result, Retry, TokenGone, Uncertain
from services.runtime import telemetry
from services.runtime.clock import now_ms
from services.runtime.mongo.instances import Holdup
from services.runtime.pacing.breaker import Breaker
from services.runtime.pacing.shares import PartOf, all_of_it
from services.runtime.scheduling.tags import SenderTag

log = telemetry.logger("sender-health")
STOPPED: Final = "sender is stopped"
_MOST_WAYS: Final = 256
_MOST_DETAIL: Final = 300


def worked_under_of(fingerprint: str, way_name: str) -> str:
    """One word for credentials and way, which reveals neither."""
    return hashlib.sha256(f"{fingerprint}/{way_name}".encode()).hexdigest()[:16]


class Addressee(NamedTuple):
    """The token that a push goes to: its name, its way, and the way on which it is known to work."""

    digest: str
    way_name: str
    way: Way
    worked_under: str

    @property
    def news(self) -> str | None:
        """What its installation is to learn when the push is accepted; None when it knows."""
        return None if self.worked_under == self.way.under else self.way.under


class Verdict(NamedTuple):
    """A result, judged: what to make of it."""

    result: Result
    goes_on: bool = False  # what was held up goes on through it
    waits: bool = False  # for the credentials: it comes again at once when they change


class _Why(NamedTuple):
    """Since when, in UTC ms, and by which answer."""

    since: int
    result: Rejected


class SenderHealth:
    """The health of one (provider, application). Times are seconds of a monotonic clock."""

    def __init__(
        self,
        provider: Provider,
        application_id: str,
        max_rate: float,
        fingerprint: str = "",
        part_of: PartOf = all_of_it,
    ) -> None:
        self.tag = SenderTag(provider, application_id)  # of the timers of what is parked while it is stopped
        self._part_of = partial(part_of, f"{provider.value}/{application_id}")
        self.limiter = Limiter(max_rate, part_of=self._part_of)
        self.breaker = Breaker(1, FIRST_PROBE_S, LONGEST_PROBE_S)
        self.guard = DeadTokenGuard()
        self._fingerprint = fingerprint  # of the credentials
        self._ways = RecentlyUsed[str, Way](_MOST_WAYS)
        self._strikes = Strikes()
        self._names = {"application": application_id, "provider": provider.value}
        self._why: dict[str | None, _Why] = {}  # by way; None: of the sender as a whole
        self._retiring_paused_at = 0  # UTC ms
        self._stopped = telemetry.SENDER_STOPPED.labels(application_id, provider.value)
        self._paused = telemetry.RETIRING_PAUSED.labels(application_id, provider.value)
        telemetry.DEAD_TOKEN_SHARE.labels(application_id, provider.value).set_function(lambda: self.guard.share)

    @property
    def is_stopped(self) -> bool:
        """Whether it is stopped, altogether or on one of its ways."""
        return self.breaker.is_open or any(way.is_troubled for way in self._ways.values())

    def holdups(self) -> list[Holdup]:
        """What is stopped, doubted or paused now, and the answer that decided it."""
        found = []
        for way_name, (since, result) in self._why.items():
            way = self._ways.get(way_name) if way_name is not None else None
            state = "stopped" if way is None or way.breaker.is_open else "doubted"
            found.append(self._holdup(way_name or "", state, since, result.status, result.detail[:_MOST_DETAIL]))
        if self.guard.is_paused:
            detail = f"{self.guard.share:.0%} of the answers call tokens dead"
            found.append(self._holdup("", "retiring-paused", self._retiring_paused_at, None, detail))
        return found

    def _holdup(self, *about: Any) -> Holdup:
        return Holdup(self.tag.provider.value, self.tag.application_id, *about)

    def stopped_for_s(self, now: float) -> float | None:
        """For how long it is stopped at least; None when it may push."""
        if self.breaker.admits(now):
            return None
        return max(1.0, self.breaker.wait_s(now))

    def addressee(self, digest: str, way_name: str, worked_under: str) -> Addressee:
        """The token on its way. Ways that have long been unused are forgotten, since devices name them."""
        way = self._ways.get(way_name)
        if way is None:
            way = self._ways[way_name] = Way(worked_under_of(self._fingerprint, way_name), self._strikes)
            self._show()  # the way that is forgotten for it may have been the one that was stopped
        elif len(self._ways) > 1:
            self._ways.move_to_end(way_name)
        if worked_under == way.under:
            way.is_proven = True  # also after a restart, before anybody is accepted
        return Addressee(digest, way_name, way, worked_under)

    def verdict_on(self, result: Result, to: Addressee | None, now: float, draw: float) -> Verdict:
        """What to make of the result. `to` is None where no token has a part in it."""
        if isinstance(result, Accepted):
            return self._of_acceptance(result, to, now)
        if isinstance(result, Rejected) and result.alert and (to is None or result.certain):
            if not self.breaker.is_open:
                return Verdict(result)
            self.breaker.failed(now, draw)  # it was under way when the sender stopped, or it was the probe
            return self._waiting(result, self.breaker.wait_s(now))
        if to is None:
            return Verdict(result)
        if isinstance(result, Rejected) and result.alert:
            return self._of_refusal(result, to, now, draw)
        to.way.inconclusive()
        return Verdict(result)

    def _of_acceptance(self, result: Accepted, to: Addressee | None, now: float) -> Verdict:
        if to is None or not to.way.accepted(now, to.digest, to.worked_under):
            return Verdict(result)
        log.info("sender goes on", way=to.way_name, **self._names)
        self._show()
        return Verdict(result, goes_on=True)

    def _of_refusal(self, result: Rejected, to: Addressee, now: float, draw: float) -> Verdict:
        way = to.way
        before = (way.breaker.is_open, way.is_doubted)
        judgement = way.refused(now, draw, to.digest, to.worked_under)
        if (way.breaker.is_open, way.is_doubted) != before:
            event = "sender stopped" if way.breaker.is_open else "sender doubted: only refusals, from tokens unproven"
            self._why[to.way_name] = _Why(now_ms(), result)
            log.error(event, way=to.way_name, status=result.status, detail=result.detail, **self._names)
            self._show()
        if judgement is Judgement.WAITS:
            return self._waiting(result, way.wait_s(now, to.digest))
        if judgement is Judgement.VOID:
            return Verdict(TokenGone(f"{result.detail}: never taken while others are", result.status))
        return Verdict(Rejected(result.detail, result.status, reason=result.reason))

    def _waiting(self, result: Rejected, wait_s: float) -> Verdict:
        """It waits for the credentials, which are refused: no message ends because of them."""
        return Verdict(Retry(f"{result.detail}: {STOPPED}", result.status, max(1.0, wait_s)), waits=True)

    def begin(self, now: float) -> None:
        """A push goes out."""
        self.limiter.begin()
        self.breaker.begin(now)

    def end(self, result: Result, now: float, draw: float, *, counts_for_guard: bool = True) -> bool:
        """Its answer came. True when it lets a stopped sender go on.

        `counts_for_guard` False: tokens of Live Activities die every day with their activities, whatever the keys.
        """
        if isinstance(result, Uncertain) and result.scope != "token":
            self.limiter.timed_out(now)
        else:
            self.limiter.end()
        match result:
            case Retry():
                if result.scope == "application":
                    self.limiter.throttled(now, result.after_s)
                self.breaker.inconclusive()
            case Uncertain():
                self.breaker.inconclusive()
            case Rejected(alert=True):
                if self.breaker.failed(now, draw):
                    self._stop(result)
            case Rejected(status=0) | TokenGone(status=0):
                self.breaker.inconclusive()
            case _:
                if counts_for_guard:
                    self._note(isinstance(result, TokenGone), now)
                if self.breaker.succeeded():
                    self._go_on()
                    return True
        return False

    def renewed(self, max_rate: float, fingerprint: str = "") -> None:
        """The credentials or the application have changed: try again at once."""
        self.limiter = Limiter(max_rate, under_way=self.limiter.under_way, part_of=self._part_of)
        self._fingerprint, self._strikes = fingerprint, Strikes()
        was_troubled = any(way.is_troubled for way in self._ways.values())
        self._ways.clear()
        if self.breaker.reset() or was_troubled:
            self._go_on()

    def _note(self, gone: bool, now: float) -> None:
        if not self.guard.note(now, gone):
            return
        self._paused.set(int(self.guard.is_paused))
        if self.guard.is_paused:
            self._retiring_paused_at = now_ms()
            log.error("retiring paused: too many dead tokens at once", share=round(self.guard.share, 2), **self._names)
        else:
            log.info("retiring goes on", **self._names)

    def _stop(self, result: Rejected) -> None:
        self._why[None] = _Why(now_ms(), result)
        self._show()
        log.error("sender stopped", status=result.status, detail=result.detail, **self._names)

    def _go_on(self) -> None:
        self._show()
        log.info("sender goes on", **self._names)

    def _is_troubled(self, way_name: str | None) -> bool:
        if way_name is None:
            return self.breaker.is_open
        way = self._ways.get(way_name)
        return way is not None and way.is_troubled

    def _show(self) -> None:
        self._why = {name: why for name, why in self._why.items() if self._is_troubled(name)}
        self._stopped.set(int(self.is_stopped))
