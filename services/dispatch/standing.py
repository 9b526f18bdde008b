"""How an application stands with one provider: may it push now, and what did an answer change?

    limiter   too fast, or answers stay out        ─▶ parked for a while
    breaker   its keys or settings are refused     ─▶ stopped, its pushes parked until a probe passes or they change
    guard     too many dead tokens at once         ─▶ tokens are not retired

None of this holds up another application. A stop and a pause are the operator's business: each is logged as an error
once, and stands in a gauge until it is over.
"""

from typing import Final

from schemas.values import Provider
from services import telemetry
from services.dispatch.breaker import Breaker
from services.dispatch.guard import Guard
from services.dispatch.limiter import Limiter
from services.dispatch.provider import Rejected, Result, Retry, TokenGone, Uncertain

log = telemetry.logger("standing")
FIRST_PROBE_S: Final = 30.0
LONGEST_PROBE_S: Final = 900.0


class Standing:
    """Of one (provider, application). Times are seconds of a monotonic clock."""

    def __init__(self, provider: Provider, application_id: str, max_rate: float) -> None:
        self.tag = f"{provider.value}/{application_id}"  # of the timers of what is parked while it is stopped
        self.limiter = Limiter(max_rate)
        self.breaker = Breaker(1, FIRST_PROBE_S, LONGEST_PROBE_S)
        self.guard = Guard()
        self._names = {"application": application_id, "provider": provider.value}
        self._stopped = telemetry.SENDER_STOPPED.labels(application_id, provider.value)
        self._paused = telemetry.RETIRING_PAUSED.labels(application_id, provider.value)

    def stopped_for_s(self, now: float) -> float | None:
        """None when it may push, else how long it is stopped at least."""
        if self.breaker.admits(now):
            return None
        return max(1.0, self.breaker.wait_s(now))

    def begin(self, now: float) -> None:
        """A push goes out."""
        self.limiter.begin()
        self.breaker.begin(now)

    def end(self, result: Result, now: float, draw: float, *, guarded: bool = True) -> bool:
        """Its answer came. True when a stopped sender goes on through it.

        `guarded` False: tokens of Live Activities die every day with their activities, which says nothing of keys.
        """
        if isinstance(result, Uncertain) and result.scope != "token":
            self.limiter.stayed_out(now)
        else:
            self.limiter.end()
        match result:
            case Retry():
                if result.scope == "application":
                    self.limiter.throttled(now, result.after_s)
                self.breaker.told_nothing()
            case Uncertain():
                self.breaker.told_nothing()
            case Rejected(alert=True):
                if self.breaker.failed(now, draw):
                    self._stop(result)
            case Rejected(status=0) | TokenGone(status=0):
                self.breaker.told_nothing()
            case _:
                if guarded:
                    self._note(isinstance(result, TokenGone), now)
                if self.breaker.succeeded():
                    self._go_on()
                    return True
        return False

    def renewed(self, max_rate: float) -> None:
        """The credentials or the application changed: try again at once."""
        self.limiter = Limiter(max_rate, under_way=self.limiter.under_way)
        if self.breaker.reset():
            self._go_on()

    def _note(self, gone: bool, now: float) -> None:
        if not self.guard.note(now, gone):
            return
        self._paused.set(int(self.guard.is_paused))
        if self.guard.is_paused:
            log.error("retiring paused: too many dead tokens at once", share=round(self.guard.share, 2), **self._names)
        else:
            log.info("retiring goes on", **self._names)

    def _stop(self, result: Rejected) -> None:
        self._stopped.set(1)
        log.error("sender stopped", status=result.status, detail=result.detail, **self._names)

    def _go_on(self) -> None:
        self._stopped.set(0)
        log.info("sender goes on", **self._names)
