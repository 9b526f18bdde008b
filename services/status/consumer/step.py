"""The step of the status consumers: load the batch's messages, fold, save, then carry out what follows.

    records ─▶ known ─▶ fold in memory ─▶ save, compare-and-set on the revision
                 ▲ ▲                          │  somebody else was faster: those again, from the database
                 │ └──────────────────────────┤
                 │                            └─▶ inbox; stream of changes, reports, statistics ─┐
                 └─ recent_messages.py ◀─────────────────────────────────────────────────────────┘

What follows is carried out side by side, after the save and before the commit. A crash in between repeats the batch;
the fold recognises the events and gives the same follow-ups again, and the takers carry out each once.

Nothing is read for what this process saved last, nor for a message that begins with its request: should it be stored
nevertheless, its save meets the document.
"""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from schemas.events import Event, MessageEvent, MessageRequested
from services.runtime import mongo, telemetry
from services.runtime.clock import now_ms
from services.runtime.log.batch_consumer import Record, StepResult
from services.runtime.mongo.errors import TooLarge
from services.status.consumer.recent_messages import RecentMessages
from services.status.consumer.unanswered import Folded, Unanswered
from services.status.fold import (
    Decider,
    FollowUp,
    Projection,
    Taker,
    close_message,
    count_outcomes,
    difference,
    fold,
    follow_ups_of_record,
)
from services.status.message import Message, Messages

log = telemetry.logger("fold")
_ATTEMPTS = 20

Events = Mapping[str, Sequence[tuple[MessageEvent, str]]]
"""Events by message, each with the origin of its record; an empty origin: it was not read from the log."""


class TooManyConflicts(mongo.Unavailable):
    """Other writers changed the messages again and again; the batch is done again after a pause."""


@dataclass(frozen=True)
class FoldStep:
    """What the consumers of status run: `step`. Without takers it folds and projects only, as a rebuild does."""

    messages: Messages
    takers: Sequence[Taker] = ()
    projections: Sequence[Projection] = ()
    deciders: Sequence[Decider] = ()
    recent: RecentMessages = field(default_factory=RecentMessages)
    unanswered: Unanswered = field(default_factory=Unanswered)

    async def step(self, records: Sequence[Record]) -> StepResult:
        """Fold a batch. Repeatable: a second run changes nothing and lets the same things follow."""
        return await self._step_of(_by_message((record.event, record.origin) for record in records))

    async def apply(self, events: Sequence[MessageEvent]) -> None:
        """Fold what was appended just now, so that its sender reads its own writes; the consumer folds it again.

        Only for events that may come in any order. Raises mongo.TRANSIENT_ERRORS, TooManyConflicts.
        """
        follows = await self._step_of(_by_message((event, "") for event in events))
        if follows.project is not None:
            await follows.project()

    async def _step_of(self, events: Events) -> StepResult:
        kept = self._kept(events)
        left = {message_id: batch for message_id, batch in events.items() if message_id not in kept}
        known = self.recent.take(left)
        unknown = [message_id for message_id, batch in left.items() if message_id not in known and not _is_new(batch)]
        if unknown:
            known |= await self.messages.load(unknown)
        folded = [*kept.values(), *_fold_all(known, left)]

        async def project() -> None:
            await self._project(events, folded)

        return StepResult(project=project)

    async def _project(self, events: Events, folded: Sequence[Folded]) -> None:
        done: list[Folded] = []
        for _ in range(_ATTEMPTS):
            for decide in self.deciders:
                decide(folded)
            try:
                conflicts = await self.messages.save([message for message, _ in folded])
            except TooLarge as fault:
                _close([folded[index] for index in fault.indexes], events, fault)
                continue
            except mongo.TRANSIENT_ERRORS:
                self._keep(folded, events)
                raise
            done += [pair for pair in folded if pair[0].message_id not in conflicts]
            if not conflicts:
                break
            telemetry.FOLD_CONFLICTS.inc(
                sum(message.revision > 0 for message, _ in folded if message.message_id in conflicts)
            )
            loaded = await self.messages.load(conflicts)
            folded = _fold_all(loaded, {message_id: events[message_id] for message_id in conflicts})
        else:
            raise TooManyConflicts(f"{len(folded)} messages")
        _count_differences(done, events)
        projected = [(message, [event for event, _ in events[message.message_id]]) for message, _ in done]
        await _side_by_side([*(write(projected) for write in self.projections), *(take(done) for take in self.takers)])
        for message, _ in done:
            message.revision, message.ignored = message.revision + 1, 0
        self.recent.keep([message for message, _ in done])

    def _keep(self, folded: Sequence[Folded], events: Events) -> None:
        """Keep them for the next try: should this one have been saved, what follows from it is still to be done."""
        for pair in folded:
            self.unanswered.keep(pair, _origins_of(events[pair[0].message_id]))

    def _kept(self, events: Events) -> dict[str, Folded]:
        """What was folded of the same records before."""
        if not self.unanswered:
            return {}
        found = {
            message_id: self.unanswered.take(message_id, _origins_of(batch)) for message_id, batch in events.items()
        }
        return {message_id: pair for message_id, pair in found.items() if pair is not None}


def _origins_of(batch: Sequence[tuple[MessageEvent, str]]) -> list[str]:
    return [origin for _, origin in batch]


async def _side_by_side(works: Iterable[Awaitable[None]]) -> None:
    """Returns when all have ended, for the batch may be done again: none must still be at work then."""
    for ended in await asyncio.gather(*works, return_exceptions=True):
        if isinstance(ended, BaseException):
            raise ended


def _is_new(batch: Sequence[tuple[MessageEvent, str]]) -> bool:
    """Whether the message begins with these events, as far as they tell."""
    first = batch[0][0]
    return isinstance(first, MessageRequested) and first.link == 0


def _count_differences(done: Sequence[Folded], events: Events) -> None:
    """Count requests that reuse an id for something else: their partner does not notice."""
    for message, _ in done:
        for event, _ in events[message.message_id]:
            if isinstance(event, MessageRequested) and event.link == 0 and 0 in message.links:
                link = message.links[0]
                if link.request_id not in ("", event.event_id) and difference(event, link):
                    telemetry.REPEATS_DIFFERENT.labels(event.partner_id).inc()


def _by_message(events: Iterable[tuple[Event, str]]) -> dict[str, list[tuple[MessageEvent, str]]]:
    found: dict[str, list[tuple[MessageEvent, str]]] = {}
    for event, origin in events:
        if not isinstance(event, MessageEvent):
            raise TypeError(f"{type(event).__name__} is not an event of a message")
        found.setdefault(event.message_id, []).append((event, origin))
    return found


def _close(folded: Sequence[Folded], events: Events, fault: TooLarge) -> None:
    """Close these, so that neither this batch nor a later one waits. Raises the fault if they were closed before."""
    if not folded or any(message.closed for message, _ in folded):
        raise fault
    for message, follows in folded:
        _, origin = events[message.message_id][-1]
        follows += follow_ups_of_record(close_message(message, now_ms()), origin)
        telemetry.CLOSED_MESSAGES.inc()
        log.warning("a message is closed: it has become too large", message_id=message.message_id)


def _fold_all(loaded: Mapping[str, Message], events: Events) -> list[Folded]:
    """Fold all; a message of which nothing is known even now is left out, for there is nothing to store."""
    folded = [_fold_one(message_id, loaded.get(message_id), batch) for message_id, batch in events.items()]
    ignored = sum(message.ignored for message, _ in folded)
    if ignored:
        telemetry.FOLD_IGNORED.inc(ignored)
    return [(message, follows) for message, follows in folded if message.links]


def _fold_one(
    message_id: str, message: Message | None, events: Sequence[tuple[MessageEvent, str]]
) -> tuple[Message, list[FollowUp]]:
    message = message or Message(message_id)
    follows: list[FollowUp] = []
    for event, origin in events:
        follows += follow_ups_of_record(fold(message, event), origin)
        if origin:
            link = message.links.get(event.link)
            follows += count_outcomes(link, event.at, origin) if link is not None and not message.closed else []
    return message, follows
