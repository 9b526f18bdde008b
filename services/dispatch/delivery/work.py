"""The work of dispatch for one provider, on both lanes: what `services/runtime/log/concurrent_consumer.py` calls for
each record.

    prepare    `target_lookup.py`    installations of the chunk ─▶ screened
    perform    `push_runner.py`      parked, or one attempt and its conclusion
    write      `outcome_writer.py`   provider-dispatched, and timers for what comes again

No push waits in here: what cannot go now is parked in a timer. Nothing is logged for a single push; the trace in
`provider-dispatched` records each.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from schemas.events import TargetResolved
from schemas.providers import Provider
from services.dispatch.delivery.attempts_store import Attempts
from services.dispatch.delivery.outcome_writer import OutcomeWriter
from services.dispatch.delivery.push_runner import PushRunner
from services.dispatch.delivery.sender_watch import SenderWatch
from services.dispatch.delivery.senders import Senders
from services.dispatch.delivery.target_lookup import Item, TargetLookup
from services.dispatch.payload import DeviceSecureValues
from services.dispatch.policy import Conclusion
from services.runtime.crypto.master_key import Secrets
from services.runtime.installations.reader import Installations
from services.runtime.log.batch_consumer import Record
from services.runtime.log.kafka import Log
from services.runtime.mongo.ended_activities import EndedActivities
from services.runtime.pacing.shares import PartOf, all_of_it
from services.runtime.scheduling.stops import Stops
from services.runtime.scheduling.timers import Timers


class DispatchWork:
    """The work on one provider's records (`services.runtime.log.in_flight.Work`)."""

    def __init__(
        self,
        provider: Provider,
        senders: Senders,
        *,
        installations: Installations,
        attempts: Attempts,
        secrets: Secrets,
        secure_values: DeviceSecureValues,
        sink: Log,
        timers: Timers,
        stops: Stops,
        ended: EndedActivities,
        part_of: PartOf = all_of_it,
    ) -> None:
        self.watch = SenderWatch(provider, senders, timers, part_of)
        self._lookup = TargetLookup(
            senders, self.watch, installations=installations, ended=ended, secure_values=secure_values
        )
        self._runner = PushRunner(provider, senders, self.watch, attempts=attempts, secrets=secrets)
        self._writer = OutcomeWriter(provider, self.watch, sink=sink, timers=timers, stops=stops, ended=ended)
        self.breaker = self._runner.host.breaker
        self._clock = asyncio.get_running_loop().time

    def allowance(self) -> int | None:
        """While the provider is away nothing is taken, then one record as a probe."""
        if not self.breaker.is_open:
            return None
        return int(self.breaker.admits(self._clock()))

    async def prepare(self, records: Sequence[Record]) -> Sequence[Item]:
        await self.watch.refresh()
        targets = [record.event for record in records if isinstance(record.event, TargetResolved)]
        return await self._lookup.items(targets)

    def perform(self, item: Item) -> Coroutine[Any, Any, Conclusion]:
        return self._runner.run(item)

    async def write(self, done: Sequence[Conclusion]) -> None:
        await self._writer.write(done)
