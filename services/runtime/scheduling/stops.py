"""What waits for a stop to be lifted, or is to end because of one: the timers of router and dispatch.

    paused      what would go is set as a timer with `held_tag`, due when it would expire
    running     those timers are hastened
    cancelled   those, and with `cancel_tags` whatever waits for its hour or for another stop, are hastened: they end
                at once

An instance hastens when its own directory says so, and looks again after it has set a timer: so none waits for what has
come already, however far apart the directories of two instances are. Source: docs/design.md §2.
"""

import asyncio
from collections.abc import Iterable, Sequence
from typing import cast

from schemas.application_events import StopChanged
from schemas.events import MessageRequested, TargetResolved
from schemas.values import StopScope
from services.runtime.clock import now_ms
from services.runtime.directory import Directory
from services.runtime.loops import keep_on
from services.runtime.scheduling.timers import Timer, Timers

_LOOK_S = 0.25
_HELD, _PLANNED = "held", "plan"
_Key = tuple[StopScope, str]


def held_tag(scope: StopScope, name: str) -> str:
    """Of timers of what waits until the stop is lifted."""
    return f"{_HELD}/{scope}/{name}"


def cancel_tags(event: MessageRequested | TargetResolved) -> tuple[str, ...]:
    """Of timers of what waits for whatever it may be, and can be cancelled together: a mailing, a packet."""
    parts = (("mailing", event.mailing_id), ("packet", event.packet_id))
    return tuple(f"{_PLANNED}/{scope}/{event.partner_id}/{part}" for scope, part in parts if part is not None)


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
        """After these were set: what they wait for may have come meanwhile. Raises mongo.TRANSIENT_ERRORS."""
        await self._hasten(tag for tag in {tag for timer in timers for tag in timer.tags} if self._is_over(tag))

    async def _hasten(self, tags: Iterable[str]) -> None:
        for tag in tags:
            await self._timers.hasten(tag, now_ms())

    def _is_over(self, tag: str) -> bool:
        kind, _, rest = tag.partition("/")
        scope, _, name = rest.partition("/")
        stop = self._directory.stops.get((cast(StopScope, scope), name))
        if kind == _HELD:
            return stop is None or stop.state != "paused"
        return kind == _PLANNED and stop is not None and stop.state == "cancelled"


def _tags_of(stop: StopChanged) -> list[str]:
    """What is to be hastened by it."""
    held = held_tag(stop.scope, stop.id)
    if stop.state == "running":
        return [held]
    return [held, f"{_PLANNED}/{stop.scope}/{stop.id}"] if stop.state == "cancelled" else []
