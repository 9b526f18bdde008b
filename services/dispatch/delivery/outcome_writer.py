"""Writes the outcomes of pushes: ended Live Activities, timers for what comes again, `provider-dispatched`.

In this order: after a crash in between the record is read again, and all of this may be written twice.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from schemas.events import ProviderDispatched
from schemas.providers import Provider
from schemas.topics import PROVIDER_DISPATCHED, TARGET_RESOLVED
from services.dispatch.delivery.sender_watch import SenderWatch
from services.dispatch.policy import Conclusion
from services.runtime import telemetry
from services.runtime.log.kafka import Append, Log
from services.runtime.mongo.ended_activities import Ended, EndedActivities
from services.runtime.scheduling.stops import Stops
from services.runtime.scheduling.tags import Tag, cancel_tags
from services.runtime.scheduling.timers import Timer, Timers

_TAKEN: Final = frozenset({"accepted"})
_LOST: Final = frozenset({"refused", "expired", "suppressed"})


class OutcomeWriter:
    """The writer of one provider."""

    def __init__(
        self,
        provider: Provider,
        watch: SenderWatch,
        *,
        sink: Log,
        timers: Timers,
        stops: Stops,
        ended: EndedActivities,
    ) -> None:
        self._provider, self._watch = provider, watch
        self._sink, self._timers, self._stops, self._ended = sink, timers, stops, ended

    async def write(self, done: Sequence[Conclusion]) -> None:
        """All of them, durably; may be called again for the same. Raises TRANSIENT_ERRORS."""
        await self._note_ended([conclusion.event for conclusion in done if conclusion.ends])
        timers = [self._timer(conclusion) for conclusion in done if conclusion.again is not None]
        await self._timers.set(timers)
        await self._stops.look_again(timers)
        for conclusion in done:
            if conclusion.waits_for is not None:
                self._watch.release_if_well(conclusion.waits_for)
        events = [conclusion.event for conclusion in done]
        await self._sink.append([Append(PROVIDER_DISPATCHED[event.lane], event.message_id, event) for event in events])
        for outcome, count in Counter(event.outcome for event in events).items():
            telemetry.PUSHES.labels(self._provider.value, outcome).inc(count)

    async def _note_ended(self, ends: Sequence[ProviderDispatched]) -> None:
        """Notes which ends were taken and which were lost. The marks of uncertain ones expire by themselves."""
        for outcomes, accepted in ((_TAKEN, True), (_LOST, False)):
            marks = [
                Ended(event.installation_id, event.slot, event.delivery_id, event.at, event.at)
                for event in ends
                if event.outcome in outcomes
            ]
            await self._ended.concluded(marks, accepted=accepted)

    def _timer(self, conclusion: Conclusion) -> Timer:
        again, due = conclusion.again, conclusion.event.retry_at
        assert again is not None
        assert due is not None
        waits_for: tuple[Tag, ...] = () if conclusion.waits_for is None else (conclusion.waits_for,)
        topic = TARGET_RESOLVED[self._provider][again.lane]
        return Timer(due, topic, again.record_key, again, waits_for + cancel_tags(again))
