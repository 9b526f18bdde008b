"""Follows the credentials of one provider's applications: each has a health, and what waits for it is released.

    credentials or settings change ─▶ the health begins anew ─┐
    a stopped sender goes on       ───────────────────────────┴▶ its parked timers are due now

Followed also while nothing comes; a release that the database could not take is tried again.
"""

import asyncio

from schemas.providers import Provider
from services.dispatch.delivery.sender_health import SenderHealth
from services.dispatch.delivery.senders import Senders
from services.runtime import telemetry
from services.runtime.clock import now_ms
from services.runtime.loops import keep_on
from services.runtime.mongo.instances import Holdup
from services.runtime.pacing.shares import PartOf, all_of_it
from services.runtime.scheduling.tags import SenderTag, Tag
from services.runtime.scheduling.timers import Timers

_WATCH_S = 1.0


class SenderWatch:
    """The healths of one provider's senders."""

    def __init__(self, provider: Provider, senders: Senders, timers: Timers, part_of: PartOf = all_of_it) -> None:
        self._part_of = part_of
        self._provider, self._senders, self._timers = provider, senders, timers
        self._healths: dict[str, SenderHealth] = {}
        self._to_hasten: set[SenderTag] = set()
        telemetry.IN_FLIGHT.labels(provider.value).set_function(self._in_flight)

    def health_of(self, application_id: str) -> SenderHealth:
        """The health of an application that has a sender."""
        health = self._healths.get(application_id)
        if health is None:
            max_rate, fingerprint = self._senders.max_rate(application_id), self._senders.fingerprint(application_id)
            health = SenderHealth(self._provider, application_id, max_rate, fingerprint, self._part_of)
            self._healths[application_id] = health
        return health

    def release(self, health: SenderHealth) -> None:
        """What waits for the application's sender is due now."""
        self._to_hasten.add(health.tag)

    def release_if_well(self, tag: Tag) -> None:
        """Call it once something waits under `tag`: what it waits for may have come in between."""
        health = self._healths.get(tag.application_id) if isinstance(tag, SenderTag) else None
        if health is not None and not health.is_stopped:
            self.release(health)

    async def refresh(self) -> None:
        """Follow the directory: changed credentials begin a new health."""
        for application_id in await self._senders.refresh():
            health = self._healths.get(application_id)
            if health is not None and self._senders.of(application_id) is not None:
                health.renewed(self._senders.max_rate(application_id), self._senders.fingerprint(application_id))
                self.release(health)

    async def run(self, stop: asyncio.Event) -> None:
        """Refresh and release until `stop`."""
        await keep_on(f"watch-{self._provider.value}", self._turn, stop, _WATCH_S)

    async def _turn(self) -> None:
        await self.refresh()
        for tag in sorted(self._to_hasten):
            self._to_hasten.discard(tag)  # first: what is released meanwhile may have been set too late for this
            try:
                await self._timers.hasten(tag, now_ms())
            except BaseException:
                self._to_hasten.add(tag)
                raise

    def holdups(self) -> list[Holdup]:
        """What holds up pushes of applications here, and why."""
        return [found for health in self._healths.values() for found in health.holdups()]

    def _in_flight(self) -> float:
        return float(sum(health.limiter.under_way for health in self._healths.values()))
