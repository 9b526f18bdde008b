"""How far the audit trail tells what the log holds: to its end in most cases, for that is waited for a moment.

where does the log end? ─┬▶ the trail has come so far, or does soon ─▶ whole until now
                         ├▶ it is far behind, or does not come ──────▶ until its last record
                         └▶ the log does not answer ─────────────────▶ until its last record
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

from services.registry.audit_trail.store import AuditTrail
from services.runtime import telemetry
from services.runtime.log import kafka
from services.runtime.log.upkeep import GroupOffsets

log = telemetry.logger("audit-trail")
ANSWER_S = 3.0
"""Longer the log is not waited for."""
WAIT_S = 1.0
"""What was written just before somebody asks is read within a tenth of a second, where nothing is wrong."""
_SOON = 1_000
"""Records that are read within that time; one that has more to read is not waited for."""
_LOOK_S = 0.02
_AWAY: tuple[type[Exception], ...] = (TimeoutError, *kafka.TRANSIENT_ERRORS)


@dataclass(frozen=True)
class TrailReading:
    """`offsets`: of `audit-events`, and of the group that reads it into the trail."""

    trail: AuditTrail
    offsets: GroupOffsets

    async def until(self, now: int) -> int:
        """Up to when (UTC ms) everything that was written is in the trail: `now`, or the time of its last record; 0: it
        has none. Raises mongo.TRANSIENT_ERRORS."""
        try:
            async with asyncio.timeout(ANSWER_S):
                spans = await self.offsets.spans()
                committed: Mapping[int, int] = {}
                gives_up_s = time.monotonic() + WAIT_S
                while behind := await self._behind(spans, committed):
                    if (committed and behind > _SOON) or time.monotonic() > gives_up_s:
                        return await self._last()
                    await asyncio.sleep(_LOOK_S)
                    committed = await self.offsets.committed()
        except _AWAY as error:
            log.warning("how far the log goes is not known", topic="audit-events", error=repr(error))
            return await self._last()
        return now

    async def _behind(self, spans: Mapping[int, range], committed: Mapping[int, int]) -> int:
        """How many records are not in the trail. What was put aside, or is of no type that is known, leaves no trace
        there, only in what was committed; of a topic that was made anew a position beyond its end tells nothing."""
        read = {part: found.offset for part, found in (await self.trail.positions()).items()}
        return sum(
            max(0, span.stop - max(span.start, at if at <= span.stop else 0, committed.get(part, 0)))
            for part, span in spans.items()
            for at in [read.get(part, 0)]
        )

    async def _last(self) -> int:
        return max((found.at for found in (await self.trail.positions()).values()), default=0)
