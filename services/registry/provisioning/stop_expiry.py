"""Ends the stops of packets and mailings that nothing can come for any more, so that no process keeps them forever.

A stop of a packet ends with the topics, 37 days after it was set: its messages have all ended by then. One of a mailing
also waits for the mailing to be over, so none goes on by itself. A lifted stop ends in the same way.
"""

import asyncio
from collections.abc import Sequence

from schemas.application_events import OwnedId, StopChanged
from services.registry.provisioning.service import Provisioning
from services.runtime import telemetry
from services.runtime.http.server import Problem
from services.runtime.loops import keep_on
from services.runtime.mongo.stop_targets import StopTargets

log = telemetry.logger("stops")
_LOOK_S = 60.0


class StopExpiry:
    """One loop in each process; several at once take turns."""

    def __init__(self, provisioning: Provisioning, targets: StopTargets) -> None:
        self._provisioning, self._targets = provisioning, targets

    async def run(self, stop: asyncio.Event) -> None:
        """Look for old stops until stopped."""
        await keep_on("stops-ending", self.look, stop, _LOOK_S)

    async def look(self) -> None:
        """Look once. Raises TRANSIENT_ERRORS."""
        try:
            ended = await self._provisioning.end_stops(self._over)
        except Problem as busy:  # the directory is behind what others have changed
            log.warning("old stops stay for now", error=busy.body.detail)
            return
        if ended:
            log.info("old stops of packets and mailings have ended", count=ended)

    async def _over(self, stops: Sequence[StopChanged]) -> list[StopChanged]:
        """The stops that nothing can come for any more."""
        mailings = [OwnedId.parse(stop.id).own_id for stop in stops if stop.scope == "mailing"]
        going_on = await self._targets.going_on(mailings) if mailings else set()
        return [stop for stop in stops if stop.scope != "mailing" or OwnedId.parse(stop.id).own_id not in going_on]
