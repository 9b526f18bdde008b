"""Erasures one by one, the oldest first: one that fails is set aside for a while, and those behind it go on.

    find ─▶ work ─▶ done
              └─ fails ─▶ noted with the erasure, counted ─▶ tried again: after 30 s, then twice as long, at most 10 min

None is given up. While infrastructure is away all wait; a process that starts tries each at once.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from time import monotonic

from services.runtime import telemetry
from services.runtime.clock import now_ms
from services.runtime.faults import TRANSIENT_ERRORS, kind_of
from services.runtime.mongo.erasures import Erasure, Erasures
from services.runtime.pacing.backoff import exponential

log = telemetry.logger("erasure")
_FIRST_S, _LONGEST_S = 30.0, 600.0
Work = Callable[[Erasure], Awaitable[None]]


@dataclass
class ErasuresInTurn:
    """One for each loop that works on erasures; `step` is what it does, as the erasures and the metrics call it."""

    step: str
    erasures: Erasures
    _tries: dict[str, int] = field(default_factory=dict)
    _again_s: dict[str, float] = field(default_factory=dict)  # by erasure, monotonic

    async def each(self, work: Work) -> None:
        """Do the work of all that are not set aside. Raises mongo.TRANSIENT_ERRORS, LogUnavailable."""
        unfinished = await self.erasures.unfinished()
        self._tries = {erasure_id: self._tries[erasure_id] for erasure_id in unfinished if erasure_id in self._tries}
        for erasure_id in unfinished:
            if erasure_id not in self._tries or self._again_s[erasure_id] <= monotonic():
                await self._try(erasure_id, work)
        telemetry.ERASURES_SET_ASIDE.labels(self.step).set(len(self._tries))

    async def _try(self, erasure_id: str, work: Work) -> None:
        try:
            erasure = await self.erasures.find(erasure_id)
            if erasure is not None:
                await work(erasure)
        except TRANSIENT_ERRORS:
            raise
        except Exception as error:
            await self._set_aside(erasure_id, error)
        else:
            self._tries.pop(erasure_id, None)

    async def _set_aside(self, erasure_id: str, error: Exception) -> None:
        tries = self._tries[erasure_id] = self._tries.get(erasure_id, 0) + 1
        wait_s = exponential(_FIRST_S, tries, _LONGEST_S)
        self._again_s[erasure_id] = monotonic() + wait_s
        telemetry.LOOP_FAILURES.labels(self.step).inc()
        telemetry.ERASURES_SET_ASIDE.labels(self.step).set(len(self._tries))
        say = log.error if tries == 1 else log.warning  # without a traceback: that may name somebody
        say("an erasure fails and is set aside", erasure=erasure_id, step=self.step, error=kind_of(error), tries=tries)
        await self.erasures.failed(erasure_id, self.step, kind_of(error), now_ms())
