"""What waits for a stop to be lifted, or is to end because of one: the timers of router and dispatch.

    paused      what would go is set as a timer with a `held` tag, due when it would expire
    running     those timers are hastened
    cancelled   those, and by their `plan` tags all others of the packet or mailing, are hastened: they end at once

An instance hastens when its own directory says so, and looks again after it has set a timer: so none waits for what has
come already, however far apart the directories of two instances are. Source: docs/design.md §2.
"""

import asyncio
from collections.abc import Iterable, Sequence

from schemas.application_events import StopChanged
from schemas.values import StopScope
from services.runtime.clock import now_ms
from services.runtime.directory import Directory
from services.runtime.loops import keep_on
from services.runtime.scheduling.tags import StopTag
from services.runtime.scheduling.timers import Timer, Timers

_LOOK_S = 0.25
_Key = tuple[StopScope, str]


class Stops:
    """One for each process that sets such timers."""

    def __init__(self, directory: Directory, timers: Timers) -> None:
        self._directory, self._timers = directory, timers
        self._version = -1
        self._done: dict[_Key, str] = {}  # the newest event of each that was carried out

    async def run(self, stop: asyncio.Event) -> None:
        """Follow the directory until stopped."""
        await keep_on("stops", self.carry_out, stop, _LOOK_S)

    async def carry_out(self) -> None:
        """Hasten what the directory's stops let go or end. Raises mongo.TRANSIENT_ERRORS."""
        if self._version == self._directory.version:
            return
        version = self._directory.version
        for key, stop in list(self._directory.stops.items()):
            if self._done.get(key) != stop.event_id:
                await self._hasten(_tags_of(stop))
                self._done[key] = stop.event_id
        self._done = {key: self._done[key] for key in self._directory.stops if key in self._done}
        self._version = version

    async def look_again(self, timers: Sequence[Timer]) -> None:
        """Call it after setting these: what they wait for may have come meanwhile. Raises mongo.TRANSIENT_ERRORS."""
        tags = {tag for timer in timers for tag in timer.tags if isinstance(tag, StopTag)}
        await self._hasten(tag for tag in tags if self._is_over(tag))

    async def _hasten(self, tags: Iterable[StopTag]) -> None:
        for tag in tags:
            await self._timers.hasten(tag, now_ms())

    def _is_over(self, tag: StopTag) -> bool:
        stop = self._directory.stops.get((tag.scope, tag.stop_id))
        if tag.kind == "held":
            return stop is None or stop.state != "paused"
        return stop is not None and stop.state == "cancelled"


def _tags_of(stop: StopChanged) -> list[StopTag]:
    """The tags of the timers that the stop makes due."""
    hold = StopTag("held", stop.scope, stop.id)
    if stop.state == "running":
        return [hold]
    return [hold, StopTag("plan", stop.scope, stop.id)] if stop.state == "cancelled" else []
